"""The frontier: every request of a run, leased and acknowledged, so that a kill loses none.

In one SQLite file (one process a run), or in Redis (many workers on many machines): the same promises, see base.py.
"""

from __future__ import annotations

from pathlib import Path

from crawlers.frontier.base import CountRow, Entry, Failed, FrontierBackend, FrontierError, Leased, Outcome
from crawlers.frontier.sqlite import Frontier
from crawlers.frontier.sqlite import check_arguments as _check_file

__all__ = [
    "LEASE_SECONDS",
    "CountRow",
    "Entry",
    "Failed",
    "Frontier",
    "FrontierBackend",
    "FrontierError",
    "Leased",
    "Outcome",
    "check_arguments",
    "open_frontier",
]

LEASE_SECONDS = 60.0


def open_frontier(
    folder: Path, arguments: str, *, url: str | None = None, lease_seconds: float = LEASE_SECONDS
) -> FrontierBackend:
    """The run's frontier: in `folder`, whose name is the run's, or where `url` (redis://host:port/db) says."""
    if not url:
        return Frontier(folder, arguments)
    from crawlers.frontier.redis import RedisFrontier

    return RedisFrontier(url, folder.name, arguments, lease_seconds=lease_seconds)


def check_arguments(folder: Path, arguments: str, url: str | None = None) -> None:
    """Raise FrontierError where a run of that folder's name was begun with other arguments."""
    if not url:
        _check_file(folder, arguments)
        return
    from crawlers.frontier.redis import check_arguments as check_redis

    check_redis(url, folder.name, arguments)
