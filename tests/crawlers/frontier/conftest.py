"""A real Redis of our own for the session, and frontiers of both kinds."""

from __future__ import annotations

import itertools
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from crawlers.frontier import FrontierBackend, open_frontier

Opener = Callable[..., FrontierBackend]
_numbers = itertools.count()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on a free loopback port that keeps nothing."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--dir", str(folder)]
    server = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    client = redis.Redis.from_url(url)
    deadline = time.monotonic() + 20
    while True:
        try:
            client.ping()
            break
        except redis.ConnectionError:
            assert time.monotonic() < deadline
            assert server.poll() is None
    yield url
    client.close()
    server.terminate()
    server.wait(20)


@pytest.fixture(params=["sqlite", "redis"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Opens the run `name` (its own for each test) in the one place or in the other."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None
    unique = next(_numbers)

    def opened(name: str = "run", arguments: str = "{}", **more: float) -> FrontierBackend:
        return open_frontier(tmp_path / f"{name}-{unique}", arguments, url=url, **more)

    return opened
