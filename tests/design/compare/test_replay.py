"""Edits of a design, and the judgement whether a page and its design take an edit alike."""

from __future__ import annotations

from design import parse
from design.compare.replay import Leaf, agreement, in_order, lengthened, removed, same_leaves, text_layers, widened
from design.tree import walk

PAGE = parse('col 400 #fff\n row p8\n  t "One"\n col\n  t * "Two\\lthree"\n t "Four"')


def leaf(key: str, text: str, y: float, x: float = 0.0) -> Leaf:
    return Leaf(key, text, x, y, 100, 20)


def texts(design: object) -> list[str]:
    return [text for _, text in text_layers(design)]  # type: ignore[arg-type]


def test_a_lengthened_text_may_break_anew() -> None:
    at = next(at for at, text in text_layers(PAGE) if text.startswith("Two"))
    assert texts(lengthened(PAGE, at, " and more")) == ["One", "Two three and more", "Four"]


def test_what_is_removed_takes_along_the_frames_that_held_nothing_else() -> None:
    at = next(at for at, text in text_layers(PAGE) if text == "One")
    left = removed(PAGE, at)
    assert texts(left) == ["Two\u2028three", "Four"]
    assert [node.kind for node, _ in walk(left.roots[0])] == ["col", "col", "t", "t"]


def test_an_edit_leaves_the_design_that_it_was_made_of() -> None:
    removed(PAGE, 2)
    assert texts(PAGE) == ["One", "Two\u2028three", "Four"]


def test_what_is_pinned_goes_along_with_a_wider_frame() -> None:
    frame = parse("col 400\n rect 100x10 @10,0\n rect 100x10 @290,0r\n rect 380x10 @10,0h\n rect 100x10 @150,0c")
    still, right, both, middle = widened(frame, 60).roots[0].children
    assert [node.at and node.at.x for node in (still, right, both, middle)] == [10, 350, 10, 180]
    assert both.width == 440


def test_capitals_are_no_difference() -> None:
    assert same_leaves([leaf("a", "Loud", 5)], [leaf("b", "LOUD", 5)]) == [("a", "b")]


def test_only_frames_of_a_width_are_widened() -> None:
    assert widened(PAGE, 60).roots[0].width == 460
    assert widened(parse('col\n t "a"'), 60).roots[0].width == "hug"


def test_leaves_are_one_where_text_and_place_are() -> None:
    page = [leaf("a", "Buy", 0), leaf("b", "Buy", 100), leaf("c", "Gone", 200)]
    design = [leaf("1", "Buy", 101), leaf("2", "Buy", 1), leaf("3", "Gone", 300)]
    assert same_leaves(page, design) == [("a", "2"), ("b", "1")]


def test_agreement_counts_what_moved_on_either_side() -> None:
    before = [leaf("a", "A", 0), leaf("b", "B", 50), leaf("c", "C", 100), leaf("d", "D", 150)]
    page = [before[0], leaf("b", "B", 70), leaf("c", "C", 120), before[3]]
    design = [before[0], leaf("b", "B", 71), before[2], before[3]]
    pairs = [(key, key) for key in "abcd"]
    found = agreement(pairs, (before, page), (before, design))
    assert (found.moved, found.alike, found.share) == (2, 1, 0.5)


def test_what_is_gone_on_one_side_moved_otherwise_and_the_edited_leaf_is_not_asked() -> None:
    before = [leaf("a", "A", 0), leaf("b", "B", 50)]
    found = agreement([("a", "a"), ("b", "b")], (before, before[:1]), (before, before), ("a",))
    assert (found.moved, found.alike) == (1, 0)
    assert agreement([("a", "a")], (before, before), (before, before)).share is None


def test_leaves_keep_their_names_when_more_is_gone_than_was_taken() -> None:
    def leaves(*texts: str) -> list[Leaf]:
        return [Leaf(str(number), text, 0, 0, 10, 10) for number, text in enumerate(texts)]

    before = leaves("one", "", "two", "three", "")
    after = in_order(before, leaves("one", "three", ""))  # the picture before "two" went with it
    assert [(leaf.key, leaf.text) for leaf in after] == [("0", "one"), ("3", "three"), ("4", "")]
