"""Bradley–Terry, Dawid–Skene and rating means on crowds whose truth is known, and the verdicts on annotators."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from annotations import bradley_terry, dawid_skene, rating_means
from annotations.bradley_terry import ComparisonError, comparisons
from annotations.trust import verdicts
from benchmarks import crowds


def names(codes: np.ndarray) -> list[str]:
    return [f"{code:03}" for code in codes]


def fitted(crowd: crowds.Pairs) -> bradley_terry.Scores:
    position = np.ones(len(crowd.left))
    return bradley_terry.fit(
        comparisons(names(crowd.left), names(crowd.right), names(crowd.annotator), crowd.value, position)
    )


def rho(crowd: crowds.Pairs, scores: bradley_terry.Scores) -> float:
    return float(spearmanr([crowd.truth[int(item)] for item in scores.items], scores.score).statistic)


@pytest.fixture(scope="module")
def bad() -> tuple[crowds.Pairs, bradley_terry.Scores]:
    crowd = crowds.pairs("reference", 3, bad=True, number=1500)
    return crowd, fitted(crowd)


def test_scores_follow_the_truth_among_bad_raters(bad: tuple[crowds.Pairs, bradley_terry.Scores]) -> None:
    crowd, scores = bad
    assert rho(crowd, scores) > 0.93
    assert np.average(scores.score) == pytest.approx(0, abs=1e-6)


def test_a_guesser_a_contrary_and_a_leftist_are_told(bad: tuple[crowds.Pairs, bradley_terry.Scores]) -> None:
    _, scores = bad
    found = [trust.verdict for trust in verdicts(scores.reliability, scores.reliability_sd)]
    assert found[crowds.RANDOM] == "guessing"
    assert found[crowds.CONTRARY] == "contrary"
    assert set(found[3:]) == {"good"}
    assert scores.bias[crowds.LEFTIST] - 2 * scores.bias_sd[crowds.LEFTIST] > 0.5
    assert np.abs(scores.bias[3:]).max() < 1


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    inside = []
    for seed in range(6):
        crowd = crowds.pairs("reference", seed, bad=True)
        scores = fitted(crowd)
        truth = crowds.CLARITY * np.asarray([crowd.truth[int(item)] for item in scores.items])
        low, high = scores.interval()
        inside.append(np.mean((low <= truth - truth.mean()) & (truth - truth.mean() <= high)))
    assert 0.9 < np.mean(inside) <= 1


def test_which_one_is_named_first_does_not_matter(bad: tuple[crowds.Pairs, bradley_terry.Scores]) -> None:
    crowd, scores = bad
    turned = bradley_terry.fit(
        comparisons(
            names(crowd.right), names(crowd.left), names(crowd.annotator), 1 - crowd.value, -np.ones(len(crowd.left))
        )
    )
    assert np.allclose(turned.score, scores.score, atol=2e-2)


def test_known_answers_say_which_way_is_up_where_most_are_contrary() -> None:
    draw = np.random.default_rng(4)
    truth = draw.normal(size=20)
    a = draw.integers(20, size=400)
    b = (a + draw.integers(1, 20, size=400)) % 20
    who = draw.integers(5, size=400)
    right = draw.random(400) < 1 / (1 + np.exp(-2 * (truth[a] - truth[b])))
    value = np.where(who < 3, ~right, right).astype(float)
    gold_a, gold_b = draw.permutation(20)[:10], draw.permutation(20)[10:]
    some = gold_a != gold_b
    known = comparisons(
        names(np.r_[a, gold_a[some]]),
        names(np.r_[b, gold_b[some]]),
        [*names(who), *["gold"] * int(some.sum())],
        np.r_[value, (truth[gold_a] > truth[gold_b])[some].astype(float)],
        known=frozenset({"gold"}),
    )
    scores = bradley_terry.fit(known)
    assert spearmanr([truth[int(item)] for item in scores.items], scores.score).statistic > 0.8
    assert (scores.reliability[:3] < 0).all()


def test_a_pairs_own_votes_weigh_what_their_givers_are_worth(
    bad: tuple[crowds.Pairs, bradley_terry.Scores],
) -> None:
    _, scores = bad

    def chance(annotator: int) -> float:
        one = bradley_terry.Comparisons(
            scores.items, scores.annotators, np.array([0]), np.array([1]), np.array([annotator]), np.ones(1),
            np.zeros(1), np.ones(1),
        )  # fmt: skip
        return float(bradley_terry.votes(one, scores)[0])

    assert chance(5) > 0.65
    assert chance(crowds.RANDOM) == pytest.approx(0.5, abs=0.1)
    assert chance(crowds.CONTRARY) < 0.35


@pytest.mark.parametrize(
    ("first", "second", "value", "why"),
    [
        (["a"], ["a"], [1.0], "with itself"),
        (["a"], ["b"], [1.5], "0 to 1"),
        (["a"], ["b"], [np.nan], "0 to 1"),
        (["a", "b"], ["b"], [1.0], "unlike length"),
    ],
)
def test_bad_comparisons_are_refused(first: list[str], second: list[str], value: list[float], why: str) -> None:
    with pytest.raises(ComparisonError, match=why):
        comparisons(first, second, ["x"] * len(value), value)


def test_labels_are_righter_than_a_majority_among_bad_raters() -> None:
    mine, majority = [], []
    for seed in range(4):
        crowd = crowds.labels(seed, bad=True)
        classes = dawid_skene.fit(names(crowd.item), names(crowd.annotator), names(crowd.value))
        best = [int(classes.labels[k]) for k in classes.chance.argmax(axis=1)]
        votes = np.zeros((len(crowd.truth), 4))
        np.add.at(votes, (crowd.item, crowd.value), 1)
        mine.append(np.mean(best == crowd.truth))
        majority.append(np.mean(votes.argmax(axis=1) == crowd.truth))
        found = [trust.verdict for trust in verdicts(classes.skill, classes.skill_sd)]
        assert {found[crowds.RANDOM], found[crowds.CONTRARY]} <= {"guessing", "contrary"}
        assert classes.chance.sum(axis=1) == pytest.approx(1)
        low, high = dawid_skene.interval(classes, names(crowd.item), names(crowd.annotator), names(crowd.value))
        assert ((low <= classes.chance) & (classes.chance <= high)).all()
        assert 0 < (high - low).mean() < 0.6
    assert np.mean(mine) > np.mean(majority) + 0.04


def test_a_known_label_stays_and_teaches() -> None:
    items, people, labels = ["a", "a", "b", "b"], ["x", "y", "x", "y"], ["cat", "dog", "cat", "dog"]
    classes = dawid_skene.fit(items, people, labels, known={"a": "dog"})
    assert classes.chance[0].tolist() == [0, 1]
    assert classes.chance[1, 1] > 0.5  # who was right on the known one is believed on the other


def test_one_label_alone_is_not_certain() -> None:
    classes = dawid_skene.fit(["a"], ["x"], ["cat"], known={"b": "dog"})
    assert 0.5 < classes.chance[0, classes.labels.index("cat")] < 0.95


def test_rating_means_undo_severity_and_see_through_bad_raters() -> None:
    better = []
    for seed in range(5):
        crowd = crowds.ratings(seed, bad=True)
        means = rating_means.fit(names(crowd.item), names(crowd.annotator), crowd.value)
        plain = np.bincount(crowd.item, crowd.value) / np.bincount(crowd.item)
        better.append(spearmanr(crowd.truth, means.mean).statistic - spearmanr(crowd.truth, plain).statistic)
        assert means.slope[crowds.CONTRARY] < 0
        found = [trust.verdict for trust in verdicts(means.reliability, means.reliability_sd)]
        assert found[crowds.CONTRARY] == "contrary"
    assert np.mean(better) > 0.08


def test_a_strict_rater_costs_a_screen_nothing() -> None:
    draw = np.random.default_rng(3)
    item, who = np.repeat(np.arange(40), 3), np.tile(np.arange(3), 40)
    truth = draw.normal(3, 0.7, 40)
    rating = truth[item] + np.where(who == 0, -1.0, 0.0) + 0.2 * draw.normal(size=120)
    seen = ~((who == 0) & (item < 20))  # the strict one rated half of the screens only
    means = rating_means.fit(names(item[seen]), names(who[seen]), rating[seen])
    assert means.offset[0] == pytest.approx(-1, abs=0.25)
    gap = (means.mean - truth)[:20].mean() - (means.mean - truth)[20:].mean()
    assert abs(gap) < 0.15


def test_nothing_to_fit_says_what_to_do() -> None:
    with pytest.raises(rating_means.RatingError, match="push critique"):
        rating_means.fit([], [], [])
    with pytest.raises(dawid_skene.ClassError, match="push critique"):
        dawid_skene.fit([], [], [])
    with pytest.raises(ComparisonError, match="push pairwise"):
        bradley_terry.fit(comparisons([], [], [], []))


def test_verdicts_need_evidence() -> None:
    values, deviations = np.array([1.0, 1.0, 1.0, 0.3, 0.0, -0.9]), np.array([0.1, 0.1, 0.1, 0.5, 0.1, 0.1])
    assert [t.verdict for t in verdicts(values, deviations)] == [
        "good", "good", "good", "unsure", "guessing", "contrary",
    ]  # fmt: skip
