"""Heads from labels: they find what is true of the screens, and take over only where they win on what is new."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from annotations.consensus import Consensus, agree, read_consensus, write_consensus
from annotations.events import append_events, events_table, read_events
from annotations.training import Trained, TrainingError, train
from annotations.training.held_out import contest, folds, pair_margins
from annotations.training.linear import calibration_error, temperature
from curation.dataset import open_dataset
from curation.heads import trained
from curation.heads.load import read_head, weights_hash
from tests.annotations import crowd


@pytest.fixture(scope="module")
def truth() -> crowd.Truth:
    return crowd.Truth()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, truth: crowd.Truth) -> Path:
    place = tmp_path_factory.mktemp("labelled")
    crowd.labelled_home(place, truth)
    return place


@pytest.fixture(scope="module")
def consensus(home: Path) -> Consensus:
    return write_consensus(home)[0]


@pytest.fixture(scope="module")
def first(home: Path, consensus: Consensus) -> Trained:
    return train("aesthetic", consensus, open_dataset("labelled", home), home)


def test_a_head_learns_the_crowds_taste(first: Trained, home: Path, truth: crowd.Truth) -> None:
    assert first.in_force
    assert first.contest.name == "guessing"
    assert first.contest.low > 0.1
    vectors = truth.vectors / np.linalg.norm(truth.vectors, axis=1, keepdims=True)
    scores = read_head(first.path / trained.FILE)(vectors)[:, 0]
    assert np.corrcoef(scores, truth.good)[0, 1] > 0.8
    assert first.metrics["unit"] == "stars doubled"
    assert 5 < scores.mean() < 7  # six is three stars
    assert first.metrics["calibration_error"] <= first.metrics["calibration_error_before"] + 1e-6


def test_the_manifest_names_labels_version_and_metrics(first: Trained, home: Path, consensus: Consensus) -> None:
    found = json.loads((first.path / trained.MANIFEST).read_text())
    dataset = open_dataset("labelled", home)
    assert found["dataset"] == {"name": "labelled@1", "fingerprint": dataset.fingerprint}
    assert found["events"]["sha256"] == consensus.digest
    ids = pq.read_table(first.path / found["events"]["file"])["event_id"].to_pylist()
    assert set(ids) == set(consensus.events["event_id"].to_pylist())
    assert found["head"]["sha256"] == weights_hash(first.path / trained.FILE)
    assert found["contest"]["new"] == first.contest.new
    assert found["metrics"] == first.metrics
    assert str(home) not in json.dumps(found)


def test_the_same_labels_give_the_same_head_once(first: Trained, home: Path, consensus: Consensus) -> None:
    again = train("aesthetic", consensus, open_dataset("labelled", home), home)
    assert (again.unchanged, again.number, again.contest) == (True, first.number, first.contest)
    assert trained.numbers("aesthetic", home) == [1]


def test_a_run_that_was_killed_before_the_end_is_done_anew(
    first: Trained, home: Path, consensus: Consensus, tmp_path: Path
) -> None:
    mine = tmp_path / "home"
    shutil.copytree(home, mine)
    shutil.rmtree(mine / "heads")
    (mine / "heads" / "aesthetic" / ".1.part").mkdir(parents=True)
    (mine / "heads" / "aesthetic" / ".1.part" / trained.FILE).write_bytes(b"torn")
    made = train("aesthetic", consensus, open_dataset("labelled", mine), mine)
    assert weights_hash(made.path / trained.FILE) == weights_hash(first.path / trained.FILE)
    (mine / "heads" / "aesthetic" / "current").unlink()  # killed between the head and its being put into force
    assert train("aesthetic", consensus, open_dataset("labelled", mine), mine).in_force
    assert trained.current("aesthetic", mine, {""}) == made.path / trained.FILE


def test_a_head_of_noise_does_not_take_over(first: Trained, home: Path, truth: crowd.Truth, tmp_path: Path) -> None:
    mine = tmp_path / "home"
    shutil.copytree(home, mine)
    draw = np.random.default_rng(1)
    rows = crowd.pairwise(truth, 300, 9, first=50_000)
    for row in rows:  # a second crowd that tosses coins about the same screens
        row["value"] = float(draw.random() < 0.5)
        row["annotator"] = f"noise{draw.integers(4)}"
    append_events(mine, events_table(rows))
    noisy = agree(events_table(rows))
    made = train("aesthetic", noisy, open_dataset("labelled", mine), mine)
    assert not made.in_force
    assert made.contest.name == "head 1"
    assert trained.current("aesthetic", mine, {""}) == mine / "heads" / "aesthetic" / "1" / trained.FILE
    assert (made.path / trained.MANIFEST).is_file()  # kept, to be looked at


def test_more_labels_are_judged_by_pairs_that_the_old_head_has_not_seen(
    first: Trained, home: Path, truth: crowd.Truth, tmp_path: Path
) -> None:
    mine = tmp_path / "home"
    shutil.copytree(home, mine)
    append_events(mine, events_table(crowd.pairwise(truth, 400, 11, first=60_000)))
    made = train("aesthetic", write_consensus(mine)[0], open_dataset("labelled", mine), mine)
    assert made.number == 2
    assert made.contest.name == "head 1"
    assert 20 <= made.contest.cases < 400


def test_an_old_score_of_the_dataset_is_what_has_to_be_beaten(truth: crowd.Truth, tmp_path: Path) -> None:
    crowd.labelled_home(tmp_path, truth, aesthetic=5 + truth.good)  # a score that knows the truth
    found = agree(read_events(tmp_path))
    made = train("aesthetic", found, open_dataset("labelled", tmp_path), tmp_path)
    assert made.contest.name == "the dataset's own score"
    assert not made.in_force


def test_nsfw_and_tags_learn_too(home: Path, consensus: Consensus, truth: crowd.Truth) -> None:
    dataset = open_dataset("labelled", home)
    vectors = truth.vectors / np.linalg.norm(truth.vectors, axis=1, keepdims=True)
    nude = train("nsfw", consensus, dataset, home)
    assert nude.in_force
    chance = read_head(nude.path / trained.FILE)(vectors)[:, 0]
    assert chance[truth.nude].mean() > chance[~truth.nude].mean() + 0.3
    assert chance.min() >= 0
    assert chance.max() <= 1
    kinds = train("tags", consensus, dataset, home)
    assert (kinds.kind, kinds.in_force) == ("tags-page_type", True)
    assert kinds.contest.new > 0.7
    shares = read_head(kinds.path / trained.FILE)(vectors)
    assert shares.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_too_few_labels_are_refused_with_a_word_on_what_is_needed(truth: crowd.Truth, tmp_path: Path) -> None:
    crowd.dataset(tmp_path, truth)
    dataset = open_dataset("labelled", tmp_path)
    few = agree(events_table(crowd.pairwise(truth, 8, 1)))
    with pytest.raises(TrainingError, match="label more"):
        train("aesthetic", few, dataset, tmp_path)
    with pytest.raises(TrainingError, match="no nsfw label"):
        train("nsfw", few, dataset, tmp_path)
    with pytest.raises(TrainingError, match="no page_type label"):
        train("tags", few, dataset, tmp_path)
    with pytest.raises(TrainingError, match="train one of"):
        train("warmth", few, dataset, tmp_path)


def test_labels_of_other_screens_are_refused(truth: crowd.Truth, home: Path) -> None:
    rows = crowd.pairwise(truth, 100, 1)
    for row in rows:
        row["item_sha256"], row["pair_sha256"] = sorted(
            f"{'0' * 32}{row[name][:32]}" for name in ("item_sha256", "pair_sha256")
        )
    with pytest.raises(TrainingError, match="name another version"):
        train("aesthetic", agree(events_table(rows)), open_dataset("labelled", home), home)


def test_a_site_is_in_one_fold_and_folds_are_even() -> None:
    sites = np.array([f"s{i % 11}" for i in range(110)], dtype=object)
    fold = folds(sites, 1)
    assert all(len(set(fold[sites == site])) == 1 for site in set(sites))
    assert np.ptp(np.bincount(fold)) <= 10


def test_a_pair_is_scored_by_who_has_seen_neither_side() -> None:
    fold = np.array([0, 0, 1, 1, 2, 2])
    asked: list[np.ndarray] = []

    def fit(mask: np.ndarray) -> Any:
        asked.append(mask.copy())
        return lambda vectors: np.full(len(vectors), float(mask.sum()))

    first, second = np.array([0, 0, 2]), np.array([1, 2, 4])
    pair_margins(fit, np.zeros((6, 1)), fold, first, second)
    for a, b in zip(first, second, strict=True):
        learned = [mask for mask in asked if not mask[fold == fold[a]].any() and not mask[fold == fold[b]].any()]
        assert learned
    assert len(asked) == 3


def test_a_win_needs_more_than_luck() -> None:
    draw = np.random.default_rng(1)
    site = np.array([f"s{i % 20}" for i in range(400)], dtype=object)
    coin, better = draw.integers(0, 2, 400).astype(float), (draw.random(400) < 0.8).astype(float)
    weight = np.ones(400)
    assert contest("x", better, coin, weight, [site], 1).won
    assert not contest("x", coin, coin, weight, [site], 1).won
    assert not contest("x", coin, better, weight, [site], 1).won


def test_calibration_undoes_what_is_too_sure() -> None:
    draw = np.random.default_rng(2)
    logits = draw.normal(size=4000)
    said = (draw.random(4000) < 1 / (1 + np.exp(-logits))).astype(float)
    factor = temperature(3 * logits, said)
    assert factor == pytest.approx(1 / 3, rel=0.15)
    sure, calm = (1 / (1 + np.exp(-f * logits)) for f in (3.0, 3 * factor))
    assert calibration_error(calm, said) < 0.03 < calibration_error(sure, said)


def test_the_consensus_is_kept_and_read_back(home: Path, consensus: Consensus) -> None:
    assert read_consensus(home).equals(consensus.table)
