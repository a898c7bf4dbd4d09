"""Design2Code's four scores of a page made after another: block, text, position and colour.

After Si et al. 2024 (Design2Code). Two things differ. Blocks come from the browser's own line boxes and computed
colours (`text_page`), not from two pictures with coloured text. And blocks with the very same text are paired first,
the nearest with the nearest; the assignment by likeness is solved for what is left, which makes pages of thousands of
blocks affordable and changes nothing where a text stands once. CLIP is not here: it needs a model (`models/`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from scipy.optimize import linear_sum_assignment

from design.compare.blocks import Block, TextPage
from design.compare.color import delta_e

LEAST = 0.5  # less alike, and two blocks are no pair
GAIN = 0.05  # by how much a merge must raise the likeness
NEIGHBOUR = 0.1  # how much of its neighbours' likeness a pair is credited with
MAX_LEFT = 400  # blocks a side without a twin that are compared by likeness


@dataclass(frozen=True, slots=True)
class Scores:
    """Each 0 to 1. `block` is matched area; the others are means over matched pairs (0 where there is none)."""

    block: float
    text: float
    position: float
    colour: float
    pairs: int

    @property
    def final(self) -> float:
        """The mean of the four."""
        return (self.block + self.text + self.position + self.colour) / 4


def design2code(reference: TextPage, made: TextPage) -> Scores:
    """The scores of `made` against `reference`; 1 each where neither has any text."""
    if not reference.blocks and not made.blocks:
        return Scores(1.0, 1.0, 1.0, 1.0, 0)
    pairs, left, right = _twins(reference, made)
    left, right = _merged(left, right), _merged(right, left)
    more = _assigned(left, right)
    pairs += [(left[i], right[j]) for i, j in more]
    total = sum(block.area for block in (*reference.blocks, *made.blocks))
    matched = sum(a.area + b.area for a, b in pairs)
    if not pairs:
        return Scores(0.0, 0.0, 0.0, 0.0, 0)
    count = len(pairs)
    return Scores(
        min(1.0, matched / total) if total else 1.0,
        sum(likeness(a.text, b.text) for a, b in pairs) / count,
        sum(_nearness(a, b, reference, made) for a, b in pairs) / count,
        sum(max(0.0, 1 - delta_e(a.color, b.color) / 100) for a, b in pairs) / count,
        count,
    )


def likeness(a: str, b: str) -> float:
    """Ratcliff and Obershelp's ratio, letters of either case alike."""
    a, b = a.lower(), b.lower()
    return 1.0 if a == b else SequenceMatcher(None, a, b, autojunk=False).ratio()


def _nearness(a: Block, b: Block, page: TextPage, other: TextPage) -> float:
    dx = (a.x + a.width / 2) / page.width - (b.x + b.width / 2) / other.width
    dy = (a.y + a.height / 2) / page.height - (b.y + b.height / 2) / other.height
    return max(0.0, 1 - max(abs(dx), abs(dy)))


def _twins(page: TextPage, other: TextPage) -> tuple[list[tuple[Block, Block]], list[Block], list[Block]]:
    """(pairs of the same text, what is left of each side)."""
    groups: dict[str, tuple[list[Block], list[Block]]] = defaultdict(lambda: ([], []))
    for side, blocks in enumerate((page.blocks, other.blocks)):
        for block in blocks:
            groups[block.text.lower()][side].append(block)
    pairs: list[tuple[Block, Block]] = []
    taken: set[int] = set()
    for ours, theirs in groups.values():
        if not ours or not theirs:
            continue
        far = np.array([[-_nearness(a, b, page, other) for b in theirs] for a in ours])
        for i, j in zip(*linear_sum_assignment(far), strict=True):
            pairs.append((ours[i], theirs[j]))
            taken |= {id(ours[i]), id(theirs[j])}
    rest = [[b for b in blocks if id(b) not in taken] for blocks in (page.blocks, other.blocks)]
    return pairs, rest[0], rest[1]


def _merged(blocks: list[Block], others: list[Block]) -> list[Block]:
    """Neighbours joined as long as the join is more like one of the other side than its parts are."""
    if len(blocks) > MAX_LEFT or len(others) > MAX_LEFT:
        return blocks

    def best(text: str) -> float:
        return max((_quick(text, b.text) for b in others), default=0.0)

    result = list(blocks)
    i = 0
    while i + 1 < len(result):
        a, b = result[i], result[i + 1]
        joined = _join(a, b)
        if best(joined.text) > max(best(a.text), best(b.text)) + GAIN:
            result[i : i + 2] = [joined]
        else:
            i += 1
    return result


def _quick(a: str, b: str) -> float:
    """The likeness, or 0 where the lengths alone say that it is under LEAST."""
    if 2 * min(len(a), len(b)) < LEAST * (len(a) + len(b)):
        return 0.0
    return likeness(a, b)


def _join(a: Block, b: Block) -> Block:
    left, top = min(a.x, b.x), min(a.y, b.y)
    right, bottom = max(a.x + a.width, b.x + b.width), max(a.y + a.height, b.y + b.height)
    color = a.color if len(a.text) >= len(b.text) else b.color
    return Block(f"{a.text} {b.text}", left, top, right - left, bottom - top, color)


def _assigned(left: list[Block], right: list[Block]) -> list[tuple[int, int]]:
    """The pairs of the best assignment that are alike enough."""
    if not left or not right or len(left) > MAX_LEFT or len(right) > MAX_LEFT:
        return []
    alike = np.array([[_quick(a.text, b.text) for b in right] for a in left])
    bonus = np.zeros_like(alike)
    bonus[1:, 1:] += alike[:-1, :-1]
    bonus[:-1, :-1] += alike[1:, 1:]
    rows, columns = linear_sum_assignment(-(alike + NEIGHBOUR * bonus / 2))
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if alike[i, j] >= LEAST]


def median_of(scores: list[Scores]) -> Scores:
    """The median of each score by itself. Raises ValueError for none."""
    if not scores:
        raise ValueError("no scores to take the median of")

    def middle(values: list[float]) -> float:
        ordered = sorted(values)
        half = len(ordered) // 2
        return ordered[half] if len(ordered) % 2 else math.fsum(ordered[half - 1 : half + 1]) / 2

    return Scores(
        middle([s.block for s in scores]),
        middle([s.text for s in scores]),
        middle([s.position for s in scores]),
        middle([s.colour for s in scores]),
        sum(s.pairs for s in scores),
    )
