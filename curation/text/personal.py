"""Personal data in a line of text: e-mail addresses, phone, card and account numbers, and what only looks like them.

Addresses and numbers that are reserved for examples (RFC 2606, 555-01xx, the payment providers' test cards) are
nobody's. IP addresses are left out: on a screen they look like version numbers, and seldom belong to a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

EMAIL, PHONE, CARD, IBAN = "email", "phone", "card", "iban"
KINDS = (EMAIL, PHONE, CARD, IBAN)
MAX_LINE = 2000  # characters of a line that are looked at in one go
OVERLAP = 128  # characters that two looks at one line share; nothing that is found is longer

# An address as people write it; what stands before and after it is looked at separately.
_EMAIL = re.compile(
    r"(?<![\w.+/-])[\w.+-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,6}[a-z]{2,18}(?![\w-])", re.I
)
_FILES = frozenset(
    {"png", "jpg", "jpeg", "gif", "webp", "avif", "svg", "ico", "pdf", "js", "ts", "mjs", "css", "scss"}
    | {"json", "md", "html", "xml", "yaml", "yml", "zip", "tar", "gz"}
)
_EXAMPLES = re.compile(r"(?:^|\.)(?:example\.(?:com|net|org)|example|test|invalid|localhost)$", re.I)
_DIGITS = re.compile(r"(?<![\w.,-])\d(?:[ -]?\d){11,18}(?![\w-]|[.,]\d)")
_GROUPS = re.compile(r"\d{13,19}|(?:\d{4}([ -]))(?:\d{4}\1){2}\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5}")
_BRANDS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2(?:2[2-9]|[3-6]\d|7[01])\d|2720)\d+|3[47]\d{13}|"
    r"(?:6011|64[4-9]\d|65\d\d)\d{12}|35\d{14}|3(?:0[0-5]|[68]\d)\d{11}|62\d{14,17}|(?:50|5[6-9]|6[37])\d{11,17}"
)
_TEST_CARDS = frozenset(
    {"4242424242424242", "4000056655665556", "4111111111111111", "4012888888881881", "4222222222222"}
    | {"5555555555554444", "5105105105105100", "2223003122003222", "5200828282828210", "378282246310005"}
    | {"371449635398431", "6011111111111117", "6011000990139424", "30569309025904", "38520000023237"}
    | {"3530111333300000", "3566002020360505", "6200000000000005"}
)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?!\w)")
# Words before a number by which it is no phone number, and those by which it is one.
_OTHER = re.compile(
    r"(?:[#№$€£¥₹]|\b(?:order|invoice|ref(?:erence)?|id|no|nr|sku|isbn|issn|ean|upc|serial|track(?:ing)?|ticket|case|build|"
    r"ver(?:sion)?|v|rev|release|port|vat|tax|zip|commit|size|usd|eur|gbp|chf|bestell\w*|rechnung\w*|commande|pedido))"
    r"\s*(?:number|num|nr|no|id|code)?\.?\s*[:#.]?\s*$",
    re.I,
)
_CALL = re.compile(
    r"(?:[☎☏✆📞📱]|\b(?:tel|phone|telephone|mobile|cell|call|fax|whatsapp|sms|hotline|telefon|fon|mobil|handy|rufen|"
    r"tél|téléphone|portable|teléfono|móvil|telefono|telefone|celular|電話|电话|전화))(?:\s(?:us|sie|uns|an|at)){0,3}[\s:.–-]{1,4}",
    re.I,
)
_DATE = re.compile(
    r"\d{4}[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./ ]\d{1,2}[-./ ]\d{2,4}|\d{1,2}[:.]\d{2}|(?:\d{1,3}\.){3}\d{1,3}|"
    r"(?:19|20)\d\d\s?[-–—/]\s?(?:19|20)\d\d"
)
_FICTION = re.compile(r"55501\d\d$|^(?:44|0)?(?:2079460|1134960|7700900)\d+$")
_REGIONS = {  # where a number without a country code is dialled, by the language around it
    "en": ("US", "GB"), "de": ("DE", "AT", "CH"), "fr": ("FR",), "es": ("ES", "MX"), "it": ("IT",), "pt": ("BR", "PT"),
    "nl": ("NL",), "ja": ("JP",), "zh": ("CN",), "ko": ("KR",), "pl": ("PL",), "ru": ("RU",), "tr": ("TR",),
    "sv": ("SE",), "cs": ("CZ",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    """text[start:end] is of a kind: `email`, `phone`, `card` or `iban`."""

    kind: str
    start: int
    end: int


def find(text: str, lang: str | None = None) -> list[Span]:
    """What one line gives away, in its order; no two spans overlap. `lang` says how national numbers are read."""
    spans: list[Span] = []
    for start in range(0, max(1, len(text) - OVERLAP), MAX_LINE - OVERLAP):
        part = text[start : start + MAX_LINE]
        last = start + MAX_LINE >= len(text)
        for some in (_emails(part), _ibans(part), _cards(part), _phones(part, lang)):
            for span in (Span(one.kind, start + one.start, start + one.end) for one in some):
                whole = last or span.start < start + MAX_LINE - OVERLAP  # else the next look sees its end, too
                if whole and not any(span.start < other.end and other.start < span.end for other in spans):
                    spans.append(span)
    return sorted(spans, key=lambda span: span.start)


def _emails(text: str) -> Iterator[Span]:
    if "@" not in text:
        return
    for found in _EMAIL.finditer(text):
        domain = found.group().rpartition("@")[2].lower()
        ending = domain.rpartition(".")[2]
        remote = found.group().lower().startswith("git@") and text[found.end() : found.end() + 1] in (":", "/")
        if ending not in _FILES and not _EXAMPLES.search(domain) and not remote:
            yield Span(EMAIL, found.start(), found.end())


def _cards(text: str) -> Iterator[Span]:
    for found in _DIGITS.finditer(text):
        digits = re.sub(r"\D", "", found.group())
        if digits in _TEST_CARDS or not _GROUPS.fullmatch(found.group()) or not _BRANDS.fullmatch(digits):
            continue
        if luhn(digits) and len(set(digits)) > 2 and not _OTHER.search(text[: found.start()]):
            yield Span(CARD, found.start(), found.end())


def luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _ibans(text: str) -> Iterator[Span]:
    for found in _IBAN.finditer(text):
        code = re.sub(r"[ -]", "", found.group())
        moved = code[4:] + code[:4]
        if 15 <= len(code) <= 34 and int("".join(str(int(c, 36)) for c in moved)) % 97 == 1:
            yield Span(IBAN, found.start(), found.end())


def _phones(text: str, lang: str | None) -> Iterator[Span]:
    """International numbers; after a word such as `Tel.` any country's; else well-grouped ones of the language's."""
    if sum(c.isdigit() for c in text) < 6:
        return
    from phonenumbers import Leniency

    yield from _numbers(text, None, Leniency.VALID, lambda raw: raw.lstrip().startswith("+"))
    home = _REGIONS.get(lang or "en", ("US",))
    for cue in _CALL.finditer(text):
        for region in (*home, *(r for some in _REGIONS.values() for r in some)):
            for span in _numbers(text[cue.end() : cue.end() + 24], region, Leniency.VALID, lambda raw: True):
                if span.start <= 2:
                    yield Span(PHONE, span.start + cue.end(), span.end + cue.end())
    for region in home:  # of two groups, a number is as likely a price, a date or a code
        yield from _numbers(text, region, Leniency.STRICT_GROUPING, lambda raw: len(re.findall(r"\d+", raw)) >= 3)


def _numbers(text: str, region: str | None, leniency: int, fits: Callable[[str], bool]) -> Iterator[Span]:
    from phonenumbers import PhoneNumberMatcher

    for match in PhoneNumberMatcher(text, region, leniency=leniency, max_tries=100):
        raw, before = match.raw_string, text[max(0, match.start - 32) : match.start]
        odd = _FICTION.search(re.sub(r"\D", "", raw)) or _DATE.fullmatch(raw.strip()) or _OTHER.search(before)
        dotted = "." in raw and not re.fullmatch(r"\d{3}\.\d{3}\.\d{4}", raw)
        if not odd and not dotted and fits(raw):
            yield Span(PHONE, match.start, match.end)
