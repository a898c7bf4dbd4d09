"""What benchmarks.tags counts, and when it fails."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.tags import by_group, majority_of, rates_of, told
from models.tags.fit import Examples

NAMES = ("list", "map", "chat", "game")
ACCEPTED = np.array([[1, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0]], bool)
EXAMPLES = Examples(np.eye(4), ACCEPTED, ("a", "a", "web.b", "web.b"))


def test_shares_no_better_than_one_answer_for_all_fail() -> None:
    always = np.tile([0.7, 0.1, 0.1, 0.1], (4, 1))
    first = told("page type", NAMES, EXAMPLES, {}, always)[0]
    assert (first.value, first.target, first.ok) == (0.75, ">0.750", False)


def test_shares_that_are_right_pass_and_say_of_what() -> None:
    first, three, macro, majority, before = told(
        "page type", NAMES, EXAMPLES, {"first wording": np.zeros((4, 4))}, ACCEPTED.astype(float)
    )
    assert first.ok
    assert (first.value, three.value, macro.value, majority.value) == (1.0, 1.0, 1.0, 0.75)
    assert first.seen == "4 of 2 apps and sites, 4 labels; apps 1.000; pages 1.000"
    assert majority.seen == "chance 0.312"
    assert before.value == 0.75


def test_macro_counts_each_label_alike() -> None:
    always = np.tile([0.7, 0.1, 0.1, 0.1], (4, 1))
    rates = rates_of(always, ACCEPTED)
    assert rates.first == 0.75
    assert rates.macro == pytest.approx((1 + 1 + 0) / 3)  # list, map (which passed for a list), chat
    assert majority_of(NAMES, ACCEPTED) == ("list", 0.75)


def test_an_app_is_told_by_the_mean_of_its_screens() -> None:
    shares = np.array([[0.4, 0.6, 0, 0], [0.9, 0.1, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0]])
    apps, _, means = by_group(EXAMPLES, shares)
    assert apps.groups == ("a", "web.b")
    assert means.argmax(axis=1).tolist() == [0, 1]
