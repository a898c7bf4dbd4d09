"""The quality head: pairs of damaged captures, a ranker that generalises, grades that stay within 1 to 10."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from crawlers.captures import Capture, Damage, Image, Rights, View
from curation.heads.head import Dense, Head
from curation.heads.load import read_head, write_head
from models.quality.judged import accuracies, cross_judged, examples_of, strength_correlation
from models.quality.meaning import BROKEN, WHOLE, Meaning, calibration_error, graded, meaning_of
from models.quality.pairs import PairsError, pairs_of
from models.quality.ranker import RankerConfig, fit

CONFIG = RankerConfig(members=2, hidden=16, steps=150, dropout=0.1)
DIMENSIONS = 6


def capture(site: str, name: str, damage: Damage | None = None) -> Capture:
    url, image = f"http://{site}/", Image(sha256="0" * 64, format="png", width=9, height=9, bytes=9)
    return Capture(
        capture_id=name, run_id="r", source="web", spider="web", url=url, canonical_url=url, site=site,
        fetched_at=datetime(2026, 1, 1, tzinfo=UTC), image=image, rights=Rights(allowed=True), damage=damage,
        view=View(kind="fold", width=9, height=9, dpr=1),
    )  # fmt: skip


def ladder(site: str) -> list[Capture]:
    damaged = [
        capture(site, f"{site}-{kind}{n}", Damage(kind=kind, strength=n, seed=1, original=site))
        for kind in ("contrast", "fonts")
        for n in (1, 2, 3)
    ]
    return [capture(site, site), *damaged]


@pytest.fixture(scope="module")
def pairs() -> pa.Table:
    return pairs_of(one for n in range(24) for one in ladder(f"site{n}.test"))


@pytest.fixture(scope="module")
def vectors(pairs: pa.Table) -> dict[str, np.ndarray]:
    """Each site its own vector; damage moves all along one axis, by its strength."""
    found = {}
    for name in sorted(set(pairs["better"].to_pylist()) | set(pairs["worse"].to_pylist())):
        site = int(name.removeprefix("site").split(".")[0])
        vector = np.random.default_rng(site).normal(size=DIMENSIONS + 4)
        vector[-1] = -1.5 * int(name[-1]) if name[-1].isdigit() else 0
        found[name] = vector.astype(np.float32)
    return found


def test_a_page_is_better_than_each_damage_and_a_slight_one_than_a_strong_one(pairs: pa.Table) -> None:
    rows = [row for row in pairs.to_pylist() if row["site"] == "site0.test" and row["kind"] == "fonts"]
    steps = {(row["better_strength"], row["worse_strength"]) for row in rows}
    assert steps == {(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)}


def test_nothing_damaged_is_an_error_that_says_how() -> None:
    with pytest.raises(PairsError, match="--jitter all"):
        pairs_of([capture("a.test", "a")])


def test_it_knows_damage_on_sites_that_it_has_not_seen(pairs: pa.Table, vectors: dict[str, np.ndarray]) -> None:
    examples = examples_of(pairs, vectors, DIMENSIONS)
    judged = cross_judged(pairs, examples, CONFIG)
    assert accuracies(pairs, judged.margins)["", 0][0] > 0.9
    assert strength_correlation(pairs, examples, judged.scores) > 0.8


def test_the_same_examples_give_the_same_head(pairs: pa.Table, vectors: dict[str, np.ndarray]) -> None:
    examples = examples_of(pairs, vectors, DIMENSIONS)
    first, second = (fit(examples, CONFIG) for _ in range(2))
    assert (first(examples.vectors) == second(examples.vectors)).all()


def test_grades_mean_what_is_written_and_outlive_the_file(
    pairs: pa.Table, vectors: dict[str, np.ndarray], tmp_path: Path
) -> None:
    examples = examples_of(pairs, vectors, DIMENSIONS)
    ranker = fit(examples, CONFIG)
    scores = ranker(examples.vectors)[:, 0].astype(float)
    margins = scores[examples.better] - scores[examples.worse]
    whole = scores[np.unique(examples.better[pairs["better_strength"].to_numpy() == 0])]
    broken = scores[examples.worse[pairs["worse_strength"].to_numpy() == 3]]
    head = graded(ranker, meaning_of(whole, broken, margins))
    write_head(head, tmp_path / "head.safetensors")
    grades = read_head(tmp_path / "head.safetensors")(examples.vectors)[:, 0]
    assert grades == pytest.approx(head(examples.vectors)[:, 0], abs=1e-3)
    assert grades.min() >= 1
    assert grades.max() <= 10
    names = sorted(vectors)
    assert np.median([grades[at] for at, name in enumerate(names) if name.endswith(".test")]) == pytest.approx(
        WHOLE, abs=0.1
    )
    assert np.median([grades[at] for at, name in enumerate(names) if name.endswith("3") and "-" in name]) == (
        pytest.approx(BROKEN, abs=0.3)
    )
    extreme = head(examples.vectors * 1000)[:, 0]
    assert (extreme >= 1).all()
    assert (extreme <= 10 + 1e-3).all()


def test_grades_keep_the_order_of_screens_at_the_ends_of_the_scale() -> None:
    ranker = Head((Dense(np.eye(1), np.zeros(1), "relu"), Dense(np.eye(1), np.zeros(1))), "raw")
    scores = np.array([0, 2, 4, 6, 11.5, 12, 15, 16, 20, 30, 50.0])
    grades = graded(ranker, Meaning(1.0, -3.0, 1.0))(scores[:, None])[:, 0]
    even = (scores >= 5) & (scores <= 12)
    assert grades[even] == pytest.approx(scores[even] - 3)
    assert (np.diff(grades[scores < 37]) > 0.03).all()
    assert (grades.min(), grades.max()) == pytest.approx((1.8, 10.0))


def test_calibration_error_is_none_for_coins_called_coins() -> None:
    assert calibration_error(np.zeros(50), 1.0) == pytest.approx(0)
    assert calibration_error(np.full(50, 3.0), 1.0) == pytest.approx(1 / (1 + np.exp(3)), abs=1e-6)
