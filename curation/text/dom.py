"""The words a page's tree laid out, where it laid them out, without those that nobody can see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate
from typing import Any

import numpy as np

from curation.text.words import GAP, Word
from design.dom.controls import control_text
from design.dom.snapshot import Box, Fragment, open_dom

MAX_WORDS = 20_000
MAX_LOOKED_AT = 100_000  # words, seen or not
MOST_COVERS = 2000
SMALLEST = 4  # px of font size below which text is no text
FAINT = 0.1  # opacity below which nobody reads
CUTTING = ("hidden", "clip", "auto", "scroll")
CONTROLS = ("INPUT", "SELECT", "TEXTAREA")
UNSHOWN = frozenset({"NOSCRIPT", "HEAD", "SCRIPT", "STYLE", "TEMPLATE"})
LETTERS = {  # em widths of a usual sans serif
    0.22: "ijl'|", 0.28: " !,./:;[\\]tfI", 0.33: "()-r`\"{}", 0.5: "cksvxyzJ", 0.6: "+<=>~FTZ", 0.67: "ABEKPSVXY&",
    0.72: "CDHNRUw", 0.78: "GOQ", 0.83: "mM", 0.94: "W", 1.0: "@%",
}  # fmt: skip
_WIDTHS = {letter: width for width, letters in LETTERS.items() for letter in letters}
_SQUARE = re.compile(r"[\u1100-\u11ff\u2e80-\ud7ff\uf900-\uffef]")

_Rect = tuple[float, float, float, float]  # left, top, right, bottom
_ALL: _Rect = (float("-inf"), float("-inf"), float("inf"), float("inf"))


def page_words(snapshot: dict[str, Any]) -> list[Word]:
    """Visible words of a `gesso-dom/1` snapshot in document order, in thousandths of CSS pixels of the page.

    Raises design's SnapshotError where the snapshot is none.
    """
    boxes = open_dom(snapshot).boxes()
    covers = _Covers(boxes)
    clips: dict[int, _Rect | None] = {}  # box → what its content is cut to, None where nothing of it shows
    words: list[Word] = []
    line, before, looked_at = -1, None, 0
    for box in sorted(boxes, key=lambda box: box.rank):
        clip = clips[box.index] = _clip(box, clips)
        if clip is None or box.css("visibility") not in ("visible", "") or _inkless(box):
            continue
        for fragment in box.fragments or _typed(box):
            for text, left, right in _split(fragment):
                looked_at += 1
                if len(words) >= MAX_WORDS or looked_at > MAX_LOOKED_AT:
                    return words
                if not _inside(middle := ((left + right) / 2, fragment.y + fragment.height / 2), clip):
                    continue
                if covers.hide(box, middle):
                    continue
                if words and before and _same_word(before, left, fragment):
                    words[-1] = _longer(words[-1], right, text)
                else:
                    line += not _goes_on(before, left, fragment)
                    words.append(_word(left, right, fragment, text, line))
                before = (right, fragment)
    return words


def on_picture(words: list[Word], page_width: float, size: tuple[int, int]) -> list[Word]:
    """The page's words that a width × height picture of it shows, in its pixels."""
    scale = size[0] / max(1.0, page_width) / 1000
    shown = []
    for word in words:
        left, right = max(0, round(word.x * scale)), min(size[0], round((word.x + word.w) * scale))
        top, bottom = max(0, round(word.y * scale)), min(size[1], round((word.y + word.h) * scale))
        whole = word.h * scale
        if right > left and bottom - top >= 0.5 * whole:  # a line that the fold cuts in half is not read
            shown.append(Word(left, top, right - left, bottom - top, word.text, word.line))
    return shown


def _typed(box: Box) -> list[Fragment]:
    """What a form control shows, which has no line boxes; about as wide as its letters."""
    item = control_text(box, box.rank, {}) if box.tag in CONTROLS else None
    if item is None:
        return []
    text = item.look["runs"][0].text
    width = min(item.width, 0.56 * box.px("font-size") * len(text))
    room = {"center": 0.5, "right": 1.0}.get(item.text_align, 0.0) * (item.width - width)
    return [Fragment(item.x + room, item.y, width, item.height, text)]


def _clip(box: Box, clips: dict[int, _Rect | None]) -> _Rect | None:
    clip = clips.get(box.parent.index, _ALL) if box.parent is not None else _ALL
    if clip is None or box.tag in UNSHOWN:
        return None
    if box.text is None and _opacity(box) < FAINT:
        return None
    if box.css("position") == "fixed":
        clip = _ALL
    if box.text is None and box.tag not in ("HTML", "BODY", "#document") and box.css("display") != "inline":
        across, down = box.css("overflow-x") in CUTTING, box.css("overflow-y") in CUTTING
        hole = box.css("clip") not in ("auto", "") or box.css("clip-path") not in ("none", "")
        tiny = box.width <= 1 or box.height <= 1
        if (across or down or hole) and tiny:
            return None
        left, top, right, bottom = _rect(box)
        if across:
            clip = (max(clip[0], left), clip[1], min(clip[2], right), clip[3])
        if down:
            clip = (clip[0], max(clip[1], top), clip[2], min(clip[3], bottom))
    return clip


