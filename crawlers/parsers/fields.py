"""Reading fields of payloads that may lack them, have others, or have them in another type: a value or a default."""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from crawlers.parsers.errors import StorePayloadError

MAX_TEXT = 20_000
APP_ID = re.compile(r"^[A-Za-z0-9_.-]{1,200}$")
_TAG = re.compile(r"<[^>]{0,2000}>")
_BREAK = re.compile(r"<(?:br|/p|/div|/li)\b[^>]{0,200}>", re.I)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def json_value(data: bytes, what: str, *, limit: int) -> Any:
    """The JSON value that the bytes are. Raises StorePayloadError: too_large or bad_payload."""
    if len(data) > limit:
        raise StorePayloadError(f"{what} of {len(data)} bytes is larger than {limit}", "too_large")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise StorePayloadError(f"{what} is not JSON ({type(error).__name__})") from None


def mapping(value: Any) -> Mapping[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """A list as it is, null as none, anything else as a list of itself: feeds give one entry without its array."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def text(value: Any, limit: int = MAX_TEXT) -> str:
    """A string without control characters; numbers spelt out; "" for anything else."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int | float):
        return str(value) if not isinstance(value, float) or math.isfinite(value) else ""
    return _CONTROL.sub("", value)[:limit].strip() if isinstance(value, str) else ""


def plain(value: Any) -> str:
    """A text without its markup, with breaks as lines."""
    if not isinstance(value, str):
        return ""
    broken = _BREAK.sub("\n", value[: 4 * MAX_TEXT])
    return text(html.unescape(_TAG.sub("", broken)))


def texts(value: Any, limit: int = 50) -> tuple[str, ...]:
    """The strings of a list, or of one string, without empty ones and repeats."""
    return tuple(dict.fromkeys(found for found in (text(one, 200) for one in items(value)[:limit]) if found))


def whole(value: Any, *, most: int = 1 << 53) -> int | None:
    """A whole number of 0 or more, also from its digits, with or without grouping; None for anything else."""
    if isinstance(value, str):
        digits = value.strip().replace(",", "").replace("_", "")
        if not digits.isascii() or not digits.isdigit() or len(digits) > 16:
            return None
        value = int(digits)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if value == int(value) and 0 <= value <= most else None


def rating(value: Any) -> float | None:
    """A number from 0 to 5, also from its digits; None for anything else."""
    if isinstance(value, str):
        try:
            value = float(value.strip().replace(",", "."))
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 5 else None


def web_url(value: Any) -> str:
    """An absolute http(s) address; "" for anything else. Addresses without a scheme are taken as https."""
    if not isinstance(value, str):
        return ""
    url = value.strip()
    url = f"https:{url}" if url.startswith("//") else url
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or len(url) > 2000 or not url.isprintable():
        return ""
    return url if " " not in url else ""


def at(value: Any, *path: int | str) -> Any:
    """What lies at a path of list positions and keys; None where there is nothing."""
    for step in path:
        if isinstance(step, int) and isinstance(value, list):
            value = value[step] if -len(value) <= step < len(value) else None
        elif isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        else:
            return None
    return value


def nodes(value: Any, *, most: int = 500_000) -> Iterator[Any]:
    """Every list and object within a value, in document order, without recursion and at most so many."""
    stack = [value]
    seen = 0
    while stack and seen < most:
        node = stack.pop()
        seen += 1
        if isinstance(node, list):
            yield node
            stack.extend(reversed([child for child in node if isinstance(child, list | dict)]))
        elif isinstance(node, dict):
            yield node
            stack.extend(reversed([child for child in node.values() if isinstance(child, list | dict)]))
