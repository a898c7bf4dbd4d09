"""What is worth asking: uncertainty × diversity × disagreement, one question after the other.

Each step takes the candidate of the highest gain

    gain = u · d · (1 + g)

u, uncertainty, 0 … 1: what the model does not know. Of a grade, 4p(1-p) with p = (grade - 1) / 4, so that it is 1 at
    the middle of the scale and 0 at its ends; of nsfw the same with p itself; of the page type 1 - the best label's
    share; of one screen the highest of those. Of two screens 4p(1-p) with p = 1 / (1 + exp(-(difference of grades) /
    0.5)); of several the mean over their pairs. Where the model says nothing, 1. A floor of 0.02 keeps an order.
d, diversity, 0 … 1. Of one screen: half the cosine distance, (1 - cos) / 2, to the nearest one that was asked about or
    is chosen already; without embeddings 1 / (1 + how many of its site are chosen). Of several screens: the mean over
    them of 1 / (1 + how often the screen is chosen), which spreads comparisons and ties all screens together.
g, disagreement, 0 … 1: standard deviation of the answers that the item, or else its 5 nearest labelled ones, already
    have, divided by the largest that the scale allows.

`by` leaves factors out: `diversity` has u = 1 and g = 0, `disagreement` u = 1; `random` is a draw.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pyarrow as pa

from annotations.errors import GessoError
from annotations.items import HIGHEST, LOWEST, Items

By = Literal["uncertainty", "diversity", "disagreement", "random"]
BYS: tuple[By, ...] = get_args(By)
FLOOR = 0.02
TEMPERATURE = 0.5
NEAREST = 5
CANDIDATES_A_QUESTION, MOST_CANDIDATES = 20, 50_000


class SelectionError(GessoError):
    """A way to choose that is unknown, or too few screens to choose from."""


@dataclass(frozen=True)
class Chosen:
    """Pictures of one question in the order shown, and the gain that it was chosen for."""

    items: tuple[int, ...]
    gain: float


def choose(
    items: Items,
    shown: int,
    count: int,
    *,
    by: str = "uncertainty",
    seed: int = 7,
    asked: frozenset[tuple[str, ...]] = frozenset(),
    spread: Mapping[str, float] | None = None,
    ask_all: np.ndarray | None = None,
) -> list[Chosen]:
    """Up to `count` questions of `shown` pictures, best first; `asked` are sorted sha256s of what was asked before.

    `spread` is how much answers about a picture differ, 0 … 1; `ask_all` replaces the uncertainty of single screens.
    Pure: the same arguments give the same questions. Raises SelectionError.
    """
    if by not in BYS:
        raise SelectionError(f"unknown way to choose {by!r}: give one of {', '.join(BYS)}")
    if len(items) < shown:
        raise SelectionError(f"{items.dataset.name} has {len(items)} screens, too few for {shown} at once: curate more")
    if shown == 1:
        return _singles(items, count, by, seed, asked, spread or {}, ask_all)
    return _groups(items, shown, count, by, seed, asked, spread or {})


def uncertainty(items: Items) -> np.ndarray:
    """u of each screen on its own."""
    parts = []
    if items.grades is not None:
        parts.append(_binary((items.grades - LOWEST) / (HIGHEST - LOWEST)))
    if items.nsfw is not None:
        parts.append(_binary(np.clip(items.nsfw, 0, 1)))
    if items.shares is not None:
        parts.append(1 - np.clip(items.shares, 0, 1))
    if not parts:
        return np.ones(len(items))
    known = np.where(np.isnan(np.stack(parts)), 1.0, np.stack(parts))
    return np.maximum(known.max(axis=0), FLOOR)


def preference(items: Items, left: int | np.ndarray, right: int | np.ndarray) -> np.ndarray:
    """The model's probability that the left one is the better. NaN where it holds nothing of one."""
    if items.grades is None:
        return np.full(np.shape(left), np.nan)
    return np.asarray(1 / (1 + np.exp(-(items.grades[left] - items.grades[right]) / TEMPERATURE)))


def answer_spread(current: pa.Table) -> dict[str, float]:
    """How much people differ about each picture, 0 … 1, of the current label events (see events.current)."""
    answers: dict[tuple[str, str], list[float]] = defaultdict(list)
    wide = {"critique": (HIGHEST - LOWEST) / 2, "pairwise": 0.5, "like": 0.5}
    columns = (current[name].to_pylist() for name in ("task", "item_sha256", "pair_sha256", "aspect", "value"))
    scale: dict[tuple[str, str], float] = {}
    for task, item, pair, aspect, value in zip(*columns, strict=True):
        if task in wide and value is not None:
            for sha in (item, pair) if task == "pairwise" else (item,):
                key = (sha, f"{task}/{aspect}/{'|'.join(sorted((item, pair))) if pair else ''}")
                answers[key].append(value)
                scale[key] = wide[task]
    found: dict[str, list[float]] = defaultdict(list)
    for (sha, _), values in sorted(answers.items()):
        if len(values) > 1:
            found[sha].append(min(float(np.std(values)) / scale[(sha, _)], 1.0))
    return {sha: float(np.mean(values)) for sha, values in found.items()}


def _binary(p: np.ndarray) -> np.ndarray:
    return np.asarray(4 * p * (1 - p))


def _disagreement(items: Items, spread: Mapping[str, float]) -> np.ndarray:
    """g of each screen: its own, else the mean of its nearest labelled ones'."""
    values = np.zeros(len(items))
    labelled = [(items.place[sha], value) for sha, value in sorted(spread.items()) if sha in items.place]
    if not labelled:
        return values
    places, own = np.array([place for place, _ in labelled]), np.array([value for _, value in labelled])
    if items.vectors is not None:
        near = items.vectors @ items.vectors[places].T
        order = np.argsort(-near, axis=1, kind="stable")[:, :NEAREST]
        values = own[order].mean(axis=1)
    values[places] = own
    return values


