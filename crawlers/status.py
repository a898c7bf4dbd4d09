"""What the runs of a store hold, read from their frontiers without disturbing a crawl that is under way."""

from __future__ import annotations

import contextlib
import fcntl
import json
import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crawlers.captures import StoreError
from crawlers.folders import crawls_folder
from crawlers.frontier import CountRow, FrontierError
from crawlers.frontier.base import STATES
from crawlers.frontier.sqlite import count_rows

STATS = "stats.json"


@dataclass
class Counts:
    """Requests by state, what they gave, and why they failed."""

    done: int = 0
    queued: int = 0
    leased: int = 0
    failed: int = 0
    capped: int = 0
    captures: int = 0
    bytes: int = 0
    failed_by_kind: dict[str, int] = field(default_factory=dict)


@dataclass
class RunStatus:
    """One run: whether somebody crawls it just now, its totals, and its hosts with the busiest first.

    `pages_per_minute` and `verdicts` are what the last crawl of it said of itself; both are of this machine only.
    """

    run_id: str
    arguments: str
    running: bool
    total: Counts = field(default_factory=Counts)
    hosts: dict[str, Counts] = field(default_factory=dict)
    workers: int = 0
    pages_per_minute: float | None = None
    verdicts: dict[str, int] = field(default_factory=dict)
    finish_reason: str | None = None


def status(store: str, *, frontier: str | None = None) -> list[RunStatus]:
    """The runs of a store, by name, and those in Redis where `frontier` says where.

    Raises StoreError where there is none, FrontierError for a damaged or unreachable frontier.
    """
    folder = crawls_folder(store)
    found = [_run(path.parent) for path in sorted(folder.glob("*/frontier.sqlite"))] if folder.is_dir() else []
    if frontier:
        found += _shared_runs(folder, frontier)
    elif not folder.is_dir():
        raise StoreError(f"no crawl has been run into {store}: crawl first, or name another with --home")
    return found


def named(runs: Sequence[RunStatus], name: str, store: str) -> list[RunStatus]:
    """The run of that name, or its shares where it was crawled in several. Raises StoreError where there is neither."""
    found = [run for run in runs if re.fullmatch(rf"{re.escape(name)}(-\d+of\d+)?", run.run_id)]
    if not found:
        known = ", ".join(run.run_id for run in runs[:20]) or "none"
        raise StoreError(f"{store} holds no run {name}: there are {known}")
    return found


def _run(folder: Path) -> RunStatus:
    path = folder / "frontier.sqlite"
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as db:
            arguments = db.execute("SELECT value FROM meta WHERE key = 'arguments'").fetchone()
            running = _is_locked(folder / "lock")
            found = RunStatus(folder.name, arguments[0] if arguments else "", running, workers=int(running))
            _add(found, count_rows(db))
    except sqlite3.DatabaseError as error:
        raise FrontierError(f"{path} is no frontier ({error}): move it away") from None
    _add_stats(found, folder)
    return found


def _shared_runs(folder: Path, frontier: str) -> list[RunStatus]:
    from crawlers.frontier.redis import connect, read_runs

    found = []
    with contextlib.closing(connect(frontier)) as db:
        for run, arguments, workers, rows in read_runs(db, frontier):
            one = RunStatus(run, arguments, workers > 0, workers=workers)
            _add(one, rows)
            _add_stats(one, folder / run)
            found.append(one)
    return found


def _add(found: RunStatus, rows: Iterable[CountRow]) -> None:
    for row in rows:
        if row.state not in STATES:
            continue
        for counts in (found.total, found.hosts.setdefault(row.host, Counts())):
            setattr(counts, row.state, getattr(counts, row.state) + row.requests)
            counts.captures += row.captures
            counts.bytes += row.bytes
            if row.state == "failed":
                kind = row.kind or "unknown"
                counts.failed_by_kind[kind] = counts.failed_by_kind.get(kind, 0) + row.requests
    found.hosts = dict(sorted(found.hosts.items(), key=lambda item: (-item[1].captures, item[0])))


def _add_stats(found: RunStatus, folder: Path) -> None:
    """What the crawl wrote of itself while it ran; a run without it has none."""
    try:
        stats: dict[str, Any] = json.loads((folder / STATS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    marker = "gesso/verdicts/"
    found.verdicts = {k.removeprefix(marker): v for k, v in stats.items() if k.startswith(marker)}
    found.pages_per_minute = stats.get("gesso/pages_per_minute")
    found.finish_reason = stats.get("finish_reason")


def _is_locked(path: Path) -> bool:
    try:
        with path.open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
