"""Verdicts: what a page is instead of a page to learn from. Pure functions of what it said; only ever recorded.

blank, bot_wall, soft_404, error_page, cookie_wall, login_wall, parked_domain, truncated, drift, consent_rejected,
consent_hidden, overlay_hidden, inner_scroller, no_dom.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

WALL_STATUSES = frozenset({401, 403, 407, 429, 503})
WALL_TITLES = re.compile(
    r"just a moment|attention required|access (is )?denied|are you (a )?(human|robot)|verify (that )?you are human|"
    r"captcha|security check|request (was )?blocked|pardon our interruption|ddos protection|"
    r"bot (detection|verification)|"
    r"checking your browser|unusual traffic|human verification",
    re.I,
)
NOT_FOUND = re.compile(
    r"\b404\b|not found|(page|site) (doesn.?t|does not) exist|can.?t be found|could not (be )?f(ou|i)nd|"
    r"no longer available|"
    r"nicht gefunden|introuvable|no encontrad|non trovat|niet gevonden|不存在|見つかりません",
    re.I,
)
LOGIN_PATHS = re.compile(r"(^|[/_.-])(log-?in|sign-?in|auth(enticate)?|sso|session/new|account/login)([/_.-]|$)", re.I)
LOGIN_WORDS = re.compile(r"\b(log ?in|sign ?in|password|anmelden|connexion|iniciar sesi|accedi)\b", re.I)
PARKED = re.compile(
    r"domain (name )?(is |may be )?(for sale|parked)|buy this domain|"
    r"this domain (is|has been) (registered|parked|expired)|"
    r"domain.{0,20}(steht zum verkauf|à vendre|en venta)|parked free|courtesy of .{0,20}(godaddy|sedo|namecheap)",
    re.I,
)
BINARY = re.compile(
    r"^\s*([^\w\s]{1,3}PNG\b|%PDF-\d|GIF8[79]a|PK\x03\x04|.{1,12}JFIF|RIFF.{4}(WEBP|AVI)|wOF[2F])", re.S
)  # how files of other kinds begin, as text
FEW_WORDS = 1200  # characters, below which a page is little else than what it says
WALL_WORDS = 1500
SAME_TEXT = 0.9
SHINGLE = 3


@dataclass(frozen=True)
class Facts:
    """What in_page `facts` and `describe` found, with the types it should have."""

    title: str = ""
    text: str = ""
    text_length: int = 0
    headings: tuple[str, ...] = ()
    pictures: int = 0
    passwords: int = 0
    walls: int = 0
    parks: int = 0
    links: int = 0

    @classmethod
    def of(cls, given: Any, title: str) -> Facts:
        """The page may have lied about types, but not about more than itself."""
        raw: Mapping[str, Any] = given if isinstance(given, dict) else {}

        def count(name: str) -> int:
            value = raw.get(name)
            return int(value) if isinstance(value, int | float) and 0 <= value < 1e9 else 0

        headings = raw.get("headings") if isinstance(raw.get("headings"), list) else []
        return cls(
            title=title,
            text=str(raw.get("text") or "")[:6000],
            text_length=count("textLength"),
            headings=tuple(str(h)[:200] for h in headings or [])[:5],
            pictures=count("pictures"),
            passwords=count("passwords"),
            walls=count("walls"),
            parks=count("parks"),
            links=count("links"),
        )


def judge(status: int, asked: str, url: str, facts: Facts) -> list[str]:
    """Verdicts on a page that was asked for at `asked` and ended up at `url`."""
    head = " ".join((facts.title, *facts.headings))
    if is_bot_wall(status, facts):
        return ["bot_wall"]
    if status >= 400:
        return ["error_page"]
    if facts.text_length < FEW_WORDS and (facts.parks or PARKED.search(f"{head} {facts.text}")):
        return ["parked_domain"]
    if is_login_wall(asked, url, facts):
        return ["login_wall"]
    return []


def is_binary(text: str) -> bool:
    """Whether a document's text is a file's of another kind that was served as a page."""
    return BINARY.match(text) is not None


def is_bot_wall(status: int, facts: Facts) -> bool:
    """A challenge instead of a page: by status and words, or by a challenge's own elements on a page of few words."""
    words = WALL_TITLES.search(" ".join((facts.title, *facts.headings)))
    if status in WALL_STATUSES and (words or facts.walls):
        return True
    return facts.text_length < WALL_WORDS and bool(facts.walls) and bool(words)


def is_login_wall(asked: str, url: str, facts: Facts) -> bool:
    """A password asked for where something else was: by a redirect to a login, or on a page that is little else."""
    if not facts.passwords:
        return False
    was, now = urlsplit(asked).path, urlsplit(url).path
    led_there = bool(LOGIN_PATHS.search(now)) and not LOGIN_PATHS.search(was)
    return led_there or (facts.text_length < FEW_WORDS / 2 and bool(LOGIN_WORDS.search(f"{facts.title} {facts.text}")))


@dataclass(frozen=True)
class NotFoundPage:
    """What a host shows for an address that cannot be there, where it says 200 all the same."""

    url: str
    facts: Facts


def is_soft_404(url: str, facts: Facts, missing: NotFoundPage | None) -> bool:
    """Whether a page says itself that nothing is there, or is the one that its host shows for anything missing.

    The host's front page never is. Such pages like to repeat the address, so its words are not compared.
    """
    if urlsplit(url).path in ("", "/"):
        return False
    heading = " ".join(facts.headings)
    if facts.text_length < FEW_WORDS and NOT_FOUND.search(facts.title) and NOT_FOUND.search(heading):
        return True
    if missing is None or url == missing.url:
        return False
    if facts.title != missing.facts.title and not NOT_FOUND.search(facts.title):
        return False
    named = frozenset(word for address in (url, missing.url) for word in _words(unquote(urlsplit(address).path)))
    return similarity(facts.text, missing.facts.text, but=named) >= SAME_TEXT


def similarity(one: str, other: str, but: frozenset[str] = frozenset()) -> float:
    """Share (0 to 1) of word triples that two texts have in common; digits count as one word, `but` is left out."""
    a, b = _shingles(one, but), _shingles(other, but)
    return len(a & b) / len(a | b) if a | b else 1.0


def _words(text: str) -> list[str]:
    return [re.sub(r"\d+", "#", word) for word in re.findall(r"[\w#]+", text.lower())]


def _shingles(text: str, but: frozenset[str]) -> set[tuple[str, ...]]:
    words = [word for word in _words(text) if word not in but]
    if len(words) < SHINGLE:
        return {tuple(words)} if words else set()
    return {tuple(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)}
