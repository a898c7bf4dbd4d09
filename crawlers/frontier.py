"""The frontier: every request of a run in one SQLite file, leased and acknowledged, so that a kill loses none.

queued → leased → done | failed, or queued → capped where a site has had its pages. A lease belongs to the process that
holds the file's lock; whoever opens the file next finds the owner gone and queues its leases again.

Order is a pure function of the pages, not of timing: by priority, then depth, then `place` (the path of positions that
led to a request). Requests of one `group` wait until the group's shallower ones are done, so a cap on the group takes
the same pages every time.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from crawlers.errors import GessoError

LOCK_SECONDS = 10.0
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS requests (
    id INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL DEFAULT 'queued',
    priority INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    place TEXT NOT NULL,
    grouped TEXT,
    cap INTEGER,
    host TEXT NOT NULL,
    url TEXT NOT NULL,
    seed INTEGER NOT NULL,
    request TEXT NOT NULL,
    kind TEXT,
    reason TEXT,
    captures INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS by_turn ON requests (state, priority DESC, depth, place);
CREATE INDEX IF NOT EXISTS by_group ON requests (grouped, state, depth);
"""

NEXT = """
SELECT id, request, grouped, cap FROM requests r
WHERE state = 'queued' AND (
    grouped IS NULL OR NOT EXISTS (
        SELECT 1 FROM requests l WHERE l.grouped = r.grouped AND l.state = 'leased' AND l.depth < r.depth
    )
)
ORDER BY priority DESC, depth, place LIMIT 1
"""


class FrontierError(GessoError):
    """A run that cannot be opened."""


@dataclass(frozen=True)
class Entry:
    """A request to remember: `request` is its JSON, the rest is what the frontier orders and counts by."""

    fingerprint: str
    request: str
    url: str
    host: str
    priority: int = 0
    depth: int = 0
    place: str = ""
    group: str | None = None
    cap: int | None = None
    seed: bool = False


class Frontier:
    """One run's requests. Raises FrontierError where another process has it open, or it was begun otherwise."""

    def __init__(self, folder: Path, arguments: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = self._take_lock(folder)
        try:
            self.db = _open(folder / "frontier.sqlite")
            self._check_arguments(arguments)
        except BaseException:
            os.close(self._lock)
            raise
        self.db.execute("UPDATE requests SET state = 'queued' WHERE state = 'leased'")
        self.db.commit()

    def _take_lock(self, folder: Path) -> int:
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        end = time.monotonic() + LOCK_SECONDS  # a killed owner may take a moment to be gone
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() < end:
                    time.sleep(0.1)
                    continue
                os.close(handle)
                raise FrontierError(
                    f"run {folder.name} is being crawled by another process: wait for it, or give another run=NAME"
                ) from None
            return handle

    def _check_arguments(self, arguments: str) -> None:
        if not _same_arguments(self.db, self.folder.name, arguments):
            self.db.execute("INSERT INTO meta VALUES ('arguments', ?)", (arguments,))

    def close(self) -> None:
        """Commit and let go of the run."""
        self.db.commit()
        self.db.close()
        os.close(self._lock)

    def add(self, entry: Entry) -> bool:
        """Queue a request; False where the run knows it already (an earlier place is taken over)."""
        values = (
            *(entry.fingerprint, entry.priority, entry.depth, entry.place, entry.group, entry.cap),
            *(entry.host, entry.url, int(entry.seed), entry.request),
        )
        with self.db:
            done = self.db.execute(
                "INSERT INTO requests (fingerprint, priority, depth, place, grouped, cap, host, url, seed, request) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (fingerprint) DO NOTHING",
                values,
            )
            if done.rowcount:
                return True
            self.db.execute(
                "UPDATE requests SET place = ?, request = ? "
                "WHERE fingerprint = ? AND state = 'queued' AND depth = ? AND place > ?",
                (entry.place, entry.request, entry.fingerprint, entry.depth, entry.place),
            )
        return False

    def lease(self) -> tuple[int, str] | None:
        """The next request that may go, as (id, JSON), or None where none may just now."""
        with self.db:
            while True:
                row = self.db.execute(NEXT).fetchone()
                if row is None:
                    return None
                number, request, group, cap = row
                if group is not None and cap is not None and self._admitted(group) >= cap:
                    self.db.execute(
                        "UPDATE requests SET state = 'capped' WHERE grouped = ? AND state = 'queued'", (group,)
                    )
                    continue
                self.db.execute("UPDATE requests SET state = 'leased' WHERE id = ?", (number,))
                return int(number), str(request)

    def _admitted(self, group: str) -> int:
        count = self.db.execute(
            "SELECT count(*) FROM requests WHERE grouped = ? AND state IN ('leased', 'done', 'failed')", (group,)
        )
        return int(count.fetchone()[0])

    def requeue(self, number: int, request: str) -> None:
        """Queue a leased request again in another form: a retry, or where a redirect led."""
        with self.db:
            self.db.execute("UPDATE requests SET state = 'queued', request = ? WHERE id = ?", (request, number))

    def acknowledge(
        self, number: int, *, captures: int, failures: int, kind: str | None = None, reason: str | None = None
    ) -> None:
        """Close a lease: everything that came of the request is durable. `kind` says why it failed, if it did."""
        state = "failed" if kind is not None and not captures else "done"
        with self.db:
            self.db.execute(
                "UPDATE requests SET state = ?, captures = ?, failures = ?, kind = ?, reason = ? WHERE id = ?",
                (state, captures, failures, kind, reason, number),
            )

    def has_queued(self) -> bool:
        return self.db.execute("SELECT 1 FROM requests WHERE state = 'queued' LIMIT 1").fetchone() is not None

    def states(self) -> dict[str, int]:
        """State → number of requests."""
        return dict(self.db.execute("SELECT state, count(*) FROM requests GROUP BY state").fetchall())

    def failed_seeds(self) -> list[tuple[str, str, str]]:
        """(url, kind, reason) of the seeds that gave nothing."""
        rows = self.db.execute("SELECT url, kind, reason FROM requests WHERE seed AND state = 'failed' ORDER BY place")
        return [(str(u), str(k), str(r)) for u, k, r in rows]


def check_arguments(folder: Path, arguments: str) -> None:
    """Raise FrontierError where a run of that folder was begun with other arguments."""
    if (folder / "frontier.sqlite").exists():
        with contextlib.closing(_open(folder / "frontier.sqlite")) as db:
            _same_arguments(db, folder.name, arguments)


def _same_arguments(db: sqlite3.Connection, run: str, arguments: str) -> bool:
    """Whether the run was begun with these; False where it has not begun. Raises FrontierError for others."""
    kept = db.execute("SELECT value FROM meta WHERE key = 'arguments'").fetchone()
    if kept is not None and kept[0] != arguments:
        raise FrontierError(f"run {run} was begun with other arguments ({kept[0][:200]}): give another run=NAME")
    return kept is not None


def _open(path: Path) -> sqlite3.Connection:
    try:
        db = sqlite3.connect(path)
        with contextlib.suppress(sqlite3.OperationalError):
            db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(SCHEMA)
    except sqlite3.DatabaseError as error:
        raise FrontierError(f"{path} is no frontier ({error}): move it away, or give another run=NAME") from None
    return db
