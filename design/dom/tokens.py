"""Colours, fonts and type that recur → named tokens, and a tree that uses them."""

from __future__ import annotations

import colorsys
from collections import Counter
from dataclasses import replace

from design.tree import Design, Gradient, Node, Paint, Shadow, Solid, Stop, Style, TextStyle, walk

MAX_COLORS = 16
MAX_SHADOWS = 12
_HUES = ("red", "orange", "yellow", "green", "green", "teal", "cyan", "blue", "indigo", "purple", "magenta", "pink")


def with_tokens(root: Node, headings: dict[TextStyle, str] | None = None) -> Design:
    """A design of one root whose frequent colours, families and text styles are tokens."""
    colors, inks, fonts, types = _count(root)
    palette = _name_colors(colors, inks)
    families = {family: f"^{name}" for family, name in _name_fonts(fonts)}
    styles = _name_styles(types, families)
    swap = _Swap(palette, styles, families)
    swapped = swap.tree(root)
    return Design(
        (swapped,),
        tuple((name, color) for color, name in palette.items()),
        tuple((token[1:], family) for family, token in families.items()),
        tuple((name, _family(style, families)) for style, name in styles.items()),
        shadows=_name_shadows(swapped),
    )


def _name_shadows(root: Node) -> tuple[tuple[str, tuple[Shadow, ...]], ...]:
    """What recurs as `e1`, `e2` …, the nearest to its ground first."""
    counts = Counter(node.shadows for node, _ in walk(root) if node.shadows)
    frequent = [shadows for shadows, count in counts.most_common(MAX_SHADOWS) if count > 1]
    frequent.sort(key=lambda shadows: max(shadow.blur + abs(shadow.y) for shadow in shadows))
    return tuple((f"e{i}", shadows) for i, shadows in enumerate(frequent, 1))


def _count(root: Node) -> tuple[Counter[str], Counter[str], Counter[str], Counter[TextStyle]]:
    colors: Counter[str] = Counter()
    inks: Counter[str] = Counter()
    fonts: Counter[str] = Counter()
    types: Counter[TextStyle] = Counter()
    for node, _ in walk(root):
        for solid in [s for paint in node.fills for s in _solids(paint)] + [
            s for b in node.strokes for s in _solids(b.paint)
        ]:
            colors[solid.color[:7]] += 1
        for run in node.runs:
            style = run.style or node.style
            if isinstance(style, TextStyle):
                types[style] += max(1, len(run.text))
                fonts[style.family] += 1
            if isinstance(run.paint, Solid):
                colors[run.paint.color[:7]] += 1
        if node.kind == "t" and node.fills and isinstance(node.fills[0], Solid):
            inks[node.fills[0].color[:7]] += sum(len(run.text) for run in node.runs)
        if isinstance(node.style, TextStyle):
            types[node.style] += 1
            fonts[node.style.family] += 1
    return colors, inks, fonts, types


def _solids(paint: Paint) -> list[Solid]:
    if isinstance(paint, Solid):
        return [paint]
    return [stop.color for stop in paint.stops] if isinstance(paint, Gradient) else []


def _name_colors(colors: Counter[str], inks: Counter[str]) -> dict[str, str]:
    """Colour → token name, the most used first: ink for the text's, paper for the lightest, then brand and hues."""
    frequent = [color for color, count in colors.most_common(MAX_COLORS) if count > 1]
    names: dict[str, str] = {}

    def give(color: str | None, name: str) -> None:
        if color is None or color in names:
            return
        free, i = name, 2
        while free in names.values():
            free, i = f"{name}-{i}", i + 1
        names[color] = free

    dark = [color for color, _ in inks.most_common() if color in frequent and _luma(color) < 0.5]
    give(next(iter(dark), None), "ink")
    give("#ffffff" if "#ffffff" in frequent else None, "paper")
    vivid = [color for color in frequent if _vividness(color) > 0.35]
    give(next(iter(vivid), None), "brand")
    for color in frequent:
        give(color, _color_name(color))
    return names


def _rgb(color: str) -> tuple[float, float, float]:
    return int(color[1:3], 16) / 255, int(color[3:5], 16) / 255, int(color[5:7], 16) / 255


def _luma(color: str) -> float:
    r, g, b = _rgb(color)
    return 0.299 * r + 0.587 * g + 0.114 * b


