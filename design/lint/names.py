"""Names that nobody uses, and names that nobody has given."""

from __future__ import annotations

from collections.abc import Iterator

from design.tree import Bound, Design, Gradient, Node, Paint, Run, Solid, Style, TextStyle, Word, walk

_WORDS = {"$": "colour", "^": "font", "%": "text style", "!": "shadow", "=": "space", "~": "corner", "+": "component"}


def orphans(design: Design) -> Iterator[tuple[str, str, str]]:
    """(sign, name, what is wrong) of every token and component, in the order of their lines."""
    used: dict[str, set[str]] = {sign: set() for sign in _WORDS}
    for top in (*(component.root for component in design.components), *design.roots):
        for node, _ in walk(top):
            for sign, name in _named(node):
                used[sign].add(name)
    for _, style in design.styles:
        used["^"].update(name for _, name in _of_style(style))
    for _, shadows in design.shadows:
        used["$"].update(shadow.color.color[1:] for shadow in shadows if shadow.color.color[0] == "$")
    values = {value for top in design.roots for node, _ in walk(top) for value in (*node.padding, *node.gap)}
    radii = {radius for top in design.roots for node, _ in walk(top) for radius in node.radii}
    worn = {node.shadows for top in design.roots for node, _ in walk(top)}
    used["="] = {name for name, value in design.spaces if value in values}
    used["~"] = {name for name, value in design.corners if value in radii}
    used["!"] = {name for name, shadows in design.shadows if shadows in worn}
    given = {
        "$": [name for name, _ in design.palette],
        "^": [name for name, _ in design.fonts],
        "%": [name for name, _ in design.styles],
        "!": [name for name, _ in design.shadows],
        "=": [name for name, _ in design.spaces],
        "~": [name for name, _ in design.corners],
        "+": list(dict.fromkeys(component.name for component in design.components)),
    }
    for sign, names in given.items():
        for name in names:
            if name not in used[sign]:
                yield sign, name, f"{_WORDS[sign]} {name} is used nowhere"
        for name in sorted(used[sign] - set(names)):
            yield sign, name, f"{_WORDS[sign]} {name} is used and given nowhere"


def _named(node: Node) -> Iterator[tuple[str, str]]:
    if node.component:
        yield "+", node.component
    yield from _of_style(node.style)
    paints: list[Paint | None] = [*node.fills, *(stroke.paint for stroke in node.strokes)]
    paints += [prop.value for prop in node.props if not isinstance(prop.value, Run | bool | Word | Bound)]
    for paint in paints:
        if isinstance(paint, Solid) and paint.color[0] == "$":
            yield "$", paint.color[1:]
        elif isinstance(paint, Gradient):
            yield from (("$", stop.color.color[1:]) for stop in paint.stops if stop.color.color[0] == "$")


def _of_style(style: Style | None) -> Iterator[tuple[str, str]]:
    if isinstance(style, str):
        yield "%", style
    elif isinstance(style, TextStyle) and style.family.startswith("^"):
        yield "^", style.family[1:]
