"""A design without components: every instance becomes the layers that it stands for. For targets that have none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from design.errors import TreeError
from design.tree.design import Component, Design
from design.tree.node import FRAMES, Bound, Node, Prop, Word, walk
from design.tree.paint import Paint, SlotPaint
from design.tree.text import Run
from design.tree.values import MAX_DEPTH, MAX_NODES

_KEPT = ("kind", "children", "component", "props", "bind", "shown", "visible")
_DEFAULTS = {f.name: getattr(Node("box"), f.name) for f in fields(Node) if f.name not in _KEPT}
_Given = Mapping[str, Sequence[Any]]


def expand(design: Design, *, hidden: bool = False, bound: bool = False) -> Design:
    """The same picture from plain layers; hidden ones are left out unless `hidden`.

    With `bound`, what an instance is given by a property of the component around it stays bound to that property.

    An instance of a component that the design does not have becomes an empty box. Raises TreeError where components
    multiply to more layers, or nest deeper, than a design may.
    """
    plain = all(node.kind != "use" and (node.visible or hidden) for root in design.roots for node, _ in walk(root))
    if plain:
        return design if not design.components else replace(design, components=())
    work = _Expansion(design, hidden)
    context = replace(_NOTHING, around=bound)
    try:
        roots = tuple(made for root in design.roots for made in work.layers(root, context, 0))
    except RecursionError:
        raise TreeError(f"components multiply to more than {MAX_DEPTH} levels: use fewer") from None
    return replace(design, roots=roots, components=())


def variant_of(components: Sequence[Component], props: Sequence[Prop]) -> Component:
    """Which of a component's variants an instance's properties name; what they leave open is the first's."""
    wanted = dict(components[0].variant)
    wanted |= {p.name: p.value.text for p in props if isinstance(p.value, Word) and p.name in wanted}
    return max(components, key=lambda c: sum(wanted.get(key) == value for key, value in c.variant))


@dataclass(frozen=True)
class _Context:
    """What the layers of a component's body are given. `around`: they stand in one that is given nothing yet."""

    given: _Given
    content: tuple[Node, ...] = ()
    around: bool = False


_NOTHING = _Context({})


class _Expansion:
    def __init__(self, design: Design, hidden: bool) -> None:
        self.hidden = hidden
        self.components: dict[str, list[Component]] = {}
        for component in design.components:
            self.components.setdefault(component.name, []).append(component)
        self.nodes = 0

    def layers(self, node: Node, context: _Context, depth: int) -> tuple[Node, ...]:
        """One layer, or none where it is hidden."""
        self.nodes += 1
        if self.nodes > MAX_NODES or depth >= MAX_DEPTH:
            raise TreeError(f"components multiply to more than {MAX_NODES} layers or {MAX_DEPTH} levels: use fewer")
        node = _filled(node, context)
        if not (node.visible or self.hidden):
            return ()
        if node.kind == "use":
            return self.instance(node, context, depth)
        children = tuple(made for child in node.children for made in self.layers(child, context, depth + 1))
        return (replace(node, children=children, bind=_outer(node.bind, context), shown=_outer(node.shown, context)),)

    def instance(self, node: Node, context: _Context, depth: int) -> tuple[Node, ...]:
        children = tuple(made for child in node.children for made in self.layers(child, context, depth + 1))
        variants = self.components.get(node.component)
        if not variants:
            return (replace(node, kind="box", component="", props=(), children=children, bind="", shown=""),)
        given: dict[str, list[Any]] = {}
        for prop in node.props:
            given.setdefault(prop.name, []).append(prop.value)
        root = variant_of(variants, node.props).root
        made = self.layers(root, _Context(given, children), depth)
        if not made:
            return ()
        own = {name: getattr(node, name) for name, value in _DEFAULTS.items() if getattr(node, name) != value}
        return (replace(made[0], **({"name": made[0].name or node.component} | own)),)


def _filled(node: Node, context: _Context) -> Node:
    """A layer of a component's body with what the instance gives it."""
    changed: dict[str, Any] = {}
    if node.shown:
        shown = [value for value in context.given.get(node.shown, ()) if isinstance(value, bool)]
        if shown:
            changed["visible"] = shown[-1]
    if node.bind:
        changed |= _content(node, context)
    if not context.around and any(isinstance(prop.value, Bound) for prop in node.props):
        changed["props"] = tuple(passed for prop in node.props for passed in _passed(prop, context.given))
    return replace(node, **changed) if changed else node


def _outer(name: str, context: _Context) -> str:
    """The property of the component around that gives this one, if any does."""
    if not name or context.around:
        return name
    return next((value.name for value in context.given.get(name, ()) if isinstance(value, Bound)), "")


def _content(node: Node, context: _Context) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    values = context.given.get(node.bind, ())
    runs = tuple(value for value in values if isinstance(value, Run))
    slots = [value for value in values if isinstance(value, SlotPaint)]
    colors: list[Paint] = [v for v in values if not isinstance(v, SlotPaint | Run | bool | Word | Bound)]
    words = [value.text for value in values if isinstance(value, Word)]
    if runs and node.kind == "t":
        changed["runs"] = runs
    if node.kind == "use":
        return {"component": words[-1]} if words else {}
    if slots:
        kept = tuple(paint for paint in node.fills if not isinstance(paint, SlotPaint))
        changed["fills"] = (*kept, slots[-1])
    if colors:
        changed["fills"] = (colors[-1],)
    if context.content and node.kind in FRAMES:
        changed["children"] = context.content
    return changed


def _passed(prop: Prop, given: _Given) -> list[Prop]:
    if not isinstance(prop.value, Bound):
        return [prop]
    return [Prop(prop.name, value) for value in given.get(prop.value.name, ())]
