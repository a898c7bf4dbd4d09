"""Design tree → one self-contained HTML document: flex and grid as the tree says, no script, everything escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from design.dom.items import FontFace
from design.to.safe import css_families, css_url, safe_svg, safe_url, svg_data_url
from design.tree import (
    FILL,
    FRAMES,
    HUG,
    SOFT_BREAK,
    ZERO,
    Conic,
    Design,
    Gradient,
    Linear,
    Node,
    Paint,
    Run,
    Sides,
    SlotPaint,
    Solid,
    Stop,
    Style,
    TextStyle,
    expand,
)

POLICY = (
    "default-src 'none'; script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "img-src 'self' data: http: https: file:; font-src data: http: https: file:; style-src 'unsafe-inline'"
)
_BASE = (
    "*{margin:0;padding:0;box-sizing:border-box}html{-webkit-text-size-adjust:none;text-size-adjust:none}"
    "body{position:relative;display:flex;flex-direction:column;align-items:flex-start;width:max-content;min-width:100%}"
    "div,img{position:relative;flex:none;display:block;border:0 solid transparent}"
)
_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_JUSTIFY = {"center": "center", "end": "flex-end", "between": "space-between"}
_ALIGN = {"start": "flex-start", "center": "center", "end": "flex-end", "baseline": "baseline"}
_PLACEHOLDER = "repeating-linear-gradient(135deg,#8882 0 6px,#8881 6px 12px)"


def to_html(
    design: Design,
    *,
    slots: Mapping[str, str] | None = None,
    fonts: Sequence[tuple[FontFace, str]] = (),
    title: str = "",
) -> str:
    """One HTML document of all root frames.

    `slots` maps a slot's name to an image URL (http(s), relative, data:image) or SVG source; others show a pattern.
    `fonts` gives each face the URL to load it from. Unsafe URLs and active SVG are left out.
    """
    design = expand(design)
    page = _Page(design, slots or {})
    body = "".join(page.tree(root) for root in design.roots)
    faces = "".join(_face(face, url) for face, url in fonts)
    rules = "".join(f".{name}{{{style}}}" for style, name in page.classes.items())
    return (
        '<!doctype html><html><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{faces}{_BASE}{rules}</style></head><body>{body}</body></html>\n"
    )


def _face(face: FontFace, url: str) -> str:
    address = url if re.match(r"data:(?:font/|application/)[a-z0-9.+-]*[;,]", url) else safe_url(url)
    if not address or not face.family:
        return ""
    weight = face.weight if re.fullmatch(r"(?:\d+(?: \d+)?|normal|bold)", face.weight) else "400"
    style = face.style if face.style in ("normal", "italic", "oblique") else "normal"
    return (
        f"@font-face{{font-family:{css_families(face.family)};font-weight:{weight};font-style:{style};"
        f"font-display:block;src:{css_url(address)}}}"
    )


class _Page:
    def __init__(self, design: Design, slots: Mapping[str, str]) -> None:
        self.palette, self.fonts, self.styles = dict(design.palette), dict(design.fonts), dict(design.styles)
        self.slots = {name: address for name, value in slots.items() if (address := _address(value))}
        self.classes: dict[str, str] = {}

    def tree(self, root: Node) -> str:
        out: list[str] = []
        stack: list[tuple[Node, Node | None] | str] = [(root, None)]
        while stack:
            entry = stack.pop()
            if isinstance(entry, str):
                out.append(entry)
                continue
            node, parent = entry
            opening, closing = self.node(node, parent)
            out.append(opening)
            stack.append(closing)
            if node.kind in FRAMES:
                stack.extend((child, node) for child in reversed(node.children))
        return "".join(out)

    def node(self, node: Node, parent: Node | None) -> tuple[str, str]:
        rules = _place(node, parent) + _size(node, parent) + self._surface(node)
        label = f' title="{escape(node.name)}"' if node.name and parent is None else ""
        if node.kind == "t":
            return f"<div{self._class(rules + self._text(node))}>{self._runs(node)}", "</div>"
        if node.kind in ("img", "svg"):
            return self._image(node, rules, label), ""
        if node.kind in FRAMES:
            rules += _layout(node)
        return f"<div{self._class(rules)}{label}>", "</div>"

    def _class(self, rules: list[str]) -> str:
        style = ";".join(rules)
        return f' class="{self.classes.setdefault(style, f"n{len(self.classes)}")}"' if style else ""

    def _surface(self, node: Node) -> list[str]:
        rules = []
        if node.kind not in ("t", "img", "svg"):
            rules += self._background(node.fills)
        border = self._border(node)
        if border and not takes_room(node):
            over = [
                "content:''",
                "position:absolute",
                "inset:0",
                "border-radius:inherit",
                "pointer-events:none",
                *border,
            ]
            border = [f"&::after{{{';'.join(over)}}}"]
        rules += border
        if node.kind == "oval":
            rules.append("border-radius:50%")
        elif node.radii != ZERO:
            rules.append("border-radius:" + _four(node.radii))
        if node.shadows:
            texts = []
            for s in reversed(node.shadows):
                spread = "" if node.kind == "t" else f" {_px(s.spread)}"
                inner = "inset " if s.inner and node.kind != "t" else ""
                texts.append(f"{inner}{_px(s.x)} {_px(s.y)} {_px(s.blur)}{spread} {self.color(s.color)}")
            rules.append(("text-shadow:" if node.kind == "t" else "box-shadow:") + ",".join(texts))
        if node.opacity != 1:
            rules.append(f"opacity:{node.opacity:g}")
        if node.clip:
            rules.append("overflow:clip")
        if node.blur:
            rules.append(f"filter:blur({_px(node.blur)})")
        if node.backdrop:
            rules.append(f"backdrop-filter:blur({_px(node.backdrop)})")
        return rules

    def _border(self, node: Node) -> list[str]:
        rules = []
        for stroke in node.strokes:
            color = self.color(_flat(stroke.paint))
            if len(set(stroke.widths)) == 1 and len(node.strokes) == 1:
                return [f"border:{_px(stroke.widths[0])} {stroke.dash} {color}"]
            for side, width in zip(("top", "right", "bottom", "left"), stroke.widths, strict=True):
                if width:
                    rules.append(f"border-{side}:{_px(width)} {stroke.dash} {color}")
        return rules

    def _background(self, fills: tuple[Paint, ...]) -> list[str]:
        rules, layers = [], []
        for i, paint in enumerate(fills):
            if isinstance(paint, Solid) and i == 0:
                rules.append(f"background-color:{self.color(paint)}")
            else:
                layers.append(self._layer(paint))
        if layers:
            rules.append("background-image:" + ",".join(image for image, _ in reversed(layers)))
            rules.append("background-position:" + ",".join(place.partition("|")[0] for _, place in reversed(layers)))
            rules.append("background-size:" + ",".join(place.split("|")[1] for _, place in reversed(layers)))
            rules.append("background-repeat:" + ",".join(place.split("|")[2] for _, place in reversed(layers)))
        return rules

    def _layer(self, paint: Paint) -> tuple[str, str]:
        plain = "0 0|auto|no-repeat"
        if isinstance(paint, Solid):
            color = self.color(paint)
            return f"linear-gradient({color},{color})", plain
        if isinstance(paint, Gradient):
            return self.gradient(paint), plain
        address = self.slots.get(paint.slot)
        if address is None:
            return _PLACEHOLDER, plain
        if paint.fit in ("none", "tile"):
            size = "auto"
            if paint.width or paint.height:
                size = f"{_px(paint.width) if paint.width else 'auto'} {_px(paint.height) if paint.height else 'auto'}"
            repeat = "repeat" if paint.fit == "tile" else "no-repeat"
            return css_url(address), f"{_px(paint.x)} {_px(paint.y)}|{size}|{repeat}"
        size = "100% 100%" if paint.fit == "fill" else paint.fit
        return css_url(address), f"{paint.x:g}% {paint.y:g}%|{size}|no-repeat"

    def gradient(self, paint: Gradient) -> str:
        stops = ",".join(self._stop(stop) for stop in paint.stops)
        if isinstance(paint, Linear):
            return f"linear-gradient({paint.angle:g}deg,{stops})"
        if isinstance(paint, Conic):
            return f"conic-gradient(from {paint.angle:g}deg at {paint.cx:g}% {paint.cy:g}%,{stops})"
        return f"radial-gradient({paint.rx:g}% {paint.ry:g}% at {paint.cx:g}% {paint.cy:g}%,{stops})"

    def _stop(self, stop: Stop) -> str:
        return f"{self.color(stop.color)} {stop.at * 100:g}%"

    def color(self, solid: Solid) -> str:
        color = solid.color
        if color.startswith("$"):
            color = self.palette.get(color[1:], "#888888")
        return Solid(color, solid.alpha).color

    def _image(self, node: Node, rules: list[str], label: str) -> str:
        paint = next((p for p in node.fills if isinstance(p, SlotPaint)), None)
        address = self.slots.get(paint.slot) if paint else None
        if paint is None or address is None:
            rules.append("background:" + _PLACEHOLDER)
            return f"<div{self._class(rules)}{label}></div>"
        if paint.fit in ("none", "tile") and (paint.width or paint.height or paint.fit == "tile"):
            return f"<div{self._class(rules + self._background((paint,)))}{label}></div>"
        if isinstance(node.fills[0], Solid):
            rules.append(f"background-color:{self.color(node.fills[0])}")
        rules.append(f"object-fit:{paint.fit}")
        if (paint.x, paint.y) != (50.0, 50.0) and paint.fit != "fill":
            unit = "px" if paint.fit == "none" else "%"
            rules.append(f"object-position:{paint.x:g}{unit} {paint.y:g}{unit}")
        return f'<img{self._class(rules)} src="{escape(address)}" alt="{escape(node.name)}">'

    def _text(self, node: Node) -> list[str]:
        rules = self._type(node.style)
        if node.fills:
            rules += self._ink(node.fills[-1])
        if node.text_align != "left":
            rules.append(f"text-align:{node.text_align}")
        if node.upper:
            rules.append("text-transform:uppercase")
        if node.underline:
            rules.append("text-decoration:underline")
        if any(_RTL.search(run.text) for run in node.runs):
            rules.append("unicode-bidi:plaintext")
        broken = any(SOFT_BREAK in run.text for run in node.runs)
        flows = node.text_align == "justify" or not (broken or node.width == HUG)
        rules.append("white-space:" + ("pre-wrap" if flows else "pre"))
        return rules

    def _ink(self, paint: Paint) -> list[str]:
        if isinstance(paint, Gradient):
            return [
                f"background:{self.gradient(paint)}",
                "-webkit-background-clip:text",
                "background-clip:text",
                "color:#0000",
            ]
        return [f"color:{self.color(_flat(paint))}"]

    def _type(self, style: Style | None) -> list[str]:
        found = self.styles.get(style) if isinstance(style, str) else style
        type_ = found or TextStyle("sans-serif")
        family = self.fonts.get(type_.family[1:], "sans-serif") if type_.family.startswith("^") else type_.family
        leading = _px(type_.line_height) if type_.line_height else "normal"
        slant = "italic " if type_.italic else ""
        rules = [f"font:{slant}{type_.weight} {_px(type_.size)}/{leading} {css_families(family)}"]
        if type_.letter_spacing:
            rules.append(f"letter-spacing:{_px(type_.letter_spacing)}")
        return rules

    def _runs(self, node: Node) -> str:
        return "".join(self._run(run, node.text_align == "justify") for run in node.runs)

    def _run(self, run: Run, justified: bool) -> str:
        text = escape(run.text).replace(SOFT_BREAK, " " if justified else "\n")
        rules = [] if run.style is None else self._type(run.style)
        if run.paint is not None:
            rules += self._ink(run.paint)
        lines = ["underline"] * run.underline + ["line-through"] * run.strike
        if lines:
            rules.append("text-decoration:" + " ".join(lines))
        return f"<span{self._class(rules)}>{text}</span>" if rules else text


def _address(value: str) -> str | None:
    if value.lstrip()[:1] == "<":
        source = safe_svg(value)
        return svg_data_url(source) if source else None
    return safe_url(value)


def _flat(paint: Paint) -> Solid:
    if isinstance(paint, Solid):
        return paint
    return paint.stops[0].color if isinstance(paint, Gradient) else Solid("#888888")


def takes_room(node: Node) -> bool:
    """Whether strokes can be CSS borders: where padding is narrower than they are, they lie over the children."""
    return not node.children or all(p >= b for p, b in zip(node.padding, _widths(node), strict=True))


def borders(node: Node) -> Sides:
    """The widths that CSS borders take of a node's four sides."""
    return _widths(node) if takes_room(node) else ZERO


