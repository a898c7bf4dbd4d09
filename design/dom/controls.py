"""What form controls show: the browser draws their text in a tree of its own that snapshots leave out."""

from __future__ import annotations

from dataclasses import replace

from design.dom import css
from design.dom.items import Hints, Item
from design.dom.snapshot import Box
from design.dom.surface import border_widths
from design.dom.text import type_of
from design.tree import Paint, Run, Solid, TextAlign, TextStyle

BUTTONS = {"submit": "Submit", "reset": "Reset", "button": ""}
_SILENT = frozenset({"checkbox", "radio", "range", "color", "file", "hidden", "image"})
_HINT = Solid("#757575")  # the browsers' own colour of placeholders: the page's is not in the snapshot


def letter_heights(boxes: list[Box]) -> dict[TextStyle, float]:
    """How high the browser makes the letters of each type that the page sets somewhere."""
    heights: dict[TextStyle, float] = {}
    for box in boxes:
        if box.fragments and box.text is not None:
            heights.setdefault(_face(type_of(box)), box.fragments[0].height)
    return heights


def _face(style: TextStyle) -> TextStyle:
    return replace(style, line_height=0.0, letter_spacing=0.0)


def control_text(box: Box, order: int, heights: dict[TextStyle, float]) -> Item | None:
    """The text of an input, select or textarea that is drawn now, or None."""
    kind = box.attribute("type").lower()
    if box.tag == "INPUT" and kind in _SILENT:
        return None
    text, hint = _value(box, kind)
    if not text.strip():
        return None
    top, right, bottom, left = (
        border + box.px(f"padding-{side}")
        for border, side in zip(border_widths(box), ("top", "right", "bottom", "left"), strict=True)
    )
    width, height = box.width - left - right, box.height - top - bottom
    if width < 4 or height < 4:
        return None
    style = type_of(box)
    leading = style.line_height or heights.get(_face(style)) or round(style.size * 1.15)
    y = box.y + top + (0.0 if box.tag == "TEXTAREA" else (height - leading) / 2)
    item = Item("t", box.x + left, y, width, leading, (box.order, order))
    item.lines, item.natural = 1, (item.x, min(width - 2, len(text) * style.size * 0.5))
    item.hints = Hints(block=True)
    centred = kind in BUTTONS or "center" in box.css("text-align")
    align: TextAlign = "center" if centred else "right" if box.css("text-align") in ("right", "end") else "left"
    item.text_align = align
    ink: Paint = css.color(box.css("color")) or Solid("#000000")
    item.look = {
        "style": replace(style, line_height=leading),
        "fills": (_HINT if hint else ink,),
        "runs": (Run(text.split("\n", 1)[0]),),
    }
    item.reach = (item.x, item.y, item.right, item.bottom)
    return item


def _value(box: Box, kind: str) -> tuple[str, bool]:
    """(text, whether it is a placeholder)."""
    if box.tag == "SELECT":
        return box.dom.selected_option(box.node), False
    value = box.dom.typed(box.node) or ("" if box.tag == "TEXTAREA" else box.attribute("value"))
    if kind in BUTTONS:
        return value or BUTTONS[kind], False
    if kind == "password":
        value = "•" * min(len(value), 40)
    return (value, False) if value else (box.attribute("placeholder"), True)
