"""What every frontier keeps and promises, whichever place it keeps it in.

queued → leased → done | failed, or queued → capped where a group has had its pages. Order is a pure function of the
pages, not of timing: by priority, then depth, then `place` (the path of positions that led to a request).

Requests wait in lanes: one a group, or one a host for requests without a group. A lane gives its requests strictly in
order and at most `at_once` of them at a time, so that one slow site does not hold every other up. A group's request
waits until its shallower ones are closed, so a cap on the group takes the same pages every time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from crawlers.errors import GessoError

STATES = ("queued", "leased", "done", "failed", "capped")
# Kinds of failure that may go away by themselves, and after how many seconds the first new try is worth its while.
RETRY_AFTER = {
    "timeout": 600,
    "unreachable": 1800,
    "browser": 60,
    "download": 600,
    "http_408": 600,
    "http_425": 600,
    "http_429": 3600,
    "http_500": 1800,
    "http_502": 600,
    "http_503": 1800,
    "http_504": 600,
}
OTHER_5XX_AFTER = 3600
RETRY_DOUBLINGS = 6


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
    at_once: int | None = None

    @property
    def lane(self) -> str:
        """A group's name, or the host for a request without one."""
        return f"g {self.group}" if self.group is not None else f"h {self.host}"


class Leased(NamedTuple):
    """A request that is this process's to do; `attempts` counts its leases so far, this one included."""

    number: int
    request: str
    attempts: int = 1


@dataclass(frozen=True)
class Outcome:
    """What came of a lease. `kind` says why it failed, if it did; without captures that closes it as failed."""

    captures: int = 0
    failures: int = 0
    kind: str | None = None
    reason: str | None = None
    status: int | None = None
    bytes: int = 0

    @property
    def state(self) -> str:
        return "failed" if self.kind is not None and not self.captures else "done"


@dataclass(frozen=True)
class Failed:
    """A failed request, as `gesso crawl retry --where` sees it; `retry_at` is None where a new try is pointless."""

    number: int
    url: str
    host: str
    depth: int
    attempts: int
    kind: str
    reason: str
    status: int | None
    captures: int
    failures: int
    failed_at: float
    retry_at: float | None


class CountRow(NamedTuple):
    """Requests of one host in one state (and, where failed, of one kind), and what they gave."""

    host: str
    state: str
    kind: str | None
    requests: int
    captures: int
    bytes: int


def retry_at(kind: str | None, attempts: int, failed_at: float) -> float | None:
    """When a failure is worth another go: twice as late after every attempt; None for kinds that would only recur."""
    wait = RETRY_AFTER.get(kind or "")
    if wait is None:
        if not (kind or "").startswith("http_5"):
            return None
        wait = OTHER_5XX_AFTER
    return float(failed_at + wait * 2 ** min(max(attempts, 1) - 1, RETRY_DOUBLINGS))


class FrontierBackend(ABC):
    """One run's requests. Opening raises FrontierError where the run was begun with other arguments."""

    @abstractmethod
    def add_many(self, entries: Iterable[Entry]) -> list[bool]:
        """Queue requests; False for each that the run knows already (an earlier place is taken over)."""

    def add(self, entry: Entry) -> bool:
        """Queue one request; False where the run knows it already."""
        return self.add_many([entry])[0]

    @abstractmethod
    def lease(self) -> Leased | None:
        """The next request that may go, or None where none may just now."""

    @abstractmethod
    def requeue(self, number: int, request: str) -> bool:
        """Queue a leased request again in another form: a retry, or where a redirect led. False: no longer ours."""

    @abstractmethod
    def release(self, number: int) -> bool:
        """Queue a leased request again as it was, and as if it had not been tried. False: no longer ours."""

    @abstractmethod
    def close_lease(self, number: int, outcome: Outcome) -> bool:
        """Close a lease: everything that came of the request is durable. False: the lease was no longer ours."""

    def acknowledge(
        self, number: int, *, captures: int, failures: int, kind: str | None = None, reason: str | None = None
    ) -> bool:
        """`close_lease`, spelt out."""
        return self.close_lease(number, Outcome(captures, failures, kind, reason))

    @abstractmethod
    def has_queued(self) -> bool:
        """Whether there is, or may yet come back, a request to lease."""

    @abstractmethod
    def states(self) -> dict[str, int]:
        """State → number of requests, for the states that occur. Quick, however many requests there are."""

    @abstractmethod
    def counts(self) -> Iterator[CountRow]:
        """Requests by host, state and kind."""

    @abstractmethod
    def failed_seeds(self) -> list[tuple[str, str, str]]:
        """(url, kind, reason) of the seeds that gave nothing."""

    @abstractmethod
    def failed(self) -> Iterator[Failed]:
        """The failed requests, oldest first."""

    @abstractmethod
    def put_back(self, numbers: Iterable[int]) -> int:
        """Queue failed requests again; how many were."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the run; what is still leased returns to the queue."""
