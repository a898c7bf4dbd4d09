"""Numbers, names and text as the tree keeps them: normalised, so that what is printed reads back equal."""

from __future__ import annotations

import json
import math
import re
from typing import Literal, TypeAlias

from design.errors import TreeError

MAX_DEPTH = 256
MAX_NODES = 200_000
MAX_NUMBER = 1_000_000.0
SOFT_BREAK = "\u2028"  # a line that ended because the box did; "\n" is a break that somebody wrote

FILL: Literal["fill"] = "fill"
HUG: Literal["hug"] = "hug"
Length: TypeAlias = float | Literal["fill", "hug"]
Sides: TypeAlias = tuple[float, float, float, float]
ZERO: Sides = (0.0, 0.0, 0.0, 0.0)

TOKEN = re.compile(r"[a-z][a-z0-9_-]{0,63}\Z")
SLOT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")
COMPONENT = re.compile(r"[A-Z][A-Za-z0-9_-]{0,63}\Z")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\ud800-\udfff]")


def number(value: float) -> float:
    """Two decimals, finite, within ±1e6, no minus zero: NaN becomes 0."""
    value = float(value)
    if not -MAX_NUMBER <= value <= MAX_NUMBER:
        value = 0.0 if math.isnan(value) else math.copysign(MAX_NUMBER, value)
    return round(value, 2) + 0.0


def positive(value: float) -> float:
    """`number`, and nothing below 0."""
    value = number(value)
    return value if value > 0 else 0.0


def proportion(value: float) -> float:
    """A ratio of two lengths with four decimals, within 1e-3 … 1e3; 0 is none."""
    value = float(value)
    return round(max(0.001, min(1000.0, value)), 4) if value > 0 else 0.0


def share(value: float) -> float:
    """An opacity or a position in 0…1 with four decimals."""
    return 0.0 if math.isnan(value) else round(max(0.0, min(1.0, value)), 4) + 0.0


def whole(value: float, limit: int = 1000) -> int:
    """An integer in 0…limit; NaN becomes 0."""
    value = float(value)
    return 0 if math.isnan(value) else int(max(0, min(limit, value)))


def sides(values: Sides) -> Sides:
    if values is ZERO:
        return ZERO
    top, right, bottom, left = values
    return number(top), number(right), number(bottom), number(left)


def length(value: Length) -> Length:
    if value in (FILL, HUG):
        return value
    if isinstance(value, str):
        raise TreeError(f"{value!r} is no length: use a number, 'fill' or 'hug'")
    return positive(value)


def clean(text: str, limit: int = 200_000) -> str:
    """Text without control characters other than newline and tab, and without lone surrogates."""
    if text.isprintable():
        return text[:limit]
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text)[:limit]


def one_line(text: str, limit: int) -> str:
    """`clean` text without line breaks and tabs, and without space around it."""
    return clean(text, limit).replace("\n", " ").replace("\t", " ").strip()


def token(name: str, what: str) -> str:
    """The name, where it can be one. Raises TreeError that says what it should have named."""
    if not TOKEN.match(name):
        raise TreeError(f"{name[:80]!r} is no {what}: use small letters, digits, - and _, a letter first")
    return name


def canonical_json(text: str) -> str:
    """A JSON object in its one shortest spelling, ASCII only. Raises TreeError where it is none."""
    try:
        value = json.loads(text)
        if not isinstance(value, dict):
            raise ValueError("not an object")
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError):
        raise TreeError(f"raw holds {text[:40]!r}: give a JSON object") from None


def put(target: object, **values: object) -> None:
    """Set fields of a frozen dataclass while it is being made."""
    for name, value in values.items():
        object.__setattr__(target, name, value)
