"""Put failed requests of a run back into its queue, chosen by an SQL expression over what is known of them.

The expression is evaluated in a database of its own that holds nothing but the failed requests' facts, by a connection
that may do nothing but read them.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from crawlers.errors import GessoError
from crawlers.folders import COMMAND, OPTIONS, crawls_folder
from crawlers.frontier import Failed, FrontierBackend, open_frontier
from crawlers.status import RunStatus, status

COLUMNS = (
    *("id", "url", "host", "depth", "attempts", "kind", "reason", "status", "captures", "failures"),
    *("failed_at", "retry_at", "verdict", "now"),
)
# Functions that read what they are given and nothing else.
FUNCTIONS = frozenset(
    {
        *("abs", "coalesce", "glob", "hex", "ifnull", "iif", "instr", "length", "like", "lower", "ltrim", "max", "min"),
        *("nullif", "replace", "round", "rtrim", "sign", "substr", "substring", "trim", "typeof", "unicode", "upper"),
    }
)
FLAGS = frozenset({"sections", "nofollow", "alternates", "cross_site", "render", "older"})  # options without a value
DUE = "retry_at IS NOT NULL AND retry_at <= now"
MAX_EXPRESSION = 2000
MAX_STEPS = 50_000_000  # of SQLite's machine: an expression that would not end is stopped
STEPS_A_LOOK = 100_000


class RetryError(GessoError):
    """An expression that cannot be evaluated, or no run to retry."""


@dataclass(frozen=True)
class RunRetry:
    """What was chosen of a run's failed requests, by kind, and whether they were put back."""

    run_id: str
    arguments: str
    failed: int
    chosen: int
    by_kind: dict[str, int]
    later: int
    put_back: int
    command: str


def retry(
    store: str, where: str | None = None, *, run: str | None = None, frontier: str | None = None, dry_run: bool = False
) -> list[RunRetry]:
    """Queue the failed requests that match again, of one run or of all. Without `where`: those whose plan says now.

    Raises RetryError for an expression or run that is none, FrontierError where the run is being crawled.
    """
    check_expression(where or DUE)
    runs = [one for one in status(store, frontier=frontier) if run is None or one.run_id == run]
    if not runs:
        raise RetryError(f"{store} holds no run {run or ''}: `gesso crawl status` lists them")
    if where is None and run is None:
        runs = [one for one in runs if one.total.failed]
    return [_retry(store, one, where or DUE, frontier, dry_run) for one in runs]


def _retry(store: str, run: RunStatus, where: str, frontier: str | None, dry_run: bool) -> RunRetry:
    folder = crawls_folder(store) / run.run_id
    shared = frontier if not (folder / "frontier.sqlite").exists() else None
    with contextlib.closing(open_frontier(folder, run.arguments, url=shared)) as opened:
        failed = list(opened.failed())
        numbers = set(select(failed, where))
        put_back = 0 if dry_run else _put_back(opened, sorted(numbers))
    kinds = Counter(one.kind for one in failed if one.number in numbers)
    later = sum(1 for one in failed if one.number not in numbers and one.retry_at is not None)
    return RunRetry(
        run.run_id,
        run.arguments,
        len(failed),
        len(numbers),
        dict(kinds.most_common()),
        later,
        put_back,
        command_of(folder),
    )


def command_of(folder: Path) -> str:
    """The command that goes on with a run, as `crawl()` noted it; in words where it was begun otherwise."""
    try:
        noted = json.loads((folder / COMMAND).read_text(encoding="utf-8"))
        words = ["gesso", "crawl", str(noted["spider"])]
        for name, value in {**noted["arguments"], "run": noted["run"]}.items():
            if name not in FLAGS:
                words += [f"--{name.replace('_', '-')}", str(value)]
            elif str(value).lower() not in ("", "0", "false", "no", "off"):
                words.append(f"--{name.replace('_', '-')}")
        for setting, value in noted.get("settings", {}).items():
            for part in value.split(",") if setting == "GESSO_ALLOW" else [value]:
                words += [f"--{OPTIONS[setting]}", part]
        return shlex.join(words)
    except (OSError, ValueError, KeyError, AttributeError):
        return f"the command that began run {folder.name}, once more"


def _put_back(frontier: FrontierBackend, numbers: list[int]) -> int:
    return frontier.put_back(numbers) if numbers else 0


def check_expression(where: str) -> None:
    """Raises RetryError for what is no single, harmless expression over COLUMNS."""
    list(_chosen([], where))


def select(failed: Iterable[Failed], where: str) -> Iterator[int]:
    """The numbers of the requests for which the expression holds. Raises RetryError."""
    return _chosen(failed, where)


def _chosen(failed: Iterable[Failed], where: str) -> Iterator[int]:
    if len(where) > MAX_EXPRESSION or "\0" in where:
        raise RetryError(f"--where of {len(where)} characters is too long: {MAX_EXPRESSION} is the limit")
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        db.execute(f"CREATE TABLE failed ({', '.join(COLUMNS)})")
        at = time.time()
        rows = ((*astuple(one), one.kind, at) for one in failed)
        db.executemany(f"INSERT INTO failed VALUES ({', '.join('?' * len(COLUMNS))})", rows)
        db.commit()
        db.set_authorizer(_may)
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1_000_000)
        budget = _Budget()
        db.set_progress_handler(budget.spent, STEPS_A_LOOK)
        try:
            # Alone first: whatever closes the brackets and goes on must fail there.
            db.execute(f"SELECT {where}\n FROM failed LIMIT 0").fetchall()
            rows_found = db.execute(f"SELECT id FROM failed WHERE (\n{where}\n) ORDER BY id").fetchall()
        except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError) as error:
            said = " ".join(str(error).split())
            raise RetryError(
                f"--where {where[:120]!r} is no condition ({said}): give one SQL expression over {', '.join(COLUMNS)}"
            ) from None
    return iter([int(number) for (number,) in rows_found])


class _Budget:
    """So many steps for one expression and no more."""

    def __init__(self) -> None:
        self.looks = 0

    def spent(self) -> int:
        self.looks += 1
        return int(self.looks * STEPS_A_LOOK > MAX_STEPS)


def _may(action: int, first: str | None, second: str | None, database: str | None, trigger: str | None) -> int:
    """SQLite's authorizer: read the one table, call a harmless function; nothing else, no second select either."""
    allowed: dict[int, Any] = {
        sqlite3.SQLITE_SELECT: True,
        sqlite3.SQLITE_READ: first == "failed",
        sqlite3.SQLITE_FUNCTION: (second or "").lower() in FUNCTIONS,
    }
    return sqlite3.SQLITE_OK if allowed.get(action) else sqlite3.SQLITE_DENY
