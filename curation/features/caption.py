"""caption: plain sentences about a screen, written from what came with it: DOM or listing text, and its palette."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from curation.features.base import Feature, Item, Params, Row, ValueProblem
from curation.features.palette import oklab

MAX_SOURCE = 4000  # characters of any one text that are looked at
HEADINGS = ("H1", "H2", "H3")
SKIPPED = {"SCRIPT", "STYLE", "SVG", "TEMPLATE", "NOSCRIPT"}

# Word in the URL's path or the title → what kind of page that makes it; the first that fits.
KINDS: tuple[tuple[str, str], ...] = (
    (r"404|not found|page missing", "error page"),
    (r"pricing|plans", "pricing page"),
    (r"sign ?in|log ?in|sign ?up|register|password", "sign-in page"),
    (r"dashboard|admin|analytics|overview", "dashboard"),
    (r"docs?|documentation|reference|api|getting started|guide", "documentation page"),
    (r"check ?out|cart|shop|store|product|collection", "shop page"),
    (r"blog|article|post|magazine|issue|story|journal", "editorial page"),
    (r"portfolio|case stud|selected work|projects", "portfolio page"),
    (r"tickets?|speakers?|schedule|conference|festival|event", "event page"),
    (r"contact", "contact page"),
    (r"about|team", "about page"),
    (r"settings|preferences|profile", "settings page"),
    (r"app store|google play|download the app|for ios|for android", "app landing page"),
)
COLOUR_NAMES = {
    "white": "#ffffff", "off-white": "#f4f4f2", "light grey": "#d4d6da", "grey": "#8a8d93", "dark grey": "#3f4247",
    "near-black": "#15171a", "black": "#000000", "cream": "#f6ecd8", "beige": "#dcc8a8", "brown": "#7a5230",
    "red": "#dd2c2c", "dark red": "#8c1c20", "pink": "#f08cb4", "magenta": "#c8289c", "orange": "#f08020",
    "peach": "#fbc8a4", "yellow": "#f6d02c", "olive": "#7c7c24", "lime": "#a0d834", "green": "#2ca050",
    "dark green": "#14503a", "mint": "#a8e6cc", "teal": "#148c8c", "cyan": "#30c8e0", "light blue": "#a4ccf4",
    "blue": "#2c6ce6", "navy": "#14285c", "indigo": "#4838c8", "violet": "#8850e0", "lavender": "#cfc4f4",
    "purple": "#6c2480",
}  # fmt: skip
FACTORS = {"phone": "phone", "sevenInch": "small tablet", "tenInch": "tablet", "tv": "TV", "wear": "watch"}


class CaptionParams(Params):
    """`length` is the most characters a caption has."""

    length: int = Field(default=300, ge=80, le=2000)


class Caption(Feature):
    """Deterministic; text of pages and listings is hostile, so it is cleaned of markup, control and bidi characters."""

    name: ClassVar[str] = "caption"
    needs: ClassVar[tuple[str, ...]] = ("dom", "palette")
    offers: ClassVar[str] = "a sentence from page or listing text and palette"
    parameters: ClassVar[type[Params]] = CaptionParams
    params: CaptionParams

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([("caption", pa.string())])

    def prepare(self, item: Item) -> Row:
        palette = item.others.get("palette") or {}
        look = style_words(palette.get("palette") or [], palette.get("palette_shares") or [], palette.get("tone"))
        capture = item.capture
        if capture.listing is not None:
            listing = capture.listing
            factor = FACTORS.get(capture.view.form_factor, capture.view.form_factor)
            text = listing_caption(
                factor,
                listing.name,
                listing.summary or listing.description,
                listing.categories,
                look,
                self.params.length,
            )
        else:
            page = capture.page
            title, description = (page.title, page.description) if page else ("", "")
            found = _headings(item)
            text = page_caption(
                capture.view.form_factor, capture.canonical_url, title, description, found, look, self.params.length
            )
        return {"caption": text}


def clean(text: str, limit: int = MAX_SOURCE) -> str:
    """Plain words: no tags, entities resolved, no control, format, bidi or private characters, single spaces."""
    text = re.sub(r"<[^<>]{0,2000}>", " ", html.unescape(text[:limit]))
    text = unicodedata.normalize("NFC", text)
    kept = (" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return " ".join("".join(c for c in kept if unicodedata.category(c)[0] != "C").replace("\ufffd", " ").split())


def listing_caption(factor: str, name: str, summary: str, categories: Iterable[str], look: str, length: int) -> str:
    """`Phone screen of Aurora: a sleep diary. Light interface in white and blue. Health app.`"""
    about = shorten(first_sentence(clean(summary)), 140).rstrip(".!")
    subject = shorten(clean(name), 80) or "an app"
    head = f"{factor.capitalize()} screen of {subject}" + (f": {about}." if about else ".")
    topics = [shorten(clean(category), 30) for category in categories][:3]
    topic = f"{_join(topics)} app." if any(topics) else ""
    return shorten(" ".join(filter(None, (head, look.format("interface") if look else "", topic))), length)


def page_caption(
    factor: str, url: str, title: str, description: str, headings: list[str], look: str, length: int
) -> str:
    """`Desktop view of a pricing page, “Aurora”: plans for all. Light design in white and indigo. Sections: FAQ.`"""
    title, description = clean(title), shorten(first_sentence(clean(description)), 140).rstrip(".!")
    headings = [shorten(clean(heading), 48) for heading in headings]
    kind = page_kind(url, title)
    name = shorten(title, 80)
    about = description or next((h for h in headings if h and h.lower() not in title.lower()), "")
    head = (
        f"{factor.capitalize()} view of a {kind}"
        if kind[0] not in "aeiou"
        else f"{factor.capitalize()} view of an {kind}"
    )
    head += (f", “{name}”" if name else "") + (f": {about}." if about else ".")
    sections = list(dict.fromkeys(h for h in headings if h and h != about and h != name))[:4]
    parts = (head, look.format("design") if look else "", f"Sections: {', '.join(sections)}." if sections else "")
    return shorten(" ".join(filter(None, parts)), length)


def page_kind(url: str, title: str) -> str:
    """What kind of page it calls itself, by path, then by title; a landing page at the root."""
    path = re.sub(r"^[a-z]+://[^/]*", "", url.lower()).replace(".html", "").replace("-", " ").replace("_", " ")
    for text in (path, title.lower()):
        for words, kind in KINDS:
            if re.search(rf"(?<![a-z])(?:{words})(?![a-z])", text):
                return kind
    return "landing page" if path.strip("/") in ("", "index") else "web page"


def style_words(colours: list[str], shares: list[float], tone: str | None) -> str:
    """`Light {} in white and indigo.`: the tone, then the names of the largest colours and of the strongest accent."""
    if not colours:
        return ""
    labs = oklab(_rgb(colours))
    table = _named_colours()
    names = list(COLOUR_NAMES)
    named = [names[int(((table - lab) ** 2).sum(1).argmin())] for lab in labs]
    strength = [float(np.hypot(lab[1], lab[2])) for lab in labs]
    large = [name for name, share in zip(named, shares, strict=False) if share >= 0.12][:2]
    strong = [i for i, value in enumerate(strength) if value > 0.09 and shares[i] >= 0.003]
    accents = [named[i] for i in sorted(strong, key=lambda i: -strength[i])[:1]]
    return f"{(tone or 'light').capitalize()} {{}} in {_join(list(dict.fromkeys(large + accents or named[:1])))}."


def first_sentence(text: str) -> str:
    """Up to the first full stop that ends a sentence."""
    return re.split(r"(?<=[.!?。！？])\s", text, maxsplit=1)[0]


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words where there are any."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit // 2 else cut).rstrip(" ,;:–-") + "…"


def headings_of(snapshot: dict[str, Any], most: int = 12) -> list[str]:
    """Texts of the headings h1–h3 of a `gesso-dom/1` snapshot's top document, in order. [] where it holds none."""
    try:
        strings = snapshot["snapshot"]["strings"]
        nodes = snapshot["snapshot"]["documents"][0]["nodes"]
        parents, names, values = nodes["parentIndex"], nodes["nodeName"], nodes["nodeValue"]
        return _heading_texts(strings, parents, names, values, most)
    except (KeyError, IndexError, TypeError):
        return []


