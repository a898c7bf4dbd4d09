"""Text in Penpot's terms: a root, paragraphs, and pieces of text that each say all of their type."""

from __future__ import annotations

from typing import Any

from design.to.layout import LEADING, Rect
from design.to.penpot_paint import Ink
from design.tree import HUG, SOFT_BREAK, Design, Node, Run, Solid, Style, TextStyle

_VERTICAL = {"top": "top", "middle": "center", "bottom": "bottom"}


class Texts:
    """Compiles text against a design's fonts and styles, which are in the file's library, by `ids`."""

    def __init__(self, design: Design, ink: Ink, ids: dict[str, str], file: str) -> None:
        self.fonts, self.styles = dict(design.fonts), dict(design.styles)
        self.ink, self.ids, self.file = ink, ids, file

    def library(self) -> list[dict[str, Any]]:
        return [{"id": self.ids[name], "name": name} | self.type_(style) for name, style in self.styles.items()]

    def content(self, node: Node) -> dict[str, Any]:
        """`content` and `growType` of a text shape."""
        fixed = not isinstance(node.height, str)
        grow = "auto-width" if node.width == HUG else "fixed" if fixed else "auto-height"
        breaks = SOFT_BREAK if node.width == HUG else "\0"
        paragraphs: list[list[tuple[Run, str]]] = [[]]
        for run in node.runs:
            first, *more = run.text.replace(breaks, "\n").replace(SOFT_BREAK, " ").split("\n")
            paragraphs[-1].append((run, first))
            paragraphs += [[(run, line)] for line in more]
        children = [self._paragraph(node, pieces) for pieces in paragraphs]
        root = {"type": "root", "verticalAlign": _VERTICAL[node.vertical]}
        return {"growType": grow, "content": root | {"children": [{"type": "paragraph-set", "children": children}]}}

    def _paragraph(self, node: Node, pieces: list[tuple[Run, str]]) -> dict[str, Any]:
        base = self.type_(node.style) | {"textAlign": node.text_align}
        kept = [(run, text) for run, text in pieces if text] or [(Run(""), "")]
        return {"type": "paragraph"} | base | {"children": [self._piece(node, run, text) for run, text in kept]}

    def _piece(self, node: Node, run: Run, text: str) -> dict[str, Any]:
        paint = run.paint or (node.fills[-1] if node.fills else Solid("#000000"))
        fill = self.ink.fill(paint, Rect(0, 0, 1, 1))
        style = run.style if run.style is not None else node.style
        found = {"text": text} | self.type_(style) | {"fills": [fill] if fill else []}
        found["textTransform"] = "uppercase" if node.upper else "none"
        lined = "underline" if run.underline or node.underline else "line-through" if run.strike else "none"
        found["textDecoration"] = lined
        if isinstance(style, str) and style in self.ids:
            found |= {"typographyRefId": self.ids[style], "typographyRefFile": self.file}
        return found

    def type_(self, style: Style | None) -> dict[str, str]:
        """A style as Penpot keeps it: everything is text, and line height a factor."""
        found = (self.styles.get(style) if isinstance(style, str) else style) or TextStyle("sans-serif")
        listed = self.fonts.get(found.family[1:], "") if found.family.startswith("^") else found.family
        family = next((name for part in listed.split(",") if (name := part.strip().strip("\"'"))), "Source Sans Pro")
        slant = "italic" if found.italic else "normal"
        plain = "regular" if found.weight == 400 else str(found.weight)
        return {
            "fontId": "gfont-" + "-".join(family.lower().split()), "fontFamily": family, "fontSize": f"{found.size:g}",
            "fontWeight": str(found.weight), "fontStyle": slant,
            "fontVariantId": ("italic" if plain == "regular" else f"{plain}italic") if found.italic else plain,
            "lineHeight": f"{found.line_height / found.size if found.line_height else LEADING:.4g}",
            "letterSpacing": f"{found.letter_spacing:g}", "textTransform": "none",
        }  # fmt: skip
