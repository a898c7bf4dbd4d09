"""Repeated subtrees of a design: which layers are one thing met several times.

Children of one frame that are alike form a cluster; clusters that are alike anywhere in the design are one group.
Likeness is measured on what a layer is made of, not on what it says: texts, pictures and colours may differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from design.tree import FRAMES, Node, SlotPaint, walk

ALIKE = 0.6  # children of one frame
SAME = 0.78  # clusters of different frames
MAX_BUCKETS = 60
MAX_LAYERS = 400  # a larger subtree is a section, not a component
LEVELS = 6
SCATTERED = 6  # layers of what may recur far from its like

CONTROLS = ("button", "input", "select")
LANDMARKS = ("header", "main", "nav", "section", "footer")
LEAST_DISC, MOST_DISC = 24.0, 96.0  # px across

Parts = Counter[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Group:
    """Layers that are one thing, in order; at least two."""

    members: tuple[Node, ...]


@dataclass(slots=True, eq=False)
class _Bucket:
    parts: Parts
    members: list[Node]


@dataclass(slots=True)
class _Facts:
    """What is known of a layer from below it."""

    layers: int
    parts: Parts
    able: bool


def groups(roots: Sequence[Node]) -> list[Group]:
    """The repeated layers below root frames, each layer in one group at most; the order is that of first meeting."""
    facts = _facts(roots)
    order = {id(node): i for i, node in enumerate(node for root in roots for node, _ in walk(root))}
    clusters = [cluster for root in roots for node, _ in walk(root) for cluster in _siblings(node, facts)]
    merged = _merged(clusters)
    _adopt(merged, roots, facts)
    merged += _scattered(merged, roots, facts)
    kept = _without_wrappers(merged)
    result = [Group(tuple(sorted(b.members, key=lambda n: order[id(n)]))) for b in kept if len(b.members) > 1]
    return sorted(result, key=lambda group: order[id(group.members[0])])


def _facts(roots: Sequence[Node]) -> dict[int, _Facts]:
    found: dict[int, _Facts] = {}
    for root in roots:
        for node in reversed([node for node, _ in walk(root)]):
            inner = [found[id(child)] for child in node.children]
            layers = 1 + sum(f.layers for f in inner)
            parts: Parts = Counter({(0, *_part(node)): 1})
            if layers <= MAX_LAYERS:
                for f in inner:
                    for key, count in f.parts.items():
                        if isinstance(key[0], int) and key[0] < LEVELS:
                            parts[(key[0] + 1, *key[1:])] += count
            found[id(node)] = _Facts(layers, parts, node is not root and _able(node, layers))
    return found


def _part(node: Node) -> tuple[object, ...]:
    """What a layer is, without what it says and without its size."""
    if node.kind == "t":
        style = node.style if isinstance(node.style, str) else node.style and (node.style.size, node.style.weight)
        return "t", style
    if node.kind in ("img", "svg"):
        return ("picture",)
    picture = any(isinstance(paint, SlotPaint) for paint in node.fills)
    if node.kind in FRAMES:
        axis = "box" if node.kind in ("box", "grid") else node.kind
        control = node.role if node.role in CONTROLS else ""
        return axis, bool(node.fills), bool(node.strokes), bool(node.shadows), picture, control
    return "shape", bool(node.strokes), picture, node.role if node.role in CONTROLS else ""


def _able(node: Node, layers: int) -> bool:
    """Whether a layer could be a component: something composed, something painted around something, or a control."""
    if not node.children:
        return painted(node) and (node.role in CONTROLS or _disc(node))
    if node.kind not in FRAMES or layers > MAX_LAYERS or node.role in LANDMARKS:
        return False
    return layers > 2 or painted(node)


def _disc(node: Node) -> bool:
    """A small circle, such as what an icon stands on."""
    return node.kind == "oval" and isinstance(node.width, float) and LEAST_DISC <= node.width <= MOST_DISC


def painted(node: Node) -> bool:
    return bool(node.fills or node.strokes or node.shadows)


def _scattered(merged: list[_Bucket], roots: Sequence[Node], facts: dict[int, _Facts]) -> list[_Bucket]:
    """Layers in no group yet that recur anywhere in one build: buttons, badges, fields, dividers."""
    taken = {id(member) for bucket in merged for member in bucket.members}
    by_build: dict[tuple[object, ...], list[Node]] = {}
    for root in roots:
        for node, _ in walk(root):
            own = facts[id(node)]
            if id(node) in taken or not own.able or own.layers > SCATTERED:
                continue
            shapes = any(inner.kind not in ("t", *FRAMES) for inner in node.children)
            if painted(node) or shapes:
                key = (*sorted(own.parts.items(), key=repr), node.padding, node.gap, node.justify, node.align)
                by_build.setdefault(key, []).append(node)
    return [_Bucket(facts[id(nodes[0])].parts, nodes) for nodes in by_build.values() if len(nodes) > 1]


def likeness(a: Parts, b: Parts) -> float:
    """Shared parts of all parts, 0 to 1."""
    shared = sum((a & b).values())
    return shared / (sum(a.values()) + sum(b.values()) - shared)


def _siblings(frame: Node, facts: dict[int, _Facts]) -> list[_Bucket]:
    able = [child for child in frame.children if facts[id(child)].able]
    return [bucket for bucket in _buckets(able, facts, ALIKE) if len(bucket.members) > 1]


def _buckets(nodes: Iterable[Node], facts: dict[int, _Facts], least: float) -> list[_Bucket]:
    """Layers by likeness to the first of each bucket."""
    exact: dict[tuple[object, ...], _Bucket] = {}
    buckets: list[_Bucket] = []
    for node in nodes:
        parts = facts[id(node)].parts
        key = tuple(sorted(parts.items(), key=repr))
        if key in exact:
            exact[key].members.append(node)
            continue
        home = None
        if least < 1 and len(buckets) <= MAX_BUCKETS:
            home = max(buckets, key=lambda b: likeness(b.parts, parts), default=None)
        if home is not None and likeness(home.parts, parts) >= least:
            home.members.append(node)
        else:
            home = _Bucket(parts, [node])
            buckets.append(home)
        exact[key] = home
    return buckets


def _merged(clusters: list[_Bucket]) -> list[_Bucket]:
    """Clusters of different frames that are alike, as one."""
    merged: list[_Bucket] = []
    for cluster in clusters:
        near = merged if len(merged) <= 4 * MAX_BUCKETS else merged[-4 * MAX_BUCKETS :]
        home = max(near, key=lambda b: likeness(b.parts, cluster.parts), default=None)
        if home is not None and likeness(home.parts, cluster.parts) >= SAME:
            home.members += cluster.members
        else:
            merged.append(_Bucket(cluster.parts, list(cluster.members)))
    return merged


def _adopt(merged: list[_Bucket], roots: Sequence[Node], facts: dict[int, _Facts]) -> None:
    """Layers that stand alone join the group whose twins they are."""
    by_parts = {tuple(sorted(bucket.parts.items(), key=repr)): bucket for bucket in merged}
    taken = {id(member) for bucket in merged for member in bucket.members}
    for root in roots:
        for node, _ in walk(root):
            if id(node) in taken or not facts[id(node)].able:
                continue
            home = by_parts.get(tuple(sorted(facts[id(node)].parts.items(), key=repr)))
            if home is not None:
                home.members.append(node)
                taken.add(id(node))


def _without_wrappers(buckets: list[_Bucket]) -> list[_Bucket]:
    """Without groups that only wrap another: rows made of its members alone, or a bare frame around each."""
    owner = {id(member): bucket for bucket in buckets for member in bucket.members}
    kept = []
    for bucket in buckets:
        wrapped = 0
        for member in bucket.members:
            inner = [owner.get(id(child)) for child in member.children]
            only_one = len(inner) == 1 and inner[0] is not None
            rows = len(inner) > 1 and inner[0] is not None and all(other is inner[0] for other in inner)
            wrapped += (only_one or rows) and not painted(member)
        if wrapped <= len(bucket.members) / 2:
            kept.append(bucket)
    return kept
