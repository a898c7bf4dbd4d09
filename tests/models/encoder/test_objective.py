"""The losses say what they claim of vectors made by hand, and recall counts what it claims to."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.encoder.losses import clip_loss, group_loss, siglip_loss, teacher_loss
from models.encoder.objective import of_teacher
from models.encoder.retrieval import best_of_groups, picture_to_text, same_group, same_group_chance, text_to_group

GROUPS = torch.tensor([0, 0, 1, 1])
RIGHT = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])


def test_pictures_and_texts_of_one_group_lose_least_together() -> None:
    scale = torch.tensor(20.0)
    right = clip_loss(RIGHT, RIGHT, GROUPS, GROUPS, scale)
    wrong = clip_loss(RIGHT, RIGHT.flip(0), GROUPS, GROUPS, scale)
    assert right == pytest.approx(np.log(2), abs=1e-4)  # two texts share a group: the best is an even split
    assert wrong > 10


def test_clip_of_pairs_alone_is_the_usual_cross_entropy() -> None:
    torch.manual_seed(0)
    one, two = (torch.nn.functional.normalize(torch.randn(5, 8), dim=1) for _ in range(2))
    own = torch.arange(5)
    logits = 7 * one @ two.T
    usual = torch.nn.functional.cross_entropy
    expected = (usual(logits, own) + usual(logits.T, own)) / 2
    assert clip_loss(one, two, own, own, torch.tensor(7.0)) == pytest.approx(float(expected), rel=1e-5)


def test_siglip_asks_of_each_pair_by_itself() -> None:
    scale, bias = torch.tensor(20.0), torch.tensor(-10.0)
    assert siglip_loss(RIGHT, RIGHT, GROUPS, GROUPS, scale, bias) < 0.01
    assert siglip_loss(RIGHT, RIGHT.flip(0), GROUPS, GROUPS, scale, bias) > 10


def test_a_picture_is_no_positive_of_itself_and_counts_more_than_its_sister() -> None:
    alone = group_loss(RIGHT[:2], torch.tensor([0, 1]), torch.tensor([0, 1]), 0.1, 2.0)
    assert alone == 0
    pictures = torch.nn.functional.normalize(torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]]), dim=1)
    near = group_loss(pictures, torch.tensor([0, 0, 0]), torch.tensor([5, 5, 6]), 0.1, 4.0)
    far = group_loss(pictures, torch.tensor([0, 0, 0]), torch.tensor([5, 6, 5]), 0.1, 4.0)
    assert near < far


def test_following_the_teacher_exactly_loses_nothing() -> None:
    assert teacher_loss(RIGHT, RIGHT) == 0
    assert teacher_loss(RIGHT, RIGHT.flip(0)) > 0.9


def test_the_teacher_is_followed_in_the_first_dimensions_only() -> None:
    free = torch.cat([RIGHT, torch.tensor([[5.0], [-3.0], [2.0], [0.0]])], 1)
    assert torch.allclose(of_teacher(torch.nn.functional.normalize(free, dim=1), RIGHT), RIGHT)
    assert teacher_loss(of_teacher(free, RIGHT), RIGHT) == 0


def test_recall_by_hand() -> None:
    pictures = np.asarray([[1, 0], [0.9, 0.1], [0, 1], [0.95, 0.05]], np.float32)
    assert same_group(pictures, ["a", "a", "b", "b"], (1, 3)) == {1: 0.25, 3: 1.0}
    scores = np.asarray([[0.2, 0.9, 0.5], [0.8, 0.1, 0.3]], np.float32)
    assert text_to_group(scores, ["a", "b", "b"], ["b", "a"], (1,)) == {1: 1.0}
    assert text_to_group(scores, ["a", "b", "b"], ["a", "b"], (1, 2)) == {1: 0.0, 2: 1.0}
    assert picture_to_text(scores, ["a", "b", "b"], ["b", "a"], (1,))[1] == pytest.approx(1.0)
    names, best = best_of_groups(scores, ["b", "a", "b"])
    assert names.tolist() == ["a", "b"]
    assert np.allclose(best, [[0.9, 0.5], [0.1, 0.8]])


def test_a_group_of_one_picture_is_not_asked_for_its_sister() -> None:
    pictures = np.eye(3, dtype=np.float32)
    assert same_group(pictures, ["a", "a", "b"], (2,)) == {2: 1.0}


@pytest.mark.parametrize("k", [1, 3])
def test_chance_is_what_random_vectors_reach(k: int) -> None:
    random = np.random.default_rng(3)
    groups = [f"g{number % 6}" for number in range(30)]
    found = [same_group(random.normal(size=(30, 64)).astype(np.float32), groups, (k,))[k] for _ in range(200)]
    assert np.mean(found) == pytest.approx(same_group_chance(groups, k), abs=0.02)
