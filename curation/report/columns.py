"""Columns as the page reads them: typed arrays in base64, and words by their number in a list."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Packed = dict[str, Any]
WIDTHS = {"u1": "<u1", "u2": "<u2", "u4": "<u4", "i4": "<i4", "f4": "<f4", "f8": "<f8"}


def pack(values: np.ndarray, kind: str) -> Packed:
    """`kind` is a key of WIDTHS; the page has the typed array of that name."""
    return {"kind": kind, "data": base64.b64encode(np.ascontiguousarray(values, WIDTHS[kind]).tobytes()).decode()}


def numbers(values: Sequence[Any] | np.ndarray) -> Packed:
    """Numbers with NaN for what is missing: 4 bytes where they hold every value exactly, else 8."""
    exact = np.array([math.nan if v is None else float(v) for v in values], np.float64)
    exact[~np.isfinite(exact)] = np.nan
    with np.errstate(over="ignore"):
        short = exact.astype(np.float32)
    same = (short == exact) | (np.isnan(short) & np.isnan(exact))
    return pack(short, "f4") if same.all() else pack(exact, "f8")


def whole(values: Sequence[int | None]) -> Packed:
    """Integers with -1 for what is missing."""
    return pack(np.array([-1 if value is None else value for value in values], np.int64), "i4")


def words(values: Sequence[str | None]) -> Packed:
    """Few different words: each value by its number in `words`; a missing one is the empty word."""
    known: dict[str, int] = {}
    codes = [known.setdefault(str(value or ""), len(known)) for value in values]
    kind = "u1" if len(known) <= 256 else "u2" if len(known) <= 65_536 else "u4"
    return {**pack(np.array(codes, np.int64), kind), "words": list(known)}


def texts(values: Sequence[str | None], longest: int = 500) -> Packed:
    """Mostly different texts, as they are; cut where nobody would read on."""
    return {"kind": "text", "data": [str(value or "")[:longest] for value in values]}


def flags(values: Sequence[bool] | np.ndarray) -> Packed:
    return pack(np.asarray(values, bool), "u1")
