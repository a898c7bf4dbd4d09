"""Hypothesis strategies for arbitrary design trees, hostile text included."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from design.tree import (
    FITS,
    FRAMES,
    KINDS,
    At,
    Design,
    Linear,
    Node,
    Radial,
    Run,
    Shadow,
    SlotPaint,
    Solid,
    Stop,
    Stroke,
    TextStyle,
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
    st.builds(SlotPaint, slots, st.sampled_from(FITS), numbers, numbers, numbers, numbers),
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
    }
    required: dict[str, st.SearchStrategy[Any]] = {"kind": st.sampled_from(KINDS)}
    if children is not None:
        required = {"kind": st.sampled_from(FRAMES), "children": st.lists(children, max_size=3).map(tuple)}
    return st.fixed_dictionaries(required, optional=some).map(lambda values: Node(**values))


strokes = st.builds(Stroke, paints, sides, st.sampled_from(["solid", "dashed", "dotted"]))
shadows = st.builds(Shadow, numbers, numbers, numbers, numbers, solids, st.booleans())
runs = st.builds(Run, texts, st.none() | paints, st.none() | styles, st.booleans(), st.booleans())


def named(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[tuple[str, Any], ...]]:
    return st.dictionaries(tokens, values, max_size=2).map(lambda found: tuple(found.items()))


designs = st.builds(
    Design,
    roots=st.lists(st.recursive(nodes(), nodes, max_leaves=4), max_size=2).map(tuple),
    palette=named(solids.map(lambda solid: solid.color).filter(lambda color: color[0] == "#")),
    fonts=named(families),
    styles=named(types),
)
