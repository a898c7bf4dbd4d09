"""Type and runs of text in the Plugin API's terms."""

from __future__ import annotations

import math
from typing import Any

from design.to.figma_paint import Paints
from design.to.links import safe_link
from design.tree import HUG, SOFT_BREAK, Design, Node, Run, Style, TextStyle

_WEIGHTS = ("Thin", "Extra Light", "Light", "Regular", "Medium", "Semi Bold", "Bold", "Extra Bold", "Black")
_VERTICAL = {"top": "TOP", "middle": "CENTER", "bottom": "BOTTOM"}
_GENERIC = {
    "serif",
    "sans-serif",
    "monospace",
    "cursive",
    "fantasy",
    "system-ui",
    "-apple-system",
    "blinkmacsystemfont",
}
_GENERIC |= {"ui-sans-serif", "ui-monospace", "ui-serif"}


class Type:
    """Compiles text against a design's fonts and styles, and keeps the fonts that it needs."""

    def __init__(self, design: Design, paints: Paints) -> None:
        self.fonts, self.styles = dict(design.fonts), dict(design.styles)
        self.paints = paints
        self.loaded: dict[tuple[str, str], None] = {("Inter", "Regular"): None}

    def style(self, style: Style | None) -> dict[str, Any]:
        """fontName, fontSize, lineHeight and letterSpacing."""
        found = self.styles.get(style) if isinstance(style, str) else style
        type_ = found or TextStyle("Inter")
        family = self.fonts.get(type_.family[1:], "") if type_.family.startswith("^") else type_.family
        font = _family(family), _font_style(type_)
        self.loaded.setdefault(font)
        line = {"value": type_.line_height, "unit": "PIXELS"} if type_.line_height else {"unit": "AUTO"}
        return {
            "fontName": {"family": font[0], "style": font[1]},
            "fontSize": max(1.0, type_.size),
            "lineHeight": line,
            "letterSpacing": {"value": type_.letter_spacing, "unit": "PIXELS"},
        }

    def text(self, node: Node, entry: dict[str, Any]) -> None:
        """Everything of a text layer that is text; the font comes before the characters."""
        props = entry["props"]
        type_ = self.style(node.style)
        props["fontName"] = type_.pop("fontName")
        fixed = node.width != HUG
        pieces = [_characters(run.text, unwrap=fixed) for run in node.runs]
        props["characters"] = "".join(pieces)
        props |= type_
        if isinstance(node.style, str) and node.style in self.styles:
            props["textStyle"] = node.style
        props["fills"] = [self.paints.paint(node.fills[-1])] if node.fills else [self.paints.literal("#000000")]
        if token := self.paints.token(node.fills[-1:]):
            props["fillStyle"] = token
        props["textAlignHorizontal"] = {"justify": "JUSTIFIED"}.get(node.text_align, node.text_align.upper())
        if node.vertical != "top":
            props["textAlignVertical"] = _VERTICAL[node.vertical]
        if node.upper:
            props["textCase"] = "UPPER"
        if node.underline:
            props["textDecoration"] = "UNDERLINE"
        if node.max_lines:
            props |= {"textTruncation": "ENDING", "maxLines": node.max_lines}
        # Set after `resize`, which makes a text's box a fixed one.
        tall = not isinstance(node.height, str)
        props["textAutoResize"] = ("NONE" if tall else "HEIGHT") if fixed else "WIDTH_AND_HEIGHT"
        entry["ranges"] = self._ranges(node, pieces)

    def _ranges(self, node: Node, pieces: list[str]) -> list[dict[str, Any]]:
        """What runs say for themselves, by UTF-16 units as in Figma."""
        ranges, at = [], 0
        whole = safe_link(node.link) if node.link else None
        for run, text in zip(node.runs, pieces, strict=True):
            end = at + len(text.encode("utf-16-le", "surrogatepass")) // 2
            styled = self._run(run, whole)
            if styled and end > at:
                ranges.append({"start": at, "end": end} | styled)
            at = end
        return ranges

    def _run(self, run: Run, link: str | None) -> dict[str, Any]:
        styled: dict[str, Any] = {}
        if run.style is not None:
            styled |= self.style(run.style)
            if isinstance(run.style, str) and run.style in self.styles:
                styled["textStyle"] = run.style
        if run.paint is not None:
            styled["fills"] = [self.paints.paint(run.paint)]
        if run.underline or run.strike:
            styled["textDecoration"] = "UNDERLINE" if run.underline else "STRIKETHROUGH"
        if target := (safe_link(run.link) if run.link else None) or link:
            styled["hyperlink"] = {"type": "URL", "value": target}
        return styled


def _characters(text: str, *, unwrap: bool) -> str:
    """Figma breaks lines by itself where the width is given; a soft break stays one where the text hugs."""
    return text.replace(SOFT_BREAK, " ") if unwrap else text


def _family(value: str) -> str:
    """The first family of a list that names a font rather than a kind of font."""
    for part in value.split(","):
        name = part.strip().strip("\"'")
        if name and name.lower() not in _GENERIC:
            return name
    return "Inter"


def _font_style(style: TextStyle) -> str:
    name = _WEIGHTS[max(1, min(9, math.floor(style.weight / 100 + 0.5))) - 1]
    if not style.italic:
        return name
    return "Italic" if name == "Regular" else f"{name} Italic"
