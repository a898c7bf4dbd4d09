"""A handful of the quickest hazards, crawled; and that the table tells what was expected from what was not."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.hazards import LEAST, chosen, every, figure, rows_of
from benchmarks.hostile.hazard import Hazard, Journey, Row, Solo
from benchmarks.hostile.markup import hazard, page

QUICK = (
    "removes its own root",
    "marquee",
    "prototypes overridden",
    "body that breaks off",
    "picture served as HTML",
    "name that rebinds",
    "name with mixed",
    "seed chrome:",
)


@pytest.mark.browser
def test_the_quickest_are_as_expected(tmp_path: Path) -> None:
    rows = [row for one in chosen(QUICK) for part in rows_of(one, tmp_path) for row in part]
    assert {row.name: row.seen for row in rows if not row.as_expected} == {}
    assert len(rows) >= len(QUICK)


@pytest.mark.browser
def test_what_is_not_as_expected_is_told(tmp_path: Path) -> None:
    wrong = hazard("fine page", "timeout", 20, page())
    checked = hazard("another fine page", "captured", 20, page(), check=lambda seen: "something is off")
    settings = {"GESSO_VIEWS": "desktop", "GESSO_THEMES": "light", "GESSO_KINDS": "fold", "GESSO_PROBE": False}
    rows, end = Journey("wrong", [wrong, checked], 60, arguments={"depth": "0"}, settings=settings).rows(tmp_path)
    assert end.ok
    assert [(row.seen, row.as_expected) for row in rows] == [
        ("captured", False),
        ("captured, but something is off", False),
    ]
    assert all(0 < row.seconds < 20 for row in rows)


def test_a_crawl_that_does_not_begin_is_a_row_not_an_end(tmp_path: Path) -> None:
    journey = Journey("wrong", [hazard("page", "captured", 9, page())], 9, arguments={"depth": "nonsense"})
    rows, end = journey.rows(tmp_path)
    assert not end.ok
    assert end.seen.startswith("ArgumentError")
    assert not rows[0].ok


def test_a_solo_that_raises_is_not_as_expected(tmp_path: Path) -> None:
    def run(folder: Path) -> tuple[str, str | None]:
        raise OSError("gone")

    row = Solo("accident", "went on", 5, run).row(tmp_path)
    assert (row.seen, row.ok) == ("OSError: gone", False)


def test_every_hazard_has_a_name_and_a_host_of_its_own() -> None:
    hazards = [h for one in every() if isinstance(one, Journey) for h in one.hazards]
    names = [h.name for h in hazards] + [one.name for one in every() if isinstance(one, Solo)]
    assert len(names) == len(set(names)) > LEAST
    for one in every():
        if isinstance(one, Journey) and not one.whole:
            hosts = [host for h in one.hazards for host in h.sites]
            assert len(hosts) == len(set(hosts)), one.name
    assert all(h.expected and h.seconds > 0 for h in hazards)


def test_a_row_over_its_limit_is_not_ok() -> None:
    row = Row("slow", "captured", "captured", 9.04, 9, True)
    shown = figure(row)
    assert not row.ok
    assert (shown.value, shown.unit, shown.target, shown.ok, shown.seen) == (
        9.0,
        "s",
        "≤9 s, captured",
        False,
        "captured",
    )


def test_names_choose_hazards_and_whole_crawls() -> None:
    (one,) = chosen(["hung font"])
    assert isinstance(one, Journey)
    assert [h.name for h in one.hazards] == ["hung font"]
    (apps,) = chosen(["empty screenshotUrls"])
    assert isinstance(apps, Journey)
    assert len(apps.hazards) > 1
    assert chosen(["no such hazard"]) == []
    assert all(isinstance(h, Hazard) for h in apps.hazards)
