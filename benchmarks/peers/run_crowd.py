"""choix, crowd-kit and krippendorff on the crowds of benchmarks.aggregate; runs in the peers' own environment.

`PYTHON run_crowd.py < questions.json`: an object with `pairs`, `labels` and `alphas`; prints one with the answers.
"""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

import choix
import krippendorff
import numpy as np
import pandas as pd
from crowdkit.aggregation import BradleyTerry, DawidSkene, MajorityVote, NoisyBradleyTerry

NOISY_ROUNDS = 20


def scored(crowd: dict[str, Any]) -> dict[str, list[float]]:
    """Scores of all items by each method; a tie is a win for both, half of which choix cannot say."""
    items, rows = crowd["items"], list(zip(crowd["left"], crowd["right"], crowd["value"], strict=True))
    wins = [(a, b) if v == 1 else (b, a) for a, b, v in rows for v in ([1, 0] if v == 0.5 else [v, v])]
    frame = pd.DataFrame(
        {"worker": [str(a) for a in crowd["annotator"]], "left": crowd["left"], "right": crowd["right"]}
    )
    frame["label"] = [a if v >= 0.5 else b for a, b, v in rows]
    found = {"choix": np.asarray(choix.ilsr_pairwise(items, wins, alpha=0.01))}
    methods = {"crowd-kit BradleyTerry": BradleyTerry(n_iter=200)}
    if crowd["noisy"]:  # seconds a crowd
        methods["crowd-kit NoisyBradleyTerry"] = NoisyBradleyTerry(n_iter=NOISY_ROUNDS)
    for name, method in methods.items():
        found[name] = method.fit_predict(frame).reindex(range(items)).fillna(0).to_numpy()
    return {name: np.asarray(values, float).tolist() for name, values in found.items()}


def labelled(crowd: dict[str, Any]) -> dict[str, list[int]]:
    frame = pd.DataFrame({"task": crowd["item"], "worker": crowd["annotator"], "label": crowd["value"]})
    methods = {"majority": MajorityVote(), "crowd-kit DawidSkene": DawidSkene(n_iter=100)}
    return {
        name: [int(v) for v in method.fit_predict(frame).reindex(range(crowd["items"]))]
        for name, method in methods.items()
    }


def main() -> None:
    warnings.simplefilter("ignore")
    asked = json.load(sys.stdin)
    alphas = [
        float(krippendorff.alpha(np.asarray(a["table"], float), level_of_measurement=a["level"]))
        for a in asked["alphas"]
    ]
    answers = {"pairs": [scored(c) for c in asked["pairs"]], "labels": [labelled(c) for c in asked["labels"]]}
    print(json.dumps(answers | {"alphas": alphas}))


if __name__ == "__main__":
    main()
