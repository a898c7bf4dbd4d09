"""A small labelled home: screens of several sites with vectors that say how good they are, and a crowd's events.

The crowd: six good annotators, one who guesses and one who answers the wrong way round. No picture is drawn.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from annotations.events import append_events, events_table
from curation.recipe import parse_recipe
from curation.run import curate_table

SCREENS, SITES, WIDTH = 72, 12, 16
GOOD, GUESSING, CONTRARY = tuple(f"anna{i}" for i in range(6)), "gus", "cora"
PEOPLE = (*GOOD, GUESSING, CONTRARY)
START = datetime(2026, 3, 1, 9, tzinfo=UTC)
TYPES = ("landing", "pricing", "feed")


def sha(number: int) -> str:
    return hashlib.sha256(f"screen {number}".encode()).hexdigest()


class Truth:
    """What is true of the screens: vectors, how good each is (about −2 to 2), its page type, whether it is nude."""

    def __init__(self, seed: int = 5) -> None:
        draw = np.random.default_rng(seed)
        self.vectors = draw.normal(size=(SCREENS, WIDTH))
        self.site = np.arange(SCREENS) % SITES
        self.good = 0.9 * self.vectors[:, 0] + 0.25 * draw.normal(size=SCREENS)
        self.type = self.vectors[:, 1:4].argmax(axis=1)
        self.nude = self.vectors[:, 5] > 0.7


def dataset(home: Path, truth: Truth, *, aesthetic: np.ndarray | None = None) -> Path:
    """`labelled@1` from a table; `aesthetic` is an old head's score."""
    n = SCREENS
    columns: dict[str, Any] = {
        "capture_id": [sha(i)[:24] for i in range(n)],
        "source": ["test"] * n,
        "site": [f"s{s}.test" for s in truth.site],
        "image_sha256": [sha(i) for i in range(n)],
        "width": pa.array([390] * n, pa.int32()),
        "height": pa.array([844] * n, pa.int32()),
        "embedding": pa.FixedSizeListArray.from_arrays(
            pa.array((truth.vectors / np.linalg.norm(truth.vectors, axis=1, keepdims=True)).astype("f2").ravel()), WIDTH
        ),
    }
    if aesthetic is not None:
        columns["aesthetic"] = pa.array(aesthetic.astype(np.float32))
    home.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), home / "screens.parquet")
    recipe = {
        "name": "labelled", "features": [], "keep": [{"name": "wide", "sql": "width > 0"}],
        "clusters": {"count": 0}, "shards": {"images": False}, "relations": {},
    }  # fmt: skip
    return curate_table(parse_recipe(recipe), home, home / "screens.parquet").path


def pairwise(truth: Truth, number: int, seed: int, *, first: int = 0) -> list[dict[str, Any]]:
    """Rows of `number` comparisons; `first` numbers the annotations."""
    draw = np.random.default_rng(seed)
    rows = []
    for k in range(number):
        left, right = (int(i) for i in draw.choice(SCREENS, 2, replace=False))
        who = PEOPLE[k % len(PEOPLE)]
        chance = 1 / (1 + np.exp(-2.5 * (truth.good[left] - truth.good[right])))
        chance = {GUESSING: 0.5, CONTRARY: 1 - chance}.get(who, chance)
        left_wins = bool(draw.random() < chance)
        item, pair = sorted((sha(left), sha(right)))
        rows.append(
            _shared(first + k, who, "pairwise", 4.0 + 4 * draw.random())
            | {
                "item_sha256": item, "pair_sha256": pair, "aspect": "preference",
                "side": 0 if item == sha(left) else 1, "label": "left" if left_wins else "right",
                "value": float((item == sha(left)) == left_wins), "task_key": f"{item}{pair}",
            }
        )  # fmt: skip
    return rows


def critiques(truth: Truth, seed: int, *, each: int = 5) -> list[dict[str, Any]]:
    """Rows of `each` critiques a screen: grades of two aspects, page type, NSFW. Every fifth screen is blind.

    Where a prediction was shown, its holder `anna0` takes it as it is; it is one star too high.
    """
    draw = np.random.default_rng(seed)
    rows = []
    for i in range(SCREENS):
        blind, gold = i % 5 == 0, i % 12 == 1
        true = float(np.clip(np.rint(3 + truth.good[i]), 1, 5))
        predicted = min(5.0, true + 1)
        for who in draw.permutation(len(PEOPLE))[:each]:
            name = PEOPLE[who]
            key = 10_000 + 10 * i + int(who)
            stars = float(np.clip(np.rint(3 + truth.good[i] + 0.5 * draw.normal() + 0.2 * (who % 3 - 1)), 1, 5))
            kind, nude = TYPES[truth.type[i]], bool(truth.nude[i])
            if name == GUESSING:
                stars, kind, nude = float(draw.integers(1, 6)), TYPES[draw.integers(3)], bool(draw.random() < 0.5)
            if name == CONTRARY:
                stars, kind, nude = 6 - stars, TYPES[(truth.type[i] + 1) % 3], not nude
            if name == "anna0" and not blind:
                stars = predicted
            shared = _shared(key, name, "critique", 2.0 if name == GUESSING else 12 + 6 * draw.random()) | {
                "item_sha256": sha(i), "blind": blind, "gold": gold, "task_key": sha(i),
            }  # fmt: skip
            held = {"prediction_value": predicted, "prediction_version": None if blind else "head-0"}
            rows.append(shared | held | {"aspect": "overall", "value": stars, "expected_value": true if gold else None})
            rows.append(shared | {"aspect": "layout", "value": stars})
            rows.append(shared | {"aspect": "page_type", "label": kind})
            rows.append(shared | {"aspect": "nsfw", "label": "explicit" if nude else "safe"})
    return rows


def _shared(number: int, who: str, task: str, seconds: float) -> dict[str, Any]:
    moment = START + timedelta(seconds=20 * number)
    return {
        "annotation_key": f"test/{number}", "revision": "1", "source": "test", "dataset": "labelled@1", "task": task,
        "annotator": who, "lead_seconds": seconds, "created_at": moment, "updated_at": moment, "origin": "manual",
    }  # fmt: skip


def labelled_home(home: Path, truth: Truth, *, comparisons: int = 700, aesthetic: np.ndarray | None = None) -> Path:
    """A home with the dataset and the events. Returns the dataset's folder."""
    folder = dataset(home, truth, aesthetic=aesthetic)
    append_events(home, events_table([*pairwise(truth, comparisons, 1), *critiques(truth, 2)]))
    return folder
