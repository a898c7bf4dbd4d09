"""The template writer: plain sentences from what came with a screen, the same ones on every run, and no model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np

from curation.captions.cleaning import clean, first_sentence, listed, shorten, tag_list
from curation.captions.facts import Facts
from curation.features.palette import oklab

SHORT = 120  # characters of a short caption

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


def short(facts: Facts) -> str:
    """`Phone screen of Aurora: a sleep diary.` or `Desktop view of a pricing page, “Aurora”.`"""
    return shorten(_head(facts, about=facts.listing), SHORT)


def dense(facts: Facts, length: int) -> str:
    """The short caption, then what it is about, its look, its sections and parts, and its largest words."""
    look = style_words(facts.colours, facts.shares, facts.tone)
    parts = [_head(facts, about=True), look.format("interface" if facts.listing else "design") if look else ""]
    if facts.listing:
        topics = [shorten(clean(category), 30) for category in facts.categories][:3]
        parts.append(f"{listed(topics)} app." if any(topics) else "")
    else:
        sections = _sections(facts)
        parts.append(f"Sections: {', '.join(sections)}." if sections else "")
        parts.append(f"It has {listed([_one(part) for part in facts.outline.parts])}." if facts.outline.parts else "")
    known = " ".join(parts).lower()
    words = [word for word in facts.words if word.lower() not in known]
    parts.append(f"It says {listed([f'“{word}”' for word in words])}." if words else "")
    return shorten(" ".join(part for part in parts if part), length)


def tags(facts: Facts) -> list[str]:
    """Kind of page or topics, form factor, tone, colours, parts: at most twelve."""
    kind = [] if facts.listing else [page_kind(facts.url, clean(facts.title))]
    topics = list(facts.categories[:3])
    look = colour_words(facts.colours, facts.shares)
    return tag_list([*kind, *topics, facts.factor, *([facts.tone] if look else []), *look, *facts.outline.parts])


def _head(facts: Facts, *, about: bool) -> str:
    said = shorten(first_sentence(clean(facts.about)), 140).rstrip(".!")
    name, factor = shorten(clean(facts.title), 80), facts.factor.capitalize()
    if facts.listing:
        return f"{factor} screen of {name or 'an app'}" + (f": {said}." if said and about else ".")
    said = said or _first_heading(facts)
    head = f"{factor} view of {_one(page_kind(facts.url, clean(facts.title)))}"
    return head + (f", “{name}”" if name else "") + (f": {said}." if said and about else ".")


def _headings(facts: Facts) -> list[str]:
    return [shorten(clean(heading), 48) for heading in facts.outline.headings]


def _first_heading(facts: Facts) -> str:
    title = clean(facts.title).lower()
    return next((heading for heading in _headings(facts) if heading and heading.lower() not in title), "")


def _sections(facts: Facts) -> list[str]:
    about = shorten(first_sentence(clean(facts.about)), 140).rstrip(".!") or _first_heading(facts)
    name = shorten(clean(facts.title), 80)
    return list(dict.fromkeys(h.rstrip(". ") for h in _headings(facts) if h and h not in (about, name)))[:4]


def _one(thing: str) -> str:
    """With its article; `navigation` goes without."""
    return thing if thing == "navigation" else f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}"


def page_kind(url: str, title: str) -> str:
    """What kind of page it calls itself, by path, then by title; a landing page at the root."""
    path = re.sub(r"^[a-z]+://[^/]*", "", url.lower()).replace(".html", "").replace("-", " ").replace("_", " ")
    for text in (path, title.lower()):
        for words, kind in KINDS:
            if re.search(rf"(?<![a-z])(?:{words})(?![a-z])", text):
                return kind
    return "landing page" if path.strip("/") in ("", "index") else "web page"


def style_words(colours: Sequence[str], shares: Sequence[float], tone: str | None) -> str:
    """`Light {} in white and indigo.`: the tone, then the names of the largest colours and of the strongest accent."""
    words = colour_words(colours, shares)
    return f"{(tone or 'light').capitalize()} {{}} in {listed(words)}." if words else ""


def colour_words(colours: Sequence[str], shares: Sequence[float]) -> list[str]:
    """Names of the largest colours and of the strongest accent, each once."""
    if not colours:
        return []
    labs = oklab(_rgb(colours))
    table, names = _named_colours(), list(COLOUR_NAMES)
    named = [names[int(((table - lab) ** 2).sum(1).argmin())] for lab in labs]
    strength = [float(np.hypot(lab[1], lab[2])) for lab in labs]
    large = [name for name, share in zip(named, shares, strict=False) if share >= 0.12][:2]
    strong = [i for i, value in enumerate(strength) if value > 0.09 and shares[i] >= 0.003]
    accents = [named[i] for i in sorted(strong, key=lambda i: -strength[i])[:1]]
    return list(dict.fromkeys(large + accents or named[:1]))


def _rgb(colours: Iterable[str]) -> np.ndarray:
    return np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours])


@cache
def _named_colours() -> np.ndarray:
    return oklab(_rgb(COLOUR_NAMES.values()))
