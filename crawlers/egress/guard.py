"""The egress guard: a forward proxy on loopback, in the crawl's own process and event loop.

Chromium and Scrapy both go through it. It speaks absolute-form HTTP and CONNECT, checks and pins every address, and
cuts what takes too many bytes or too long. Other local users gain nothing by it: it reaches what they can reach.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from urllib.parse import urlsplit

from crawlers.egress.addresses import normal, parse_allow
from crawlers.egress.dial import Dialler, Resolver, Upstream, parse_upstream, system_resolver
from crawlers.egress.outcome import EgressError, EgressOutcome, Kind, Limits
from crawlers.egress.relay import ClientConnection, Exchange

MAX_OUTCOMES = 10_000
MAX_HOSTS = 100_000  # whose bytes are counted at a time
SWEEP_SECONDS = 1.0
Count = Callable[[str, int], None]


class Door:
    """One address to use as a proxy, with limits of its own; `down` counts the bytes that came through it."""

    def __init__(self, guard: EgressGuard, limits: Limits) -> None:
        self.guard = guard
        self.limits = limits
        self.down = 0
        self.address = ""
        self._server: asyncio.Server | None = None
        self._connections: set[ClientConnection] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=256 << 10)
        self.address = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= self.limits.connections:
            self.guard.count("gesso/egress/too_many_connections", 1)
            writer.transport.abort()
            return
        connection = ClientConnection(self, reader, writer)
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)

    async def close(self) -> None:
        """Stop listening and cut what is under way."""
        if self._server is not None:
            self._server.close()
            for connection in list(self._connections):
                connection.abort()
            self._server = None


class EgressGuard:
    """Start once, give `address` to every client, close at the end. Belongs to one event loop."""

    def __init__(
        self,
        *,
        allow: frozenset[tuple[str, int]] = frozenset(),
        upstream: Upstream | None = None,
        limits: Limits | None = None,
        resolver: Resolver = system_resolver,
        public: bool = True,
        count: Count | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.dialler = Dialler(allow, upstream, resolver, self.limits, public=public)
        self.count: Count = count or (lambda name, number: None)
        self.exchanges: set[Exchange] = set()
        self._outcomes: dict[tuple[str, int], EgressOutcome] = {}
        self._host_bytes: dict[str, int] = {}
        self._doors: list[Door] = []
        self._starting: asyncio.Task[None] | None = None
        self._sweeper: asyncio.Task[None] | None = None

    @classmethod
    def from_texts(
        cls, allow: str, proxy: str, limits: Limits, *, public: bool = True, count: Count | None = None
    ) -> EgressGuard:
        """From the settings GESSO_ALLOW and GESSO_PROXY. Raises AllowError where one is wrong."""
        upstream = parse_upstream(proxy) if proxy else None
        return cls(allow=parse_allow(allow), upstream=upstream, limits=limits, public=public, count=count)

    @property
    def address(self) -> str:
        """http://127.0.0.1:PORT, once started."""
        return self._doors[0].address

    async def start(self) -> None:
        """Listen. Once is enough; a second call waits for the first."""
        if self._starting is None:
            self._starting = asyncio.get_running_loop().create_task(self._start())
        await asyncio.shield(self._starting)

    async def ready(self) -> str:
        """The address, started by whoever needs it first."""
        await self.start()
        return self.address

    async def own_door(self) -> Door:
        """The first one, under whose limits the crawl's own process fetches."""
        await self.start()
        return self._doors[0]

    async def _start(self) -> None:
        await self.door()
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep())

    async def door(self, limits: Limits | None = None) -> Door:
        """One more address with limits of its own, for example a browser's."""
        door = Door(self, limits or self.limits)
        await door.open()
        self._doors.append(door)
        return door

    async def close(self) -> None:
        """Stop listening, cut what is under way."""
        if self._starting is not None:
            with contextlib.suppress(OSError):
                await self._starting
        if self._sweeper is not None:
            self._sweeper.cancel()
        for door in self._doors:
            await door.close()

    def outcome(self, url: str) -> EgressOutcome | None:
        """Why the last attempt at the URL's host and port came to nothing; None where it did not fail."""
        with contextlib.suppress(ValueError):
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme in ("https", "wss") else 80)
            return self._outcomes.get((normal((parts.hostname or "").rstrip(".").lower()), port))
        return None

    def failed(self, host: str, port: int, outcome: EgressOutcome) -> EgressOutcome:
        """Remember why a host gave nothing."""
        if len(self._outcomes) >= MAX_OUTCOMES:
            self._outcomes.pop(next(iter(self._outcomes)))
        self._outcomes[normal(host), port] = outcome
        self.count(f"gesso/egress/{outcome.kind}", 1)
        return outcome

    def reached(self, host: str, port: int) -> None:
        """Forget why a host gave nothing: it answers."""
        self._outcomes.pop((normal(host), port), None)

    def received(self, exchange: Exchange, number: int) -> None:
        """Account for bytes of a server's. Raises EgressError where they are too many."""
        exchange.down += number
        exchange.door.down += number
        total = self._host_bytes.pop(exchange.host, 0) + number
        self._host_bytes[exchange.host] = total  # at the end: what was not heard of for longest goes first
        if len(self._host_bytes) > MAX_HOSTS:
            del self._host_bytes[next(iter(self._host_bytes))]
        limits = exchange.door.limits
        if exchange.down > limits.response_bytes:
            raise EgressError("too_large", f"{exchange.host} sends more than {limits.response_bytes} bytes at a time")
        if total > limits.host_bytes:
            raise EgressError("too_large", f"{exchange.host} has sent more than {limits.host_bytes} bytes in all")

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            limits = [door.limits for door in self._doors]
            shortest = min(min(x.idle_seconds, x.total_seconds, x.drip_grace_seconds) for x in limits)
            await asyncio.sleep(min(SWEEP_SECONDS, shortest / 4))
            now = loop.time()
            for exchange in list(self.exchanges):
                why = _overdue(exchange, now)
                if why is None or exchange.outcome is not None:
                    continue
                outcome = EgressOutcome("timeout", why)
                if not (exchange.tunnel and exchange.down):  # an idle tunnel that has been of use is nobody's failure
                    self.failed(exchange.host, exchange.port, outcome)
                exchange.cut(outcome)


def _overdue(exchange: Exchange, now: float) -> str | None:
    limits = exchange.door.limits
    took = now - exchange.began
    if now - exchange.last > limits.idle_seconds:
        return f"{exchange.host} has sent nothing for {limits.idle_seconds:g} s"
    if took > limits.total_seconds:
        return f"{exchange.host} has not ended after {limits.total_seconds:g} s"
    slow = exchange.down < limits.drip_bytes_per_second * took
    if exchange.answering and slow and took > limits.drip_grace_seconds:
        return f"{exchange.host} drips: {exchange.down} bytes in {took:.0f} s"
    return None


__all__ = ["Door", "EgressGuard", "EgressOutcome", "Kind", "Limits"]
