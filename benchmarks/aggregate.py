"""Consensus of simulated crowds against their truth, beside choix and crowd-kit; alpha beside the krippendorff package.

`python -m benchmarks.aggregate [--peer PYTHON] [--seeds 12]`; PYTHON has benchmarks/peers/requirements-crowd.txt, by
default the environment benchmarks/peers/crowd. benchmarks/crowds.py says what the crowds are.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from annotations import bradley_terry, dawid_skene, rating_means
from annotations.agreement import LEVELS, alpha
from annotations.trust import Verdict, verdicts
from benchmarks import crowds
from benchmarks.figures import CannotRun, Figure, at_least, at_most, main

SCRIPT = Path(__file__).parent / "peers" / "run_crowd.py"
PEER_SECONDS = 1800
TABLES = 60  # of judgements for alpha
FOUND: tuple[Verdict, ...] = ("guessing", "contrary")


@dataclass
class Answers:
    """Ours beside the peers', over crowds: what each method scored, and the verdicts on annotators."""

    rho: dict[tuple[str, bool], dict[str, list[float]]] = field(default_factory=dict)
    right: dict[bool, dict[str, list[float]]] = field(default_factory=dict)
    planted: Counter[tuple[str, bool]] = field(default_factory=Counter)  # kind, found
    honest: Counter[bool] = field(default_factory=Counter)


def names(codes: np.ndarray) -> list[str]:
    return [f"{code:04}" for code in codes]


def judge(answers: Answers, kind: str, people: Sequence[str], values: Any, deviations: Any, *, bad: bool) -> None:
    """Count what the verdicts say of planted and of honest annotators."""
    for name, trust in zip(people, verdicts(values, deviations), strict=True):
        found = trust.verdict in FOUND
        if bad and int(name) in (crowds.RANDOM, crowds.CONTRARY):
            answers.planted[f"{kind}, {'random' if int(name) == crowds.RANDOM else 'contrary'}", found] += 1
        elif not (bad and int(name) == crowds.LEFTIST and kind != "ratings"):
            answers.honest[found] += 1


def compared(answers: Answers, crowd: crowds.Pairs, form: str, bad: bool, peers: dict[str, list[float]]) -> None:
    position = np.ones(len(crowd.left))
    given = bradley_terry.comparisons(
        names(crowd.left), names(crowd.right), names(crowd.annotator), crowd.value, position
    )
    scores = bradley_terry.fit(given)
    mine = np.zeros(len(crowd.truth))
    mine[[int(item) for item in scores.items]] = scores.score
    found = answers.rho.setdefault((form, bad), {})
    for name, values in {"gesso": mine, **peers}.items():
        found.setdefault(name, []).append(float(spearmanr(crowd.truth, values).statistic))
    judge(answers, "pairs", scores.annotators, scores.reliability, scores.reliability_sd, bad=bad)


def labelled(answers: Answers, crowd: crowds.Judged, bad: bool, peers: dict[str, list[int]]) -> None:
    classes = dawid_skene.fit(names(crowd.item), names(crowd.annotator), names(crowd.value))
    mine = [int(classes.labels[best]) for best in classes.chance.argmax(axis=1)]
    found = answers.right.setdefault(bad, {})
    for name, values in {"gesso": mine, **peers}.items():
        found.setdefault(name, []).append(float(np.mean(np.asarray(values) == crowd.truth)))
    judge(answers, "labels", classes.annotators, classes.skill, classes.skill_sd, bad=bad)


def rated(answers: Answers, crowd: crowds.Judged, bad: bool) -> tuple[float, float, float]:
    """Spearman rho of our means, of plain means, and the share of truths inside our intervals.

    Means are as the usual rater gives them, and the truth has no rater: its level is brought to theirs.
    """
    means = rating_means.fit(names(crowd.item), names(crowd.annotator), crowd.value)
    plain = np.bincount(crowd.item, crowd.value) / np.bincount(crowd.item)
    judge(answers, "ratings", means.annotators, means.reliability, means.reliability_sd, bad=bad)
    low, high = means.interval()
    truth = crowd.truth - crowd.truth.mean() + means.mean.mean()
    inside = float(np.mean((low <= truth) & (truth <= high)))
    return (
        float(spearmanr(crowd.truth, means.mean).statistic),
        float(spearmanr(crowd.truth, plain).statistic),
        inside,
    )


def tables(seed: int) -> list[dict[str, Any]]:
    """Judgement tables of raters × units with gaps, of every level and of few and many values."""
    draw = np.random.default_rng(seed)
    found = []
    for number in range(TABLES):
        raters, units, most = int(draw.integers(2, 9)), int(draw.integers(3, 60)), int(draw.integers(2, 12))
        truth = draw.integers(1, most + 1, units)
        said = np.clip(truth + draw.integers(-1, 2, (raters, units)), 1, most).astype(float)
        if number % 5 == 0:
            said += np.round(draw.random((raters, units)), 3)
        said[draw.random((raters, units)) < 0.3] = np.nan
        paired = said[:, (~np.isnan(said)).sum(axis=0) > 1]
        if len(np.unique(paired[~np.isnan(paired)])) > 1:
            found.append({"table": said.tolist(), "level": LEVELS[number % len(LEVELS)]})
    return found


