"""TreeBLEU and element F1: what of a reference's structure another design has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from design import parse
from design.boxes import TypedBox
from design.compare.trees import element_f1, f1_of, tree_bleu

CARDS = 'row\n col\n  img 9x9 &a\n  t "One"\n col\n  img 9x9 &b\n  t "Two"'


def test_a_design_recovers_itself_whatever_its_texts_say() -> None:
    assert tree_bleu(parse(CARDS), parse(CARDS.replace("One", "Other"))) == 1


def test_each_subtree_of_height_one_counts_as_often_as_it_occurs() -> None:
    one = parse('row\n col\n  img 9x9 &a\n  t "One"')
    assert tree_bleu(parse(CARDS), one) == pytest.approx(1 / 3)
    assert tree_bleu(one, parse(CARDS)) == pytest.approx(1 / 2)


def test_a_reference_without_subtrees_is_recovered() -> None:
    assert tree_bleu(parse('t "One"'), parse(CARDS)) == 1


def test_instances_are_compared_as_the_layers_they_stand_for() -> None:
    component = '+Card col\n img 9x9 &a\n t ?label "One"\nrow\n Card\n Card label="Two"'
    assert tree_bleu(parse(CARDS), parse(component)) == 1


BOXES = [TypedBox("button", (0, 0, 100, 40), 0), TypedBox("text", (10, 10, 90, 30), 1)]


def test_elements_are_found_by_type_and_overlap() -> None:
    assert element_f1(BOXES, BOXES)["all"].f1 == 1
    moved = [replace(BOXES[0], rect=(0.0, 0.0, 60.0, 40.0)), replace(BOXES[1], type="image")]
    scores = element_f1(BOXES, moved)
    assert (scores["button"].f1, scores["text"].recall, scores["image"].precision) == (1, 0, 0)
    assert scores["all"].f1 == 0.5


def test_an_element_is_used_once() -> None:
    scores = element_f1(BOXES[:1], [BOXES[0], BOXES[0]])
    assert (scores["all"].precision, scores["all"].recall) == (0.5, 1)


def test_nothing_to_find_and_nothing_found_is_right() -> None:
    assert f1_of(0, 0, 0).f1 == 1
    assert f1_of(0, 2, 0).f1 == 0
