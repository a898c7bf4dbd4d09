"""From label events to what holds: one row a judged thing, with its value, interval, number of judgements and method.

Kept as `<home>/labels/consensus.parquet`. Nobody is left out of it: what an annotator's word is worth is part of every
method here.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from annotations import bradley_terry, dawid_skene, rating_means
from annotations.box_consensus import common_boxes
from annotations.errors import GessoError
from annotations.events import BOX, current, read_events
from annotations.judgements import (
    GOLD_ANNOTATOR,
    Judgements,
    judgements,
    known_labels,
    label_aspects,
    rating_aspects,
    to_comparisons,
)

DRAWS = 64
CONSENSUS = pa.schema(
    [
        ("task", pa.string()),
        ("aspect", pa.string()),
        ("item_sha256", pa.string()),
        ("pair_sha256", pa.string()),  # of a pair's row: the other picture; value is then P(the item is better)
        ("label", pa.string()),  # of a class: the label that `value` is the probability of; of a caption: the text
        ("box", BOX),
        ("value", pa.float64()),
        ("low", pa.float64()),  # the 95 % interval
        ("high", pa.float64()),
        ("n", pa.int32()),  # judgements
        ("annotators", pa.int32()),
        ("method", pa.string()),
    ]
)
METHODS = """
bias_corrected_mean  critique, an item and aspect: stars as the usual annotator gives them (rating_means)
dawid_skene          page_type, nsfw, verdict, a row for each label of an item: its probability (dawid_skene)
bradley_terry        preference, an item: its score; differences are log-odds of the usual annotator (bradley_terry)
pair_votes           preference, a pair: P(item better) from the votes on that pair alone
share                like, an item: share of those asked who liked it
box_majority         element, a box that half of an item's annotators or more drew: the median box, and who drew it
plurality            caption, an item: the text that most gave
"""


class ConsensusError(GessoError):
    """Nothing to agree on, or a consensus that cannot be read."""


@dataclass(frozen=True)
class Consensus:
    """The table, and the fits behind it: what the report and the training of heads go on from."""

    table: pa.Table
    events: pa.Table
    preferences: bradley_terry.Scores | None
    comparisons: bradley_terry.Comparisons | None
    ratings: dict[str, rating_means.Means]
    classes: dict[str, dawid_skene.Classes]

    @property
    def digest(self) -> str:
        """sha256 over the ids of the events that hold: names what the consensus was made of."""
        return events_digest(self.events)


def events_digest(events: pa.Table) -> str:
    """sha256 over sorted event ids."""
    return hashlib.sha256("\n".join(sorted(events["event_id"].to_pylist())).encode()).hexdigest()


def agree(events: pa.Table, *, seed: int = 7) -> Consensus:
    """The consensus of all events, of which only those that hold count. Raises ConsensusError where there is none."""
    holding = current(events)
    said = judgements(holding)
    if not said:
        raise ConsensusError("no labels yet: run gesso label push and gesso label pull, or gesso label import FILE")
    rows: list[dict[str, Any]] = []
    ratings, classes = {}, {}
    for aspect in rating_aspects(said):
        some = said["critique", aspect]
        ratings[aspect] = rating_means.fit(some.item, some.annotator, some.value)
        rows += _means(aspect, some, ratings[aspect])
    for task, aspect in label_aspects(said):
        some = said[task, aspect]
        known = known_labels(some)
        classes[aspect] = dawid_skene.fit(some.item, some.annotator, some.label, known=known)
        rows += _classes(task, aspect, some, classes[aspect], seed)
    given = to_comparisons(said)
    scores = None
    if given is not None:
        scores = bradley_terry.fit(given)
        rows += _scores(given, scores) + _pairs(given, scores, seed)
    if ("like", "overall") in said:
        rows += _shares(said["like", "overall"])
    if ("caption_check", "caption") in said:
        rows += _texts(said["caption_check", "caption"])
    rows += [row | {"task": "elements", "aspect": "element"} for row in common_boxes(holding)]
    rows.sort(
        key=lambda r: tuple(str(r.get(k) or "") for k in ("task", "aspect", "item_sha256", "pair_sha256", "label"))
    )
    return Consensus(pa.Table.from_pylist(rows, CONSENSUS), holding, scores, given, ratings, classes)


def write_consensus(home: Path, *, seed: int = 7) -> tuple[Consensus, Path]:
    """`agree` over a home's events, kept as Parquet whose metadata names the events. May be killed and repeated."""
    found = agree(read_events(home), seed=seed)
    about = {"events": len(found.events), "events_sha256": found.digest, "seed": seed}
    table = found.table.replace_schema_metadata({"gesso.consensus": json.dumps(about, sort_keys=True)})
    path = Path(home) / "labels" / "consensus.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    with aside.open("wb") as file:
        pq.write_table(table, file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    return found, path


def read_consensus(home: Path) -> pa.Table:
    """What `write_consensus` kept. Raises ConsensusError where it is missing or torn."""
    path = Path(home) / "labels" / "consensus.parquet"
    if not path.is_file():
        raise ConsensusError(f"no consensus at {path}: run gesso label report")
    try:
        return pq.read_table(path, schema=CONSENSUS)
    except (pa.ArrowException, OSError) as error:
        raise ConsensusError(f"{path} cannot be read ({error}): run gesso label report") from None


def _people(some: Judgements) -> dict[str, int]:
    found: dict[str, set[str]] = defaultdict(set)
    for item, who in zip(some.item, some.annotator, strict=True):
        found[item].add(who)
    return {item: len(who) for item, who in found.items()}


def _means(aspect: str, some: Judgements, fitted: rating_means.Means) -> list[dict[str, Any]]:
    low, high = fitted.interval()
    people = _people(some)
    return [
        {
            "task": "critique", "aspect": aspect, "item_sha256": item, "value": float(fitted.mean[i]),
            "low": float(low[i]), "high": float(high[i]), "n": int(fitted.judgements[i]),
            "annotators": people[item], "method": "bias_corrected_mean",
        }
        for i, item in enumerate(fitted.items)
    ]  # fmt: skip


def _classes(task: str, aspect: str, some: Judgements, fitted: dawid_skene.Classes, seed: int) -> list[dict[str, Any]]:
    low, high = dawid_skene.interval(fitted, some.item, some.annotator, some.label, draws=DRAWS, seed=seed)
    people = _people(some)
    return [
        {
            "task": task, "aspect": aspect, "item_sha256": item, "label": label, "value": float(fitted.chance[i, k]),
            "low": float(low[i, k]), "high": float(high[i, k]), "n": int(fitted.judgements[i]),
            "annotators": people[item], "method": "dawid_skene",
        }
        for i, item in enumerate(fitted.items)
        for k, label in enumerate(fitted.labels)
    ]  # fmt: skip


def _scores(given: bradley_terry.Comparisons, fitted: bradley_terry.Scores) -> list[dict[str, Any]]:
    low, high = fitted.interval()
    people: dict[int, set[int]] = defaultdict(set)
    for side in (given.first, given.second):
        for item, who in zip(side.tolist(), given.annotator.tolist(), strict=True):
            if given.annotators[who] != GOLD_ANNOTATOR:
                people[item].add(who)
    return [
        {
            "task": "pairwise", "aspect": "preference", "item_sha256": item, "value": float(fitted.score[i]),
            "low": float(low[i]), "high": float(high[i]), "n": int(fitted.judgements[i]),
            "annotators": len(people[i]), "method": "bradley_terry",
        }
        for i, item in enumerate(fitted.items)
    ]  # fmt: skip


def _pairs(given: bradley_terry.Comparisons, fitted: bradley_terry.Scores, seed: int) -> list[dict[str, Any]]:
    """A row a pair, the smaller sha256 as the item; the interval is what not knowing the annotators' worth leaves."""
    chance = bradley_terry.votes(given, fitted)
    draw = np.random.default_rng(seed)
    varied = []
    for _ in range(DRAWS if len(given) <= 20_000 else 16):
        other = replace(
            fitted,
            reliability=fitted.reliability + fitted.reliability_sd * draw.standard_normal(len(fitted.annotators)),
            bias=fitted.bias + fitted.bias_sd * draw.standard_normal(len(fitted.annotators)),
        )
        varied.append(bradley_terry.votes(given, other))
    low, high = np.quantile(varied, (0.025, 0.975), axis=0)
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    people: dict[tuple[str, str], set[int]] = defaultdict(set)
    for i in range(len(given)):
        one, other_item = given.items[given.first[i]], given.items[given.second[i]]
        key, turned = ((one, other_item), False) if one < other_item else ((other_item, one), True)
        values = (chance[i], low[i], high[i])
        if turned:
            values = (1 - chance[i], 1 - high[i], 1 - low[i])
        row = rows.setdefault(
            key,
            {
                "task": "pairwise", "aspect": "preference", "item_sha256": key[0], "pair_sha256": key[1],
                "value": float(values[0]), "low": float(min(values)), "high": float(max(values)), "n": 0,
                "method": "pair_votes",
            },
        )  # fmt: skip
        row["n"] += 1
        if given.annotators[given.annotator[i]] != GOLD_ANNOTATOR:
            people[key].add(int(given.annotator[i]))
    return [row | {"annotators": len(people[key])} for key, row in rows.items()]


def _shares(some: Judgements) -> list[dict[str, Any]]:
    """Likes by item; the interval is Jeffreys'."""
    from scipy.special import betaincinv

    items, code = np.unique(np.asarray(some.item, dtype=object), return_inverse=True)
    asked, liked = np.bincount(code), np.bincount(code, some.value)
    people = _people(some)
    low, high = (betaincinv(liked + 0.5, asked - liked + 0.5, q) for q in (0.025, 0.975))
    return [
        {
            "task": "like", "aspect": "overall", "item_sha256": item, "value": float(liked[i] / asked[i]),
            "low": float(low[i]), "high": float(high[i]), "n": int(asked[i]), "annotators": people[item],
            "method": "share",
        }
        for i, item in enumerate(items)
    ]  # fmt: skip


def _texts(some: Judgements) -> list[dict[str, Any]]:
    """The caption that most gave, of equals the first by alphabet; spaces do not make another text."""
    given: dict[str, list[str]] = defaultdict(list)
    for item, text in zip(some.item, some.label, strict=True):
        given[item].append(" ".join(text.split()))
    people = _people(some)
    rows = []
    for item, texts in given.items():
        text = max(sorted(set(texts)), key=texts.count)
        rows.append(
            {
                "task": "caption_check", "aspect": "caption", "item_sha256": item, "label": text,
                "value": texts.count(text) / len(texts), "n": len(texts), "annotators": people[item],
                "method": "plurality",
            }
        )  # fmt: skip
    return rows
