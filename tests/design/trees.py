"""Hypothesis strategies for arbitrary design trees, hostile text included."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from design.tree import (
    BLENDS,
    FITS,
    FRAMES,
    KINDS,
    At,
    Bound,
    Cell,
    Component,
    Conic,
    Design,
    Linear,
    Node,
    Prop,
    Radial,
    Run,
    Shadow,
    SlotPaint,
    Solid,
    Stop,
    Stroke,
    TextStyle,
    Track,
    Word,
    walk,
)

numbers = st.one_of(st.integers(-5000, 5000).map(float), st.floats(allow_nan=True, allow_infinity=True))
tokens = st.from_regex(r"[a-z][a-z0-9_-]{0,9}", fullmatch=True)
slots = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,9}", fullmatch=True)
texts = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            '"',
            '\\"',
            "a\\nb",
            "two\nlines",
            "soft\u2028break",
            "👩‍👩‍👧 🇨🇦",
            "שלום עולם",
            "nul\x00byte",
            "'",
            "$ink %h1 &x",
        ]
    ),
)
families = texts.filter(lambda text: "^" not in text)
sides = st.tuples(numbers, numbers, numbers, numbers)
solids = st.one_of(
    st.from_regex(r"#([0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})", fullmatch=True).flatmap(
        lambda color: st.builds(Solid, st.just(color), st.floats(0, 1))
    ),
    st.builds(Solid, tokens.map(lambda name: "$" + name), st.floats(0, 1)),
)
stops = st.lists(st.builds(Stop, solids, st.floats(-2, 3)), min_size=2, max_size=5).map(tuple)
paints = st.one_of(
    solids,
    st.builds(Linear, numbers, stops),
    st.builds(Radial, numbers, numbers, numbers, numbers, stops),
    st.builds(Conic, numbers, numbers, numbers, stops),
    st.builds(SlotPaint, slots, st.sampled_from(FITS), numbers, numbers, numbers, numbers, st.floats(0, 1)),
)
types = st.builds(
    TextStyle,
    st.one_of(tokens.map(lambda name: "^" + name), families),
    st.integers(1, 1000),
    numbers,
    numbers,
    numbers,
    st.booleans(),
)
styles = st.one_of(types, tokens)
lengths = st.one_of(numbers, st.sampled_from(["fill", "hug"]))
tracks = st.lists(st.builds(Track, numbers, st.sampled_from(["px", "fr", "hug"])), max_size=3).map(tuple)
component_names = st.sampled_from(["Card", "Button", "Nav-Item", "Absent"])
aligns = st.sampled_from(["start", "center", "end", "baseline"])


def nodes(children: st.SearchStrategy[Node] | None = None) -> st.SearchStrategy[Node]:
    """Nodes with any few of their attributes; frames over `children`, or leaves."""
    some = {
        "name": texts,
        "width": lengths,
        "height": lengths,
        "at": st.builds(At, numbers, numbers, st.sampled_from(["", "l", "rb", "cm", "t"])),
        "padding": sides,
        "gap": st.tuples(numbers, numbers),
        "justify": st.sampled_from(["center", "end", "between"]),
        "align": st.sampled_from(["center", "end", "baseline"]),
        "wrap": st.booleans(),
        "columns": st.integers(0, 12),
        "fills": st.lists(paints, max_size=2).map(tuple),
        "strokes": st.lists(strokes, max_size=2).map(tuple),
        "radii": sides,
        "shadows": st.lists(shadows, max_size=2).map(tuple),
        "opacity": st.floats(0, 1),
        "clip": st.booleans(),
        "blur": numbers,
        "backdrop": numbers,
        "style": styles,
        "text_align": st.sampled_from(["center", "right", "justify"]),
        "upper": st.booleans(),
        "underline": st.booleans(),
        "runs": st.lists(runs, max_size=3).map(tuple),
        "raw": st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=2).map(json.dumps),
        "role": tokens,
        "min_width": numbers,
        "max_width": st.none() | numbers,
        "min_height": numbers,
        "max_height": st.none() | numbers,
        "self_align": st.none() | aligns,
        "column_tracks": tracks,
        "row_tracks": tracks,
        "cell": st.builds(Cell, *[st.integers(-1, 5)] * 4),
        "rotation": numbers,
        "blend": st.sampled_from(BLENDS),
        "scroll": st.sampled_from(["", "x", "y", "xy"]),
        "visible": st.booleans(),
        "vertical": st.sampled_from(["middle", "bottom"]),
        "max_lines": st.integers(-1, 2000),
        "ratio": numbers,
        "link": texts,
        "bind": tokens,
        "shown": tokens,
    }
    required: dict[str, st.SearchStrategy[Any]] = {"kind": st.sampled_from(DRAWN)}
    if children is not None:
        required = {"kind": st.sampled_from(FRAMES), "children": st.lists(children, max_size=3).map(tuple)}
    return st.builds(_node, _some(required, some), st.none() | st.tuples(component_names, props))


@st.composite
def _some(draw: st.DrawFn, required: dict[str, Any], optional: dict[str, Any]) -> dict[str, Any]:
    """The required values and up to eight of the optional ones: far quicker than to decide about each."""
    names = draw(st.lists(st.sampled_from(sorted(optional)), max_size=8, unique=True))
    return {name: draw(values) for name, values in (required | {name: optional[name] for name in names}).items()}


def _node(values: dict[str, Any], instance: tuple[str, tuple[Prop, ...]] | None) -> Node:
    """A layer, or an instance that says the same of itself."""
    if instance is None:
        return Node(**values)
    return Node(**values | {"kind": "use", "component": instance[0], "props": instance[1]})


strokes = st.builds(
    Stroke,
    paints,
    sides,
    st.sampled_from(["solid", "dashed", "dotted"]),
    st.sampled_from(["inside", "center", "outside"]),
)
shadows = st.builds(Shadow, numbers, numbers, numbers, numbers, solids, st.booleans())
runs = st.builds(Run, texts, st.none() | paints, st.none() | styles, st.booleans(), st.booleans(), texts)
words = st.builds(Word, st.sampled_from(["on", "off", "quiet", "Card", "Very large", "it's", "2x"]))
props = st.lists(
    st.builds(Prop, tokens, st.one_of(runs, paints, st.booleans(), words, st.builds(Bound, tokens))), max_size=3
)
props = props.map(tuple)
DRAWN = [kind for kind in KINDS if kind != "use"]


def named(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[tuple[str, Any], ...]]:
    return st.dictionaries(tokens, values, max_size=2).map(lambda found: tuple(found.items()))


def _acyclic(bodies: list[tuple[str, Node, tuple[tuple[str, str], ...]]]) -> tuple[Component, ...]:
    """The components of those that hold no instances, one of each name and variant."""
    found = {}
    for name, body, variant in bodies:
        if all(node.kind != "use" for node, _ in walk(body)):
            found[name, frozenset(variant)] = Component(name, body, variant)
    return tuple(found.values())


trees = st.recursive(nodes(), nodes, max_leaves=4)
variants = st.dictionaries(tokens, st.sampled_from(["quiet", "Very large", "on"]), max_size=2)
bodies = st.tuples(component_names, trees, variants.map(lambda found: tuple(found.items())))
designs = st.builds(
    Design,
    roots=st.lists(trees, max_size=2).map(tuple),
    palette=named(solids.map(lambda solid: solid.color).filter(lambda color: color[0] == "#")),
    fonts=named(families),
    styles=named(types),
    components=st.lists(bodies, max_size=2).map(_acyclic),
    spaces=named(numbers),
    corners=named(numbers),
    shadows=named(st.lists(shadows, min_size=1, max_size=2).map(tuple)),
)
