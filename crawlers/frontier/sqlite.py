"""The frontier in one SQLite file: one process a run, held by a lock that dies with its owner.

A lease belongs to whoever holds the lock; whoever opens the file next finds the owner gone and queues its leases again.
Adding and leasing share a transaction until something is acknowledged or half a second has gone by: a kill undoes only
what nobody has acted upon. In WAL mode a power cut takes back whole transactions from the end, so an acknowledgement
never outlives the links that were found with it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from crawlers.frontier.base import (
    CountRow,
    Entry,
    Failed,
    FrontierBackend,
    FrontierError,
    Leased,
    Outcome,
    retry_at,
)

LOCK_SECONDS = 10.0
COMMIT_SECONDS = 0.5
VERSION = 3
# A request's JSON has a table of its own, so that counting does not read it.
SCHEMA = f"""
BEGIN;
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS bodies (id INTEGER PRIMARY KEY, request TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS requests (
    id INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL DEFAULT 'queued',
    lane TEXT NOT NULL,
    priority INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    place TEXT NOT NULL,
    host TEXT NOT NULL,
    url TEXT NOT NULL,
    seed INTEGER NOT NULL,
    kind TEXT,
    reason TEXT,
    status INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    captures INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    closed_at REAL
);
CREATE INDEX IF NOT EXISTS by_turn ON requests (lane, priority DESC, depth, place, id) WHERE state = 'queued';
CREATE INDEX IF NOT EXISTS leased ON requests (lane, depth) WHERE state = 'leased';
CREATE INDEX IF NOT EXISTS failed ON requests (seed) WHERE state = 'failed';
CREATE TABLE IF NOT EXISTS lanes (
    lane TEXT PRIMARY KEY,
    grouped INTEGER NOT NULL,
    cap INTEGER,
    at_once INTEGER,
    admitted INTEGER NOT NULL DEFAULT 0,
    head INTEGER,
    priority INTEGER,
    depth INTEGER,
    place TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS open_lanes ON lanes (priority DESC, depth, place, head) WHERE head IS NOT NULL;
PRAGMA user_version = {VERSION};
COMMIT;
"""
ADD = """
INSERT INTO requests (fingerprint, lane, priority, depth, place, host, url, seed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (fingerprint) DO NOTHING
"""
ADD_LANE = """
INSERT INTO lanes (lane, grouped, cap, at_once) VALUES (?, ?, ?, ?)
ON CONFLICT (lane) DO UPDATE SET cap = excluded.cap, at_once = excluded.at_once
WHERE cap IS NOT excluded.cap OR at_once IS NOT excluded.at_once
"""
NEXT = """
SELECT lane, head, cap, admitted FROM lanes WHERE head IS NOT NULL ORDER BY priority DESC, depth, place, head LIMIT 1
"""
HEAD = """
SELECT id, priority, depth, place FROM requests WHERE lane = ? AND state = 'queued'
ORDER BY priority DESC, depth, place, id LIMIT 1
"""
BUSY = "SELECT count(*), min(depth) FROM requests WHERE lane = ? AND state = 'leased'"
SET_HEAD = "UPDATE lanes SET head = ?, priority = ?, depth = ?, place = ? WHERE lane = ?"
CLOSE = """
UPDATE requests SET state = ?, captures = ?, failures = ?, kind = ?, reason = ?, status = ?, bytes = ?, closed_at = ?
WHERE id = ? AND state = 'leased'
"""


class Frontier(FrontierBackend):
    """One run's requests in a folder. Raises FrontierError where another process has it open, or it began otherwise."""

    def __init__(self, folder: Path, arguments: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _take_lock(folder)
        try:
            self.db = _open(folder / "frontier.sqlite")
            if not _same_arguments(self.db, folder.name, arguments):
                self.db.execute("INSERT INTO meta VALUES ('arguments', ?)", (arguments,))
            self._return_leases()
        except BaseException:
            os.close(self._lock)
            raise
        self._states = Counter(dict(self.db.execute("SELECT state, count(*) FROM requests GROUP BY state")))
        self._committed = time.monotonic()

    def _return_leases(self) -> None:
        """What a former owner had leased is queued again, and no longer counts towards its lane's cap."""
        leased = self.db.execute("SELECT lane, count(*) FROM requests WHERE state = 'leased' GROUP BY lane").fetchall()
        self.db.execute("UPDATE requests SET state = 'queued' WHERE state = 'leased'")
        for lane, number in leased:
            self.db.execute("UPDATE lanes SET admitted = admitted - ? WHERE lane = ?", (number, lane))
        self.db.commit()
        for lane, _ in leased:
            self._refresh(lane)
        self.db.commit()

    def close(self) -> None:
        self._return_leases()
        self.db.close()
        os.close(self._lock)

    def _commit(self) -> None:
        self.db.commit()
        self._committed = time.monotonic()

    def _commit_now_and_then(self) -> None:
        if time.monotonic() - self._committed > COMMIT_SECONDS:
            self._commit()

    def add_many(self, entries: Iterable[Entry]) -> list[bool]:
        added, lanes = [], dict[str, Entry]()
        for entry in entries:
            lanes[entry.lane] = entry
            added.append(self._insert(entry))
        for lane, entry in lanes.items():
            self.db.execute(ADD_LANE, (lane, int(entry.group is not None), entry.cap, entry.at_once))
            self._refresh(lane)
        self._commit_now_and_then()
        return added

    def _insert(self, entry: Entry) -> bool:
        done = self.db.execute(
            ADD,
            (
                *(entry.fingerprint, entry.lane, entry.priority, entry.depth, entry.place),
                *(entry.host, entry.url, int(entry.seed)),
            ),
        )
        if done.rowcount:
            self.db.execute("INSERT INTO bodies VALUES (?, ?)", (done.lastrowid, entry.request))
            self._states["queued"] += 1
            return True
        moved = self.db.execute(
            "UPDATE requests SET place = ? WHERE fingerprint = ? AND state = 'queued' AND depth = ? AND place > ? "
            "RETURNING id",
            (entry.place, entry.fingerprint, entry.depth, entry.place),
        ).fetchone()
        if moved is not None:
            self.db.execute("UPDATE bodies SET request = ? WHERE id = ?", (entry.request, moved[0]))
        return False

    def _refresh(self, lane: str) -> None:
        """Say which request of a lane may go next; none where it is busy enough or a shallower one is under way."""
        grouped, at_once, current = self.db.execute(
            "SELECT grouped, at_once, head FROM lanes WHERE lane = ?", (lane,)
        ).fetchone()
        busy, shallowest = self.db.execute(BUSY, (lane,)).fetchone()
        head = self.db.execute(HEAD, (lane,)).fetchone()
        waits = (at_once is not None and busy >= at_once) or (grouped and busy and head and shallowest < head[2])
        if head is None or waits:
            head = (None, None, None, None)
        if head[0] != current or head[0] is not None:
            self.db.execute(SET_HEAD, (*head, lane))

    def lease(self) -> Leased | None:
        while True:
            row = self.db.execute(NEXT).fetchone()
            if row is None:
                self._commit_now_and_then()
                return None
            lane, number, cap, admitted = row
            if cap is None or admitted < cap:
                break
            capped = self.db.execute(
                "UPDATE requests SET state = 'capped' WHERE lane = ? AND state = 'queued'", (lane,)
            ).rowcount
            self._moved("queued", "capped", capped)
            self._refresh(lane)
        ((attempts,),) = self.db.execute(
            "UPDATE requests SET state = 'leased', attempts = attempts + 1 WHERE id = ? RETURNING attempts", (number,)
        ).fetchall()
        self.db.execute("UPDATE lanes SET admitted = admitted + 1 WHERE lane = ?", (lane,))
        self._refresh(lane)
        self._moved("queued", "leased")
        request = self.db.execute("SELECT request FROM bodies WHERE id = ?", (number,)).fetchone()[0]
        self._commit_now_and_then()
        return Leased(int(number), str(request), int(attempts))

    def _moved(self, before: str, after: str, number: int = 1) -> None:
        self._states[before] -= number
        self._states[after] += number

    def requeue(self, number: int, request: str) -> bool:
        if not self._unlease(number, "UPDATE requests SET state = 'queued' WHERE id = ? AND state = 'leased'"):
            return False
        self.db.execute("UPDATE bodies SET request = ? WHERE id = ?", (request, number))
        self._commit()
        return True

    def release(self, number: int) -> bool:
        sql = "UPDATE requests SET state = 'queued', attempts = attempts - 1 WHERE id = ? AND state = 'leased'"
        released = self._unlease(number, sql)
        self._commit()
        return released

    def _unlease(self, number: int, sql: str) -> bool:
        row = self.db.execute(f"{sql} RETURNING lane", (number,)).fetchall()
        if not row:
            return False
        self._moved("leased", "queued")
        self.db.execute("UPDATE lanes SET admitted = admitted - 1 WHERE lane = ?", row[0])
        self._refresh(row[0][0])
        return True

    def close_lease(self, number: int, outcome: Outcome) -> bool:
        given = (outcome.captures, outcome.failures, outcome.kind, outcome.reason, outcome.status, outcome.bytes)
        row = self.db.execute(f"{CLOSE} RETURNING lane", (outcome.state, *given, time.time(), number)).fetchall()
        if not row:
            return False
        self._moved("leased", outcome.state)
        self._refresh(row[0][0])
        self._commit()
        return True

    def has_queued(self) -> bool:
        return self._states["queued"] > 0

    def states(self) -> dict[str, int]:
        return {state: number for state, number in self._states.items() if number}

    def counts(self) -> Iterator[CountRow]:
        return count_rows(self.db)

    def failed_seeds(self) -> list[tuple[str, str, str]]:
        rows = self.db.execute("SELECT url, kind, reason FROM requests WHERE seed AND state = 'failed' ORDER BY place")
        return [(str(u), str(k), str(r)) for u, k, r in rows]

    def failed(self) -> Iterator[Failed]:
        rows = self.db.execute(
            "SELECT id, url, host, depth, attempts, kind, reason, status, captures, failures, closed_at "
            "FROM requests WHERE state = 'failed' ORDER BY id"
        )
        for number, url, host, depth, attempts, kind, reason, status, captures, failures, at in rows:
            when = retry_at(kind, attempts, at or 0.0)
            facts = (kind or "unknown", reason or "", status, captures, failures, at or 0.0, when)
            yield Failed(number, url, host, depth, attempts, *facts)

    def put_back(self, numbers: Iterable[int]) -> int:
        lanes, moved = set[str](), 0
        for number in numbers:
            for (lane,) in self.db.execute(
                "UPDATE requests SET state = 'queued' WHERE id = ? AND state = 'failed' RETURNING lane", (number,)
            ).fetchall():
                self.db.execute("UPDATE lanes SET admitted = admitted - 1 WHERE lane = ?", (lane,))
                lanes.add(lane)
                moved += 1
        for lane in lanes:
            self._refresh(lane)
        self._moved("failed", "queued", moved)
        self._commit()
        return moved


def count_rows(db: sqlite3.Connection) -> Iterator[CountRow]:
    """Requests by host, state and kind, from an open file."""
    rows = db.execute(
        "SELECT host, state, kind, count(*), sum(captures), sum(bytes) FROM requests GROUP BY host, state, kind"
    )
    return (CountRow(*row) for row in rows)


def check_arguments(folder: Path, arguments: str) -> None:
    """Raise FrontierError where a run of that folder was begun with other arguments."""
    if (folder / "frontier.sqlite").exists():
        with contextlib.closing(_open(folder / "frontier.sqlite")) as db:
            _same_arguments(db, folder.name, arguments)


def _take_lock(folder: Path) -> int:
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


def _same_arguments(db: sqlite3.Connection, run: str, arguments: str) -> bool:
    """Whether the run was begun with these; False where it has not begun. Raises FrontierError for others."""
    kept = db.execute("SELECT value FROM meta WHERE key = 'arguments'").fetchone()
    if kept is not None and kept[0] != arguments:
        raise FrontierError(f"run {run} was begun with other arguments ({kept[0][:200]}): give another run=NAME")
    return kept is not None


def _open(path: Path) -> sqlite3.Connection:
    try:
        db = sqlite3.connect(path)
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version != VERSION and db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise FrontierError(f"{path} was begun by another version of Gesso: move it away, or give another run=NAME")
        with contextlib.suppress(sqlite3.OperationalError):
            db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        if version != VERSION:
            db.executescript(SCHEMA)
    except sqlite3.DatabaseError as error:
        raise FrontierError(f"{path} is no frontier ({error}): move it away, or give another run=NAME") from None
    return db