def _widths(node: Node) -> Sides:
    widths = [0.0] * 4
    for stroke in node.strokes:
        widths = [w or s for w, s in zip(widths, stroke.widths, strict=True)]
    return widths[0], widths[1], widths[2], widths[3]


def _layout(node: Node) -> list[str]:
    rules = []
    inner = tuple(max(0.0, p - b) for p, b in zip(node.padding, borders(node), strict=True))
    if any(inner):
        rules.append("padding:" + _four(inner))
    if node.kind == "grid":
        rules += [f"display:grid;grid-template-columns:repeat({max(1, node.columns)},minmax(0,1fr));align-items:start"]
        return [*rules, f"gap:{_px(node.gap[1])} {_px(node.gap[0])}"]
    if node.kind == "box":
        return [*rules, "display:grid;align-items:start;justify-items:start"]
    rules.append(
        f"display:flex;flex-direction:{'row' if node.kind == 'row' else 'column'};align-items:{_ALIGN[node.align]}"
    )
    if node.justify != "start":
        rules.append(f"justify-content:{_JUSTIFY[node.justify]}")
    if node.wrap:
        rules.append("flex-wrap:wrap")
    if node.gap != (0.0, 0.0):
        main, cross = node.gap
        rules.append(f"gap:{_px(cross)} {_px(main)}" if node.kind == "row" else f"gap:{_px(main)} {_px(cross)}")
    return rules


