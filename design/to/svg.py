"""Design tree → one SVG document: shapes, text as text, pictures by slot, links that lead somewhere safe."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape

from design.to.layout import Line, Places, Rect, lay_out
from design.to.links import safe_link
from design.to.safe import css_families, safe_svg, safe_url, svg_data_url
from design.tree import (
    FRAMES,
    ZERO,
    Conic,
    Design,
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
    expand,
    walk,
)

_ASCENT = 0.85  # of the size: how far under the top of its em box a sans-serif baseline lies
_FIT = {
    "cover": "xMidYMid slice",
    "contain": "xMidYMid meet",
    "fill": "none",
    "none": "xMinYMin slice",
    "tile": "xMidYMid slice",
}
_PATTERN = '<pattern id="empty" width="12" height="12" patternUnits="userSpaceOnUse"><path d="M0 12L12 0" stroke="#888" stroke-opacity=".4"/></pattern>'  # noqa: E501


def to_svg(design: Design, *, slots: Mapping[str, str] | None = None, places: Places | None = None) -> str:
    """One SVG document of all root frames.

    `slots` maps names to image URLs or SVG source, as for `to_html`; others show a pattern. `places` says where the
    layers of the expanded design lie, where a browser has measured them; our own layout says it otherwise. Conic
    gradients become their first colour, and what is behind a backdrop blur is sharp: SVG has neither.
    """
    plain = expand(design)
    return _Drawing(plain, slots or {}, places or lay_out(plain)).draw()


class _Drawing:
    def __init__(self, design: Design, slots: Mapping[str, str], places: Places) -> None:
        self.design, self.places = design, places
        self.palette, self.fonts, self.styles = dict(design.palette), dict(design.fonts), dict(design.styles)
        self.slots = {name: address for name, value in slots.items() if (address := _address(value))}
        self.defs: list[str] = []
        self.known: dict[str, str] = {}

    def draw(self) -> str:
        body: list[str] = []
        number = 0
        for root in self.design.roots:
            number = self._tree(root, number, body)
        width, height = self.places.size
        defs = f"<defs>{_PATTERN}{''.join(self.defs)}</defs>"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}" '
            f'viewBox="0 0 {_n(width)} {_n(height)}">{defs}{"".join(body)}</svg>\n'
        )

    def _tree(self, root: Node, number: int, out: list[str]) -> int:
        """Draw a tree whose root has that number; the number behind it."""
        stack: list[tuple[Node, int] | str] = [(root, number)]
        while stack:
            entry = stack.pop()
            if isinstance(entry, str):
                out.append(entry)
                continue
            node, own = entry
            rect = self.places.rects.get(own, Rect(0, 0, 0, 0))
            out.append(f"<g{self._group(node, rect)}>")
            out += self._surface(node, rect)
            ends = "</g>"
            if node.clip or node.scroll:
                out.append(f'<g clip-path="{self._clip(node, rect)}">')
                ends = "</g>" + ends
            if node.kind == "t":
                out.append(self._text(node, own))
            stack.append(self._edges(node, rect) + ends)
            following = own + 1
            children = []
            for child in node.children:
                if node.kind in FRAMES:
                    children.append((child, following))
                following += sum(1 for _ in walk(child)) if child.children else 1
            stack.extend(reversed(children))
            number = max(number, following)
        return number

    def _group(self, node: Node, rect: Rect) -> str:
        parts = [f' id="{self._id(node.name)}"'] if node.name else []
        style = [f"mix-blend-mode:{node.blend}"] if node.blend != "normal" else []
        if node.opacity != 1:
            parts.append(f' opacity="{_n(node.opacity, 4)}"')
        if node.rotation:
            middle = f"{_n(rect.x + rect.width / 2)} {_n(rect.y + rect.height / 2)}"
            parts.append(f' transform="rotate({_n(node.rotation)} {middle})"')
        if (effects := self._filter(node)) is not None:
            parts.append(f' filter="{effects}"')
        return "".join(parts) + (f' style="{";".join(style)}"' if style else "")

    def _id(self, name: str) -> str:
        """A name that is unique in the document, as editors show it."""
        plain = "".join(c if c.isalnum() and c.isascii() else "-" for c in name).strip("-")[:48] or "layer"
        count = len(self.known)
        self.known[f"id {count}"] = plain
        return f"{plain}-{count}"

    def _define(self, prefix: str, body: str) -> str:
        """`url(#…)` of a definition; `body` has `@` where its id goes. One definition for what is alike."""
        if body not in self.known:
            name = f"{prefix}{len(self.known)}"
            self.known[body] = name
            self.defs.append(body.replace('id="@"', f'id="{name}"', 1))
        return f"url(#{self.known[body]})"

    def _clip(self, node: Node, rect: Rect) -> str:
        return self._define("clip", f'<clipPath id="@">{self._shape(node, rect, "")}</clipPath>')

    def _filter(self, node: Node) -> str | None:
        steps = []
        for i, shadow in enumerate(s for s in node.shadows if not s.inner):
            steps.append(self._shadow(shadow, i))
        if node.blur:
            steps.append(f'<feGaussianBlur stdDeviation="{_n(node.blur)}"/>')
        if not steps:
            return None
        return self._define(
            "fx", f'<filter id="@" x="-100%" y="-100%" width="300%" height="300%">{"".join(steps)}</filter>'
        )

    def _shadow(self, shadow: Shadow, index: int) -> str:
        color, alpha = self.color(shadow.color)
        return (
            f'<feDropShadow dx="{_n(shadow.x)}" dy="{_n(shadow.y)}" stdDeviation="{_n(shadow.blur / 2)}" '
            f'flood-color="{color}" flood-opacity="{_n(alpha, 4)}" result="s{index}"/>'
        )

    def _surface(self, node: Node, rect: Rect) -> list[str]:
        if node.kind == "t" or rect.width <= 0 or rect.height <= 0:
            return []
        out = []
        for paint in node.fills:
            if isinstance(paint, SlotPaint) and paint.slot in self.slots:
                out.append(self._image(node, paint, rect))
            else:
                out.append(self._shape(node, rect, f' fill="{self.ink(paint, rect)}"{self._alpha(paint)}'))
        return out

    def _image(self, node: Node, paint: SlotPaint, rect: Rect) -> str:
        clip = f' clip-path="{self._clip(node, rect)}"' if node.radii != ZERO or node.kind == "oval" else ""
        box = f'x="{_n(rect.x)}" y="{_n(rect.y)}" width="{_n(rect.width)}" height="{_n(rect.height)}"'
        alpha = f' opacity="{_n(paint.alpha, 4)}"' if paint.alpha != 1 else ""
        href = escape(self.slots[paint.slot])
        return f'<image {box} preserveAspectRatio="{_FIT[paint.fit]}" href="{href}"{alpha}{clip}/>'

    def _shape(self, node: Node, rect: Rect, attributes: str) -> str:
        x, y, width, height = rect.x, rect.y, rect.width, rect.height
        if node.kind == "oval":
            middle = f'cx="{_n(x + width / 2)}" cy="{_n(y + height / 2)}" rx="{_n(width / 2)}" ry="{_n(height / 2)}"'
            return f"<ellipse {middle}{attributes}/>"
        radii = _fitting(node.radii, width, height)
        if len(set(radii)) > 1:
            return f'<path d="{_rounded(x, y, width, height, radii)}"{attributes}/>'
        corner = f' rx="{_n(radii[0])}"' if radii[0] else ""
        return f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"{corner}{attributes}/>'

    def _edges(self, node: Node, rect: Rect) -> str:
        """Borders over the content: one around all sides alike as a stroke, others as bars."""
        if node.kind == "t":
            return ""
        out = []
        for stroke in node.strokes:
            widths = stroke.widths
            if not any(widths):
                continue
            ink = f"{self.ink(stroke.paint, rect)}"
            if len(set(widths)) == 1:
                out.append(self._stroke(node, rect, stroke, ink))
            else:
                fill = f' fill="{ink}"{self._alpha(stroke.paint)}'
                out += [
                    f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}"{fill}/>'
                    for x, y, w, h in _bars(rect, widths)
                ]
        return "".join(out)

    def _stroke(self, node: Node, rect: Rect, stroke: Stroke, ink: str) -> str:
        width = stroke.widths[0]
        off = {"inside": width / 2, "outside": -width / 2}.get(stroke.place, 0.0)
        inner = Rect(rect.x + off, rect.y + off, max(0.0, rect.width - 2 * off), max(0.0, rect.height - 2 * off))
        dash = {"dashed": f"{_n(width * 3)} {_n(width * 2)}", "dotted": f"{_n(width)} {_n(width)}"}.get(stroke.dash)
        attributes = f' fill="none" stroke="{ink}" stroke-width="{_n(width)}"{self._alpha(stroke.paint, "stroke")}'
        return self._shape(node, inner, attributes + (f' stroke-dasharray="{dash}"' if dash else ""))

    def color(self, solid: Solid) -> tuple[str, float]:
        color = self.palette.get(solid.color[1:], "#888888") if solid.color.startswith("$") else solid.color
        color = Solid(color, solid.alpha).color
        return color[:7], (int(color[7:], 16) / 255 if len(color) == 9 else 1.0)

    def ink(self, paint: Paint, rect: Rect) -> str:
        """What `fill` and `stroke` take; a slot that nobody fills is a pattern."""
        if isinstance(paint, Solid):
            return self.color(paint)[0]
        if isinstance(paint, SlotPaint):
            return "url(#empty)"
        if isinstance(paint, Conic):
            return self.color(paint.stops[0].color)[0]
        stops = "".join(self._stop(stop) for stop in paint.stops)
        if isinstance(paint, Linear):
            x1, y1, x2, y2 = _line(paint, rect)
            ends = f'x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"'
            body = f'<linearGradient id="@" gradientUnits="userSpaceOnUse" {ends}>{stops}</linearGradient>'
        else:
            body = f'<radialGradient id="@" {_circle(paint)}>{stops}</radialGradient>'
        return self._define("ink", body)

    def _stop(self, stop: Stop) -> str:
        color, alpha = self.color(stop.color)
        opacity = f' stop-opacity="{_n(alpha, 4)}"' if alpha != 1 else ""
        return f'<stop offset="{_n(stop.at, 4)}" stop-color="{color}"{opacity}/>'

    def _alpha(self, paint: Paint, what: str = "fill") -> str:
        solid = paint if isinstance(paint, Solid) else paint.stops[0].color if isinstance(paint, Conic) else None
        alpha = self.color(solid)[1] if solid else 1.0
        return f' {what}-opacity="{_n(alpha, 4)}"' if alpha != 1 else ""

    def _type(self, style: Style | None) -> TextStyle:
        found = self.styles.get(style) if isinstance(style, str) else style
        return found or TextStyle("sans-serif")

    def _font(self, style: TextStyle) -> str:
        family = self.fonts.get(style.family[1:], "sans-serif") if style.family.startswith("^") else style.family
        parts = (
            f' font-family="{escape(css_families(family))}" font-size="{_n(style.size)}" font-weight="{style.weight}"'
        )
        if style.italic:
            parts += ' font-style="italic"'
        return parts + (f' letter-spacing="{_n(style.letter_spacing)}"' if style.letter_spacing else "")

    def _text(self, node: Node, number: int) -> str:
        base = self._type(node.style)
        rect = self.places.rects.get(number, Rect(0, 0, 0, 0))
        ink = node.fills[-1] if node.fills else Solid("#000000")
        lines = "".join(self._line(node, line, rect) for line in self.places.lines.get(number, ()))
        decoration = ' text-decoration="underline"' if node.underline else ""
        fill = f' fill="{self.ink(ink, rect)}"{self._alpha(ink)}'
        return f'<text xml:space="preserve"{self._font(base)}{fill}{decoration}>{lines}</text>' if lines else ""

    def _line(self, node: Node, line: Line, rect: Rect) -> str:
        size = self._type(node.style).size
        baseline = line.y + (line.height - size) / 2 + size * _ASCENT
        pieces, at = [], 0
        for run in node.runs:
            start, end = max(line.start, at), min(line.end, at + len(run.text))
            if start < end:
                pieces.append(self._run(node, run, run.text[start - at : end - at], rect))
            at += len(run.text)
        anchor = {"center": ("middle", line.width / 2), "right": ("end", line.width)}.get(node.text_align)
        where = f'x="{_n(line.x + (anchor[1] if anchor else 0))}" y="{_n(baseline)}"'
        return (
            f"<tspan {where}{f' text-anchor={chr(34)}{anchor[0]}{chr(34)}' if anchor else ''}>{''.join(pieces)}</tspan>"
        )

    def _run(self, node: Node, run: Run, text: str, rect: Rect) -> str:
        words = escape("".join(c for c in (text.upper() if node.upper else text) if _printable(c)))
        attributes = self._font(self._type(run.style)) if run.style is not None else ""
        if run.paint is not None:
            attributes += f' fill="{self.ink(run.paint, rect)}"{self._alpha(run.paint)}'
        marks = ["underline"] * run.underline + ["line-through"] * run.strike
        if marks:
            attributes += f' text-decoration="{" ".join(marks)}"'
        words = f"<tspan{attributes}>{words}</tspan>" if attributes else words
        target = safe_link(run.link or node.link) if run.link or node.link else None
        return f'<a href="{escape(target)}">{words}</a>' if target else words


def _address(value: str) -> str | None:
    if value.lstrip()[:1] == "<":
        source = safe_svg(value)
        return svg_data_url(source) if source else None
    return safe_url(value)


def _printable(char: str) -> bool:
    """Whether XML 1.0 has the character."""
    code = ord(char)
    return code in (9, 10) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def _n(value: float, digits: int = 2) -> str:
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _fitting(radii: Sides, width: float, height: float) -> Sides:
    """Radii that leave one another room, shrunk together as CSS does."""
    top_left, top_right, bottom_right, bottom_left = radii
    sums = [(width, top_left + top_right), (width, bottom_left + bottom_right)]
    sums += [(height, top_left + bottom_left), (height, top_right + bottom_right)]
    scale = min([1.0, *(side / total for side, total in sums if total > 0)])
    return top_left * scale, top_right * scale, bottom_right * scale, bottom_left * scale


def _rounded(x: float, y: float, width: float, height: float, radii: Sides) -> str:
    a, b, c, d = radii
    right, bottom = x + width, y + height
    return (
        f"M{_n(x + a)} {_n(y)}H{_n(right - b)}A{_n(b)} {_n(b)} 0 0 1 {_n(right)} {_n(y + b)}V{_n(bottom - c)}"
        f"A{_n(c)} {_n(c)} 0 0 1 {_n(right - c)} {_n(bottom)}H{_n(x + d)}"
        f"A{_n(d)} {_n(d)} 0 0 1 {_n(x)} {_n(bottom - d)}"
        f"V{_n(y + a)}A{_n(a)} {_n(a)} 0 0 1 {_n(x + a)} {_n(y)}Z"
    )


def _bars(rect: Rect, widths: Sides) -> list[tuple[float, float, float, float]]:
    top, right, bottom, left = widths
    bars = [
        (rect.x, rect.y, rect.width, top),
        (rect.x + rect.width - right, rect.y, right, rect.height),
        (rect.x, rect.y + rect.height - bottom, rect.width, bottom),
        (rect.x, rect.y, left, rect.height),
    ]
    return [bar for bar in bars if bar[2] > 0 and bar[3] > 0]


def _line(paint: Linear, rect: Rect) -> tuple[float, float, float, float]:
    """Both ends of a CSS gradient line: through the middle, long enough to reach the corners."""
    angle = math.radians(paint.angle)
    dx, dy = math.sin(angle), -math.cos(angle)
    half = (abs(rect.width * dx) + abs(rect.height * dy)) / 2
    x, y = rect.x + rect.width / 2, rect.y + rect.height / 2
    return x - dx * half, y - dy * half, x + dx * half, y + dy * half


def _circle(paint: Radial) -> str:
    """The ellipse as a circle of radius 1 that is scaled."""
    cx, cy, rx, ry = (_n(value / 100, 4) for value in (paint.cx, paint.cy, paint.rx, paint.ry))
    scale = f"translate({cx} {cy}) scale({rx} {ry})"
    return f'cx="0" cy="0" r="1" gradientTransform="{scale}"'
