"""What a head is learned from: the labelled screens' embeddings, sites and old scores, and what the labels say."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from annotations.consensus import Consensus
from annotations.errors import GessoError
from annotations.judgements import SEVERITY
from annotations.training.linear import Pairs
from curation.dataset import Dataset

Task: TypeAlias = Literal["aesthetic", "nsfw", "tags"]
TASKS: tuple[Task, ...] = get_args(Task)
LEAST_ITEMS, LEAST_SITES, LEAST_PAIRS = 12, 3, 20
PER_ITEM = 8  # pairs of two rated screens, an item
STARS = "critique"
Z = 1.959964


class TrainingError(GessoError):
    """A head that cannot be trained: too few labels, no embeddings, or an unknown task."""


@dataclass(frozen=True)
class Screens:
    """n labelled screens of a dataset version: their vectors (n × d, of length 1), sites, and what stood in it before.

    `old` is a number or a label of each, NaN or None where there is none.
    """

    sha256: tuple[str, ...]
    site: np.ndarray
    vectors: np.ndarray
    old: np.ndarray
    had_old: bool

    @property
    def row(self) -> dict[str, int]:
        return {sha256: i for i, sha256 in enumerate(self.sha256)}


@dataclass(frozen=True)
class PairExamples:
    """Pairs of rows of `screens`; `events` are the ids of the label events that each pair rests on."""

    screens: Screens
    pairs: Pairs
    events: list[frozenset[str]]
    rated: np.ndarray  # stars of each screen by consensus, NaN where it has none
    shares: np.ndarray  # nsfw: how severe each screen is, 0 to 1; NaN elsewhere


def screens_of(dataset: Dataset, wanted: set[str], column: str) -> Screens:
    """The kept captures of those pictures, one each. Raises TrainingError where the version has no embeddings."""
    if "embedding" not in dataset.columns:
        raise TrainingError(f"{dataset.name} has no embeddings: put `embedding` into its recipe and curate again")
    had = column in dataset.columns
    names = ["image_sha256", "site", "embedding", *([column] if had else [])]
    quoted = ", ".join(f"'{sha256}'" for sha256 in sorted(wanted) if sha256.isalnum())
    where = f"image_sha256 IN ({quoted}) AND embedding IS NOT NULL" if quoted else "false"
    table = dataset.rows(names, where, "image_sha256, capture_id").to_arrow_table()
    found: dict[str, int] = {}
    for number, sha256 in enumerate(table["image_sha256"].to_pylist()):
        found.setdefault(sha256, number)
    if not found:
        raise TrainingError(
            f"none of the {len(wanted)} labelled screens is kept in {dataset.name}: name another version"
        )
    picked = table.take(list(found.values()))
    vectors = np.asarray(picked["embedding"].to_pylist(), np.float64)
    old = np.asarray(picked[column].to_pylist() if had else [None] * len(found), dtype=object)
    sites = np.asarray([site or "" for site in picked["site"].to_pylist()], dtype=object)
    return Screens(tuple(found), sites, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), old, had)


def aesthetic(consensus: Consensus, dataset: Dataset, seed: int) -> PairExamples:
    """Pairs that were compared, each once with the chance that its own votes give, and pairs of rated screens.

    Two rated screens are compared by the means and deviations of their consensus; each screen is in about PER_ITEM
    of these, and they count together as much as there are ratings.
    """
    rows = consensus.table.to_pylist()
    compared = [r for r in rows if r["method"] == "pair_votes"]
    rated = [r for r in rows if r["aspect"] == "overall" and r["method"] in ("bias_corrected_mean", "share")]
    wanted = {r[key] for r in compared for key in ("item_sha256", "pair_sha256")} | {r["item_sha256"] for r in rated}
    if not wanted:
        raise TrainingError("no preference, overall rating or like yet: push pairwise or critique tasks, and pull")
    screens = screens_of(dataset, wanted, "aesthetic")
    row, sources = screens.row, _sources(consensus)
    pairs: list[tuple[int, int, float, float]] = []
    events: list[frozenset[str]] = []
    for r in compared:
        a, b = row.get(r["item_sha256"]), row.get(r["pair_sha256"])
        if a is not None and b is not None:
            pairs.append((a, b, r["value"], 1.0))
            events.append(frozenset(sources[r["item_sha256"], r["pair_sha256"]]))
    stars = np.full(len(row), np.nan)
    for method in ("bias_corrected_mean", "share"):
        some = [r for r in rated if r["method"] == method and r["item_sha256"] in row]
        if method == "bias_corrected_mean":
            for r in some:
                stars[row[r["item_sha256"]]] = r["value"]
        for one, other, chance, weight in _of_scores(some, seed):
            pairs.append((row[one], row[other], chance, weight))
            events.append(frozenset(sources[one, ""] | sources[other, ""]))
    return _examples(screens, pairs, events, stars, np.full(len(row), np.nan))


def nsfw(consensus: Consensus, dataset: Dataset, seed: int) -> PairExamples:
    """Screens with their severity (safe 0, suggestive a half, explicit 1), and pairs of two that differ in it."""
    severity: dict[str, float] = defaultdict(float)
    for r in consensus.table.to_pylist():
        if r["aspect"] == "nsfw":
            severity[r["item_sha256"]] += r["value"] * SEVERITY.get(r["label"], 0.0)
    if not severity:
        raise TrainingError("no nsfw label yet: push critique tasks, and pull")
    screens = screens_of(dataset, set(severity), "nsfw")
    shares = np.asarray([severity[sha256] for sha256 in screens.sha256])
    if (shares >= 0.4).sum() < 5 or (shares < 0.1).sum() < 5:
        raise TrainingError("fewer than 5 screens are safe, or fewer than 5 are not: label more of the rarer kind")
    draw, sources = np.random.default_rng(seed), _sources(consensus)
    pairs, events = [], []
    for a in np.flatnonzero(shares >= 0.4):
        below = np.flatnonzero(shares < shares[a] - 0.3)
        for b in draw.choice(below, min(len(below), 4 * PER_ITEM), replace=False):
            pairs.append((int(a), int(b), 1.0, 1.0))
            events.append(frozenset(sources[screens.sha256[a], ""] | sources[screens.sha256[b], ""]))
    return _examples(screens, pairs, events, np.full(len(shares), np.nan), shares)


def tags(
    consensus: Consensus, dataset: Dataset, group: str
) -> tuple[Screens, np.ndarray, list[str], list[frozenset[str]]]:
    """Screens, n × k chances of their labels, the labels, and each screen's events."""
    rows = [r for r in consensus.table.to_pylist() if r["aspect"] == group and r["method"] == "dawid_skene"]
    if not rows:
        raise TrainingError(f"no {group} label yet: push critique tasks, and pull")
    screens = screens_of(dataset, {r["item_sha256"] for r in rows}, f"tag_{group}")
    names = sorted({r["label"] for r in rows})
    chances = np.zeros((len(screens.sha256), len(names)))
    for r in rows:
        if r["item_sha256"] in screens.row:
            chances[screens.row[r["item_sha256"]], names.index(r["label"])] = r["value"]
    met = chances.argmax(axis=1)
    seen = [k for k in range(len(names)) if (met == k).any()]  # a label that nothing is would only take chance away
    if len(seen) < 2:
        raise TrainingError(f"all labelled screens are {names[met[0]]!r}: label more kinds")
    chances = chances[:, seen] / chances[:, seen].sum(axis=1, keepdims=True)
    _enough(screens, len(screens.sha256), "labelled screens")
    sources = _sources(consensus)
    return screens, chances, [names[k] for k in seen], [frozenset(sources[sha256, ""]) for sha256 in screens.sha256]


