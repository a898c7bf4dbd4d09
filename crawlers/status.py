"""What the runs of a store hold, read from their frontiers without disturbing a crawl that is under way."""

from __future__ import annotations

import contextlib
import fcntl
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from crawlers.captures import StoreError
from crawlers.folders import crawls_folder
from crawlers.frontier import FrontierError


@dataclass
class Counts:
    """Requests by state, what they gave, and why they failed."""

    done: int = 0
    queued: int = 0
    leased: int = 0
    failed: int = 0
    capped: int = 0
    captures: int = 0
    failed_by_kind: dict[str, int] = field(default_factory=dict)


@dataclass
class RunStatus:
    """One run: whether somebody crawls it just now, its totals, and its hosts with the busiest first."""

    run_id: str
    arguments: str
    running: bool
    total: Counts = field(default_factory=Counts)
    hosts: dict[str, Counts] = field(default_factory=dict)


def status(store: str) -> list[RunStatus]:
    """The runs of a store, by name. Raises StoreError where there is none, FrontierError for a damaged frontier."""
    folder = crawls_folder(store)
    if not folder.is_dir():
        raise StoreError(f"no crawl has been run into {store}: crawl first, or name another with --home")
    return [_run(path.parent) for path in sorted(folder.glob("*/frontier.sqlite"))]


def _run(folder: Path) -> RunStatus:
    path = folder / "frontier.sqlite"
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as db:
            arguments = db.execute("SELECT value FROM meta WHERE key = 'arguments'").fetchone()
            found = RunStatus(folder.name, arguments[0] if arguments else "", _is_locked(folder / "lock"))
            for host, state, kind, number, captures in _rows(db):
                for counts in (found.total, found.hosts.setdefault(host, Counts())):
                    setattr(counts, state, getattr(counts, state) + number)
                    counts.captures += captures
                    if state == "failed":
                        counts.failed_by_kind[kind] = counts.failed_by_kind.get(kind, 0) + number
    except sqlite3.DatabaseError as error:
        raise FrontierError(f"{path} is no frontier ({error}): move it away") from None
    busiest = sorted(found.hosts.items(), key=lambda item: (-item[1].captures, item[0]))
    found.hosts = dict(busiest)
    return found


def _rows(db: sqlite3.Connection) -> Iterator[tuple[str, str, str, int, int]]:
    rows = db.execute("SELECT host, state, kind, count(*), sum(captures) FROM requests GROUP BY host, state, kind")
    for host, state, kind, number, captures in rows:
        if state in ("done", "queued", "leased", "failed", "capped"):
            yield str(host), str(state), str(kind or "unknown"), int(number), int(captures)


def _is_locked(path: Path) -> bool:
    try:
        with path.open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
