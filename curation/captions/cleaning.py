"""Foreign text to plain words: pages, listings and models all say hostile things."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence

MAX_SOURCE = 4000  # characters of any one text that are looked at


def clean(text: str, limit: int = MAX_SOURCE) -> str:
    """Plain words: no tags, entities resolved, no control, format, bidi or private characters, single spaces."""
    text = re.sub(r"<[^<>]{0,2000}>", " ", html.unescape(text[:limit]))
    text = unicodedata.normalize("NFC", text)
    kept = (" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return " ".join("".join(c for c in kept if unicodedata.category(c)[0] != "C").replace("\ufffd", " ").split())


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


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    words = [word for word in words if word]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1] if words else ""


def tag_list(tags: Sequence[str], most: int = 12) -> list[str]:
    """Clean lower-case tags of at most 30 characters, each once, in the order given."""
    cleaned = (shorten(clean(tag, 200), 30).strip(" .,#\"'“”").lower() for tag in tags)
    return list(dict.fromkeys(tag for tag in cleaned if tag))[:most]
