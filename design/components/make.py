"""Groups of repeated layers → components with properties, and instances in their place. The picture stays the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from design.components.find import Group, groups
from design.components.names import component_name, property_name
from design.tree import HUG, Bound, Component, Design, Node, Prop, Run, SlotPaint, Solid, Word, walk

MAX_LAYERS_OF_ALL = 60_000  # a design of more is left as it is
_OF_INSTANCE: dict[str, Any] = {
    "width": HUG, "height": HUG, "at": None, "self_align": None, "cell": None,
    "min_width": 0.0, "max_width": None, "min_height": 0.0, "max_height": None,
}  # fmt: skip
_FIXED = tuple(
    f.name for f in fields(Node) if f.name not in ("children", "name", "fills", "runs", "props", "bind", "shown")
)


def with_components(design: Design, found: Sequence[Group] | None = None) -> Design:
    """The design with an instance for every layer that recurs exactly but for its texts, pictures and colours.

    `found` are the groups to look at, by default all of `find.groups`. A group whose members are built in several ways
    becomes variants of one component. Where nothing recurs, the design comes back as it was.
    """
    if sum(1 for root in design.roots for _ in walk(root)) > MAX_LAYERS_OF_ALL:
        return design
    found = groups(design.roots) if found is None else found
    work = _Work({component.name for component in design.components})
    sizes = {id(g): max(sum(1 for _ in walk(m)) for m in g.members) for g in found}
    for group in sorted(found, key=lambda g: sizes[id(g)]):
        work.take(group)
    if not work.components:
        return design
    roots = tuple(work.rebuilt(root) for root in design.roots)
    return replace(design, roots=roots, components=(*design.components, *work.components))


@dataclass(slots=True)
class _Work:
    names: set[str]
    swapped: dict[int, Node] = field(default_factory=dict)
    components: list[Component] = field(default_factory=list)

    def rebuilt(self, root: Node) -> Node:
        """A layer with the instances that were made so far below it."""
        done: dict[int, Node] = {}
        for node in reversed([node for node, _ in walk(root)]):
            if id(node) in self.swapped:
                done[id(node)] = self.swapped[id(node)]
                continue
            children = tuple(done[id(child)] for child in node.children)
            same = all(a is b for a, b in zip(children, node.children, strict=True))
            done[id(node)] = node if same else replace(node, children=children)
        return done[id(root)]

    def take(self, group: Group) -> None:
        classes: dict[tuple[object, ...], list[tuple[Node, Node]]] = defaultdict(list)
        for member in group.members:
            now = self.rebuilt(member)
            if now.kind != "use":
                classes[_key(now)].append((member, now))
        kept = [pairs for pairs in classes.values() if len(pairs) > 1]
        if not kept:
            return
        name = component_name(kept[0][0][1], self.names)
        self.names.add(name)
        for number, pairs in enumerate(kept, 1):
            variant = (("type", str(number)),) if len(kept) > 1 else ()
            root, given = _component([now for _, now in pairs])
            self.components.append(Component(name, root, variant))
            for (member, now), props in zip(pairs, given, strict=True):
                own = {key: getattr(now, key) for key in _OF_INSTANCE if getattr(now, key) != getattr(root, key)}
                chosen = tuple(Prop(key, Word(value)) for key, value in variant)
                self.swapped[id(member)] = Node("use", now.name, component=name, props=(*chosen, *props), **own)


def _key(root: Node) -> tuple[object, ...]:
    """What must be equal for two layers to be instances of one variant."""
    parts: list[object] = []
    for node, depth in walk(root):
        skip = _OF_INSTANCE if depth == 0 else ()
        parts.append(depth)
        parts += [None if name in skip else getattr(node, name) for name in _FIXED]
        parts.append(_paint_key(node))
        parts.append(bool(node.runs))
        parts.append(tuple((p.name, type(p.value).__name__) for p in node.props if not isinstance(p.value, Run)))
    return tuple(parts)


def _paint_key(node: Node) -> tuple[object, ...]:
    """The part of the fills that no property can change: all but a last slot, or a colour that is alone."""
    if len(node.fills) == 1 and isinstance(node.fills[0], Solid):
        return ("color",)
    if node.fills and isinstance(node.fills[-1], SlotPaint):
        return (*node.fills[:-1], "slot", node.fills[-1].fit)
    return node.fills


def _component(members: list[Node]) -> tuple[Node, list[list[Prop]]]:
    """(the component's root, what each member gives its properties)."""
    given: list[list[Prop]] = [[] for _ in members]
    taken: set[str] = {"type"}  # which says the variant
    walks = [[node for node, _ in walk(member)] for member in members]
    changed: dict[int, Node] = {}
    for place, nodes in enumerate(zip(*walks, strict=True)):
        first = nodes[0]
        if place == 0:
            first = _root(nodes)
            changed[id(nodes[0])] = first
        if first.kind == "use":
            changed[id(nodes[0])] = _inner(nodes, given, taken)
            continue
        values = _differing([_values(node) for node in nodes])
        if not any(values):
            continue
        name = property_name(first, taken)
        taken.add(name)
        changed[id(nodes[0])] = replace(first, bind=name)
        for props, own in zip(given, values, strict=True):
            props += [Prop(name, value) for value in own]
    return _with_changes(members[0], changed), given


def _root(nodes: Sequence[Node]) -> Node:
    """The component's outermost layer: what its instances do not agree on is left to each of them."""
    open_ = {
        name: default
        for name, default in _OF_INSTANCE.items()
        if name in ("at", "self_align", "cell") or len({repr(getattr(node, name)) for node in nodes}) > 1
    }
    return replace(nodes[0], **open_)


def _inner(nodes: Sequence[Node], given: list[list[Prop]], taken: set[str]) -> Node:
    """An instance inside the component: the properties that differ are handed through."""
    first = nodes[0]
    kept: list[Prop] = []
    names = list(dict.fromkeys(p.name for node in nodes for p in node.props))
    for name in names:
        values = [[p.value for p in node.props if p.name == name and not isinstance(p.value, Bound)] for node in nodes]
        if all(value == values[0] for value in values):
            kept += [Prop(name, value) for value in values[0]]
            continue
        outer, number = name, 2
        while outer in taken:
            outer, number = f"{name}-{number}", number + 1
        taken.add(outer)
        kept.append(Prop(name, Bound(outer)))
        for props, own in zip(given, values, strict=True):
            props += [Prop(outer, value) for value in own]
    return replace(first, props=tuple(kept))


def _values(node: Node) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """What properties could give a layer: its runs, and its colour or its picture."""
    last = node.fills[-1] if node.fills else None
    gives = isinstance(last, SlotPaint) or (isinstance(last, Solid) and len(node.fills) == 1)
    return node.runs, (last,) if gives else ()


def _differing(values: list[tuple[tuple[Any, ...], tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    """Of each layer's values those that are not the same for all."""
    runs = any(value[0] != values[0][0] for value in values)
    fills = any(value[1] != values[0][1] for value in values)
    return [(*(value[0] if runs else ()), *(value[1] if fills else ())) for value in values]


def _with_changes(root: Node, changed: dict[int, Node]) -> Node:
    done: dict[int, Node] = {}
    for node in reversed([node for node, _ in walk(root)]):
        children = tuple(done[id(child)] for child in node.children)
        own = changed.get(id(node))
        if own is None or own.bind == node.bind:  # what it was bound to, outside of any component, means nothing here
            own = replace(own or node, bind="")
        done[id(node)] = replace(own, shown="", children=children)
    return done[id(root)]
