"""Classes from labels of annotators who confuse them in their own ways: Dawid & Skene (1979), by EM.

Each annotator has a matrix of what they say where what is true. Its rows lean on the annotator's own share of right
labels over all classes, as if OWN more labels had been seen of each: a matrix needs far more labels than people give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from annotations.errors import GessoError

RIGHT, WRONG = 2.0, 1.0  # what an annotator is taken for who has said nothing yet
OWN = 16.0
ROUNDS = 500
TOLERANCE = 1e-6


class ClassError(GessoError):
    """Labels that no classes can be had of."""


@dataclass(frozen=True)
class Classes:
    """`chance` is items × labels, adding up to 1; `confusion` annotators × true × said; `prior` over labels.

    `skill` is how much more often an annotator gives a label where the others make it true than where they make another
    one true, over all pairs of classes. 1 is perfect, 0 is guessing, below 0 is contrary.
    """

    items: tuple[str, ...]
    labels: tuple[str, ...]
    annotators: tuple[str, ...]
    chance: np.ndarray
    prior: np.ndarray
    confusion: np.ndarray
    judgements: np.ndarray
    skill: np.ndarray
    skill_sd: np.ndarray


def fit(
    items: Sequence[str],
    annotators: Sequence[str],
    labels: Sequence[str],
    *,
    known: dict[str, str] | None = None,
) -> Classes:
    """Classes of n labels, each of an item by an annotator; `known` has the items whose label is sure.

    Raises ClassError for no labels, or sequences of unlike length.
    """
    if not len(items) == len(annotators) == len(labels):
        raise ClassError(f"{len(items)} items, {len(annotators)} annotators, {len(labels)} labels: give n of each")
    if not len(items):
        raise ClassError("no labels: push critique tasks, and pull what was answered")
    sure = known or {}
    item_names, item = np.unique(np.asarray(items, dtype=object), return_inverse=True)
    people, who = np.unique(np.asarray(annotators, dtype=object), return_inverse=True)
    names, said = np.unique(np.asarray([*labels, *sorted(set(sure.values()))], dtype=object), return_inverse=True)
    said = said[: len(items)]
    votes = np.zeros((len(item_names), len(names)))
    np.add.at(votes, (item, said), 1)
    chance = (votes + 1 / len(names)) / (votes.sum(axis=1, keepdims=True) + 1)
    fixed = _fixed(item_names, names, sure)
    for _ in range(ROUNDS):
        before = chance
        chance = np.where(np.isnan(fixed), chance, fixed)
        confusion = _confusion(chance, item, who, said, len(people), len(names))
        prior = (chance.sum(axis=0) + 1) / (len(chance) + len(names))
        logs = np.tile(np.log(prior), (len(item_names), 1))
        np.add.at(logs, item, np.log(confusion)[who, :, said])
        chance = np.exp(logs - logs.max(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        if np.abs(chance - before).max() < TOLERANCE:
            break
    chance = np.where(np.isnan(fixed), chance, fixed)
    others = logs[item] - np.log(confusion)[who, :, said]  # what the others' labels say, without the annotator's own
    others = np.exp(others - others.max(axis=1, keepdims=True))
    others = np.where(np.isnan(fixed[item]), others / others.sum(axis=1, keepdims=True), fixed[item])
    skill, skill_sd = _skill(others, who, said, len(people))
    return Classes(
        tuple(item_names), tuple(names), tuple(people), chance, prior, confusion, votes.sum(axis=1).astype(int),
        skill, skill_sd,
    )  # fmt: skip


def interval(
    fitted: Classes,
    items: Sequence[str],
    annotators: Sequence[str],
    labels: Sequence[str],
    *,
    draws: int = 64,
    seed: int = 7,
) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % interval of each chance, items × labels: what is left open by not knowing the annotators better.

    Confusions are drawn from the Dirichlet that each row's labels leave. The labels are those that were fitted.
    """
    code = [{name: i for i, name in enumerate(names)} for names in (fitted.items, fitted.annotators, fitted.labels)]
    item, who, said = (
        np.asarray([known[name] for name in names])
        for known, names in zip(code, (items, annotators, labels), strict=True)
    )
    truths = np.zeros((len(fitted.annotators), len(fitted.labels)))
    np.add.at(truths, who, fitted.chance[item])
    draw = np.random.default_rng(seed)
    sure = np.isin(fitted.chance.max(axis=1), 1.0)
    found = []
    for _ in range(draws):
        gamma = draw.standard_gamma(np.maximum(fitted.confusion * (truths + OWN)[:, :, None], 1e-3))
        logs = np.tile(np.log(fitted.prior), (len(fitted.items), 1))
        np.add.at(logs, item, np.log((gamma + 1e-9) / (gamma + 1e-9).sum(axis=2, keepdims=True))[who, :, said])
        chance = np.exp(logs - logs.max(axis=1, keepdims=True))
        found.append(np.where(sure[:, None], fitted.chance, chance / chance.sum(axis=1, keepdims=True)))
    low, high = np.quantile(found, (0.025, 0.975), axis=0)
    return np.minimum(low, fitted.chance), np.maximum(high, fitted.chance)


def _fixed(items: np.ndarray, labels: np.ndarray, sure: dict[str, str]) -> np.ndarray:
    """Items × labels: the certainty of known items, NaN for all others."""
    fixed = np.full((len(items), len(labels)), np.nan)
    for row, name in enumerate(items):
        if name in sure:
            fixed[row] = labels == sure[name]
    return fixed


def _confusion(
    chance: np.ndarray, item: np.ndarray, who: np.ndarray, said: np.ndarray, people: int, labels: int
) -> np.ndarray:
    counts = np.zeros((people, labels, labels))
    np.add.at(counts.transpose(0, 2, 1), (who, said), chance[item])
    right = np.einsum("akk->a", counts) + RIGHT
    share = right / (counts.sum(axis=(1, 2)) + RIGHT + WRONG)
    coin = np.tile(((1 - share) / max(1, labels - 1))[:, None, None], (1, labels, labels))
    coin[:, range(labels), range(labels)] = share[:, None]
    counts += OWN * coin
    return np.asarray(counts / counts.sum(axis=2, keepdims=True))


def _skill(others: np.ndarray, who: np.ndarray, said: np.ndarray, people: int) -> tuple[np.ndarray, np.ndarray]:
    """Informedness over all pairs of classes, weighted by how often the annotator met both; and its deviation."""
    labels = others.shape[1]
    if labels < 2:
        return np.zeros(people), np.ones(people)
    counts = np.zeros((people, labels, labels))
    np.add.at(counts.transpose(0, 2, 1), (who, said), others)
    met = counts.sum(axis=2)
    rates = (counts + 1 / labels) / (met + 1)[:, :, None]
    total, variance, weights = np.zeros(people), np.zeros(people), np.zeros(people)
    for a in range(labels):
        for b in range(a + 1, labels):
            weight = met[:, a] * met[:, b] / np.maximum(met.sum(axis=1), 1)
            for mine, other in ((a, b), (b, a)):
                right, wrong = rates[:, mine, mine], rates[:, other, mine]
                total += weight * (right - wrong) / 2
                variance += (weight / 2) ** 2 * (right * (1 - right) / (met[:, mine] + 1))
                variance += (weight / 2) ** 2 * (wrong * (1 - wrong) / (met[:, other] + 1))
            weights += weight
    known = weights > 1e-6
    return total / np.maximum(weights, 1e-9), np.where(known, np.sqrt(variance) / np.maximum(weights, 1e-9), 1.0)
