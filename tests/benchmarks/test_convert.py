"""What benchmarks.convert times, and that its figures fail where a page is slow or does not read back."""

from __future__ import annotations

import json
import time

from benchmarks.convert import Grown, Timed, deep, figures_of, grown, milliseconds, notation_of, wide
from design import parse


def test_a_stored_snapshot_becomes_notation() -> None:
    text = notation_of(json.dumps(wide(40)).encode())
    assert '"What it says of 12"' in text
    assert parse(text).roots


def test_a_grown_page_has_as_many_boxes_as_it_says() -> None:
    layout = wide(200)["snapshot"]["documents"][0]["layout"]
    assert len(layout["nodeIndex"]) == len(layout["bounds"]) == 200


def test_deep_nesting_stays_nested_and_reads_back() -> None:
    page = grown(deep(200))
    assert page.same
    assert page.depth > 200
    assert grown(deep(20)).depth < 30


def test_time_is_the_median_of_the_runs_after_the_first() -> None:
    waits = iter([0.05, 0.0, 0.0, 0.05])

    def work() -> None:
        end = time.thread_time() + next(waits)
        while time.thread_time() < end:
            pass

    assert milliseconds(work, repeats=3) < 25


def test_figures_fail_where_pages_are_slow_or_come_back_otherwise() -> None:
    fast, slow = Timed("a", 100.0, 300), Timed("b", 400.0, 900)
    whole, broken = Grown(1.0, 400, 200, True), Grown(1.0, 400, 3, False)
    good = {f.name: f for f in figures_of([fast, fast, slow], {"deep": whole})}
    assert good["snapshot to notation, median"].value == 100.0
    assert good["snapshot to notation, 90th percentile"].value == 400.0
    assert good["snapshot to notation, median"].ok
    assert good["deep"].ok
    bad = {f.name: f for f in figures_of([fast, slow, slow], {"deep": broken})}
    assert not bad["snapshot to notation, median"].ok
    assert not bad["deep"].ok