def _of_scores(rows: list[dict[str, Any]], seed: int) -> list[tuple[str, str, float, float]]:
    from scipy.special import ndtr

    number = len(rows)
    if number < 2:
        return []
    draw = np.random.default_rng(seed)
    wanted = min(number * PER_ITEM // 2, number * (number - 1) // 2)
    first = draw.integers(number, size=4 * wanted)
    second = (first + draw.integers(1, number, size=4 * wanted)) % number
    codes = np.unique(np.minimum(first, second) * number + np.maximum(first, second))
    codes = draw.permutation(codes)[:wanted]
    value = np.asarray([r["value"] for r in rows])
    deviation = np.asarray([max((r["high"] - r["low"]) / (2 * Z), 1e-6) for r in rows])
    a, b = codes // number, codes % number
    chance = ndtr((value[a] - value[b]) / np.hypot(deviation[a], deviation[b]))
    weight = min(1.0, sum(r["n"] for r in rows) / len(codes))
    return [
        (rows[i]["item_sha256"], rows[j]["item_sha256"], float(p), weight) for i, j, p in zip(a, b, chance, strict=True)
    ]


def _sources(consensus: Consensus) -> dict[tuple[str, str], set[str]]:
    """(item, pair or "") → ids of the events about it; of a ranking each pair of its items."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    names = ["event_id", "item_sha256", "pair_sha256", "task", "annotation_key"]
    rankings: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for r in consensus.events.select(names).to_pylist():
        found[r["item_sha256"], r["pair_sha256"] or ""].add(r["event_id"])
        if r["task"] == "best_of_n":
            rankings[r["annotation_key"]].append((r["item_sha256"], r["event_id"]))
    for ranked in rankings.values():
        for one, event in ranked:
            for other, twin in ranked:
                if one < other:
                    found[one, other] |= {event, twin}
    return found


def _examples(
    screens: Screens,
    pairs: list[tuple[int, int, float, float]],
    events: list[frozenset[str]],
    rated: np.ndarray,
    shares: np.ndarray,
) -> PairExamples:
    _enough(screens, len(pairs), "pairs of labelled screens")
    first, second, chance, weight = (np.asarray(column) for column in zip(*pairs, strict=True))
    made = Pairs(first.astype(int), second.astype(int), chance.astype(float), weight.astype(float))
    return PairExamples(screens, made, events, rated, shares)


def _enough(screens: Screens, number: int, what: str) -> None:
    sites = len(set(screens.site.tolist()))
    if len(screens.sha256) < LEAST_ITEMS or number < LEAST_PAIRS or sites < LEAST_SITES:
        raise TrainingError(
            f"{len(screens.sha256)} labelled screens of {sites} sites with {number} {what} are too few to train on and "
            f"to judge by (at least {LEAST_ITEMS}, {LEAST_SITES} and {LEAST_PAIRS}): label more"
        )
