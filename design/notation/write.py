"""Design tree → notation. One line a node, short keys, defaults left out; linear in the size of the tree."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from design.errors import TreeError
from design.notation.words import DASHES, ESCAPES, PLACES, WEIGHTS
from design.tree import (
    FILL,
    HUG,
    MAX_DEPTH,
    ZERO,
    Bound,
    Component,
    Conic,
    Design,
    Length,
    Linear,
    Node,
    Paint,
    Prop,
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
    Track,
    Word,
    walk,
)


@dataclass(frozen=True)
class Said:
    """What the lines of the tokens say, so that the layers' need not: effects' names, and the usual paint of styles."""

    shadows: Mapping[tuple[Shadow, ...], str] = field(default_factory=dict)
    inks: Mapping[str, Paint] = field(default_factory=dict)


NOTHING = Said()
Keys = tuple[tuple[str | int, str | int], ...]
_BARE_NAME = re.compile(r"[A-Z][A-Za-z0-9_-]*\Z")
_BARE_FAMILY = re.compile(r"\^?[A-Za-z][A-Za-z0-9_-]*\Z")
_BARE_WORD = re.compile(r"(?!on\Z|off\Z)[A-Za-z0-9][A-Za-z0-9_-]*\Z")
_TEXT_ESCAPE = re.compile('[\\\\\n\t\u2028"]')
_NAME_ESCAPE = re.compile("[\\\\\n\t\u2028']")
_DASH = {"solid": ""} | {word: sign for sign, word in DASHES.items()}
_PLACE = {"inside": ""} | {word: sign for sign, word in PLACES.items()}
_SCROLL = {"": "", "x": "scrollx", "y": "scrolly", "xy": "scroll"}


def print_design(design: Design) -> str:
    """The notation of a design. Raises TreeError where it is nested deeper than `parse` would take."""
    return "".join(f"{line}\n" for _, line in printed(design))


def printed(design: Design) -> Iterator[tuple[Keys, str]]:
    """The lines, each with what it says: tokens by (sign, name), or a layer by (id of its top, place in its order)."""
    shadows: dict[tuple[Shadow, ...], str] = {}
    for name, value in design.shadows:
        shadows.setdefault(value, name)
    said = Said(shadows, usual_inks(design))
    yield from _tokens(design, said.inks)
    for component in design.components:
        yield from _tree(component.root, said, _component(component))
    for root in design.roots:
        yield from _tree(root, said, "")


def usual_inks(design: Design) -> dict[str, Paint]:
    """The paint that most texts of a style have, where two or more have it."""
    counts: dict[str, Counter[Paint]] = {name: Counter() for name, _ in design.styles}
    for root in (*(component.root for component in design.components), *design.roots):
        for node, _ in walk(root):
            if node.kind == "t" and len(node.fills) == 1 and isinstance(node.style, str) and node.style in counts:
                counts[node.style][node.fills[0]] += 1
    best = {name: count.most_common(1)[0] for name, count in counts.items() if count}
    return {name: paint for name, (paint, times) in best.items() if times > 1}


def _tokens(design: Design, inks: Mapping[str, Paint]) -> Iterator[tuple[Keys, str]]:
    for sign, values in (("$", design.palette), ("=", design.spaces), ("~", design.corners)):
        if values:
            pairs = (f"{name} {value if isinstance(value, str) else _n(value)}" for name, value in values)
            yield tuple((sign, name) for name, _ in values), f"{sign} " + " ".join(pairs)
    for name, family in design.fonts:
        yield (("^", name),), f"^ {name} {_text(family)}"
    for name, style in design.styles:
        yield (("%", name),), f"% {name} {_type(style)}" + (f" {_paint(inks[name])}" if name in inks else "")
    for name, shadows in design.shadows:
        yield (("!", name),), f"! {name} " + " ".join(map(_shadow, shadows))


def _component(component: Component) -> str:
    variant = ",".join(f"{key}={_word(value)}" for key, value in component.variant)
    return f"+{component.name}" + (f"/{variant}" if variant else "") + " "


def _tree(root: Node, said: Said, lead: str) -> Iterator[tuple[Keys, str]]:
    for place, (node, depth) in enumerate(walk(root)):
        if depth >= MAX_DEPTH:
            raise TreeError(f"the design is nested deeper than {MAX_DEPTH}: flatten it")
        yield ((id(root), place),), (" " * depth if depth else lead) + print_node(node, said)


def print_node(node: Node, said: Said = NOTHING) -> str:
    """One node's line, without its children and its indent, and without what lines above have said."""
    parts: list[str] = [node.component or node.kind]
    if node.name:
        parts.append(node.name if _BARE_NAME.match(node.name) else _quoted_name(node.name))
    if node.role:
        parts.append(":" + node.role)
    size = _size(node.width, node.height)
    if size:
        parts.append(size)
    _limits(node, parts)
    if node.at:
        parts.append(f"@{_n(node.at.x)},{_n(node.at.y)}{node.at.pin}")
    if node.style is not None:
        parts.append(_style(node.style))
    _layout(node, parts)
    ink = said.inks.get(node.style) if node.kind == "t" and isinstance(node.style, str) else None
    if ink is not None and not node.fills:
        parts.append("nofill")
    elif ink is None or node.fills != (ink,):
        parts += [_paint(paint) for paint in node.fills]
    parts += [_stroke(stroke) for stroke in node.strokes]
    if node.radii != ZERO:
        parts.append("r" + _sides(node.radii))
    if node.shadows and (name := said.shadows.get(node.shadows)):
        parts.append("!" + name)
    else:
        parts += [_shadow(shadow) for shadow in node.shadows]
    _effects(node, parts)
    _content(node, parts)
    return " ".join(parts)


