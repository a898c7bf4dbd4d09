"""Who labels how: what each annotator's word is worth, position bias, anchoring, accuracy on gold, and speed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from annotations.consensus import Consensus
from annotations.events import SKIP
from annotations.judgements import GOLD_ANNOTATOR
from annotations.trust import Trust, verdicts

Z = 1.959964
NEAR = 1.0  # stars that an answer to a gold item may be off
FAST = 1 / 3  # of the median annotator's time
LEAST = 10  # judgements below which nobody is called fast or anchored
BIASED = 0.1  # of left picks between equals, away from a half


@dataclass(frozen=True)
class Share:
    """A share of `n` with its 95 % Wilson interval; NaN of nothing."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Anchoring:
    """How often answers equal the model's, where it was shown and where (blind) it was not; `pull` is the difference.

    A pull whose interval lies above 0 means that predictions are taken over rather than judged.
    """

    shown: Share
    blind: Share
    pull: float
    low: float
    high: float

    @property
    def proven(self) -> bool:
        return self.low > 0


@dataclass(frozen=True)
class Annotator:
    """One person's labels. `trust` is by what was judged: pairs, stars or labels."""

    name: str
    annotations: int
    judgements: int
    skipped: int
    trust: dict[str, Trust]
    left: Share | None  # of comparisons of equals, as the model sees it: P(left) at equal scores
    left_picks: Share | None  # as counted
    gold: Share
    anchoring: Anchoring | None
    seconds: float  # median an annotation; NaN where nobody measured
    fast: bool
    notes: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """The worst that any kind of judgement says."""
        order = ("contrary", "guessing", "unsure", "good")
        found = [trust.verdict for trust in self.trust.values()]
        return next((name for name in order if name in found), "unsure")


@dataclass(frozen=True)
class Annotators:
    """Everybody, the most diligent first, and what holds for all together."""

    people: list[Annotator]
    anchoring: Anchoring | None
    by_aspect: dict[str, Anchoring]
    seconds: float


def annotators(consensus: Consensus) -> Annotators:
    """The report on everybody whose labels hold."""
    rows = consensus.events.to_pylist()
    by_person: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_person[row["annotator"]].append(row)
    trust = _trust(consensus)
    position = _position(consensus)
    times = {name: _seconds(mine) for name, mine in by_person.items()}
    paces = _paces(rows)
    measured = [seconds for seconds in times.values() if np.isfinite(seconds)]
    usual = float(np.median(measured)) if measured else float("nan")
    people = []
    for name, mine in by_person.items():
        said = [row for row in mine if row["aspect"] not in (SKIP, "comment")]
        number = len({row["annotation_key"] for row in mine})
        held, blind = _against_model(said)
        person = Annotator(
            name=name,
            annotations=number,
            judgements=len(said),
            skipped=len({row["annotation_key"] for row in mine if row["aspect"] == SKIP}),
            trust=trust.get(name, {}),
            left=position.get(name),
            left_picks=_left_picks(said),
            gold=share(_gold(said)),
            anchoring=anchored(held, blind) if len(held) >= LEAST and len(blind) >= LEAST else None,
            seconds=times[name],
            fast=bool(number >= LEAST and paces.get(name, 1.0) < FAST),
        )
        people.append(person)
        person.notes.extend(_notes(person, usual))
    people.sort(key=lambda person: (-person.judgements, person.name))
    held, blind = _against_model(rows)
    aspects = sorted({row["aspect"] for row in rows if row["prediction_value"] is not None or row["prediction_label"]})
    by_aspect = {}
    for aspect in aspects:
        parts = _against_model(row for row in rows if row["aspect"] == aspect)
        if all(len(part) >= LEAST for part in parts):
            by_aspect[aspect] = anchored(*parts)
    return Annotators(people, anchored(held, blind) if held and blind else None, by_aspect, usual)


def share(right: Iterable[bool]) -> Share:
    """Wilson's interval of a share."""
    values = list(right)
    n = len(values)
    if not n:
        return Share(float("nan"), float("nan"), float("nan"), 0)
    p = sum(values) / n
    middle, width = p + Z**2 / (2 * n), Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    return Share(p, float((middle - width) / (1 + Z**2 / n)), float((middle + width) / (1 + Z**2 / n)), n)


def anchored(shown: list[bool], blind: list[bool]) -> Anchoring:
    """Newcombe's interval of the difference of two shares."""
    a, b = share(shown), share(blind)
    low = a.value - b.value - np.hypot(a.value - a.low, b.high - b.value)
    high = a.value - b.value + np.hypot(a.high - a.value, b.value - b.low)
    return Anchoring(a, b, a.value - b.value, float(low), float(high))


def _trust(consensus: Consensus) -> dict[str, dict[str, Trust]]:
    found: dict[str, dict[str, Trust]] = defaultdict(dict)
    if consensus.preferences is not None:
        scores = consensus.preferences
        real = np.asarray([name != GOLD_ANNOTATOR for name in scores.annotators])
        names = [name for name, ok in zip(scores.annotators, real, strict=True) if ok]
        for name, trust in zip(names, verdicts(scores.reliability[real], scores.reliability_sd[real]), strict=True):
            found[name]["pairs"] = trust
    for kind, fits in (("stars", consensus.ratings), ("labels", consensus.classes)):
        for name, trust in _pooled(kind, fits).items():
            found[name][kind] = trust
    return found


