"""Crawl what is hostile: pages, servers, stores and accidents, each with what must come of it and a time limit.

`python -m benchmarks.hazards [NAME…]` brings its own servers on loopback; NAME takes the hazards whose name, or whose
crawl's name, has it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from benchmarks.figures import CannotRun, Figure, at_least, at_most, main
from benchmarks.hostile import accidents, answers, heavy, looks, rights, stores, traps, waits
from benchmarks.hostile.hazard import Journey, Row, Solo
from crawlers.browser.find import BrowserNotFound, require_chromium

LEAST = 45
SIDE_BY_SIDE = 2  # crawls that mostly wait leave room for those that work


@cache
def every() -> tuple[Journey | Solo, ...]:
    """All hazards, those that take longest first."""
    return (
        *waits.journeys(),
        *answers.journeys(),
        *heavy.journeys(),
        *traps.journeys(),
        *looks.journeys(),
        *rights.journeys(),
        *stores.journeys(),
        *accidents.solos(),
    )


def chosen(names: Sequence[str]) -> list[Journey | Solo]:
    """Those whose name has one of the words given; all for none."""

    def wanted(name: str) -> bool:
        return not names or any(word.lower() in name.lower() for word in names)

    found: list[Journey | Solo] = []
    for one in every():
        if wanted(one.name):
            found.append(one)
        elif isinstance(one, Journey):
            hazards = [hazard for hazard in one.hazards if wanted(hazard.name)]
            found += [one.only(hazards)] if hazards else []
    return found


def rows_of(one: Journey | Solo, folder: Path) -> tuple[list[Row], list[Row]]:
    """(rows of hazards, rows of whether crawls ended)"""
    if isinstance(one, Solo):
        return [one.row(folder / "".join(c if c.isalnum() else "-" for c in one.name))], []
    rows, end = one.rows(folder)
    return rows, [end]


def figure(row: Row) -> Figure:
    return Figure(row.name, round(row.seconds, 1), "s", f"≤{row.limit:g} s, {row.expected}", row.ok, row.seen)


def run(argv: Sequence[str]) -> list[Figure]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hazards", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    names = parser.parse_args(argv).names
    try:
        require_chromium()
    except BrowserNotFound as error:
        raise CannotRun(str(error)) from None
    begun = time.monotonic()
    todo = chosen(names)
    if not todo:
        raise CannotRun(f"no hazard's name has {' or '.join(names)} in it")
    with tempfile.TemporaryDirectory(prefix="gesso-hazards-") as name, ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        found = list(pool.map(lambda one: rows_of(one, Path(name)), todo))
    rows = [row for some, _ in found for row in some]
    ends = [row for _, some in found for row in some]
    totals = [
        at_least("hazards", len(rows), "", LEAST if not names else 1),
        at_most("not as expected", sum(not row.as_expected for row in rows), "hazards", 0),
        at_most("over their time limit", sum(row.seconds > row.limit for row in rows), "hazards", 0),
        at_most("crawls that did not end", sum(not row.ok for row in ends), "crawls", 0),
        Figure("all of it", round(time.monotonic() - begun, 1), "s"),
    ]
    return [*map(figure, rows), *map(figure, ends), *totals]


if __name__ == "__main__":
    raise SystemExit(main("hazards", run))