def alpha_gap(asked: list[dict[str, Any]], theirs: Sequence[float]) -> float:
    """The largest difference between our alpha and the package's."""
    gaps = []
    for question, other in zip(asked, theirs, strict=True):
        table = np.asarray(question["table"], float)
        rater, unit = np.nonzero(~np.isnan(table))
        gaps.append(abs(alpha(unit, rater, table[rater, unit], question["level"], resamples=0).value - other))
    return max(gaps)


def ask(python: str, questions: dict[str, Any]) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [python, str(SCRIPT)],
            input=json.dumps(questions),
            capture_output=True,
            text=True,
            timeout=PEER_SECONDS,
            check=False,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
    except OSError as error:
        raise CannotRun(
            f"no peer at {python} ({error.strerror}): see benchmarks/peers/requirements-crowd.txt"
        ) from None
    if done.returncode:
        raise CannotRun(f"the peer failed: {(done.stderr.strip().splitlines() or ['no output'])[-1][:200]}")
    answers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answers


def figures(answers: Answers, gap: float, stars: dict[bool, list[tuple[float, float, float]]]) -> list[Figure]:
    rows = []
    for (form, bad), found in answers.rho.items():
        mean = {name: round(float(np.mean(values)), 3) for name, values in found.items()}
        others = ", ".join(f"{name} {value}" for name, value in mean.items() if name != "gesso")
        who = f"{form}, {'bad raters' if bad else 'clean'}"
        if bad:
            rows.append(Figure(f"rho, {who}", mean["gesso"], "", "≥0.9", mean["gesso"] >= 0.9, others))
            rows.append(at_least(f"rho over choix, {who}", round(mean["gesso"] - mean["choix"], 3), "", 0.1))
        else:
            rows.append(Figure(f"rho, {who}", mean["gesso"], "", "", True, others))
            rows.append(at_least(f"rho over choix, {who}", round(mean["gesso"] - mean["choix"], 3), "", -0.01))
    for bad, scores in answers.right.items():
        mean = {name: round(float(np.mean(values)), 3) for name, values in scores.items()}
        others = ", ".join(f"{name} {value}" for name, value in mean.items() if name != "gesso")
        rows.append(Figure(f"labels right, {'bad raters' if bad else 'clean'}", mean["gesso"], "", "", True, others))
    for bad, triples in stars.items():
        mine, plain, inside = (round(float(v), 3) for v in np.mean(triples, axis=0))
        told = f"plain means {plain}, truth inside the interval {inside}"
        rows.append(Figure(f"rho of ratings, {'bad raters' if bad else 'clean'}", mine, "", "", True, told))
    rows.append(at_most("alpha against krippendorff", gap, "", 1e-9))
    kinds = sorted({kind for kind, _ in answers.planted})
    total = {found: sum(answers.planted[kind, found] for kind in kinds) for found in (True, False)}
    told = ", ".join(
        f"{k} {answers.planted[k, True]}/{answers.planted[k, True] + answers.planted[k, False]}" for k in kinds
    )
    recall = at_least("planted raters found", round(100 * total[True] / sum(total.values()), 1), "%", 95)
    rows.append(Figure(recall.name, recall.value, recall.unit, recall.target, recall.ok, told))
    wrongly = round(100 * answers.honest[True] / answers.honest.total(), 2)
    rows.append(Figure("honest raters called bad", wrongly, "%", "", True, f"of {answers.honest.total()}"))
    return rows


def run(argv: Sequence[str]) -> list[Figure]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.aggregate", description=__doc__)
    parser.add_argument("--peer", default=str(SCRIPT.parent / "crowd" / "bin" / "python"))
    parser.add_argument("--seeds", type=int, default=12)
    given = parser.parse_args(argv)
    seeds = range(given.seeds)
    asked = [
        (form, bad, crowds.pairs(form, s, bad=bad)) for form in crowds.FORMS for bad in (True, False) for s in seeds
    ]
    sorted_out = [(bad, crowds.labels(s, bad=bad)) for bad in (True, False) for s in seeds]
    judgements = tables(7)
    theirs = ask(
        given.peer,
        {
            "pairs": [
                {"items": len(c.truth), "noisy": form == "reference" and bad}
                | {n: getattr(c, n).tolist() for n in ("left", "right", "annotator", "value")}
                for form, bad, c in asked
            ],
            "labels": [
                {"items": len(c.truth)} | {n: getattr(c, n).tolist() for n in ("item", "annotator", "value")}
                for _, c in sorted_out
            ],
            "alphas": judgements,
        },
    )
    answers = Answers()
    for (form, bad, crowd), peers in zip(asked, theirs["pairs"], strict=True):
        compared(answers, crowd, form, bad, peers)
    for (bad, judged), labels in zip(sorted_out, theirs["labels"], strict=True):
        labelled(answers, judged, bad, labels)
    stars = {bad: [rated(answers, crowds.ratings(s, bad=bad), bad) for s in seeds] for bad in (True, False)}
    return figures(answers, alpha_gap(judgements, theirs["alphas"]), stars)


if __name__ == "__main__":
    raise SystemExit(main("aggregate", run))
