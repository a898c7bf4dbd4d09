"""Words with their places in the picture, and the runs of words that stand together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np

GAP = 1.2  # word heights between two words from which on they stand in different columns
GRID = 4  # px: how finely covered area is counted


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its box in picture pixels. `line` numbers runs of words that are read as one; `score` is 0 to 1."""

    x: int
    y: int
    w: int
    h: int
    text: str
    line: int = 0
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """A run of words and its text; `starts` are the places of the words in it."""

    words: tuple[Word, ...]
    text: str
    starts: tuple[int, ...]

    def between(self, start: int, end: int) -> list[Word]:
        """The words of which some character stands in text[start:end]."""
        ends = (at + len(word.text) for at, word in zip(self.starts, self.words, strict=True))
        placed = zip(self.words, self.starts, ends, strict=True)
        return [word for word, first, last in placed if first < end and last > start]


def lines(words: Iterable[Word]) -> Iterator[Line]:
    """Runs of words in the order given; words of a run share `line` and follow each other."""
    for _, some in groupby(words, key=lambda word: word.line):
        run = tuple(some)
        starts, text = [], ""
        for word in run:
            text += " " if text else ""
            starts.append(len(text))
            text += word.text
        yield Line(run, text, tuple(starts))


def joined(words: Iterable[Word]) -> str:
    """All text, a run of words a line."""
    return "\n".join(line.text for line in lines(words))


def covered(words: Iterable[Word], size: tuple[int, int]) -> float:
    """Share of a width × height picture that lies under word boxes; overlaps count once."""
    width, height = (max(1, -(-side // GRID)) for side in size)
    mask = np.zeros((height, width), bool)
    for word in words:
        mask[word.y // GRID : -(-(word.y + word.h) // GRID), word.x // GRID : -(-(word.x + word.w) // GRID)] = True
    return float(mask.mean())
