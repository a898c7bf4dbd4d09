"""The frontier in Redis: many workers on many machines crawl one run.

A lease belongs to a worker and lasts as long as the worker's heartbeat; what a killed worker held returns by itself
once its time is up, and a stalled worker that wakes up later finds that the lease is no longer its own. Every step is
one Lua script. Redis must keep what it is told: `appendonly yes` (`everysec` will do: a power cut then undoes the last
second in order, acknowledgements with the links they brought), `maxmemory-policy noeviction`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import socket
import threading
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from crawlers.frontier import scripts
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

BATCH = 200
HIGHEST_PRIORITY = 4_999_999_999
TIMEOUT_SECONDS = 10
T = TypeVar("T")
log = logging.getLogger(__name__)


class RedisFrontier(FrontierBackend):
    """One run's requests in a Redis database, shared with whoever opens the same run."""

    def __init__(self, url: str, run: str, arguments: str, *, lease_seconds: float = 60.0) -> None:
        self.url, self.run, self.lease_seconds = url, run, lease_seconds
        self.worker = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._prefix = prefix(run)
        self._db = connect(url)
        with _typed(url):
            _check(self._db, run, arguments, begin=True)
            self._warn_where_it_forgets()
        names = ("ADD", "LEASE", "REQUEUE", "CLOSE", "PUT_BACK", "BEAT", "LEAVE")
        self._scripts = {name: self._db.register_script(scripts.PRELUDE + getattr(scripts, name)) for name in names}
        self._beat()
        self._stop = threading.Event()
        self._heart = threading.Thread(target=self._keep_beating, name="frontier-heartbeat", daemon=True)
        self._heart.start()

    def _warn_where_it_forgets(self) -> None:
        with contextlib.suppress(redis.ResponseError):  # hosted servers forbid CONFIG
            found = cast(dict[str, str], self._db.config_get("appendonly"))
            if found.get("appendonly") == "no":
                log.warning("Redis at %s has appendonly off: a restart of it would lose the run", shown(self.url))

    def _run(self, name: str, *arguments: Any) -> Any:
        with _typed(self.url):
            return self._scripts[name](keys=[self._prefix], args=arguments)

    def _beat(self) -> None:
        self._run("BEAT", self.worker, self.lease_seconds)

    def _keep_beating(self) -> None:
        """In a thread of its own, so that a callback that computes for long does not cost the leases."""
        while not self._stop.wait(self.lease_seconds / 4):
            try:
                self._beat()
            except FrontierError as error:
                log.warning("%s", error)

    def add_many(self, entries: Iterable[Entry]) -> list[bool]:
        added: list[bool] = []
        for batch in batched(entries, BATCH):
            answer = self._run("ADD", json.dumps([_fields(entry) for entry in batch]))
            added += [one == 1 for one in answer]
        return added

    def lease(self) -> Leased | None:
        found = self._run("LEASE", self.worker, self.lease_seconds)
        return Leased(int(found[0]), str(found[1]), int(found[2])) if found else None

    def requeue(self, number: int, request: str) -> bool:
        return bool(self._run("REQUEUE", self.worker, number, request, 1))

    def release(self, number: int) -> bool:
        return bool(self._run("REQUEUE", self.worker, number, "", 0))

    def close_lease(self, number: int, outcome: Outcome) -> bool:
        fields = {
            "state": outcome.state,
            "kind": outcome.kind or "",
            "reason": outcome.reason or "",
            "status": "" if outcome.status is None else outcome.status,
            "captures": outcome.captures,
            "failures": outcome.failures,
            "bytes": outcome.bytes,
        }
        return bool(self._run("CLOSE", self.worker, number, json.dumps(fields)))

    def has_queued(self) -> bool:
        """Also where others have leases: what they hold may come back, or bring new requests."""
        states = self.states()
        return bool(states.get("queued") or states.get("leased", 0) > self._held())

    def _held(self) -> int:
        with _typed(self.url):
            return self._db.scard(f"{self._prefix}o:{self.worker}")

    def states(self) -> dict[str, int]:
        with _typed(self.url):
            found = cast(dict[str, str], self._db.hgetall(f"{self._prefix}states"))
        return {state: int(number) for state, number in found.items() if int(number)}

    def counts(self) -> Iterator[CountRow]:
        with _typed(self.url):
            return count_rows(self._db, self.run)

    def failed_seeds(self) -> list[tuple[str, str, str]]:
        rows = self._rows("failed_seeds", ("place", "url", "kind", "reason"))
        return [(url, kind, reason) for _, url, kind, reason in sorted(rows)]

    def _rows(self, which: str, fields: tuple[str, ...]) -> Iterator[list[str]]:
        with _typed(self.url):
            numbers = cast(list[str], self._db.zrange(f"{self._prefix}{which}", 0, -1))
            for batch in batched(numbers, BATCH):
                pipe = self._db.pipeline(transaction=False)
                for number in batch:
                    pipe.hmget(f"{self._prefix}r:{number}", *fields)
                for number, row in zip(batch, pipe.execute(), strict=True):
                    yield [number if name == "id" else value or "" for name, value in zip(fields, row, strict=True)]

    def failed(self) -> Iterator[Failed]:
        fields = ("url", "host", "depth", "attempts", "kind", "reason", "status", "captures", "failures", "closed_at")
        for number, url, host, depth, attempts, kind, reason, status, captures, failures, at in self._rows(
            "failed", ("id", *fields)
        ):
            yield Failed(
                *(int(number), url, host, int(depth), int(attempts), kind or "unknown", reason),
                *(int(status) if status else None, int(captures), int(failures), float(at)),
                retry_at(kind, int(attempts), float(at)),
            )

    def put_back(self, numbers: Iterable[int]) -> int:
        return sum(int(self._run("PUT_BACK", json.dumps(batch))) for batch in batched(numbers, BATCH))

    def close(self) -> None:
        self._stop.set()
        self._heart.join(TIMEOUT_SECONDS)
        with contextlib.suppress(FrontierError):  # it may be why we close; the leases run out by themselves
            self._run("LEAVE", self.worker)
        self._db.close()


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """As itertools' own from Python 3.12 on."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def connect(url: str) -> redis.Redis:
    """A client that tries again for some seconds where the server restarts. Raises FrontierError for a wrong URL."""
    try:
        return redis.Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(ExponentialBackoff(cap=2, base=0.05), 6),
            retry_on_error=[redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError],
        )
    except ValueError:
        raise FrontierError(f"frontier {shown(url)!r} is no address of a Redis: give redis://host:port/db") from None


def shown(url: str) -> str:
    """The address without its password."""
    parts = urlsplit(url)
    scheme = f"{parts.scheme}://" if "://" in url else ""
    return f"{scheme}{parts.netloc.rpartition('@')[2]}{parts.path.rpartition('@')[2]}"[:200]


def prefix(run: str) -> str:
    """What a run's keys begin with; the braces keep them on one node of a cluster."""
    return f"gesso:{{{run}}}:"


