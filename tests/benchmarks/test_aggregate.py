"""The crowds are what they say, and the benchmark finds a difference where there is one."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import aggregate, crowds
from benchmarks.aggregate import Answers
from benchmarks.figures import CannotRun


@pytest.mark.parametrize("form", crowds.FORMS)
def test_a_crowd_is_the_same_for_the_same_seed_and_answers_better_than_chance(form: str) -> None:
    one, other = (crowds.pairs(form, 1, bad=False) for _ in range(2))
    assert np.array_equal(one.value, other.value)
    right = (one.truth[one.left] > one.truth[one.right]) == (one.value > 0.5)
    assert 0.65 < right[one.value != 0.5].mean() < 0.9


def test_the_bad_raters_do_what_they_are_planted_for() -> None:
    crowd = crowds.pairs("reference", 1, bad=True, number=6000)
    right = (crowd.truth[crowd.left] > crowd.truth[crowd.right]) == (crowd.value > 0.5)
    by_rater = [right[crowd.annotator == rater].mean() for rater in range(4)]
    assert by_rater[crowds.RANDOM] == pytest.approx(0.5, abs=0.05)
    assert by_rater[crowds.CONTRARY] < 0.35 < 0.65 < by_rater[3]
    assert crowd.value[crowd.annotator == crowds.LEFTIST].mean() > 0.85


def test_figures_fail_where_a_peer_is_as_good() -> None:
    answers = Answers()
    for bad in (True, False):
        crowd = crowds.pairs("reference", 2, bad=bad)
        plain = np.bincount(crowd.left, crowd.value - 0.5, 60) - np.bincount(crowd.right, crowd.value - 0.5, 60)
        aggregate.compared(answers, crowd, "reference", bad, {"choix": plain.tolist()})
        aggregate.labelled(answers, crowds.labels(2, bad=bad), bad, {})
    stars = {True: [aggregate.rated(answers, crowds.ratings(2, bad=True), True)]}
    found = {f.name: f for f in aggregate.figures(answers, 0.0, stars)}
    assert found["rho, reference, bad raters"].value == pytest.approx(0.9, abs=0.07)
    assert found["planted raters found"].value >= 80  # type: ignore[operator]
    answers.rho["reference", True]["choix"] = answers.rho["reference", True]["gesso"]
    worse = {f.name: f for f in aggregate.figures(answers, 1.0, stars)}
    assert not worse["rho over choix, reference, bad raters"].ok
    assert not worse["alpha against krippendorff"].ok


def test_without_the_peer_it_says_what_to_install() -> None:
    with pytest.raises(CannotRun, match=r"requirements-crowd\.txt"):
        aggregate.ask("/nowhere/python", {})
