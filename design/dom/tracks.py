"""The columns and rows of a CSS grid: where they lie on the page, and by what they are so wide."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from design.dom.snapshot import Box, pixels
from design.tree import Track

MAX_TRACKS = 100
_NEAR = 1.0  # CSS px
_EXACT = 0.05
_WORD = re.compile(r"[^\s()\[\]]*\([^()]*(?:\([^()]*\)[^()]*)*\)|[^\s()\[\]]+")
_NUMBER = re.compile(r"([\d.]+)(px|fr|%)\Z")
Spans = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """Starts and ends of a grid's columns and rows, in CSS px of the page; `tracks` says what makes the columns."""

    columns: Spans
    rows: Spans
    tracks: tuple[Track, ...]
    gap: tuple[float, float]  # between columns, between rows


def grid_lines(box: Box) -> Lines | None:
    """Of a grid of several columns, whose style sheets are known; None for others, and where a number does not fit."""
    authored = box.authored("grid-template-columns", "none")
    if authored in ("", "none") or box.css("direction") == "rtl":
        return None
    widths, heights = _used(box.css("grid-template-columns")), _used(box.css("grid-template-rows"))
    if len(widths) < 2 or not heights:
        return None
    left = box.x + box.px("padding-left") + box.px("border-left-width")
    top = box.y + box.px("padding-top") + box.px("border-top-width")
    inside = box.width - box.px("padding-right") - box.px("border-right-width") - (left - box.x)
    high = box.height - box.px("padding-bottom") - box.px("border-bottom-width") - (top - box.y)
    columns = _placed(widths, left, box.px("column-gap"), inside, box.css("justify-content"))
    rows = _placed(heights, top, box.px("row-gap"), high, box.css("align-content"))
    tracks = _tracks(authored, widths)
    if columns is None or rows is None or tracks is None:
        return None
    gaps = [_gap(columns), _gap(rows)]
    return Lines(columns, rows, tracks, (gaps[0], gaps[1]))


def row_lines(box: Box) -> Lines | None:
    """Of a table's row: its cells, which share what the table is wider than they need."""
    cells = sorted((cell for cell in box.children if cell.css("display") == "table-cell"), key=lambda cell: cell.x)
    if not 2 <= len(cells) <= MAX_TRACKS or not cells[0].authored("width") or any(cell.width <= 0 for cell in cells):
        return None
    spans = tuple((cell.x, cell.x + cell.width) for cell in cells)
    gaps = [after[0] - before[1] for before, after in pairwise(spans)]
    if max(gaps) - min(gaps) > _NEAR or min(gaps) < -_NEAR:
        return None
    fluid = [cell for cell in cells if not cell.authored("width").endswith("px")] or cells
    shares = iter(_weights([cell.width for cell in fluid], []))
    tracks = tuple(Track(next(shares), "fr") if cell in fluid else Track(cell.width, "px") for cell in cells)
    return Lines(spans, ((box.y, box.y + box.height),), tracks, (max(0.0, sum(gaps) / len(gaps)), 0.0))


def _gap(spans: Spans) -> float:
    return max(0.0, spans[1][0] - spans[0][1]) if len(spans) > 1 else 0.0


def _used(value: str) -> list[float]:
    """The lengths that a computed track list resolved to; empty where it has others."""
    words = [word for word in re.sub(r"\[[^\]]*\]", " ", value).split() if word]
    if not words or len(words) > MAX_TRACKS or not all(word.endswith("px") for word in words):
        return []
    return [pixels(word) for word in words]


def _placed(sizes: list[float], start: float, gap: float, inside: float, content: str) -> Spans | None:
    """Where the tracks lie; None where they are distributed in a way that a design does not have."""
    free = inside - sum(sizes) - gap * (len(sizes) - 1)
    if abs(free) > _NEAR:
        if "center" in content:
            start += free / 2
        elif content in ("end", "flex-end"):
            start += free
        elif content == "space-between" and free > 0 and len(sizes) > 1:
            gap += free / (len(sizes) - 1)
        elif content not in ("normal", "start", "flex-start", "stretch", "") and free > 0:
            return None
    spans = []
    for size in sizes:
        spans.append((start, start + size))
        start += size + gap
    return tuple(spans)


def _tracks(authored: str, used: list[float]) -> tuple[Track, ...] | None:
    """A track each; what the browser made of a `fr` is believed where it is not in proportion."""
    words = _expanded(authored, len(used))
    if words is None or len(words) != len(used) or any(size <= 0 for size in used):
        return None
    given = [_share(word) for word in words]
    fluid = any(given)
    taking = [bool(share) or (not fluid and _of_content(word)) for word, share in zip(words, given, strict=True)]
    shares = iter(_weights([size for size, takes in zip(used, taking, strict=True) if takes], [s for s in given if s]))
    return tuple(
        Track(next(shares), "fr") if takes else Track(0, "hug") if _of_content(word) else Track(size, "px")
        for word, size, takes in zip(words, used, taking, strict=True)
    )


def _of_content(word: str) -> bool:
    return word.startswith(("auto", "min-content", "max-content", "fit-content"))


def _weights(used: list[float], given: list[float]) -> list[float]:
    """The shares that come nearest to the lengths in use: those that were given where they do, else the lengths."""
    whole = sum(used)
    for shares in ([round(share, 2) for share in given], [1.0] * len(used)):
        if len(shares) == len(used) and all(
            abs(share / sum(shares) * whole - length) < _EXACT for share, length in zip(shares, used, strict=True)
        ):
            return shares
    return used


def _share(word: str) -> float:
    """How many shares of what is left a track takes; 0 for one that is as large as it says or as its content."""
    if word.startswith("minmax("):
        word = word[7:-1].split(",")[-1].strip()
    number = _NUMBER.match(word)
    if number is None or number[2] == "px":
        return 0.0
    return float(number[1]) if number[2] == "fr" else float(number[1]) / 100


def _expanded(authored: str, count: int) -> list[str] | None:
    """The sizes of a track list with its repetitions written out, to `count` where they depend on the room."""
    words: list[str] = []
    for word in _WORD.findall(re.sub(r"\[[^\]]*\]", " ", authored)):
        if word == "subgrid":
            return None
        if not word.startswith("repeat("):
            words.append(word)
            continue
        times, _, rest = word[7:-1].partition(",")
        inner = _WORD.findall(rest)
        if not inner:
            return None
        if times.strip().isdigit():
            words += inner * min(int(times), MAX_TRACKS)
        else:
            words += inner * max(0, (count - len(_WORD.findall(authored)) + 1) // len(inner))
    return words