def _opacity(box: Box) -> float:
    try:
        return float(box.css("opacity") or 1)
    except ValueError:
        return 1.0


def _inkless(box: Box) -> bool:
    """Text that is transparent, or too small to be read. A text fill of its own (a gradient's, say) is ink."""
    if box.px("font-size") < SMALLEST:
        return True
    owner = box.parent
    if owner is not None and owner.css("background-clip") == "text":
        return False
    return _alpha(box.css("-webkit-text-fill-color") or box.css("color")) < FAINT


def _alpha(computed: str) -> float:
    """Of a computed colour: `rgba(…, a)`, `color(… / a)`, else 1."""
    found = re.search(r"^rgba\(.*,\s*([\d.]+)\)$|/\s*([\d.]+)\)$", computed)
    return float((found[1] or found[2]).rstrip(".") or 0) if found else 0.0 if computed == "transparent" else 1.0


class _Covers:
    """Boxes that hide what was painted before them: a dialog's sheet over the page, say. The largest ones only."""

    def __init__(self, boxes: list[Box]) -> None:
        ends = {box.index: box.rank + 1 for box in boxes}  # one past the last rank inside of a box
        solid: dict[int, bool] = {}  # whether a box and all around it are opaque
        for box in sorted(boxes, key=lambda box: box.rank):
            above = solid[box.parent.index] if box.parent is not None else True
            solid[box.index] = above and (box.text is not None or _opacity(box) == 1)
        for box in sorted(boxes, key=lambda box: -box.rank):
            if box.parent is not None:
                ends[box.parent.index] = max(ends[box.parent.index], ends[box.index])
        covers = [box for box in boxes if solid[box.index] and _opaque(box)]
        covers = sorted(covers, key=lambda box: (-box.width * box.height, box.rank))[:MOST_COVERS]
        self._orders = np.array([box.order for box in covers])
        self._ranks = np.array([box.rank for box in covers])
        self._ends = np.array([ends[box.index] for box in covers])
        self._rects = np.array([_rect(box) for box in covers]).reshape(-1, 4).T

    def hide(self, box: Box, point: tuple[float, float]) -> bool:
        """Whether a point of the box lies under a box that is painted later and does not hold it."""
        (x, y), (left, top, right, bottom) = point, self._rects
        over = (self._orders > box.order) & (left <= x) & (x <= right) & (top <= y) & (y <= bottom)
        return bool((over & ~((self._ranks <= box.rank) & (box.rank < self._ends))).any())


def _opaque(box: Box) -> bool:
    if box.text is not None or box.width < 8 or box.height < 8 or box.css("visibility") not in ("visible", ""):
        return False
    ground = box.css("background-color")
    return ground.startswith("rgb") and _alpha(ground) == 1


def _rect(box: Box) -> _Rect:
    return box.x, box.y, box.x + box.width, box.y + box.height


def _inside(point: tuple[float, float], rect: _Rect) -> bool:
    return rect[0] <= point[0] <= rect[2] and rect[1] <= point[1] <= rect[3]


def _split(fragment: Fragment) -> Iterator[tuple[str, float, float]]:
    """Words of a line box with their left and right edges, by the usual widths of their letters."""
    widths = (_WIDTHS.get(c) or (1.0 if _SQUARE.match(c) else 0.56) for c in fragment.text)
    edges = list(accumulate(widths, initial=0.0))
    scale = fragment.width / (edges[-1] or 1.0)
    for found in re.finditer(r"\S+", fragment.text):
        first, last = edges[found.start()], edges[found.end()]
        yield found.group(), fragment.x + scale * first, fragment.x + scale * last


def _goes_on(before: tuple[float, Fragment] | None, left: float, fragment: Fragment) -> bool:
    """Whether a word is read on from the one before it: on the same line, and close by."""
    if before is None:
        return False
    right, last = before
    high = min(last.height, fragment.height)
    level = abs((last.y + last.height / 2) - (fragment.y + fragment.height / 2)) <= 0.5 * high
    return level and -0.5 * high <= left - right <= GAP * high


def _same_word(before: tuple[float, Fragment], left: float, fragment: Fragment) -> bool:
    """Whether two text nodes meet without a space, as in `Ges<b>so</b>`."""
    right, last = before
    if last is fragment or last.text[-1:].isspace() or fragment.text[:1].isspace() or left - fragment.x > 0.1:
        return False
    return _goes_on(before, left, fragment) and abs(left - right) <= 0.5


def _longer(word: Word, right: float, text: str) -> Word:
    return replace(word, w=max(word.w, round(right * 1000) - word.x), text=word.text + text)


def _word(left: float, right: float, fragment: Fragment, text: str, line: int) -> Word:
    return Word(
        round(left * 1000),
        round(fragment.y * 1000),
        max(1, round((right - left) * 1000)),
        max(1, round(fragment.height * 1000)),
        text,
        line,
    )