def _factors(items: Items, by: str, spread: Mapping[str, float], u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(u, 1 + g) as far as `by` asks for them."""
    ones = np.ones(len(u))
    return (u if by == "uncertainty" else ones), (1 + _disagreement(items, spread) if by != "diversity" else ones)


def _singles(
    items: Items,
    count: int,
    by: str,
    seed: int,
    asked: frozenset[tuple[str, ...]],
    spread: Mapping[str, float],
    ask_all: np.ndarray | None,
) -> list[Chosen]:
    before = [items.place[one[0]] for one in asked if len(one) == 1 and one[0] in items.place]
    open_ = np.ones(len(items), bool)
    open_[before] = False
    count = min(count, int(open_.sum()))
    if by == "random":
        drawn = random.Random(f"{seed}:single").sample([int(one) for one in np.flatnonzero(open_)], count)
        return [Chosen((one,), 0.0) for one in drawn]
    u, more = _factors(items, by, spread, ask_all if ask_all is not None else uncertainty(items))
    worth = u * more
    near = np.zeros(len(items), np.float32)  # cosine of the nearest one, shifted to 0 … 1
    used: dict[str, int] = defaultdict(int)
    sites = [row.get("site") or "" for row in items.rows]
    if items.vectors is not None:
        for place in before:
            near = np.maximum(near, (1 + items.vectors @ items.vectors[place]) / 2)
    else:
        for place in before:
            used[sites[place]] += 1
    site_of = {site: np.array([i for i, one in enumerate(sites) if one == site]) for site in set(sites)}
    distance = 1 - near if items.vectors is not None else np.array([1 / (1 + used[site]) for site in sites])
    chosen: list[Chosen] = []
    for _ in range(count):
        gain = np.where(open_, worth * np.maximum(distance, 1e-6), -1.0)
        best = int(np.argmax(gain))
        chosen.append(Chosen((best,), float(gain[best])))
        open_[best] = False
        if items.vectors is not None:
            distance = np.minimum(distance, (1 - items.vectors @ items.vectors[best]) / 2)
        else:
            used[sites[best]] += 1
            distance[site_of[sites[best]]] = 1 / (1 + used[sites[best]])
    return chosen


def _groups(
    items: Items,
    shown: int,
    count: int,
    by: str,
    seed: int,
    asked: frozenset[tuple[str, ...]],
    spread: Mapping[str, float],
) -> list[Chosen]:
    draw = random.Random(f"{seed}:{shown}")
    candidates = _candidates(items, shown, count, asked, draw)
    if by == "random":
        return [Chosen(one, 0.0) for one in candidates[:count]]
    groups = np.array(candidates, int).reshape(-1, shown)
    doubts = [
        np.nan_to_num(_binary(preference(items, groups[:, a], groups[:, b])), nan=1.0)
        for a in range(shown)
        for b in range(a + 1, shown)
    ]
    u = np.maximum(np.mean(doubts, axis=0), FLOOR)
    _, more = _factors(items, by, spread, np.ones(len(items)))
    worth = (u if by == "uncertainty" else 1.0) * more[groups].mean(axis=1)
    uses = np.zeros(len(items))
    for one in asked:
        uses[[items.place[sha] for sha in one if sha in items.place]] += 1
    member: dict[int, list[int]] = defaultdict(list)
    for row, group in enumerate(candidates):
        for item in group:
            member[item].append(row)
    diversity = (1 / (1 + uses))[groups].mean(axis=1)
    open_ = np.ones(len(groups), bool)
    chosen: list[Chosen] = []
    for _step in range(min(count, len(groups))):
        gain = np.where(open_, worth * diversity, -1.0)
        best = int(np.argmax(gain))
        chosen.append(Chosen(candidates[best], float(gain[best])))
        open_[best] = False
        uses[groups[best]] += 1
        touched = np.array(sorted({row for item in candidates[best] for row in member[item]}), int)
        diversity[touched] = (1 / (1 + uses))[groups[touched]].mean(axis=1)
    return chosen


def _candidates(
    items: Items, shown: int, count: int, asked: frozenset[tuple[str, ...]], draw: random.Random
) -> list[tuple[int, ...]]:
    """Groups of one form factor, each once in whatever order, sides by lot; of several sites where there are some."""
    kinds: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(items.rows):
        kinds[str(row.get("form_factor") or "")].append(number)
    pools = [pool for _, pool in sorted(kinds.items()) if len(pool) >= shown] or [list(range(len(items)))]
    sites = [row.get("site") or "" for row in items.rows]
    wanted = min(max(count * CANDIDATES_A_QUESTION, 200), MOST_CANDIDATES)
    wanted = max(wanted, count)
    found: dict[tuple[int, ...], tuple[int, ...]] = {}
    weights = [len(pool) for pool in pools]
    for attempt in range(wanted * 10):
        pool = draw.choices(pools, weights)[0]
        group = tuple(draw.sample(pool, shown))
        strict = attempt < wanted * 5  # then also of one site: a small dataset has no others
        if strict and len({sites[one] for one in group}) < min(shown, 2):
            continue
        if tuple(sorted(items.sha256(one) for one in group)) not in asked:
            found.setdefault(tuple(sorted(group)), group)
        if len(found) == wanted:
            break
    return list(found.values())


def order(gains: Sequence[float]) -> list[float]:
    """Scores for Label Studio, which serves the lowest first: 0 … 1 in the order of falling gain."""
    ranks = np.argsort(np.argsort([-gain for gain in gains], kind="stable"), kind="stable")
    return [float(rank) / max(len(gains), 1) for rank in ranks]
