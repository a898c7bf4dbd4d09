"""design: the page's design tree in notation, with counts, from the DOM snapshot that a capture came with."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, is_dataclass
from typing import Any, ClassVar

import pyarrow as pa

from curation.features.base import Feature, Item, Row, ValueProblem

MAX_NOTATION = 4 << 20


class Design(Feature):
    """`design` is null, and so are the counts, for captures without a snapshot (store listings)."""

    name: ClassVar[str] = "design"
    version: ClassVar[int] = 2
    needs: ClassVar[tuple[str, ...]] = ("dom",)
    offers: ClassVar[str] = "design tree in notation, with counts and components, from the page's DOM"

    @property
    def schema(self) -> pa.Schema:
        counts = (
            "design_nodes",
            "design_texts",
            "design_rows",
            "design_columns",
            "design_absolute",
            "design_components",
            "design_instances",
        )
        return pa.schema(
            [
                ("design", pa.string()),
                *((name, pa.int32()) for name in counts),
                ("design_slots", pa.string()),
            ]
        )

    def prepare(self, item: Item) -> Row:
        page = item.capture.page
        if page is None or page.dom_sha256 is None:
            return dict.fromkeys(self.schema.names)
        return dict(item.shared(f"design {page.dom_sha256}", lambda: self._from_dom(item)))

    def _from_dom(self, item: Item) -> Row:
        from design import from_snapshot, print_design
        from design.errors import GessoError

        snapshot = item.snapshot()
        if snapshot is None:
            raise ValueProblem("no_snapshot", "the DOM snapshot is not to be had")
        try:
            imported = from_snapshot(snapshot)
            notation = print_design(imported.design)
        except GessoError as error:
            raise ValueProblem("snapshot", str(error)) from None
        if len(notation) > MAX_NOTATION:
            raise ValueProblem("too_long", f"{len(notation)} characters of notation, {MAX_NOTATION} are allowed")
        return {"design": notation, **counts(imported.design), "design_slots": _slots(imported.slots)}


def counts(design: Any) -> Row:
    """How many nodes, texts, rows, columns, nodes placed by hand, components and instances of them a design holds."""
    from design.tree import walk

    tally = dict.fromkeys(("nodes", "texts", "rows", "columns", "absolute"), 0)
    kinds = {"t": "texts", "row": "rows", "col": "columns"}
    for root in design.roots:
        for node, _ in walk(root):
            tally["nodes"] += 1
            tally["absolute"] += node.at is not None
            if node.kind in kinds:
                tally[kinds[node.kind]] += 1
    repeated = [number for root in design.roots for number in components(root).values()]
    tally |= {"components": len(repeated), "instances": sum(repeated)}
    return {f"design_{name}": number for name, number in tally.items()}


def components(root: Any) -> dict[str, int]:
    """Shape → how often it stands in a tree, of what is built alike at least twice: cards, list rows, menu entries.

    A shape is the kinds of a node and of all below it, whatever they say and however they are painted; it needs at
    least three nodes, and what lies inside of a repeated shape is not counted again.
    """
    from design.tree import walk

    order = list(walk(root))
    shapes: dict[int, str] = {}
    sizes: dict[int, int] = {}
    for node, _ in reversed(order):  # children before their parents
        inner = " ".join(shapes[id(child)] for child in node.children)
        shapes[id(node)] = hashlib.blake2b(f"{node.kind}({inner})".encode(), digest_size=8).hexdigest()
        sizes[id(node)] = 1 + sum(sizes[id(child)] for child in node.children)
    often = Counter(shapes[id(node)] for node, _ in order)
    found: Counter[str] = Counter()
    stack = [root]
    while stack:
        node = stack.pop()
        shape = shapes[id(node)]
        if often[shape] >= 2 and sizes[id(node)] >= 3:
            found[shape] += 1
        else:
            stack.extend(node.children)
    return {shape: number for shape, number in found.items() if number >= 2}


def _slots(slots: Any) -> str:
    """Slot → asset as JSON; what is not plain data is shown as its text."""
    return json.dumps(slots, sort_keys=True, default=_plain)


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)
