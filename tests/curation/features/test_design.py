"""design: what of a tree is counted, and what is built alike."""

from __future__ import annotations

from curation.features.design import components, counts
from design.tree import Node

CARD = Node("col", children=(Node("img"), Node("row", children=(Node("t"), Node("t")))))
PAGE = Node("col", children=(Node("t"), Node("row", children=(CARD, CARD, CARD)), Node("row", children=(Node("t"),))))


def test_what_is_built_alike_is_one_component() -> None:
    assert list(components(PAGE).values()) == [3]


def test_what_lies_in_a_component_is_not_counted_again() -> None:
    inner = Node("row", children=(Node("t"), Node("t")))
    outer = Node("col", children=(inner, inner))
    assert list(components(Node("col", children=(outer, outer))).values()) == [2]


def test_small_and_single_things_are_no_components() -> None:
    leaves = Node("col", children=tuple(Node("t") for _ in range(50)))
    assert components(leaves) == {}
    assert components(CARD) == {}
    assert components(Node("t")) == {}


def test_counts_are_of_the_whole_design() -> None:
    class Design:
        roots = (PAGE,)

    found = counts(Design)
    assert (found["design_components"], found["design_instances"]) == (1, 3)
    assert (found["design_nodes"], found["design_texts"]) == (20, 8)