def check_arguments(url: str, run: str, arguments: str) -> None:
    """Raise FrontierError where the server cannot be reached, or the run was begun with other arguments."""
    with contextlib.closing(connect(url)) as db, _typed(url):
        _check(db, run, arguments, begin=False)


def _check(db: redis.Redis, run: str, arguments: str, *, begin: bool) -> None:
    key = f"{prefix(run)}arguments"
    if begin:
        db.set(key, arguments, nx=True)
    kept = cast(str | None, db.get(key))
    if kept is not None and kept != arguments:
        raise FrontierError(f"run {run} was begun with other arguments ({kept[:200]}): give another run=NAME")


def count_rows(db: redis.Redis, run: str) -> Iterator[CountRow]:
    """Requests by host, state and kind, of any run."""
    found = cast(dict[str, str], db.hgetall(f"{prefix(run)}counts"))
    for name, number in found.items():
        if name.startswith("n"):
            host, state, kind = json.loads(name[1:])
            captures, size = (int(found.get(f"{what}{name[1:]}", 0)) for what in "cb")
            yield CountRow(host, state, kind or None, int(number), captures, size)


def read_runs(db: redis.Redis, url: str) -> Iterator[tuple[str, str, int, list[CountRow]]]:
    """(run, arguments, workers alive, counts) of every run that a database holds, by name."""
    with _typed(url):
        names = sorted(key[7:-11] for key in cast(Iterable[str], db.scan_iter("gesso:{*}:arguments", count=1000)))
        seconds, micro = db.time()
        for name in names:
            alive = db.zcount(f"{prefix(name)}workers", seconds + micro / 1e6, "+inf")
            yield name, str(db.get(f"{prefix(name)}arguments")), alive, list(count_rows(db, name))


def _fields(entry: Entry) -> dict[str, Any]:
    if abs(entry.priority) > HIGHEST_PRIORITY or not 0 <= entry.depth <= 999_999:
        raise FrontierError(f"{entry.url[:200]}: a priority or depth beyond what the frontier can order")
    return {
        "fingerprint": entry.fingerprint,
        "order": f"{HIGHEST_PRIORITY - entry.priority:010d}:{entry.depth:06d}:",
        "lane": entry.lane,
        "depth": entry.depth,
        "place": entry.place,
        "host": entry.host,
        "url": entry.url,
        "seed": int(entry.seed),
        "request": entry.request,
        "cap": "" if entry.cap is None else entry.cap,
        "at_once": "" if entry.at_once is None else entry.at_once,
        "grouped": int(entry.group is not None),
    }


@contextlib.contextmanager
def _typed(url: str) -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        what = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise FrontierError(f"the frontier at {shown(url)} does not answer ({what}): is it up?") from None
