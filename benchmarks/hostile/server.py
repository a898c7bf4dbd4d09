"""A server on loopback that answers as badly as it is told to, for any number of hosts, as an HTTP proxy or itself.

Raw sockets: an HTTP library would mend lengths, add headers and end what should hang.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

POLICY_FILES = ("/robots.txt", "/.well-known/tdmrep.json")
ANY_PATH = "*"


class Ask(NamedTuple):
    """One request: where it went, what it said, and how many times this very address had been asked for before."""

    host: str
    path: str
    query: str
    headers: Mapping[str, str]
    before: int


@dataclass(frozen=True)
class Reply:
    """A well-formed answer."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def wire(self) -> bytes:
        given = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(self.body)), **self.headers}
        return head(self.status, given) + self.body


Handler = Callable[[Ask, asyncio.StreamWriter], Awaitable[None]]
Route = Reply | Handler | Callable[[Ask], Reply]
Site = Mapping[str, Route]


class Asked(NamedTuple):
    """When something was asked for, by the monotonic clock."""

    host: str
    path: str
    at: float


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """A status line and headers as they go over the wire."""
    phrase = HTTPStatus(status).phrase if status in HTTPStatus.__members__.values() else "Odd"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class HostileServer:
    """Serves `sites` (host[:port] → path → route); a path that a site lacks is its `*`, else an honest 404."""

    def __init__(self, sites: Mapping[str, Site]) -> None:
        self.sites = sites
        self.asked: list[Asked] = []
        self._times: dict[tuple[str, str], int] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="hostile", daemon=True)
        self.port = 0

    @property
    def address(self) -> str:
        """What GESSO_PROXY takes."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._thread.start()
        opened = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._accept, "127.0.0.1", 0, limit=1 << 20), self._loop
        )
        self.port = opened.result(10).sockets[0].getsockname()[1]

    def stop(self) -> None:
        """End at once, whatever hangs."""

        async def cancel() -> None:
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await asyncio.sleep(0)

        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(cancel(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def times(self, host: str, path: str) -> int:
        """How often an address was asked for."""
        return self._times.get((host, path), 0)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(
            OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError
        ):
            tunnel = ""
            while (line := await reader.readline()).strip():
                method, _, rest = line.decode("latin-1").partition(" ")
                target = rest.rpartition(" ")[0]
                headers = await _headers(reader)
                if method == "CONNECT":
                    tunnel = target
                    writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
                    continue
                await _skip_body(reader, headers)
                if not await self._answer(tunnel, target, headers, writer):
                    break
        writer.close()

    async def _answer(self, tunnel: str, target: str, headers: Mapping[str, str], writer: asyncio.StreamWriter) -> bool:
        parts = urlsplit(target)
        host = (tunnel or parts.netloc or headers.get("host", "")).removesuffix(":80").lower()
        before = self._times.get((host, parts.path), 0)
        self._times[host, parts.path] = before + 1
        self.asked.append(Asked(host, parts.path, time.monotonic()))
        ask = Ask(host, parts.path, parts.query, headers, before)
        site = self.sites.get(host, {})
        missing = Reply(b"<title>404</title>nothing here", 404)
        route = site.get(parts.path) or (missing if parts.path in POLICY_FILES else site.get(ANY_PATH, missing))
        if not isinstance(route, Reply):
            found = route(ask, writer) if asyncio.iscoroutinefunction(route) else route(ask)  # type: ignore[call-arg]
            if not isinstance(found, Reply):
                await found
                return False
            route = found
        writer.write(route.wire())
        await writer.drain()
        return headers.get("connection", "").lower() != "close"


async def _headers(reader: asyncio.StreamReader) -> dict[str, str]:
    found = {}
    while line := (await reader.readline()).decode("latin-1").strip():
        name, _, value = line.partition(":")
        found[name.strip().lower()] = value.strip()
    return found


async def _skip_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> None:
    if headers.get("content-length", "").isdigit():
        await reader.readexactly(int(headers["content-length"]))


@contextlib.contextmanager
def hostile(sites: Mapping[str, Site]) -> Iterator[HostileServer]:
    """A running server for the length of a `with` block."""
    server = HostileServer(sites)
    server.start()
    try:
        yield server
    finally:
        server.stop()


async def silence(ask: Ask, writer: asyncio.StreamWriter) -> None:
    """Never a byte."""
    await asyncio.sleep(3600)


def broken_off(reply: Reply, part: float) -> Handler:
    """The head and a part of the body, then the connection is closed."""

    async def answer(ask: Ask, writer: asyncio.StreamWriter) -> None:
        wire = reply.wire()
        writer.write(wire[: len(wire) - int(len(reply.body) * (1 - part))])
        await writer.drain()

    return answer


def half_said(reply: Reply) -> Handler:
    """The head and half of the body, then silence."""

    async def answer(ask: Ask, writer: asyncio.StreamWriter) -> None:
        wire = reply.wire()
        writer.write(wire[: len(wire) - len(reply.body) // 2])
        await writer.drain()
        await asyncio.sleep(3600)

    return answer


def dripping(reply: Reply, seconds: float = 0.5) -> Handler:
    """A byte of the body every so often."""

    async def answer(ask: Ask, writer: asyncio.StreamWriter) -> None:
        writer.write(reply.wire()[: -len(reply.body)])
        for byte in reply.body:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(seconds)

    return answer


def raw(wire: bytes) -> Handler:
    """Exactly these bytes, then the end."""

    async def answer(ask: Ask, writer: asyncio.StreamWriter) -> None:
        writer.write(wire)
        await writer.drain()

    return answer


def forever(start: bytes, beat: bytes, seconds: float = 1.0) -> Handler:
    """A start, then one beat after the other without end: an event stream, a socket that stays open."""

    async def answer(ask: Ask, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(beat)
            await writer.drain()
            await asyncio.sleep(seconds)

    return answer
