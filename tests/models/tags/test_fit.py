"""What the calibration of tags learns, and which templates and phrases are chosen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from models.tags.fit import Examples, choose, cross_loss, fit, hits

UP, RIGHT, ASIDE = np.eye(3)[[1, 0, 2]]
WORDS = {"a map": UP, "a chat": RIGHT, "weather": ASIDE}


def texts(given: Sequence[str]) -> np.ndarray:
    """A text tower that knows three words, and is blind where the template shouts."""
    return np.stack([ASIDE if "!" in text else WORDS[text] for text in given])


def screens(n: int = 40) -> Examples:
    """Maps look up and chats look right, two screens an app; what lies aside says nothing."""
    rng = np.random.default_rng(0)
    kinds = np.arange(n) // 2 % 2
    vectors = np.where(kinds[:, None] == 0, UP, RIGHT) + rng.normal(size=(n, 3)) * [0.2, 0.2, 0.8]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Examples(vectors, np.eye(2, dtype=bool)[kinds], tuple(f"app{i // 2}" for i in range(n)))


def test_a_label_whose_text_lies_near_every_picture_stops_winning() -> None:
    rng = np.random.default_rng(1)
    accepted = np.eye(2, dtype=bool)[np.arange(60) % 2]
    cosines = 0.1 * accepted + 0.02 * rng.normal(size=(60, 2)) + np.array([0.5, 0.0])
    assert hits(cosines, accepted).mean() == 0.5
    scale, bias = fit(cosines, accepted)
    assert hits(scale * cosines + bias, accepted).mean() > 0.95
    assert bias[1] > bias[0]


def test_without_a_trace_of_the_answer_the_frequent_label_wins() -> None:
    accepted = np.eye(2, dtype=bool)[(np.arange(50) % 5 == 0).astype(int)]
    _, bias = fit(np.random.default_rng(2).normal(scale=0.01, size=(50, 2)), accepted)
    assert bias[0] - bias[1] == pytest.approx(np.log(4), abs=0.4)


def test_either_of_two_labels_of_a_screen_is_right() -> None:
    accepted = np.array([[True, False, True], [False, True, False]])
    assert hits(np.array([[0.0, 0.1, 0.2], [0.0, 0.1, 0.2]]), accepted).tolist() == [True, False]
    assert hits(np.array([[0.0, 0.1, 0.2], [0.0, 0.1, 0.2]]), accepted, most=2).tolist() == [True, True]


def test_the_template_that_tells_apart_is_chosen() -> None:
    choice = choose(screens(), ["! {}", "{}"], {"map": ["a map"], "chat": ["a chat"]}, texts)
    assert choice.templates == ("{}",)


def test_a_phrase_that_says_nothing_is_left_out() -> None:
    choice = choose(screens(), ["{}"], {"map": ["a map", "weather"], "chat": ["a chat"]}, texts)
    assert choice.phrases == {"map": ("a map",), "chat": ("a chat",)}


def test_a_rare_label_keeps_its_phrases() -> None:
    few = screens(12)
    choice = choose(few, ["{}"], {"map": ["a map", "weather"], "chat": ["a chat"]}, texts)
    assert few.accepted[:, 0].sum() < 10
    assert choice.phrases["map"] == ("a map", "weather")


def test_all_screens_of_an_app_are_in_one_fold() -> None:
    some = screens()
    folds = some.folds()
    assert len(set(folds)) > 1
    assert all(len({fold for fold, g in zip(folds, some.groups, strict=True) if g == app}) == 1 for app in some.groups)


def test_the_loss_is_that_of_screens_not_fitted_on() -> None:
    some = screens()
    noise = np.random.default_rng(3).normal(size=(40, 2))
    told = some.vectors @ np.stack([UP, RIGHT]).T
    assert cross_loss(told, some.accepted, some.folds()) < 0.4
    assert cross_loss(noise, some.accepted, some.folds()) > 0.6