def _limits(node: Node, parts: list[str]) -> None:
    for letter, least, most in (("w", node.min_width, node.max_width), ("h", node.min_height, node.max_height)):
        if least or most is not None:
            parts.append(letter + (_n(least) if least else "") + ".." + ("" if most is None else _n(most)))


def _layout(node: Node, parts: list[str]) -> None:
    if node.padding != ZERO:
        parts.append("p" + (_one_side(node.padding) or _sides(node.padding)))
    if node.gap != (0.0, 0.0):
        parts.append("g" + _n(node.gap[0]) + ("," + _n(node.gap[1]) if node.gap[1] else ""))
    if node.justify != "start":
        parts.append("j" + node.justify[0])
    if node.align != "start":
        parts.append("a" + node.align[0])
    if node.self_align:
        parts.append("s" + node.self_align[0])
    if node.wrap:
        parts.append("wrap")
    if node.column_tracks:
        parts.append(f"cols({_tracks(node.column_tracks)})")
    elif node.columns:
        parts.append(f"cols{node.columns}")
    if node.row_tracks:
        parts.append(f"rows({_tracks(node.row_tracks)})")
    if cell := node.cell:
        span = "" if (cell.columns, cell.rows) == (1, 1) else f",{cell.columns},{cell.rows}"
        if cell.column or cell.row:
            parts.append(f"cell{cell.column},{cell.row}{span}")
        else:
            parts.append(f"span{cell.columns}" + (f",{cell.rows}" if cell.rows > 1 else ""))


def _tracks(tracks: tuple[Track, ...]) -> str:
    return ",".join(map(_track, tracks))


def _track(track: Track) -> str:
    if track.unit == "hug":
        return "-"
    return _n(track.value) if track.unit == "px" else ("" if track.value == 1 else _n(track.value)) + "*"


def _effects(node: Node, parts: list[str]) -> None:
    if node.opacity != 1:
        parts.append("o" + _n(node.opacity * 100))
    if node.blend != "normal":
        parts.append(f"mix({node.blend})")
    if node.clip:
        parts.append("clip")
    if node.scroll:
        parts.append(_SCROLL[node.scroll])
    if not node.visible:
        parts.append("hide")
    if node.rotation:
        parts.append("rot" + _n(node.rotation))
    if node.blur:
        parts.append(f"blur({_n(node.blur)})")
    if node.backdrop:
        parts.append(f"bg({_n(node.backdrop)})")
    if node.text_align != "left":
        parts.append("t" + node.text_align[0])
    if node.vertical != "top":
        parts.append("v" + node.vertical[0])
    if node.ratio:
        parts.append("ar" + ratio_text(node.ratio))
    if node.max_lines:
        parts.append(f"lines{node.max_lines}")
    if node.upper:
        parts.append("up")
    if node.underline:
        parts.append("ul")


