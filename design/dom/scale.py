"""Spacings and radii that recur → named tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from design.tree import Design, Node, walk

MAX_SPACES, MAX_CORNERS = 8, 5
LEAST_USES = 3
_SPACES = ("3xs", "2xs", "xs", "sm", "md", "lg", "xl", "2xl")
_CORNERS = ("sm", "md", "lg", "xl", "2xl")


def with_scales(design: Design) -> Design:
    """The design with its commonest whole paddings and gaps as `space-…`, its radii as `round-…`, small to large."""
    nodes = [node for root in design.roots for node, _ in walk(root)]
    spaces = _common((v for node in nodes for v in _spaces(node)), MAX_SPACES)
    corners = _common((v for node in nodes for v in set(node.radii)), MAX_CORNERS)
    return replace(
        design,
        spaces=tuple(zip(_named("space", _SPACES, len(spaces)), spaces, strict=True)),
        corners=tuple(zip(_named("round", _CORNERS, len(corners)), corners, strict=True)),
    )


def _spaces(node: Node) -> set[float]:
    return {*node.padding, *node.gap}


def _common(values: Iterable[float], most: int) -> list[float]:
    """The most used whole numbers, in order of size."""
    counts = Counter(value for value in values if value >= 2 and value == int(value))
    return sorted(value for value, count in counts.most_common(most) if count >= LEAST_USES)


def _named(kind: str, sizes: tuple[str, ...], count: int) -> list[str]:
    """So many names around the middle of the scale."""
    start = (len(sizes) - count) // 2
    return [f"{kind}-{size}" for size in sizes[start : start + count]]
