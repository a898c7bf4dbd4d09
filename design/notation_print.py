"""Design tree → notation. One line a node, short keys, defaults left out; linear in the size of the tree."""

from __future__ import annotations

import re

from design.errors import TreeError
from design.tree import (
    FILL,
    HUG,
    MAX_DEPTH,
    SOFT_BREAK,
    ZERO,
    Design,
    Length,
    Linear,
    Node,
    Paint,
    Radial,
    Run,
    Shadow,
    Sides,
    SlotPaint,
    Solid,
    Stop,
    Stroke,
    Style,
    TextStyle,
    walk,
)

WEIGHTS = {
    100: "Thin",
    200: "ExtraLight",
    300: "Light",
    400: "Regular",
    500: "Medium",
    600: "SemiBold",
    700: "Bold",
    800: "ExtraBold",
    900: "Black",
}
_BARE_NAME = re.compile(r"[A-Z][A-Za-z0-9_-]*\Z")
_BARE_FAMILY = re.compile(r"\^?[A-Za-z][A-Za-z0-9_-]*\Z")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", SOFT_BREAK: "\\l", '"': '\\"', "'": "\\'"}
_TEXT_ESCAPE = re.compile('[\\\\\n\t\u2028"]')
_NAME_ESCAPE = re.compile("[\\\\\n\t\u2028']")
_DASH = {"solid": "", "dashed": "~", "dotted": ":"}


def print_design(design: Design) -> str:
    """The notation of a design. Raises TreeError where it is nested deeper than `parse` would take."""
    lines = []
    if design.palette:
        lines.append("$ " + " ".join(f"{name} {color}" for name, color in design.palette))
    lines += [f"^ {name} {_text(family)}" for name, family in design.fonts]
    lines += [f"% {name} {_type(style)}" for name, style in design.styles]
    for root in design.roots:
        for node, depth in walk(root):
            if depth >= MAX_DEPTH:
                raise TreeError(f"the design is nested deeper than {MAX_DEPTH}: flatten it")
            lines.append(" " * depth + print_node(node))
    return "\n".join(lines) + "\n" if lines else ""


def print_node(node: Node) -> str:
    """One node's line, without its children and its indent."""
    parts: list[str] = [node.kind]
    if node.name:
        parts.append(node.name if _BARE_NAME.match(node.name) else _quoted_name(node.name))
    size = _size(node.width, node.height)
    if size:
        parts.append(size)
    if node.at:
        parts.append(f"@{_n(node.at.x)},{_n(node.at.y)}{node.at.pin}")
    if node.style is not None:
        parts.append(_style(node.style))
    _layout(node, parts)
    parts += [_paint(paint) for paint in node.fills]
    parts += [_stroke(stroke) for stroke in node.strokes]
    if node.radii != ZERO:
        parts.append("r" + _sides(node.radii))
    parts += [_shadow(shadow) for shadow in node.shadows]
    _effects(node, parts)
    parts += [_run(run) for run in node.runs]
    return " ".join(parts)


def _layout(node: Node, parts: list[str]) -> None:
    if node.padding != ZERO:
        parts.append("p" + _sides(node.padding))
    if node.gap != (0.0, 0.0):
        parts.append("g" + _n(node.gap[0]) + ("," + _n(node.gap[1]) if node.gap[1] else ""))
    if node.justify != "start":
        parts.append("j" + node.justify[0])
    if node.align != "start":
        parts.append("a" + node.align[0])
    if node.wrap:
        parts.append("wrap")
    if node.columns:
        parts.append(f"cols{node.columns}")


def _effects(node: Node, parts: list[str]) -> None:
    if node.opacity != 1:
        parts.append("o" + _n(node.opacity * 100))
    if node.clip:
        parts.append("clip")
    if node.blur:
        parts.append(f"blur({_n(node.blur)})")
    if node.backdrop:
        parts.append(f"bg({_n(node.backdrop)})")
    if node.text_align != "left":
        parts.append("t" + node.text_align[0])
    if node.upper:
        parts.append("up")
    if node.underline:
        parts.append("ul")
    if node.raw:
        parts.append("raw" + node.raw)


def _n(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _length(value: Length) -> str:
    return "*" if value == FILL else "" if value == HUG else _n(float(value))


def _size(width: Length, height: Length) -> str:
    return _length(width) + ("" if height == HUG else "x" + _length(height))


def _sides(values: Sides) -> str:
    top, right, bottom, left = values
    if top == right == bottom == left:
        return _n(top)
    return ",".join(map(_n, (top, right) if top == bottom and right == left else values))


def _paint(paint: Paint) -> str:
    if isinstance(paint, Solid):
        return paint.color + (f"/{_n(paint.alpha * 100)}" if paint.alpha != 1 else "")
    if isinstance(paint, Linear):
        return f"lin({_n(paint.angle)},{_stops(paint.stops)})"
    if isinstance(paint, Radial):
        return f"rad({','.join(map(_n, (paint.cx, paint.cy, paint.rx, paint.ry)))},{_stops(paint.stops)})"
    return _slot(paint)


def _slot(paint: SlotPaint) -> str:
    place = (paint.x, paint.y, paint.width, paint.height)
    if place == (50.0, 50.0, 0.0, 0.0):
        return f"&{paint.slot}" + ("" if paint.fit == "cover" else f"/{paint.fit}")
    shown = place if paint.width or paint.height else place[:2]
    return f"&{paint.slot}/{paint.fit}@{','.join(map(_n, shown))}"


def _stops(stops: tuple[Stop, ...]) -> str:
    even = all(stop.at == round(i / (len(stops) - 1), 4) for i, stop in enumerate(stops))
    return ",".join(_paint(stop.color) + ("" if even else f"@{_n(stop.at * 100)}") for stop in stops)


def _stroke(stroke: Stroke) -> str:
    widths = _sides(stroke.widths)
    return "s" + ("" if widths == "1" else widths) + _DASH[stroke.dash] + _paint(stroke.paint)


def _shadow(shadow: Shadow) -> str:
    numbers = ",".join(map(_n, (shadow.x, shadow.y, shadow.blur, shadow.spread)))
    return f"{'ish' if shadow.inner else 'sh'}({numbers},{_paint(shadow.color)})"


def _style(style: Style) -> str:
    return f"%{style}" if isinstance(style, str) else f"%({_type(style)})"


def _type(style: TextStyle) -> str:
    family = style.family if _BARE_FAMILY.match(style.family) else _text(style.family)
    text = f"{family}/{WEIGHTS.get(style.weight, style.weight)} {_n(style.size)}"
    if style.line_height:
        text += "/" + _n(style.line_height)
    if style.letter_spacing:
        text += " ls" + _n(style.letter_spacing)
    return text + (" it" if style.italic else "")


def _run(run: Run) -> str:
    marks = [_paint(run.paint)] if run.paint is not None else []
    if run.style is not None:
        marks.append(_style(run.style))
    marks += ["ul"] * run.underline + ["st"] * run.strike
    return (f"({' '.join(marks)})" if marks else "") + _text(run.text)


def _text(text: str) -> str:
    return '"' + _TEXT_ESCAPE.sub(lambda m: _ESCAPES[m[0]], text) + '"'


def _quoted_name(name: str) -> str:
    return "'" + _NAME_ESCAPE.sub(lambda m: _ESCAPES[m[0]], name) + "'"