def _pooled(kind: str, fits: dict[str, Any]) -> dict[str, Trust]:
    """One value an annotator over several aspects, weighted by how sure each is.

    Aspects of one screen are not independent, so the deviation is the surest one's and not the mean's.
    """
    values: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for fitted in fits.values():
        worth, sd = (fitted.reliability, fitted.reliability_sd) if kind == "stars" else (fitted.skill, fitted.skill_sd)
        for name, value, deviation in zip(fitted.annotators, worth, sd, strict=True):
            values[name].append((float(value), float(deviation)))
    if not values:
        return {}
    names = sorted(values)
    weights = [np.asarray([1 / max(sd, 1e-3) ** 2 for _, sd in values[name]]) for name in names]
    means = [
        float((w * [value for value, _ in values[name]]).sum() / w.sum())
        for name, w in zip(names, weights, strict=True)
    ]
    deviations = [min(sd for _, sd in values[name]) for name in names]
    return dict(zip(names, verdicts(np.asarray(means), np.asarray(deviations)), strict=True))


def _position(consensus: Consensus) -> dict[str, Share]:
    """P(left) between two screens of one score."""
    scores, given = consensus.preferences, consensus.comparisons
    if scores is None or given is None:
        return {}
    counts = np.bincount(given.annotator[given.position != 0], minlength=len(given.annotators))

    def chance(logit: float) -> float:
        return float(1 / (1 + np.exp(-logit)))

    return {
        name: Share(chance(bias), chance(bias - Z * sd), chance(bias + Z * sd), int(n))
        for name, bias, sd, n in zip(scores.annotators, scores.bias, scores.bias_sd, counts, strict=True)
        if n and name != GOLD_ANNOTATOR
    }


def _left_picks(rows: list[dict[str, Any]]) -> Share | None:
    picks = [
        row["label"] == "left" for row in rows if row["aspect"] == "preference" and row["label"] in ("left", "right")
    ]
    return share(picks) if picks else None


def _gold(rows: list[dict[str, Any]]) -> list[bool]:
    """Whether each answer to a known item is right; stars may be one off."""
    right = []
    for row in rows:
        if not row["gold"]:
            continue
        if row["expected_label"] is not None and row["label"] is not None and row["aspect"] != "preference":
            right.append(row["label"] == row["expected_label"])
        elif row["expected_value"] is not None and row["value"] is not None:
            slack = NEAR if row["task"] == "critique" else 0.0
            right.append(abs(row["value"] - row["expected_value"]) <= slack)
    return right


def _against_model(rows: Iterable[dict[str, Any]]) -> tuple[list[bool], list[bool]]:
    """Whether answers equal what the model held: of those who were shown it, and of the blind."""
    shown: list[bool] = []
    blind: list[bool] = []
    for row in rows:
        if row["prediction_label"] is not None and row["label"] is not None and row["aspect"] != "preference":
            same = row["label"] == row["prediction_label"]
        elif row["prediction_value"] is not None and row["value"] is not None:
            if row["aspect"] == "preference":
                same = (row["value"] > 0.5) == (row["prediction_value"] > 0.5) and row["value"] != 0.5
            else:
                same = round(row["value"]) == round(row["prediction_value"])
        else:
            continue
        if row["blind"]:
            blind.append(same)
        elif row["prediction_version"] is not None:
            shown.append(same)
    return shown, blind


def _seconds(rows: list[dict[str, Any]]) -> float:
    taken = {row["annotation_key"]: row["lead_seconds"] for row in rows if row["lead_seconds"] is not None}
    return float(np.median(list(taken.values()))) if taken else float("nan")


def _paces(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Each person's median time as a share of the median person's, of the same task: one takes longer than another."""
    times: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        if row["lead_seconds"] is not None:
            times[row["task"]][row["annotator"]][row["annotation_key"]] = row["lead_seconds"]
    paces: dict[str, list[float]] = defaultdict(list)
    for people in times.values():
        medians = {name: float(np.median(list(mine.values()))) for name, mine in people.items()}
        usual = float(np.median(list(medians.values())))
        for name, mine in people.items():
            paces[name] += [medians[name] / max(usual, 1e-9)] * len(mine)
    return {name: float(np.mean(values)) for name, values in paces.items()}


def _notes(person: Annotator, usual: float) -> list[str]:
    notes = []
    of = ", ".join(kind for kind, trust in person.trust.items() if trust.verdict in ("contrary", "guessing"))
    if person.verdict == "contrary":
        notes.append(f"answers the wrong way round ({of}): ask whether the scale was understood; read as turned around")
    elif person.verdict == "guessing":
        notes.append(f"answers as if guessing ({of}): counts for next to nothing")
    if person.left and (person.left.low > 0.5 + BIASED or person.left.high < 0.5 - BIASED):
        side = "left" if person.left.value > 0.5 else "right"
        often = 100 * max(person.left.value, 1 - person.left.value)
        notes.append(f"prefers the {side} whatever it shows: {often:.0f} % between equals; corrected for")
    if person.anchoring and person.anchoring.proven:
        notes.append(f"takes predictions over: {100 * person.anchoring.pull:+.0f} points against the blind cohort")
    if person.fast:
        notes.append(f"takes {person.seconds:.0f} s where others take {usual:.0f} s, over all kinds of tasks")
    if person.gold.n >= LEAST and person.gold.high < 0.7:
        notes.append(f"right on {100 * person.gold.value:.0f} % of the known items")
    return notes
