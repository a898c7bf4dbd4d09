"""Edits of a design, and how alike a page and its design take the same edit. Pure; the browser is the caller's.

An edit is replayed on both: a text is lengthened, the frame widened, an element removed. What must agree is where the
browser moves the leaves (texts and pictures) that either side moves at all.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from design.tree import FRAMES, SOFT_BREAK, Design, Node, Run, SlotPaint, walk

SAME_PLACE = 3.0  # CSS px: so near, a page's leaf and a design's with the same text are one
AGREES = 2.0  # CSS px between the moves of the two
MOVED = 1.0  # CSS px: less is no move


@dataclass(frozen=True, slots=True)
class Leaf:
    """A text node or a picture as it was laid out; `key` names it on its own side."""

    key: str
    text: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many leaves moved on either side, and how many of them moved alike; `share` is None where none moved."""

    moved: int
    alike: int

    @property
    def share(self) -> float | None:
        return self.alike / self.moved if self.moved else None


def same_leaves(page: Sequence[Leaf], design: Sequence[Leaf], near: float = SAME_PLACE) -> list[tuple[str, str]]:
    """(key on the page, key in the design) of the leaves that are one: the same text in the same place.

    Capitals are no difference: a page's text is as it was written, a design's as it is shown.
    """
    by_text: dict[str, list[Leaf]] = {}
    for leaf in design:
        by_text.setdefault(leaf.text.casefold(), []).append(leaf)
    pairs = []
    for leaf in page:
        others = by_text.get(leaf.text.casefold(), [])
        best = min(others, key=lambda other: _distance(leaf, other), default=None)
        if best is not None and _distance(leaf, best) <= near:
            others.remove(best)
            pairs.append((leaf.key, best.key))
    return pairs


def in_order(before: Sequence[Leaf], after: Sequence[Leaf]) -> list[Leaf]:
    """The leaves of `after` by the keys of `before`: texts in the same order; what has no match is left out."""
    texts = ([leaf.text for leaf in before], [leaf.text for leaf in after])
    blocks = SequenceMatcher(None, *texts, autojunk=False).get_matching_blocks()
    return [replace(after[block.b + i], key=before[block.a + i].key) for block in blocks for i in range(block.size)]


def _distance(a: Leaf, b: Leaf) -> float:
    return max(abs(a.x - b.x), abs(a.y - b.y))


def agreement(
    pairs: Sequence[tuple[str, str]],
    page: tuple[Sequence[Leaf], Sequence[Leaf]],
    design: tuple[Sequence[Leaf], Sequence[Leaf]],
    edited: Sequence[str] = (),
) -> Agreement:
    """Of pairs of leaves, before and after on both sides; the page's `edited` leaves themselves are left out.

    A leaf that is gone on one side alone, moved, and moved otherwise.
    """
    page_before, page_after = ({leaf.key: leaf for leaf in leaves} for leaves in page)
    design_before, design_after = ({leaf.key: leaf for leaf in leaves} for leaves in design)
    moved = alike = 0
    for ours, theirs in pairs:
        if ours in edited:
            continue
        a, b = _move(page_before, page_after, ours), _move(design_before, design_after, theirs)
        if a is None and b is None:
            continue
        if a is None or b is None:
            moved += 1
            continue
        if max(map(abs, (*a, *b))) > MOVED:
            moved += 1
            alike += max(abs(a[0] - b[0]), abs(a[1] - b[1])) <= AGREES
    return Agreement(moved, alike)


def _move(before: dict[str, Leaf], after: dict[str, Leaf], key: str) -> tuple[float, float] | None:
    if key not in before or key not in after:
        return None
    return after[key].x - before[key].x, after[key].y - before[key].y


def lengthened(design: Design, at: int, extra: str) -> Design:
    """With `extra` after the text of the layer that is the `at`-th in order; its lines may break anew."""

    def longer(node: Node) -> Node:
        runs = [replace(run, text=run.text.replace(SOFT_BREAK, " ")) for run in node.runs] or [Run("")]
        runs[-1] = replace(runs[-1], text=runs[-1].text + extra)
        return replace(node, runs=tuple(runs))

    return _changed(design, at, longer)


def removed(design: Design, at: int, shapes: bool = False) -> Design:
    """Without the layer that is the `at`-th in order, and without the frames that held nothing else.

    With `shapes`, frames in which only rectangles and ovals without a picture are left go too: bullets and rules.
    """
    return _changed(design, at, lambda node: None, _shapes_alone if shapes else None)


def _shapes_alone(node: Node) -> bool:
    return not any(
        part.kind in ("t", "img", "svg", "use") or any(isinstance(fill, SlotPaint) for fill in part.fills)
        for part, _ in walk(node)
    )


def widened(design: Design, by: float) -> Design:
    """With root frames that are wider by so many px, and what is pinned in them as an editor would move it."""
    roots = tuple(
        replace(root, width=root.width + by, children=tuple(_moved(child, by) for child in root.children))
        if isinstance(root.width, float)
        else root
        for root in design.roots
    )
    return replace(design, roots=roots)


def _moved(node: Node, by: float) -> Node:
    """A layer of a frame that became wider, by its pin."""
    if node.at is None:
        return node
    pin = node.at.pin[:1]
    if pin == "h" and isinstance(node.width, float):
        return replace(node, width=max(0.0, node.width + by))
    shift = {"r": by, "c": by / 2}.get(pin, 0.0)
    return replace(node, at=replace(node.at, x=node.at.x + shift)) if shift else node


def text_layers(design: Design) -> list[tuple[int, str]]:
    """(place in order, text) of every text layer."""
    nodes = [node for root in design.roots for node, _ in walk(root)]
    return [(i, "".join(run.text for run in node.runs)) for i, node in enumerate(nodes) if node.kind == "t"]


def _changed(
    design: Design, at: int, change: Callable[[Node], Node | None], bare: Callable[[Node], bool] | None = None
) -> Design:
    """With the layer that `change` makes of one; a frame that loses all of its children but `bare` ones goes too."""
    counter = 0
    roots = []
    for root in design.roots:
        order = [node for node, _ in walk(root)]
        done: dict[int, Node | None] = {}
        target = order[at - counter] if 0 <= at - counter < len(order) else None
        counter += len(order)
        if target is None:
            roots.append(root)
            continue
        for node in reversed(order):
            children = tuple(kept for child in node.children if (kept := done[id(child)]) is not None)
            same = len(children) == len(node.children) and all(map(operator.is_, children, node.children))
            made: Node | None = node if same else replace(node, children=children)
            if node is target:
                made = change(made or node)
            elif node.kind in FRAMES and not same and all(bare is not None and bare(child) for child in children):
                made = None
            done[id(node)] = made
        if (kept := done[id(root)]) is not None:
            roots.append(kept)
    return replace(design, roots=tuple(roots))