def _vividness(color: str) -> float:
    _, light, saturation = colorsys.rgb_to_hls(*_rgb(color))
    return saturation * (1 - abs(2 * light - 1))


def _color_name(color: str) -> str:
    if _vividness(color) < 0.12:
        light = _luma(color)
        return "black" if light < 0.04 else "white" if light > 0.99 else f"gray{round((1 - light) * 9) or 1}"
    hue, _, _ = colorsys.rgb_to_hls(*_rgb(color))
    return _HUES[int(hue * 12 + 0.5) % 12]


def _name_fonts(fonts: Counter[str]) -> list[tuple[str, str]]:
    named: list[tuple[str, str]] = []
    taken: Counter[str] = Counter()
    for family, _ in fonts.most_common(12):
        last = family.rsplit(",", 1)[-1].strip()
        base = {"monospace": "mono", "serif": "serif", "cursive": "hand"}.get(last, "sans")
        if any(word in family.lower().split(",")[0] for word in ("awesome", "icon", "symbol")):
            base = "icons"
        taken[base] += 1
        named.append((family, base if taken[base] == 1 else f"{base}{taken[base]}"))
    return named


def _name_styles(types: Counter[TextStyle], families: dict[str, str]) -> dict[TextStyle, str]:
    """Text style → name: body for the most used, h1… downwards for what is larger, small for what is smaller."""
    used = [style for style, _ in types.most_common(48)]
    if not used:
        return {}
    body = used[0].size
    sizes = sorted({style.size for style in used if style.size > body * 1.1}, reverse=True)
    names: dict[TextStyle, str] = {}
    taken: Counter[str] = Counter()
    for style in used:
        if style.size in sizes:
            base = f"h{sizes.index(style.size) + 1}"
        else:
            base = "body" if style.size > body * 0.95 else "small"
        if families.get(style.family, "").startswith("^icons"):
            base = "icon"
        base += "b" if style.weight >= 600 and not base.startswith("h") else ""
        taken[base] += 1
        names[style] = base if taken[base] == 1 else f"{base}-{taken[base]}"
    return dict(sorted(names.items(), key=lambda pair: (-pair[0].size, pair[1])))


def _family(style: TextStyle, families: dict[str, str]) -> TextStyle:
    return replace(style, family=families.get(style.family, style.family))


class _Swap:
    """Rewrites a tree with tokens in place of the values they name."""

    def __init__(self, palette: dict[str, str], styles: dict[TextStyle, str], families: dict[str, str]) -> None:
        self.palette, self.styles, self.families = palette, styles, families
        self.seen: dict[Paint, Paint] = {}

    def tree(self, root: Node) -> Node:
        order = [node for node, _ in walk(root)]
        done: dict[int, Node] = {}
        for node in reversed(order):
            done[id(node)] = self.node(node, tuple(done[id(child)] for child in node.children))
        return done[id(root)]

    def node(self, node: Node, children: tuple[Node, ...]) -> Node:
        return replace(
            node,
            fills=tuple(map(self.paint, node.fills)),
            strokes=tuple(replace(s, paint=self.paint(s.paint)) for s in node.strokes),
            shadows=tuple(replace(s, color=self.solid(s.color)) for s in node.shadows),
            style=self.style(node.style),
            runs=tuple(replace(r, paint=r.paint and self.paint(r.paint), style=self.style(r.style)) for r in node.runs),
            children=children,
        )

    def style(self, style: Style | None) -> Style | None:
        if not isinstance(style, TextStyle):
            return style
        return self.styles.get(style) or _family(style, self.families)

    def paint(self, paint: Paint) -> Paint:
        if paint not in self.seen:
            if isinstance(paint, Solid):
                self.seen[paint] = self.solid(paint)
            elif isinstance(paint, Gradient):
                self.seen[paint] = replace(paint, stops=tuple(Stop(self.solid(s.color), s.at) for s in paint.stops))
            else:
                self.seen[paint] = paint
        return self.seen[paint]

    def solid(self, solid: Solid) -> Solid:
        name = self.palette.get(solid.color[:7])
        if name is None or solid.color.startswith("$"):
            return solid
        return Solid(f"${name}", int(solid.color[7:9], 16) / 255 if len(solid.color) == 9 else 1.0)
