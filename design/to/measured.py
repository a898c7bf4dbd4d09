"""Where a browser laid a design out: a DOM snapshot of what `to_html` makes of it → `Places` for other targets."""

from __future__ import annotations

from typing import Any

from design.dom.snapshot import Box, Fragment, open_dom
from design.to.html import HEADINGS, LANDMARKS
from design.to.layout import Line, Places, Rect
from design.tree import FRAMES, SOFT_BREAK, Design, Node, walk

_BLOCKS = frozenset(name.upper() for name in ("div", "img", "button", *LANDMARKS, *HEADINGS))


def measured(design: Design, snapshot: dict[str, Any]) -> Places | None:
    """The places of an expanded design's layers, from a snapshot of the document that `to_html` makes of it.

    None where the two do not belong together. Raises SnapshotError for what is no snapshot.
    """
    numbers = [(number, node) for number, node in enumerate(n for root in design.roots for n, _ in walk(root))]
    shown = _shown(design)
    elements = _elements(open_dom(snapshot).boxes())
    if len(elements) != len(shown):
        return None
    rects: dict[int, Rect] = {}
    lines: dict[int, tuple[Line, ...]] = {}
    for (number, node), box in zip([numbers[i] for i in shown], elements, strict=True):
        rects[number] = Rect(round(box.x, 2), round(box.y, 2), round(box.width, 2), round(box.height, 2))
        if node.kind == "t":
            lines[number] = _lines(node, _fragments(box))
    return Places(rects, lines)


def _shown(design: Design) -> list[int]:
    """Numbers of the layers that the document has: those below a shape are not shown."""
    found, number = [], 0
    for root in design.roots:
        stack: list[tuple[Node, bool]] = [(root, True)]
        while stack:
            node, seen = stack.pop()
            if seen:
                found.append(number)
            number += 1
            stack.extend((child, seen and node.kind in FRAMES) for child in reversed(node.children))
    return found


def _elements(boxes: list[Box]) -> list[Box]:
    seen: set[int] = set()
    found = []
    for box in boxes:
        own = box.tag in _BLOCKS or (box.tag == "A" and "b" in box.attribute("class").split())
        if own and box.node not in seen:
            seen.add(box.node)
            found.append(box)
    return found


def _fragments(box: Box) -> list[Fragment]:
    found: list[Fragment] = []
    stack = [box]
    while stack:
        at = stack.pop()
        found += at.fragments
        stack.extend(reversed(at.children))
    return found


def _lines(node: Node, fragments: list[Fragment]) -> tuple[Line, ...]:
    """Pieces that stand beside one another are a line; its characters are found in the runs' text, in order."""
    text = "".join(run.text for run in node.runs).replace(SOFT_BREAK, "\n")
    found: list[Line] = []
    at = 0
    for piece in fragments:
        words = piece.text.strip("\n")
        start = text.find(words, at)
        if not words or start < 0:
            continue
        at = start + len(words)
        last = found[-1] if found else None
        if last and abs(last.y - piece.y) < max(last.height, piece.height) / 2 and piece.x >= last.x:
            right = max(last.x + last.width, piece.x + piece.width)
            y, height = min(last.y, piece.y), max(last.height, piece.height)
            found[-1] = Line(last.start, at, last.x, y, round(right - last.x, 2), height)
        else:
            found.append(Line(start, at, round(piece.x, 2), piece.y, round(piece.width, 2), round(piece.height, 2)))
    return tuple(found)
