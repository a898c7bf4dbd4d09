"""Consensus, annotators and the page, on a labelled home whose crowd is known."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from annotations.annotators import Annotators, anchored, annotators, share
from annotations.box_consensus import common_boxes
from annotations.consensus import CONSENSUS, Consensus, ConsensusError, agree, write_consensus
from annotations.events import append_events, current, events_table, read_events
from annotations.report import write_report
from annotations.report.plots import Dot, Line, dots
from annotations.report.write import alphas
from tests.annotations import crowd

HOSTILE = '<script>alert(1)</script> & "anna"'


@pytest.fixture(scope="module")
def truth() -> crowd.Truth:
    return crowd.Truth()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, truth: crowd.Truth) -> Path:
    place = tmp_path_factory.mktemp("labelled")
    rows = [*crowd.pairwise(truth, 640, 1), *crowd.critiques(truth, 2)]
    for row in rows:
        row["annotator"] = HOSTILE if row["annotator"] == "anna3" else row["annotator"]
    append_events(place, events_table(rows))
    return place


@pytest.fixture(scope="module")
def consensus(home: Path) -> Consensus:
    return write_consensus(home)[0]


@pytest.fixture(scope="module")
def people(consensus: Consensus) -> Annotators:
    return annotators(consensus)


def test_the_consensus_follows_the_truth(consensus: Consensus, truth: crowd.Truth) -> None:
    good = {crowd.sha(i): truth.good[i] for i in range(crowd.SCREENS)}
    rows = consensus.table.to_pylist()
    for method, least in (("bradley_terry", 0.85), ("bias_corrected_mean", 0.85)):
        some = [r for r in rows if r["method"] == method and r["aspect"] in ("preference", "overall")]
        assert len(some) == crowd.SCREENS
        assert np.corrcoef([r["value"] for r in some], [good[r["item_sha256"]] for r in some])[0, 1] > least
    said = [r for r in rows if r["aspect"] == "page_type" and r["value"] > 0.5]
    kinds = {crowd.sha(i): crowd.TYPES[truth.type[i]] for i in range(crowd.SCREENS)}
    assert np.mean([r["label"] == kinds[r["item_sha256"]] for r in said]) > 0.95


def test_every_row_has_interval_number_and_method(consensus: Consensus) -> None:
    assert consensus.table.schema.equals(CONSENSUS)
    for row in consensus.table.to_pylist():
        assert row["low"] - 1e-9 <= row["value"] <= row["high"] + 1e-9
        assert row["n"] >= row["annotators"] >= 1
        assert row["method"]
        if row["method"] == "pair_votes":
            assert row["item_sha256"] < row["pair_sha256"]
            assert 0 <= row["low"] <= row["high"] <= 1


def test_the_file_names_its_events_and_is_the_same_twice(home: Path, consensus: Consensus) -> None:
    _, path = write_consensus(home)
    first = path.read_bytes()
    about = json.loads(pq.read_schema(path).metadata[b"gesso.consensus"])
    assert about == {"events": len(consensus.events), "events_sha256": consensus.digest, "seed": 7}
    write_consensus(home)
    assert path.read_bytes() == first


def test_a_deleted_annotation_counts_no_more(home: Path, consensus: Consensus, tmp_path: Path) -> None:
    rows = read_events(home).to_pylist()
    key = next(r["annotation_key"] for r in rows if r["task"] == "pairwise")
    gone = [r | {"op": "delete", "event_id": None, "revision": "2"} for r in rows if r["annotation_key"] == key]
    found = agree(events_table([*rows, *gone]))
    assert len(found.events) == len(consensus.events) - 1
    assert found.digest != consensus.digest


def test_no_labels_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConsensusError, match="gesso label push"):
        write_report(tmp_path)


def test_a_pick_of_several_is_better_than_what_it_stood_beside() -> None:
    rows: list[dict[str, Any]] = []
    for number, who in enumerate(("a", "b", "c")):
        for side, (item, rank) in enumerate(((3, 1.0), (1, 2.0), (2, 2.0))):
            shared = crowd._shared(number, who, "best_of_n", 3.0)
            rows.append(shared | {"item_sha256": crowd.sha(item), "aspect": "rank", "value": rank, "side": side})
    found = agree(events_table(rows))
    score = {r["item_sha256"]: r["value"] for r in found.table.to_pylist() if r["method"] == "bradley_terry"}
    assert score[crowd.sha(3)] > score[crowd.sha(1)] == pytest.approx(score[crowd.sha(2)], abs=1e-3)
    assert len([r for r in found.table.to_pylist() if r["method"] == "pair_votes"]) == 2


def test_boxes_that_half_of_the_annotators_drew_are_kept() -> None:
    rows = []
    for number, (who, x) in enumerate((("a", 0.10), ("b", 0.11), ("c", 0.12), ("c", 0.7))):
        box = {"x": x, "y": 0.1, "width": 0.2, "height": 0.1}
        shared = crowd._shared(number, who, "elements", 9.0) | {"item_sha256": crowd.sha(1), "region_id": str(number)}
        rows.append(shared | {"aspect": "element", "label": "button", "box": box})
    (found,) = common_boxes(current(events_table(rows)))
    assert (found["n"], found["annotators"], found["value"]) == (3, 3, 1.0)
    assert found["box"]["x"] == pytest.approx(0.11)


def test_the_guesser_and_the_contrary_are_named_and_nobody_else(people: Annotators) -> None:
    verdict = {person.name: person.verdict for person in people.people}
    assert verdict.pop(crowd.GUESSING) == "guessing"
    assert verdict.pop(crowd.CONTRARY) == "contrary"
    assert set(verdict.values()) == {"good"}


def test_who_takes_predictions_over_is_told_from_who_does_not(people: Annotators) -> None:
    by_name = {person.name: person for person in people.people}
    assert by_name["anna0"].anchoring is not None
    assert by_name["anna0"].anchoring.proven
    assert any("takes predictions over" in note for note in by_name["anna0"].notes)
    assert by_name["anna4"].anchoring is not None
    assert by_name["anna4"].anchoring.pull < 0.4
    assert "overall" in people.by_aspect


def test_gold_and_speed(people: Annotators) -> None:
    by_name = {person.name: person for person in people.people}
    good = [by_name[name].gold for name in ("anna1", "anna2", "anna4")]
    assert all(gold.value > 0.9 for gold in good)
    assert by_name[crowd.CONTRARY].gold.value < 0.9
    assert not any(person.fast for person in people.people if person.name not in (crowd.GUESSING,))


def test_agreement_is_higher_among_those_who_can_be_relied_on(consensus: Consensus) -> None:
    every = alphas(consensus)
    some = alphas(consensus, without=frozenset({crowd.GUESSING, crowd.CONTRARY}))
    for key in (("critique", "overall"), ("critique", "page_type"), ("pairwise", "preference")):
        assert some[key].value > every[key].value + 0.1
    assert every["critique", "page_type"].level == "nominal"
    assert every["critique", "overall"].level == "ordinal"


def test_shares_and_their_difference() -> None:
    assert share([]).n == 0
    assert share([True] * 10).low < 0.75 < share([True] * 10).value
    apart = anchored([True] * 90 + [False] * 10, [True] * 20 + [False] * 30)
    assert apart.pull == pytest.approx(0.5)
    assert apart.low > 0.3
    assert not anchored([True, False] * 5, [True, False] * 5).proven


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "input", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_runs_nothing(home: Path) -> None:
    html = write_report(home).path.read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    assert "script" not in {tag for tag, _ in tags.seen}
    assert not [attrs for _, attrs in tags.seen for name in attrs if name.startswith("on")]
    assert not re.search(r'(?:src|href)="(?!data:)', html)
    assert HOSTILE not in html
    assert "&lt;script&gt;" in html
    assert "default-src 'none'" in html
    assert "7 of 8" not in html
    assert "6 of 8 annotators can be relied on" in html
    assert len(html) < 200_000


def test_a_plot_keeps_what_lies_beyond_its_scale_inside() -> None:
    html = dots([Dot("far", 9.0, -9.0, 12.0), Dot("none", float("nan"))], 0, 1, [Line(0.5, "middle")], label="x")
    places = [float(p) for p in re.findall(r"(?:left|width):([-\d.]+)%", html)]
    assert places
    assert all(0 <= place <= 100 for place in places)
