"""Krippendorff's alpha against his own worked example and against its definition pair by pair; boxes by IoU."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.agreement import LEVELS, AgreementError, Level, alpha
from annotations.box_agreement import Box, box_agreement, iou, match

# The data of Krippendorff (2011), section C to F: four observers, twelve units, missing judgements as 0.
EXAMPLE = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
)
PUBLISHED: dict[Level, float] = {"nominal": 0.743, "ordinal": 0.815, "interval": 0.849, "ratio": 0.797}


def long(table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rater, unit = np.nonzero(table)
    return unit, rater, table[rater, unit]


def distance(a: float, b: float, level: Level, pooled: list[float]) -> float:
    if level == "nominal":
        return float(a != b)
    if level == "interval":
        return (a - b) ** 2
    if level == "ratio":
        return ((a - b) / (a + b)) ** 2 if a + b else 0.0
    low, high = min(a, b), max(a, b)
    between = sum(low <= v <= high for v in pooled) - (pooled.count(a) + pooled.count(b)) / 2
    return between**2 if a != b else 0.0


def by_definition(table: np.ndarray, level: Level) -> float:
    units = [[float(v) for v in column if v] for column in table.T]
    units = [unit for unit in units if len(unit) > 1]
    pooled = [v for unit in units for v in unit]
    total = len(pooled)
    observed = sum(distance(a, b, level, pooled) / (len(u) - 1) for u in units for a in u for b in u) / total
    expected = sum(distance(a, b, level, pooled) for a in pooled for b in pooled) / (total * (total - 1))
    return 1 - observed / expected


@pytest.mark.parametrize("level", LEVELS)
def test_the_published_example(level: Level) -> None:
    found = alpha(*long(EXAMPLE), level)
    assert found.value == pytest.approx(PUBLISHED[level], abs=5e-4)
    assert found.low < found.value < found.high <= 1
    assert (found.units, found.annotators, found.values) == (11, 4, 40)


@settings(max_examples=60)
@given(
    st.sampled_from(LEVELS),
    st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=2, max_size=8),
)
def test_it_is_its_definition(level: Level, columns: list[list[int]]) -> None:
    table = np.array(columns).T
    shared = table[:, (table > 0).sum(axis=0) > 1]
    found = alpha(*long(table), level, resamples=0)
    if len(np.unique(shared[shared > 0])) < 2:
        assert np.isnan(found.value)
    else:
        assert found.value == pytest.approx(by_definition(table, level), abs=1e-9)


def test_guessing_is_zero_and_full_agreement_one() -> None:
    draw = np.random.default_rng(1)
    units, raters = np.repeat(np.arange(800), 3), np.tile(np.arange(3), 800)
    guessed = alpha(units, raters, draw.integers(1, 6, 2400), "ordinal")
    assert guessed.low < 0 < guessed.high
    assert alpha(units, raters, (units % 5) + 1, "ordinal").value == 1


def test_the_interval_narrows_with_more_units() -> None:
    draw = np.random.default_rng(2)

    def width(number: int) -> float:
        truth = draw.integers(1, 6, number)
        said = np.clip(truth[:, None] + draw.integers(-1, 2, (number, 3)), 1, 5)
        found = alpha(np.repeat(np.arange(number), 3), np.tile(np.arange(3), number), said.ravel(), "interval")
        return found.high - found.low

    assert width(400) < width(25) / 2


@pytest.mark.parametrize(
    ("units", "raters", "values", "level", "why"),
    [
        ([1, 1], ["a", "a"], [1, 2], "nominal", "twice"),
        ([1, 1], ["a", "b"], [1, np.nan], "interval", "finite"),
        ([1, 1], ["a", "b"], [-1, 2], "ratio", "negative"),
        ([1, 1], ["a"], [1, 2], "nominal", "give n of each"),
        ([1, 1], ["a", "b"], [1, 2], "cardinal", "no level"),
    ],
)
def test_what_cannot_be_judged_is_refused(units: list, raters: list, values: list, level: Level, why: str) -> None:
    with pytest.raises(AgreementError, match=why):
        alpha(np.array(units), np.array(raters), np.array(values, float), level)


def test_iou_of_halves_and_strangers() -> None:
    boxes = np.array([[0, 0, 0.4, 0.4], [0, 0, 0.2, 0.4], [0.5, 0.5, 0.1, 0.1], [0.3, 0.3, 0, 0]])
    assert np.allclose(iou(boxes, boxes), [[1, 0.5, 0, 0], [0.5, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]])


def test_a_poor_overlap_takes_no_good_ones_partner() -> None:
    a = np.array([[0, 0, 1, 1], [0, 0, 0.5, 1]])
    b = np.array([[0, 0, 0.55, 1]])
    assert [(row, column) for row, column, _ in match(a, b)] == [(1, 0)]


def test_boxes_agree_by_kind_and_place() -> None:
    def box(item: str, who: str, kind: str, x: float) -> Box:
        return Box(item, who, kind, x, 0.1, 0.2, 0.2)

    drawn = [
        *(box("one", who, "button", 0.1) for who in "abc"),
        box("one", "a", "text", 0.6),
        box("two", "a", "button", 0.1),
        box("two", "b", "text", 0.1),  # the same place under another name
        box("three", "a", "button", 0.1),  # seen by one alone
    ]
    found = box_agreement(drawn)
    assert (found.items, found.boxes) == (2, 6)
    assert found.by_kind["button"] == (pytest.approx(6 / 7), 4)
    assert found.by_kind["text"] == (0.0, 2)
    assert found.f1 == pytest.approx(2 * 3 / 10)
    assert found.iou == pytest.approx(1)


def test_boxes_of_nobody() -> None:
    found = box_agreement([])
    assert np.isnan(found.f1)
    assert found.items == 0
