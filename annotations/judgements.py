"""Label events as arrays for the statistics: one judgement of an annotator about an item, or about a pair of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from annotations.agreement import Level
from annotations.bradley_terry import Comparisons, comparisons
from annotations.events import LEFT, SKIP

RATINGS = ("overall", "layout", "typography", "color", "lighting", "subject", "background", "polish")
LABELS = (("critique", "page_type"), ("critique", "nsfw"), ("caption_check", "verdict"))
LEVEL: dict[tuple[str, str], Level] = {
    **{("critique", aspect): "ordinal" for aspect in RATINGS},
    ("critique", "page_type"): "nominal",
    ("critique", "nsfw"): "ordinal",
    ("pairwise", "preference"): "ordinal",
    ("best_of_n", "rank"): "ordinal",
    ("caption_check", "verdict"): "nominal",
    ("like", "overall"): "nominal",
}
SEVERITY = {"safe": 0.0, "suggestive": 0.5, "explicit": 1.0}
GOLD_ANNOTATOR = "\0gold"
Key: TypeAlias = tuple[str, str]  # task, aspect
Judged: TypeAlias = tuple[str, str, str, float, float, float]  # first, second, annotator, value, position, weight


@dataclass(frozen=True)
class Judgements:
    """n judgements of one task and aspect, side by side; `pair` is empty where an item stands alone.

    `value` is NaN where a label was given; `side` is −1 where it is not known; `rows` are the whole event rows.
    """

    item: list[str]
    pair: list[str]
    annotator: list[str]
    value: np.ndarray
    label: list[str]
    rows: list[dict[str, Any]]

    def __len__(self) -> int:
        return len(self.item)


def judgements(holding: pa.Table) -> dict[Key, Judgements]:
    """Task and aspect → judgements, of events that hold.

    An annotator's later word on the same thing counts alone; pairs and rankings that were asked twice count twice.
    """
    found: dict[Key, dict[tuple[str, ...], dict[str, Any]]] = defaultdict(dict)
    for row in sorted(holding.to_pylist(), key=lambda r: (r["updated_at"], r["event_id"])):
        if row["aspect"] == SKIP or row["aspect"] in ("element", "comment"):
            continue
        if row["value"] is None and row["label"] is None:
            continue
        asking = row["task_key"] or row["annotation_key"] if row["task"] in ("pairwise", "best_of_n") else ""
        thing = (row["annotator"], row["item_sha256"], row["pair_sha256"] or "", asking)
        found[row["task"], row["aspect"]][thing] = row
    return {key: _arrays(list(rows.values())) for key, rows in sorted(found.items())}


def rating_aspects(said: dict[Key, Judgements]) -> list[str]:
    """The aspects that were rated, in the order of the labelling page."""
    return [aspect for aspect in RATINGS if ("critique", aspect) in said]


def label_aspects(said: dict[Key, Judgements]) -> list[Key]:
    """The aspects that have labels for values."""
    return [key for key in LABELS if key in said]


def known_labels(some: Judgements) -> dict[str, str]:
    """Item → the label that is known of it, from gold items."""
    return {row["item_sha256"]: row["expected_label"] for row in some.rows if row["gold"] and row["expected_label"]}


def alpha_arrays(key: Key, some: Judgements) -> tuple[np.ndarray, np.ndarray, np.ndarray, Level]:
    """What `agreement.alpha` takes: units, annotators, values, level. Of an annotator's several words the last."""
    level = LEVEL.get(key, "nominal")
    last: dict[tuple[str, str], float] = {}
    codes = {label: float(code) for code, label in enumerate(sorted({text for text in some.label if text}))}
    for i in range(len(some)):
        asked = some.rows[i]["task_key"] or "" if key[0] == "best_of_n" else ""
        unit = "\n".join((some.item[i], some.pair[i], asked))
        if key == ("critique", "nsfw"):
            value = SEVERITY.get(some.label[i], 0.0)
        elif np.isfinite(some.value[i]):
            value = float(some.value[i])
        else:
            value = codes[some.label[i]]
        last[unit, some.annotator[i]] = value
    units, people = zip(*last, strict=True) if last else ((), ())
    return np.asarray(units), np.asarray(people), np.asarray(list(last.values()), np.float64), level


def to_comparisons(said: dict[Key, Judgements]) -> Comparisons | None:
    """Pairs that were judged, and the pairs that rankings hold, as Bradley–Terry takes them; None where there are none.

    A ranking of n items has n·(n−1)/2 pairs but says no more than n−1 of them, so each of its pairs counts 2/n. A pair
    whose answer is known is once more in it, as one of GOLD_ANNOTATOR's.
    """
    rows: list[Judged] = []
    known: dict[tuple[str, str], float] = {}
    some = said.get(("pairwise", "preference"))
    for row in some.rows if some else []:
        if row["value"] is None or row["pair_sha256"] is None:
            continue
        position = 0.0 if row["side"] is None else 1.0 if row["side"] == LEFT else -1.0
        rows.append((row["item_sha256"], row["pair_sha256"], row["annotator"], row["value"], position, 1.0))
        if row["gold"] and row["expected_value"] is not None:
            known[row["item_sha256"], row["pair_sha256"]] = row["expected_value"]
    rows += _ranked(said.get(("best_of_n", "rank")))
    rows += [(a, b, GOLD_ANNOTATOR, value, 0.0, 1.0) for (a, b), value in sorted(known.items())]
    if not rows:
        return None
    first, second, people, values, positions, weights = (list(column) for column in zip(*rows, strict=True))
    return comparisons(first, second, people, values, positions, weights, frozenset({GOLD_ANNOTATOR}))


def _ranked(some: Judgements | None) -> list[Judged]:
    """All pairs of each ranking; the one that stood earlier is on the left."""
    lists: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in some.rows if some else []:
        if row["value"] is not None:
            lists[row["annotation_key"]].append(row)
    pairs: list[Judged] = []
    for ranking in lists.values():
        for a, b in combinations(sorted(ranking, key=lambda row: str(row["item_sha256"])), 2):
            if a["value"] == b["value"]:  # of what was not picked nobody said which is better
                continue
            sides = (a["side"], b["side"])
            position = 0.0 if None in sides or sides[0] == sides[1] else 1.0 if sides[0] < sides[1] else -1.0
            better = float(a["value"] < b["value"])
            pairs.append((a["item_sha256"], b["item_sha256"], a["annotator"], better, position, 2 / len(ranking)))
    return pairs


def _arrays(rows: list[dict[str, Any]]) -> Judgements:
    return Judgements(
        item=[row["item_sha256"] for row in rows],
        pair=[row["pair_sha256"] or "" for row in rows],
        annotator=[row["annotator"] for row in rows],
        value=np.asarray([np.nan if row["value"] is None else row["value"] for row in rows], np.float64),
        label=[row["label"] or "" for row in rows],
        rows=rows,
    )
