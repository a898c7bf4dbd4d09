"""What is known of a page before it is visited: a gallery's tags and votes, a seed file's columns, a sitemap's date.

It comes from strangers' pages and files, so it is cleaned and bounded here, once, and then travels with the request.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

About = dict[str, str | int | float | list[str]]

MAX_FIELDS = 32
MAX_NAME = 64
MAX_TEXT = 500
MAX_LIST = 50
MAX_TOTAL = 8 << 10  # characters of all names and values
MAX_WHOLE = 1 << 53
_NAME = re.compile(r"[^a-z0-9_]+")
_BLANK = re.compile(r"\s+")


def clean_about(given: Mapping[Any, Any]) -> About:
    """The fields worth keeping: names of a-z, 0-9 and _, text on one line, finite numbers, short lists of text.

    Empty values go, and so does whatever is beyond the limits. Of two names that become one, the first stays.
    """
    kept: About = {}
    room = MAX_TOTAL
    for raw_name, raw in given.items():
        name = _NAME.sub("_", str(raw_name).lower()[: MAX_NAME * 2]).strip("_")[:MAX_NAME]
        value = _value(raw)
        if not name or name in kept or value is None or len(kept) >= MAX_FIELDS:
            continue
        size = len(name) + (sum(map(len, value)) if isinstance(value, list) else len(str(value)))
        if size <= room:
            room -= size
            kept[name] = value
    return kept


def clean_text(text: str, limit: int = MAX_TEXT) -> str:
    """Text on one line, without control or half characters."""
    text = "".join(c if c.isprintable() or c.isspace() else " " for c in text[: limit * 4])
    return _BLANK.sub(" ", text).strip()[:limit].rstrip()


def _value(raw: Any) -> str | int | float | list[str] | None:
    if isinstance(raw, bool):
        return int(raw)
    if isinstance(raw, int):
        return raw if abs(raw) <= MAX_WHOLE else None
    if isinstance(raw, float):
        return raw if math.isfinite(raw) else None
    if isinstance(raw, str):
        return clean_text(raw) or None
    if isinstance(raw, Iterable) and not isinstance(raw, bytes | bytearray | Mapping):
        texts = [clean_text(str(part)) for part, _ in zip(raw, range(MAX_LIST), strict=False) if part is not None]
        return list(dict.fromkeys(text for text in texts if text)) or None
    return None
