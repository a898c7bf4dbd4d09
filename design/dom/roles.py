"""What a box is to a reader: its role, and a name for the sections that pages are made of."""

from __future__ import annotations

import re

from design.dom.snapshot import Box

ROLES = {
    "NAV": "nav", "HEADER": "header", "MAIN": "main", "FOOTER": "footer", "ASIDE": "aside", "SECTION": "section",
    "FORM": "form", "ARTICLE": "article", "BUTTON": "button", "INPUT": "input", "SELECT": "select",
    "TEXTAREA": "input", "DIALOG": "dialog", "TABLE": "table",
}  # fmt: skip
_ARIA = {
    "navigation": "nav", "banner": "header", "main": "main", "contentinfo": "footer", "complementary": "aside",
    "button": "button", "dialog": "dialog", "region": "section", "form": "form",
}  # fmt: skip
HEADINGS = {"H1": "h1", "H2": "h2", "H3": "h3", "H4": "h4", "H5": "h5", "H6": "h6"}
_PLAIN = ("SECTION", "ARTICLE", "ASIDE", "FORM")
_BLOCKS = ("SECTION", "HEADER", "FOOTER", "NAV", "ASIDE", "MAIN", "ARTICLE")
_SECTIONS = {
    "Nav": "nav navbar navigation navmenu topbar topnav menubar",
    "Hero": "hero masthead jumbotron intro splash welcome",
    "Features": "feature features service services benefits",
    "Pricing": "pricing price prices plans",
    "Testimonials": "testimonial testimonials reviews quotes",
    "Team": "team",
    "Faq": "faq faqs",
    "Contact": "contact",
    "Gallery": "portfolio gallery showcase projects",
    "Cta": "cta newsletter subscribe signup",
    "Blog": "blog posts news",
    "Stats": "stats statistics counters",
    "Logos": "clients partners brands logos sponsors",
    "About": "about",
    "Sidebar": "sidebar sidenav",
    "Footer": "footer",
}
_WORDS = {word: name for name, words in _SECTIONS.items() for word in words.split()}
_BROAD, _HIGH = 0.6, 120.0  # of the window's width, and px: how large what is no landmark must be to be a section


def role_of(box: Box) -> str:
    """The role of an element, "" for what only holds others."""
    if role := _ARIA.get(box.attribute("role").lower(), ""):
        return role
    if box.tag == "A" and re.search(r"\bbtn|button", box.attribute("class"), re.IGNORECASE):
        return "button"
    if box.tag == "INPUT" and box.attribute("type").lower() in ("submit", "reset", "button", "image"):
        return "button"
    return ROLES.get(box.tag, "")


def section_name(box: Box, window: float) -> str:
    """A section's name by what its id and classes call it, "" where they do not, or where it is none."""
    if box.tag not in _BLOCKS and not (box.tag == "DIV" and _large(box, window)):
        return ""
    words = _words(box)
    found = next((_WORDS[word] for word in words if word in _WORDS), "")
    if not found or (box.tag == "DIV" and _within_named(box, window)):
        return ""
    if found == "Nav" and box.height > 400:
        return "Sidebar" if box.width < window * 0.4 else ""
    return found


def _large(box: Box, window: float) -> bool:
    return window > 0 and box.width >= window * _BROAD and box.height >= _HIGH


def _words(box: Box) -> list[str]:
    named = [box.attribute("id"), *box.attribute("class").split()[:6]]
    return [word.lower() for text in named for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", text)]


def _within_named(box: Box, window: float) -> bool:
    owner = box.parent
    while owner is not None and owner.tag not in ("BODY", "HTML", "MAIN"):
        if owner.tag in _BLOCKS or (_large(owner, window) and any(word in _WORDS for word in _words(owner))):
            return True
        owner = owner.parent
    return False


def own_name(box: Box, heading: list[str]) -> str:
    """A landmark's name: its id, its heading, or its kind."""
    role = ROLES.get(box.tag, "")
    if role_of(box) == "button":
        return "Button"
    if box.tag not in _PLAIN:
        return role.capitalize()
    words = re.findall(r"[A-Za-z0-9]+", box.attribute("id"))[:3] or heading
    name = "".join(word[:1].upper() + word[1:] for word in words)[:40]
    return name if name[:1].isalpha() else role.capitalize()