def ratio_text(ratio: float) -> str:
    return f"{ratio:.4f}".rstrip("0").rstrip(".")


def _content(node: Node, parts: list[str]) -> None:
    if node.link:
        parts.append(f"url({_text(node.link)})")
    if node.raw:
        parts.append("raw" + node.raw)
    if node.shown:
        parts.append("??" + node.shown)
    if node.bind:
        parts.append("?" + node.bind)
    parts += [_prop(prop) for prop in node.props]
    parts += [_run(run) for run in node.runs]


def _prop(prop: Prop) -> str:
    value = prop.value
    if isinstance(value, Run):
        return f"{prop.name}={_run(value)}"
    if isinstance(value, bool):
        return f"{prop.name}={'on' if value else 'off'}"
    if isinstance(value, Word):
        return f"{prop.name}={_word(value.text)}"
    if isinstance(value, Bound):
        return f"{prop.name}=?{value.name}"
    return f"{prop.name}{'=' if isinstance(value, SlotPaint) else ':'}{_paint(value)}"


def _word(text: str) -> str:
    return text if _BARE_WORD.match(text) else _quoted_name(text)


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
    if right == left:
        return ",".join(map(_n, (top, right) if top == bottom else (top, right, bottom)))
    return ",".join(map(_n, values))


def _one_side(values: Sides) -> str:
    """`b12` where only the bottom is not 0; nothing where that does not say all."""
    sides = [(letter, value) for letter, value in zip("trbl", values, strict=True) if value]
    return f"{sides[0][0]}{_n(sides[0][1])}" if len(sides) == 1 else ""


def _paint(paint: Paint) -> str:
    if isinstance(paint, Solid):
        return paint.color + (f"/{_n(paint.alpha * 100)}" if paint.alpha != 1 else "")
    if isinstance(paint, Linear):
        return f"lin({_n(paint.angle)},{_stops(paint.stops)})"
    if isinstance(paint, Radial):
        return f"rad({','.join(map(_n, (paint.cx, paint.cy, paint.rx, paint.ry)))},{_stops(paint.stops)})"
    if isinstance(paint, Conic):
        return f"con({','.join(map(_n, (paint.angle, paint.cx, paint.cy)))},{_stops(paint.stops)})"
    return _slot(paint)


def _slot(paint: SlotPaint) -> str:
    place = (paint.x, paint.y, paint.width, paint.height)
    alpha = "" if paint.alpha == 1 else f"/{_n(paint.alpha * 100)}"
    if place == (50.0, 50.0, 0.0, 0.0):
        return f"&{paint.slot}" + ("" if paint.fit == "cover" else f"/{paint.fit}") + alpha
    shown = place if paint.width or paint.height else place[:2]
    return f"&{paint.slot}/{paint.fit}@{','.join(map(_n, shown))}{alpha}"


def _stops(stops: tuple[Stop, ...]) -> str:
    even = all(stop.at == round(i / (len(stops) - 1), 4) for i, stop in enumerate(stops))
    return ",".join(_paint(stop.color) + ("" if even else f"@{_n(stop.at * 100)}") for stop in stops)


def _stroke(stroke: Stroke) -> str:
    widths = _one_side(stroke.widths) or _sides(stroke.widths)
    if widths[:-1] in ("", "t", "r", "b", "l"):
        widths = widths.removesuffix("1")
    return "s" + widths + _PLACE[stroke.place] + _DASH[stroke.dash] + _paint(stroke.paint)


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
    if run.link:
        marks.append(f"url({_text(run.link)})")
    return (f"({' '.join(marks)})" if marks else "") + _text(run.text)


def _text(text: str) -> str:
    return '"' + _TEXT_ESCAPE.sub(lambda m: ESCAPES[m[0]], text) + '"'


def _quoted_name(name: str) -> str:
    return "'" + _NAME_ESCAPE.sub(lambda m: ESCAPES[m[0]], name) + "'"