def _heading_texts(strings: list[str], parents: list[int], names: list[int], values: list[int], most: int) -> list[str]:
    inside: dict[int, int] = {}  # node → the heading it stands in
    skipped: set[int] = set()
    texts: dict[int, list[str]] = {}
    for index, parent in enumerate(parents):
        name = strings[names[index]].upper()
        if name in SKIPPED or parent in skipped:
            skipped.add(index)
            continue
        if name in HEADINGS:
            inside[index] = index
            texts[index] = []
        elif parent in inside:
            inside[index] = inside[parent]
            if name == "#TEXT" and values[index] >= 0:
                texts[inside[index]].append(strings[values[index]][:200])
    found = (" ".join(" ".join(parts).split()) for parts in texts.values())
    return [text for text in found if text][:most]


def _headings(item: Item) -> list[str]:
    page = item.capture.page
    if page is None or page.dom_sha256 is None:
        return []

    def read() -> list[str]:
        return headings_of(item.snapshot() or {})

    try:
        return list(item.shared(f"headings {page.dom_sha256}", read))
    except ValueProblem:
        return []  # the caption can do without; the design feature's error column says what is wrong


def _rgb(colours: Iterable[str]) -> np.ndarray:
    return np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours])


@cache
def _named_colours() -> np.ndarray:
    return oklab(_rgb(COLOUR_NAMES.values()))


def _join(words: list[str]) -> str:
    words = [word for word in words if word]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1] if words else ""
