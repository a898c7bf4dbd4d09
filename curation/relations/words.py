"""What the words of two screens say about them: how many they share, and whether others stand in the same places.

Reads the columns of the feature `text` where the table has them; letters count, digits and signs do not.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow as pa

SHORTEST = 3  # letters of a word that counts
FEWEST = 3  # words that a screen must have before the share of common ones means anything
PLACE = 0.03  # of width and height, within which two lines stand in one place
KEPT = 4096  # screens whose words stay in memory


@dataclass(frozen=True)
class Line:
    """A run of words: its letters, and left, middle, right, centre and height in shares of the picture."""

    letters: str
    left: float
    right: float
    centre: float
    height: float


@dataclass(frozen=True)
class Places:
    """How many lines of two screens are the same, how many are others in the same place, how many have no partner."""

    same: int
    replaced: int
    alone: int


class Words:
    """The words of a table's rows, looked up when asked for."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._has = set(table.column_names)
        self._tokens = lru_cache(KEPT)(self._read_tokens)
        self._lines = lru_cache(KEPT)(self._read_lines)

    def shared(self, a: int, b: int) -> float | None:
        """The share of all words that both screens have; None where one was not read or says too little."""
        one, other = self._tokens(a), self._tokens(b)
        if one is None or other is None or min(one.total(), other.total()) < FEWEST:
            return None
        return (one & other).total() / (one | other).total()

    def language(self, row: int) -> str | None:
        """What the listing or the page declares, else what was recognised: two letters, or None."""
        for name in ("locale", "lang", "text_lang"):
            if name in self._has and (value := self._table[name][row].as_py()):
                return str(value).replace("_", "-").split("-")[0].lower()
        return None

    def read_language(self, row: int) -> str | None:
        """The language recognised in the words of the picture, or None."""
        return self._table["text_lang"][row].as_py() if "text_lang" in self._has else None

    def places(self, a: int, b: int) -> Places | None:
        """The lines of two screens laid on one another; None where one has no boxes."""
        one, other = self._lines(a), self._lines(b)
        if one is None or other is None:
            return None
        common = Counter(line.letters for line in one) & Counter(line.letters for line in other)
        first, second = _without(one, common), _without(other, common)
        replaced = 0
        for line in first:
            partner = next((o for o in second if _in_place_of(line, o)), None)
            if partner is not None:
                second.remove(partner)
                replaced += 1
        return Places(common.total(), replaced, len(first) - replaced + len(second))

    def _read_tokens(self, row: int) -> Counter[str] | None:
        text = self._table["text"][row].as_py() if "text" in self._has else None
        if text is None:
            return None
        return Counter(w for w in re.findall(r"[^\W\d_]+", text.lower()) if len(w) >= SHORTEST)

    def _read_lines(self, row: int) -> list[Line] | None:
        if not {"_text_boxes", "decoded_width", "decoded_height"} <= self._has:
            return None
        boxes = self._table["_text_boxes"][row].as_py()
        width, height = (self._table[name][row].as_py() for name in ("decoded_width", "decoded_height"))
        if boxes is None or not width or not height:
            return None
        runs: dict[int, list[dict[str, Any]]] = {}
        for box in boxes:
            runs.setdefault(box["line"], []).append(box)
        lines = [_line(run, width, height) for run in runs.values()]
        return [line for line in lines if len(line.letters) >= SHORTEST]


def _line(run: list[dict[str, Any]], width: int, height: int) -> Line:
    top, bottom = min(b["y"] for b in run), max(b["y"] + b["h"] for b in run)
    return Line(
        letters="".join(re.findall(r"[^\W\d_]", "".join(b["text"] for b in run).lower())),
        left=min(b["x"] for b in run) / width,
        right=max(b["x"] + b["w"] for b in run) / width,
        centre=(top + bottom) / 2 / height,
        height=(bottom - top) / height,
    )


def _without(lines: list[Line], common: Counter[str]) -> list[Line]:
    """The lines that `common` does not account for."""
    left, rest = Counter(common), []
    for line in lines:
        if left[line.letters] > 0:
            left[line.letters] -= 1
        else:
            rest.append(line)
    return rest


def _in_place_of(one: Line, other: Line) -> bool:
    """Aligned left, right or in the middle, on one level, of like size."""
    aligned = min(
        abs(one.left - other.left),
        abs(one.right - other.right),
        abs(one.left + one.right - other.left - other.right) / 2,
    )
    alike = max(one.height, other.height) <= 1.6 * max(1e-6, min(one.height, other.height))
    return alike and aligned <= PLACE and abs(one.centre - other.centre) <= PLACE
