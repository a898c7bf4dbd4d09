"""A real Redis of our own for the session, and frontiers of both kinds."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crawlers.frontier import FrontierBackend, open_frontier
from crawlers.frontier.redis_server import redis_server

Opener = Callable[..., FrontierBackend]
_numbers = itertools.count()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on a free loopback port; where there is none, its tests fail with the remedy."""
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(params=["sqlite", "redis"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Opens the run `name` (its own for each test) in the one place or in the other."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None
    unique = next(_numbers)

    def opened(name: str = "run", arguments: str = "{}", **more: float) -> FrontierBackend:
        return open_frontier(tmp_path / f"{name}-{unique}", arguments, url=url, **more)

    return opened
