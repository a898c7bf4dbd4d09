"""Design tree → a React component with Tailwind classes, as the text of a `.tsx` file.

One component a root frame; colours are CSS variables on it, so that a theme can change them; pictures are looked up by
slot. Everything that is a stranger's (text, links, names) is a JSON string in braces, never markup.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from design.to.links import safe_link
from design.to.safe import css_families, safe_svg, safe_url, svg_data_url
from design.tree import (
    FILL,
    FRAMES,
    HUG,
    SOFT_BREAK,
    ZERO,
    Conic,
    Design,
    Linear,
    Node,
    Paint,
    Radial,
    Run,
    SlotPaint,
    Solid,
    Style,
    TextStyle,
    Track,
    expand,
)

_TAGS = {"header", "nav", "main", "section", "article", "aside", "footer", "button", "form", "figure", "p"}
_TAGS |= {"h1", "h2", "h3", "h4", "h5", "h6"}
_JUSTIFY = {"center": "justify-center", "end": "justify-end", "between": "justify-between"}
_ALIGN = {"start": "items-start", "center": "items-center", "end": "items-end", "baseline": "items-baseline"}
_FITS = {"cover": "object-cover", "contain": "object-contain", "fill": "object-fill", "none": "object-none"}


def to_react(design: Design, *, slots: Mapping[str, str] | None = None, name: str = "Design") -> str:
    """The text of a module that exports one component a root frame; the first is the default export.

    `slots` maps names to image URLs or SVG source; unsafe ones are left out, and a slot without one is a grey box. Each
    component takes `slots` to give other pictures.
    """
    plain = expand(design)
    module = _Module(plain, slots or {})
    names: list[str] = []
    parts = []
    for root in plain.roots:
        names.append(_component_name(root.name or name, names))
        parts.append(module.component(root, names[-1], default=len(names) == 1))
    if not parts:
        parts.append("export default function Design() {\n  return null;\n}\n")
    pictures = json.dumps(module.used, indent=2, sort_keys=True)
    tokens = json.dumps({f"--{key}": color for key, color in plain.palette}, indent=2)
    head = 'import type { CSSProperties } from "react";\n\n' if plain.roots else ""
    lead = f"const pictures: Record<string, string> = {pictures};\n\nconst tokens = {tokens} as CSSProperties;\n\n"
    return head + (lead if plain.roots else "") + "\n".join(parts)


class _Module:
    def __init__(self, design: Design, slots: Mapping[str, str]) -> None:
        self.palette, self.fonts, self.styles = dict(design.palette), dict(design.fonts), dict(design.styles)
        self.slots = {name: address for name, value in slots.items() if (address := _address(value))}
        self.used: dict[str, str] = {}

    def component(self, root: Node, name: str, *, default: bool) -> str:
        lines: list[str] = []
        stack: list[tuple[Node, Node | None, int] | str] = [(root, None, 2)]
        while stack:
            entry = stack.pop()
            if isinstance(entry, str):
                lines.append(entry)
                continue
            node, parent, depth = entry
            opening, closing = self.element(node, parent)
            indent = "  " * depth
            if closing == "":
                lines.append(indent + opening)
                continue
            children = node.children if node.kind in FRAMES else ()
            if not children:
                lines.append(indent + opening + self.content(node) + closing)
                continue
            lines.append(indent + opening)
            stack.append(indent + closing)
            stack.extend((child, node, depth + 1) for child in reversed(children))
        export = "export default function" if default else "export function"
        body = "\n".join(lines)
        takes = "{ slots = pictures }: { slots?: Record<string, string> }"
        return f"{export} {name}({takes}) {{\n  return (\n{body}\n  );\n}}\n"

    def element(self, node: Node, parent: Node | None) -> tuple[str, str]:
        """The opening and the closing tag; an empty closing one where the element has no content."""
        classes = self._place(node, parent) + _sized(node, parent) + self._surface(node)
        attributes = ""
        if parent is None:
            attributes += " style={tokens}"
        picture = next((p for p in node.fills if isinstance(p, SlotPaint)), None)
        if picture is not None:
            self.used.setdefault(picture.slot, self.slots.get(picture.slot, ""))
        if node.kind in ("img", "svg"):
            return self._image(node, classes, picture), ""
        tag = node.role if node.role in _TAGS else "p" if node.kind == "t" else "div"
        if node.kind == "t":
            classes += self._text(node)
        elif node.kind in FRAMES:
            classes += _layout(node)
        target = safe_link(node.link) if node.link else None
        if target:
            tag, attributes = "a", attributes + f" href={{{_js(target)}}}"
        if picture is not None:
            key = f"slots[{_js(picture.slot)}]"
            image = f"backgroundImage: {key} ? `url(${{JSON.stringify({key})}})` : undefined"
            tokens = "...tokens, " if parent is None else ""
            attributes = attributes.replace(" style={tokens}", "") + f" style={{{{ {tokens}{image} }}}}"
            classes += ["bg-center", "bg-contain bg-no-repeat" if picture.fit == "contain" else "bg-cover"]
        return f"<{tag}{_class(classes)}{attributes}>", f"</{tag}>"

    def content(self, node: Node) -> str:
        if node.kind != "t":
            return ""
        return "".join(self._run(run, node) for run in node.runs)

    def _image(self, node: Node, classes: list[str], picture: SlotPaint | None) -> str:
        if picture is None:
            return f"<div{_class([*classes, 'bg-[#8882]'])} />"
        classes = [*classes, _FITS.get(picture.fit, "object-cover"), "bg-[#8882]"]
        return f"<img{_class(classes)} src={{slots[{_js(picture.slot)}] || undefined}} alt={{{_js(node.name)}}} />"

    def _run(self, run: Run, node: Node) -> str:
        text = f"{{{_js(run.text.replace(SOFT_BREAK, chr(10)))}}}"
        classes = self._type(run.style) if run.style is not None else []
        if run.paint is not None:
            classes += self._ink(run.paint)
        classes += ["underline"] * run.underline + ["line-through"] * run.strike
        target = safe_link(run.link) if run.link else None
        if target:
            return f"<a{_class(classes)} href={{{_js(target)}}}>{text}</a>"
        return f"<span{_class(classes)}>{text}</span>" if classes else text

    def _surface(self, node: Node) -> list[str]:
        found = []
        if node.kind != "t":
            for paint in node.fills[-1:]:
                found += self._background(paint)
        for stroke in node.strokes[:1]:
            found += self._border(stroke.widths, stroke.dash, stroke.paint)
        if node.kind == "oval":
            found.append("rounded-full")
        elif node.radii != ZERO:
            corners = dict(zip(("tl", "tr", "br", "bl"), node.radii, strict=True))
            if len(set(node.radii)) == 1:
                found.append(f"rounded-[{_px(node.radii[0])}]")
            else:
                found += [f"rounded-{corner}-[{_px(radius)}]" for corner, radius in corners.items() if radius]
        if node.shadows and node.kind != "t":
            parts = ["_".join((*map(_px, (s.x, s.y, s.blur, s.spread)), self.color(s.color))) for s in node.shadows]
            parts = [f"inset_{p}" if s.inner else p for p, s in zip(parts, node.shadows, strict=True)]
            found.append(f"shadow-[{','.join(parts)}]")
        if node.opacity != 1:
            found.append(f"opacity-[{node.opacity:g}]")
        if node.blend != "normal":
            found.append(f"mix-blend-{node.blend}")
        if node.blur:
            found.append(f"blur-[{_px(node.blur)}]")
        if node.backdrop:
            found.append(f"backdrop-blur-[{_px(node.backdrop)}]")
        if node.rotation:
            found.append(f"rotate-[{node.rotation:g}deg]")
        if node.clip:
            found.append("overflow-hidden")
        found += {"x": ["overflow-x-auto"], "y": ["overflow-y-auto"], "xy": ["overflow-auto"]}.get(node.scroll, [])
        return found

    def _background(self, paint: Paint) -> list[str]:
        if isinstance(paint, Solid):
            return [f"bg-[{self.color(paint)}]"]
        return [] if isinstance(paint, SlotPaint) else [f"bg-[{self.gradient(paint)}]"]

    def _border(self, widths: tuple[float, ...], dash: str, paint: Paint) -> list[str]:
        ink = (
            paint
            if isinstance(paint, Solid)
            else Solid("#888888")
            if isinstance(paint, SlotPaint)
            else paint.stops[0].color
        )
        found = [f"border-[{self.color(ink)}]"] + ([f"border-{dash}"] if dash != "solid" else [])
        if len(set(widths)) == 1:
            return [f"border-[length:{_px(widths[0])}]", *found]
        return [f"border-{s}-[length:{_px(w)}]" for s, w in zip("trbl", widths, strict=True) if w] + found

    def color(self, solid: Solid) -> str:
        """A CSS colour without spaces; a token is a variable, thinned where it has an alpha of its own."""
        if not solid.color.startswith("$"):
            return solid.color
        if solid.color[1:] not in self.palette:
            return "#888888"
        variable = f"var(--{solid.color[1:]})"
        if solid.alpha == 1:
            return variable
        return f"color-mix(in_srgb,{variable}_{round(solid.alpha * 100, 2):g}%,transparent)"

    def gradient(self, paint: Linear | Radial | Conic) -> str:
        stops = ",".join(f"{self.color(stop.color)}_{round(stop.at * 100, 2):g}%" for stop in paint.stops)
        if isinstance(paint, Linear):
            return f"linear-gradient({paint.angle:g}deg,{stops})"
        if isinstance(paint, Conic):
            return f"conic-gradient(from_{paint.angle:g}deg_at_{paint.cx:g}%_{paint.cy:g}%,{stops})"
        return f"radial-gradient({paint.rx:g}%_{paint.ry:g}%_at_{paint.cx:g}%_{paint.cy:g}%,{stops})"

    def _text(self, node: Node) -> list[str]:
        found = self._type(node.style) + (self._ink(node.fills[-1]) if node.fills else [])
        if node.text_align != "left":
            found.append(f"text-{node.text_align}")
        found += ["uppercase"] * node.upper + ["underline"] * node.underline
        if node.max_lines:
            found.append(f"line-clamp-{node.max_lines}")
        broken = any(SOFT_BREAK in run.text or "\n" in run.text for run in node.runs)
        if node.width == HUG:
            found.append("whitespace-pre")
        elif broken:
            found.append("whitespace-pre-wrap")
        return found

    def _ink(self, paint: Paint) -> list[str]:
        if isinstance(paint, Solid):
            return [f"text-[{self.color(paint)}]"]
        if isinstance(paint, SlotPaint):
            return []
        return [f"bg-[{self.gradient(paint)}]", "bg-clip-text", "text-transparent"]

    def _type(self, style: Style | None) -> list[str]:
        found = (self.styles.get(style) if isinstance(style, str) else style) or TextStyle("sans-serif")
        family = self.fonts.get(found.family[1:], "sans-serif") if found.family.startswith("^") else found.family
        names = re.sub(r"[^A-Za-z0-9 ,-]", "", css_families(family).replace('"', "")).strip(" ,") or "sans-serif"
        listed = ",".join(
            f"'{n.strip().replace(' ', '_')}'" if " " in n.strip() else n.strip() for n in names.split(",") if n.strip()
        )
        classes = [f"font-[{listed or 'sans-serif'}]", f"text-[length:{_px(found.size)}]", f"font-[{found.weight}]"]
        classes.append(f"leading-[{_px(found.line_height)}]" if found.line_height else "leading-normal")
        if found.letter_spacing:
            classes.append(f"tracking-[{_px(found.letter_spacing)}]")
        return classes + ["italic"] * found.italic

    def _place(self, node: Node, parent: Node | None) -> list[str]:
        if parent is None:
            return ["relative"]
        if node.at is None:
            return ["relative", "[grid-area:1/1]"] if parent.kind == "box" else ["relative"]
        x, y = [f"left-[{_px(node.at.x)}]"], [f"top-[{_px(node.at.y)}]"]
        numbers = all(not isinstance(v, str) for v in (parent.width, parent.height, node.width, node.height))
        if numbers and "r" in node.at.pin:
            x = [f"right-[{_px(float(parent.width) - float(node.width) - node.at.x)}]"]
        if numbers and "b" in node.at.pin:
            y = [f"bottom-[{_px(float(parent.height) - float(node.height) - node.at.y)}]"]
        return ["absolute", *x, *y]


def _layout(node: Node) -> list[str]:
    found = []
    top, right, bottom, left = (max(0.0, p) for p in node.padding)
    if top == right == bottom == left:
        found += [f"p-[{_px(top)}]"] if top else []
    elif top == bottom and left == right:
        found += [f"{k}-[{_px(v)}]" for k, v in (("px", left), ("py", top)) if v]
    else:
        found += [f"p{k}-[{_px(v)}]" for k, v in (("t", top), ("r", right), ("b", bottom), ("l", left)) if v]
    main, cross = (max(0.0, g) for g in node.gap)
    if node.kind == "box":
        return [*found, "grid", "items-start", "justify-items-start"]
    if node.kind == "grid":
        tracks = node.column_tracks or (Track(),) * max(1, node.columns)
        columns = "_".join(map(_track, tracks))
        found += ["grid", f"grid-cols-[{columns}]", "items-start"]
        if node.row_tracks:
            found.append(f"grid-rows-[{'_'.join(map(_track, node.row_tracks))}]")
        return found + [f"{k}-[{_px(v)}]" for k, v in (("gap-x", main), ("gap-y", cross)) if v]
    found += ["flex", "flex-col" if node.kind == "col" else "flex-row", _ALIGN[node.align]]
    if node.justify != "start":
        found.append(_JUSTIFY[node.justify])
    if node.wrap:
        found.append("flex-wrap")
    keys = (("gap-x", main), ("gap-y", cross)) if node.kind == "row" else (("gap-y", main), ("gap-x", cross))
    return found + [f"{k}-[{_px(v)}]" for k, v in keys if v]


def _track(track: Track) -> str:
    if track.unit == "hug":
        return "max-content"
    return f"minmax(0,{track.value:g}fr)" if track.unit == "fr" else _px(track.value)


def _sized(node: Node, parent: Node | None) -> list[str]:
    found = []
    kind = "" if parent is None or node.at else parent.kind
    for key, length, main in (("w", node.width, "row"), ("h", node.height, "col")):
        if length == FILL:
            if kind == main:
                found.append(f"flex-1 min-{key}-0")
            elif kind in ("row", "col"):
                found.append("self-stretch")
            else:
                found.append(f"{key}-full")
        elif key == "h" and node.ratio and node.width == FILL and length != HUG:
            found.append(f"h-auto aspect-[{node.ratio:g}]")
        elif length != HUG:
            found.append(f"{key}-[{_px(float(length))}] shrink-0")
    limits = (
        ("min-w", node.min_width),
        ("max-w", node.max_width),
        ("min-h", node.min_height),
        ("max-h", node.max_height),
    )
    found += [f"{key}-[{_px(value)}]" for key, value in limits if value]
    if node.self_align:
        found.append(f"self-{node.self_align}")
    if node.cell and kind == "grid":
        cell = node.cell
        found.append(f"col-span-{cell.columns} row-span-{cell.rows}")
        found += [f"col-start-{cell.column}"] if cell.column else []
        found += [f"row-start-{cell.row}"] if cell.row else []
    return found


def _class(classes: list[str]) -> str:
    unique = list(dict.fromkeys(" ".join(classes).split()))
    return f' className="{" ".join(unique)}"' if unique else ""


def _px(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("0", "-0") else f"{text}px"


def _js(text: str) -> str:
    """A JSON string that ends neither its expression nor a script element around it."""
    return json.dumps(text).replace("<", "\\u003c").replace(">", "\\u003e")


def _address(value: str) -> str | None:
    if value.lstrip()[:1] == "<":
        source = safe_svg(value)
        return svg_data_url(source) if source else None
    return safe_url(value)


def _component_name(name: str, taken: list[str]) -> str:
    words = re.findall(r"[A-Za-z0-9]+", name)
    plain = "".join(word[:1].upper() + word[1:] for word in words)[:40]
    plain = plain if plain[:1].isalpha() else f"Design{plain}"
    number, found = 2, plain
    while found in taken:
        found, number = f"{plain}{number}", number + 1
    return found
