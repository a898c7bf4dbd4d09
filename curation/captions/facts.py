"""What is known of a screen without looking at it: its listing or page, its tree, its colours, its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crawlers.captures import Capture
from curation.captions.cleaning import clean, shorten
from curation.text import personal

HEADINGS = ("H1", "H2", "H3")
SKIPPED = {"SCRIPT", "STYLE", "SVG", "TEMPLATE", "NOSCRIPT"}
# Elements of a tree → what they are to somebody who looks at the screen; in the order they are named.
PARTS = {
    "NAV": "navigation", "FORM": "form", "TABLE": "table", "VIDEO": "video", "CANVAS": "canvas", "DIALOG": "dialog",
    "SELECT": "select", "TEXTAREA": "text area", "ASIDE": "sidebar", "FOOTER": "footer",
}  # fmt: skip
FACTORS = {"phone": "phone", "sevenInch": "small tablet", "tenInch": "tablet", "tv": "TV", "wear": "watch"}
LARGEST = 3  # runs of words that are quoted


@dataclass(frozen=True)
class Outline:
    """Headings h1-h3 and the kinds of parts of a page's tree, in order."""

    headings: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """Everything a caption may draw on. Texts of pages and listings are as hostile as they came."""

    factor: str
    listing: bool
    url: str = ""
    title: str = ""
    about: str = ""
    categories: tuple[str, ...] = ()
    outline: Outline = Outline()
    colours: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    tone: str = "light"
    words: tuple[str, ...] = ()


def facts_of(capture: Capture, outline: Outline, palette: Mapping[str, Any], text: Mapping[str, Any]) -> Facts:
    """The facts of a capture; `palette` and `text` are rows of those features, or empty."""
    listing, page = capture.listing, capture.page
    factor = capture.view.form_factor
    return Facts(
        factor=FACTORS.get(factor, factor) if listing else factor,
        listing=listing is not None,
        url=capture.canonical_url,
        title=listing.name if listing else page.title if page else "",
        about=(listing.summary or listing.description) if listing else page.description if page else "",
        categories=tuple(listing.categories) if listing else (),
        outline=outline,
        colours=tuple(palette.get("palette") or ()),
        shares=tuple(palette.get("palette_shares") or ()),
        tone=palette.get("tone") or "light",
        words=largest_words(text.get("_text_boxes") or ()),
    )


def outline_of(snapshot: Mapping[str, Any], most: int = 12) -> Outline:
    """Of a `gesso-dom/1` snapshot's top document; empty where it holds none."""
    try:
        strings = snapshot["snapshot"]["strings"]
        nodes = snapshot["snapshot"]["documents"][0]["nodes"]
        parents, names, values = nodes["parentIndex"], nodes["nodeName"], nodes["nodeValue"]
        return _outline(strings, parents, names, values, most)
    except (KeyError, IndexError, TypeError, AttributeError):
        return Outline()


def headings_of(snapshot: Mapping[str, Any], most: int = 12) -> list[str]:
    """Texts of the headings h1-h3, in order."""
    return list(outline_of(snapshot, most).headings)


def _outline(strings: list[str], parents: list[int], names: list[int], values: list[int], most: int) -> Outline:
    inside: dict[int, int] = {}  # node → the heading it stands in
    skipped: set[int] = set()
    texts: dict[int, list[str]] = {}
    parts: set[str] = set()
    for index, parent in enumerate(parents):
        name = strings[names[index]].upper()
        if name in SKIPPED or parent in skipped:
            skipped.add(index)
            continue
        if name in PARTS:
            parts.add(PARTS[name])
        if name in HEADINGS:
            inside[index] = index
            texts[index] = []
        elif parent in inside:
            inside[index] = inside[parent]
            if name == "#TEXT" and values[index] >= 0:
                texts[inside[index]].append(strings[values[index]][:200])
    found = (" ".join(" ".join(some).split()) for some in texts.values())
    return Outline(tuple([text for text in found if text][:most]), tuple(p for p in PARTS.values() if p in parts))


def largest_words(boxes: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The runs of words that are set largest, as they are read; without those that give somebody away."""
    runs: dict[int, list[Mapping[str, Any]]] = {}
    for box in boxes:
        runs.setdefault(int(box["line"]), []).append(box)
    said = []
    for line, run in runs.items():
        text = shorten(clean(" ".join(str(box["text"]) for box in run), 400), 48)
        sure = min(float(box["score"]) for box in run) >= 0.8
        if sure and sum(c.isalpha() for c in text) >= 4 and not personal.find(text):
            said.append((-max(int(box["h"]) for box in run), line, text))
    return tuple(text for _, _, text in sorted(sorted(said)[:LARGEST], key=lambda entry: entry[1]))