def _place(node: Node, parent: Node | None) -> list[str]:
    if node.at is None or parent is None:
        return ["grid-area:1/1"] if parent is not None and parent.kind == "box" else []
    top, _, _, left = borders(parent)
    return [f"position:absolute;left:{_px(node.at.x - left)};top:{_px(node.at.y - top)}"]


def _size(node: Node, parent: Node | None) -> list[str]:
    rules = []
    inside = "" if parent is None else "at" if node.at else parent.kind
    for axis, length, name in ((0, node.width, "width"), (1, node.height, "height")):
        if length == HUG:
            if axis == 0:
                rules.append("width:max-content")
        elif length != FILL:
            rules.append(f"{name}:{_px(float(length))}")
        elif inside in ("", "at"):
            rules.append(f"{name}:100%")
        elif (inside, axis) in (("row", 0), ("col", 1)):
            rules.append(f"flex:1 1 0;min-{name}:0")
        elif inside in ("row", "col"):
            rules.append("align-self:stretch" + (";width:auto" if node.kind in ("img", "svg") else ""))
        else:
            rules.append("justify-self:stretch" if axis == 0 else "align-self:stretch")
    return rules


def _px(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("0", "-0") else text + "px"


def _four(values: Sides | tuple[float, ...]) -> str:
    return _px(values[0]) if len(set(values)) == 1 else " ".join(map(_px, values))
