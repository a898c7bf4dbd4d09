"""Design tree → one self-contained HTML document: flex and grid as the tree says, no script, everything escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from design.dom.items import FontFace
from design.to.html_rules import PLACEHOLDER, Painter, exact, layout, place, size
from design.to.links import safe_link
from design.to.safe import css_families, css_url, safe_svg, safe_url, svg_data_url
from design.to.tables import Part, cell_rules, part_rules, table_parts
from design.tree import FILL, FRAMES, HUG, SOFT_BREAK, Design, Node, Run, SlotPaint, Style, TextStyle, expand

POLICY = (
    "default-src 'none'; script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "img-src 'self' data: http: https: file:; font-src data: http: https: file:; style-src 'unsafe-inline'"
)
LANDMARKS = ("header", "nav", "main", "section", "article", "aside", "footer")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6", "p")
_BLOCKS = ",".join(("div", "img", *LANDMARKS, *HEADINGS, "button", "a.b"))
_BASE = (
    "*{margin:0;padding:0;box-sizing:border-box}html{-webkit-text-size-adjust:none;text-size-adjust:none}"
    "body{position:relative;display:flex;flex-direction:column;align-items:flex-start;width:max-content;min-width:100%}"
    f":where({_BLOCKS}){{position:relative;flex:none;display:block;border:0 solid transparent}}"
    ":where(a){color:inherit;text-decoration:none}"
    ":where(button){background:none;font:inherit;color:inherit;text-align:left;appearance:none;border-radius:0}"
)
_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")


def to_html(
    design: Design,
    *,
    slots: Mapping[str, str] | None = None,
    fonts: Sequence[tuple[FontFace, str]] = (),
    title: str = "",
    reflow: bool = False,
) -> str:
    """One HTML document of all root frames.

    `slots` maps a slot's name to an image URL (http(s), relative, data:image) or SVG source; others show a pattern.
    `fonts` gives each face the URL to load it from. Unsafe URLs and active SVG are left out. With `reflow`, lines that
    ended because their box did may end elsewhere, as they do where somebody edits; without, they are kept.
    """
    design = expand(design)
    page = _Page(design, slots or {}, reflow)
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
    def __init__(self, design: Design, slots: Mapping[str, str], reflow: bool) -> None:
        self.fonts, self.styles, self.reflow = dict(design.fonts), dict(design.styles), reflow
        self.slots = {name: address for name, value in slots.items() if (address := _address(value))}
        self.painter = Painter(dict(design.palette), self.slots)
        self.classes: dict[str, str] = {}
        self.parts: dict[int, Part] = {}

    def tree(self, root: Node) -> str:
        out: list[str] = []
        self.parts = table_parts(root) if self.reflow else {}
        stack: list[tuple[Node, Node | None, bool] | str] = [(root, None, False)]
        while stack:
            entry = stack.pop()
            if isinstance(entry, str):
                out.append(entry)
                continue
            node, parent, active = entry
            opening, closing = self.node(node, parent, active)
            if parent is not None and self.parts.get(id(node)) == "cell":
                opening, closing = f"<div{self._class(cell_rules(node, parent))}>{opening}", f"{closing}</div>"
            out.append(opening)
            stack.append(closing)
            if node.kind in FRAMES:
                active = active or closing.startswith(("</a>", "</button>"))
                stack.extend((child, node, active) for child in reversed(node.children))
        return "".join(out)

    def node(self, node: Node, parent: Node | None, active: bool) -> tuple[str, str]:
        """(opening with its own content, closing); `active` says that a link or button is around it already."""
        rules = place(node, parent) + size(node, parent, self.reflow) + self.painter.surface(node)
        if self.parts.get(id(node)) == "cell" and node.height == FILL:
            rules.append("height:100%")
        label = f' title="{escape(node.name)}"' if node.name and parent is None else ""
        if node.kind in ("img", "svg"):
            return self._image(node, rules, label), ""
        tag, extra = _tag(node, parent, active)
        if node.kind == "t":
            inside = self._runs(node, active or tag in ("a", "button"))
            return f"<{tag}{self._class(rules + self._text(node), tag)}{extra}>{inside}", f"</{tag}>"
        if node.kind in FRAMES:
            role = self.parts.get(id(node), "cell")
            rules += layout(node) if role == "cell" else part_rules(node, role)
        return f"<{tag}{self._class(rules, tag)}{extra}{label}>", f"</{tag}>"

    def _class(self, rules: list[str], tag: str = "") -> str:
        style = ";".join(rules)
        names = ["b"] if tag == "a" else []
        if style:
            names.append(self.classes.setdefault(style, f"n{len(self.classes)}"))
        return f' class="{" ".join(names)}"' if names else ""

    def _image(self, node: Node, rules: list[str], label: str) -> str:
        paint = next((p for p in reversed(node.fills) if isinstance(p, SlotPaint)), None)
        address = self.slots.get(paint.slot) if paint else None
        if paint is None or address is None:
            rules.append("background:" + PLACEHOLDER)
            return f"<div{self._class(rules)}{label}></div>"
        if paint is not node.fills[-1]:  # under another paint, which an img element cannot show
            rules += self.painter.background(node.fills)
            return f'<div{self._class(rules)} role="img" aria-label="{escape(node.name)}"></div>'
        if paint.fit in ("none", "tile") and (paint.width or paint.height or paint.fit == "tile"):
            return f"<div{self._class(rules + self.painter.background((paint,)))}{label}></div>"
        rules += self.painter.background(tuple(p for p in node.fills if p is not paint))
        rules.append(f"object-fit:{paint.fit}")
        if paint.alpha != 1:
            rules.append(f"opacity:{paint.alpha * node.opacity:g}")
        if (paint.x, paint.y) != (50.0, 50.0) and paint.fit != "fill":
            unit = "px" if paint.fit == "none" else "%"
            rules.append(f"object-position:{paint.x:g}{unit} {paint.y:g}{unit}")
        return f'<img{self._class(rules)} src="{escape(address)}" alt="{escape(node.name)}">'

    def _text(self, node: Node) -> list[str]:
        rules = self._type(node.style)
        if node.fills:
            rules += self.painter.ink(node.fills[-1])
        if node.text_align != "left":
            rules.append(f"text-align:{node.text_align}")
        if node.upper:
            rules.append("text-transform:uppercase")
        if node.underline:
            rules.append("text-decoration:underline")
        if any(_RTL.search(run.text) for run in node.runs):
            rules.append("unicode-bidi:plaintext")
        if node.max_lines:
            rules.append(f"display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:{node.max_lines}")
            rules.append("overflow:hidden")
        elif node.vertical != "top":
            rules.append(f"align-content:{'center' if node.vertical == 'middle' else 'end'}")
        broken = any(SOFT_BREAK in run.text for run in node.runs) and not self.reflow
        flows = self._flows(node) or not (broken or node.width == HUG)
        rules.append("white-space:" + ("pre-wrap" if flows else "pre"))
        return rules

    def _found(self, style: Style | None) -> TextStyle:
        return (self.styles.get(style) if isinstance(style, str) else style) or TextStyle("sans-serif")

    def _type(self, style: Style | None, *, inside: bool = False) -> list[str]:
        """`inside` a text that has a line height: a run of another size must not make its line higher."""
        type_ = self._found(style)
        family = self.fonts.get(type_.family[1:], "sans-serif") if type_.family.startswith("^") else type_.family
        leading = "0" if inside else exact(type_.line_height) if type_.line_height else "normal"
        slant = "italic " if type_.italic else ""
        rules = [f"font:{slant}{type_.weight} {exact(type_.size)}/{leading} {css_families(family)}"]
        if type_.letter_spacing:
            rules.append(f"letter-spacing:{exact(type_.letter_spacing)}")
        return rules

    def _flows(self, node: Node) -> bool:
        """Whether its lines may end elsewhere; what hugs and has breaks of its own is set as it is written."""
        written = node.width == HUG and any("\n" in run.text for run in node.runs)
        return node.text_align == "justify" or (self.reflow and not written)

    def _runs(self, node: Node, active: bool) -> str:
        flows = self._flows(node)
        led = self._found(node.style).line_height > 0
        return "".join(self._run(run, flows, active, led) for run in node.runs)

    def _run(self, run: Run, flows: bool, active: bool, led: bool) -> str:
        text = escape(run.text).replace(SOFT_BREAK, " " if flows else "\n")
        rules = [] if run.style is None else self._type(run.style, inside=led)
        if run.paint is not None:
            rules += self.painter.ink(run.paint)
        lines = ["underline"] * run.underline + ["line-through"] * run.strike
        if lines:
            rules.append("text-decoration:" + " ".join(lines))
        address = None if active else safe_link(run.link)
        if address:
            return f'<a{self._class(rules)} href="{escape(address)}" rel="noopener">{text}</a>'
        return f"<span{self._class(rules)}>{text}</span>" if rules else text


def _tag(node: Node, parent: Node | None, active: bool) -> tuple[str, str]:
    """(element, its attributes): what the layer's role and link say, and HTML's nesting allows."""
    address = None if active or not node.link else safe_link(node.link)
    if address:
        return "a", f' href="{escape(address)}" rel="noopener"'
    if node.kind == "t":
        return (node.role if node.role in HEADINGS and not active else "div"), ""
    if node.role == "button" and not active:
        return "button", ' type="button"'
    if node.role in LANDMARKS and parent is not None and not active:
        return node.role, ""
    return "div", ""


def _address(value: str) -> str | None:
    if value.lstrip()[:1] == "<":
        source = safe_svg(value)
        return svg_data_url(source) if source else None
    return safe_url(value)
