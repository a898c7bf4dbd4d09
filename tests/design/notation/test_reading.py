"""Reading as it streams, and in spite of errors."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from design import Design, NotationError, parse, print_design
from design.notation import MAX_CHARACTERS, Reader, repair
from design.notation.fmt import format_text
from design.notation.grammar import grammar
from design.tree import Node
from tests.design.notation.sampling import sample
from tests.design.notation.test_grammar import EVERYTHING


def test_a_stream_gives_a_tree_after_every_piece_and_the_whole_at_the_end() -> None:
    reader, fed = Reader(), ""
    for start in range(0, len(EVERYTHING), 7):
        reader.feed(EVERYTHING[start : start + 7])
        fed = EVERYTHING[: start + 7]
        assert reader.design() == parse(fed[: fed.rfind("\n") + 1])
    assert reader.finish() == parse(EVERYTHING)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10_000), st.integers(0, 10_000), st.text(alphabet='x"( )\n#$%p1,\\', max_size=6))
def test_whatever_happens_to_a_text_repair_gives_a_design(seed: int, place: int, noise: str) -> None:
    text = sample(grammar(4), random.Random(seed), more=0.5)
    at = place % (len(text) + 1)
    design, errors = repair(text[:at] + noise + text[at + 3 :])
    assert parse(print_design(design)) == design
    assert all(error.line >= 1 and error.column >= 1 for error in errors)


@pytest.mark.parametrize(
    ("bad", "mended"),
    [
        ('col A 12q p4 "x"\n', 'col A p4 "x"\n'),
        ("colum p4\n t\n", "box p4\n t\n"),
        ('txt "x"\n', 't "x"\n'),
        ('col\n     t "deep"\n', 'col\n t "deep"\n'),
        ('t "cut off', 't "cut off"\n'),
        ("col p4 p8 #zz r2\n", "col p4 r2\n"),
        ("$ ink #111 paper\ncol\n", "$ ink #111111\ncol\n"),
        ("% h1 Inter/Heavy 12\ncol\n", "col\n"),
        ("col lin(90,#fff) r2\n", "col r2\n"),
        ('col raw{"a" r2\n row\n', "col\n row\n"),
    ],
)
def test_an_error_costs_what_is_wrong_and_no_more(bad: str, mended: str) -> None:
    with pytest.raises(NotationError):
        parse(bad)
    design, errors = repair(bad)
    assert print_design(design) == mended
    assert errors


def test_what_is_right_has_nothing_to_repair() -> None:
    assert repair(EVERYTHING) == (parse(EVERYTHING), ())


def test_a_text_without_end_is_refused_and_not_read() -> None:
    reader = Reader()
    reader.feed("// " + "x" * (MAX_CHARACTERS - 10) + "\n")
    with pytest.raises(NotationError, match="at most"):
        reader.feed("// and more\n")


def test_many_layers_and_deep_ones_are_read_and_printed() -> None:
    wide = Design((Node("col", children=tuple(Node("rect", width=i) for i in range(10_000))),))
    assert parse(print_design(wide)) == wide
    deep = Node("t")
    for _ in range(200):
        deep = Node("box", children=(deep,))
    assert parse(print_design(Design((deep,)))) == Design((deep,))


def test_comments_stay_before_what_they_stood_before() -> None:
    text = '// page\ncolumn A padding=4\n   // inner\n text "x"\n// colours\ncolor ink #111\n// end\n'
    formatted, errors = format_text(text)
    assert formatted == '// colours\n$ ink #111111\n// page\ncol A p4\n // inner\n t "x"\n// end\n'
    assert not errors
    assert format_text(formatted)[0] == formatted


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_what_is_formatted_stays_as_it_is(seed: int) -> None:
    formatted, _ = format_text(sample(grammar(4), random.Random(seed), more=0.5))
    assert format_text(formatted)[0] == formatted
