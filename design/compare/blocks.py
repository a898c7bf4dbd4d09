"""A page's text as blocks: one a text node, where the browser laid it out and in the colour that it computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from design.compare.color import Rgb
from design.dom import css
from design.dom.snapshot import Box, open_dom

MAX_BLOCKS = 5000


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text; x, y, width, height in CSS pixels of its page."""

    text: str
    x: float
    y: float
    width: float
    height: float
    color: Rgb = (0, 0, 0)

    @property
    def area(self) -> float:
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class TextPage:
    """The blocks of a page in reading order, and its size in CSS pixels."""

    blocks: tuple[Block, ...]
    width: float
    height: float


def text_page(snapshot: dict[str, Any]) -> TextPage:
    """The text of a DOM snapshot (`gesso-dom/1`) that can be seen on its page. Raises SnapshotError."""
    boxes = open_dom(snapshot).boxes()
    size = snapshot.get("page") or snapshot.get("viewport") or {}
    width, height = float(size.get("width", 1440)), float(size.get("height", 900))
    blocks = []
    for box in sorted((b for b in boxes if b.fragments), key=lambda b: b.rank):
        block = _block(box)
        if block and block.x < width and block.y < height and block.x + block.width > 0 and block.y + block.height > 0:
            blocks.append(block)
    return TextPage(tuple(blocks[:MAX_BLOCKS]), width, height)


def _block(box: Box) -> Block | None:
    shown = [f for f in box.fragments if f.text.strip() and f.width > 0 and f.height > 0]
    if not shown or not _visible(box):
        return None
    left, top = min(f.x for f in shown), min(f.y for f in shown)
    right, bottom = max(f.x + f.width for f in shown), max(f.y + f.height for f in shown)
    text = " ".join(" ".join(f.text for f in shown).split())
    if box.css("text-transform") == "uppercase":
        text = text.upper()
    ink = css.color(box.css("-webkit-text-fill-color") or box.css("color"))
    color = (int(ink.color[1:3], 16), int(ink.color[3:5], 16), int(ink.color[5:7], 16)) if ink else (0, 0, 0)
    return Block(text, left, top, right - left, bottom - top, color)


def _visible(box: Box) -> bool:
    if box.css("visibility") not in ("visible", ""):
        return False
    clip = [box.x, box.y, box.x + box.width, box.y + box.height]
    owner = box.parent
    while owner is not None:
        if owner.css("opacity") == "0":
            return False
        if owner.css("overflow-x") not in ("visible", "") and owner.tag not in ("HTML", "BODY"):
            clip = [
                max(clip[0], owner.x),
                max(clip[1], owner.y),
                min(clip[2], owner.x + owner.width),
                min(clip[3], owner.y + owner.height),
            ]
            if clip[2] - clip[0] < 1 or clip[3] - clip[1] < 1:
                return False
        owner = owner.parent
    return True
