"""A client of the guard's in its own process: many small answers from one host, without a hop through its door.

The same dialler checks and pins the address, the same sweeper keeps time, the same accounts are kept of bytes. Plain
http only, and only what went well: whoever asks takes any error as a reason to ask again the usual way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import h11

from crawlers.egress.outcome import EgressError
from crawlers.egress.relay import READ, ClientConnection, Exchange

if TYPE_CHECKING:
    from crawlers.egress.guard import EgressGuard

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Answer:
    """What a host sent: the status, its headers with lower-case names, the body as it came."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class KeptConnection:
    """One connection to the host of a URL, kept from one answer to the next. Used by one task at a time."""

    def __init__(self, guard: EgressGuard, url: str) -> None:
        parts = urlsplit(url)
        self._guard = guard
        self._key = (parts.hostname or "", parts.port or 80)
        self._authority = parts.netloc.rpartition("@")[2].encode("latin-1")
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._http = h11.Connection(h11.CLIENT)

    async def get(self, url: str, headers: Headers, max_bytes: int) -> Answer:
        """Ask for a URL of the connection's host. Raises EgressError, OSError and h11.ProtocolError; then close it."""
        door = await self._guard.own_door()
        loop = asyncio.get_running_loop()
        began = loop.time()
        exchange = Exchange(door, *self._key, cast(ClientConnection, self), began, began)
        self._guard.exchanges.add(exchange)
        try:
            return await self._exchange(exchange, url, headers, max_bytes)
        except (OSError, h11.ProtocolError):
            if exchange.outcome is not None:  # the sweeper has cut it
                raise EgressError(exchange.outcome.kind, exchange.outcome.reason) from None
            raise
        finally:
            self._guard.exchanges.discard(exchange)
            self._guard.count("gesso/egress/bytes", exchange.down)

    async def _exchange(self, exchange: Exchange, url: str, headers: Headers, max_bytes: int) -> Answer:
        await self._connected(exchange)
        assert self._writer is not None
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        upstream = self._guard.dialler.upstream
        sent = [(b"Host", self._authority), *headers]
        if upstream is not None:
            target = f"http://{self._authority.decode('latin-1')}{target}"
            sent += [(b"Proxy-Authorization", upstream.authorization.encode())] if upstream.authorization else []
        request = h11.Request(method=b"GET", target=target, headers=sent)
        self._writer.write((self._http.send(request) or b"") + (self._http.send(h11.EndOfMessage()) or b""))
        while isinstance(head := await self._event(exchange), h11.InformationalResponse):
            pass
        if not isinstance(head, h11.Response):
            raise ConnectionError("the connection was closed without an answer")
        exchange.answering = True
        body, size = [], 0
        while isinstance(event := await self._event(exchange), h11.Data):
            body.append(bytes(event.data))
            size += len(event.data)
            if size > max_bytes:
                raise EgressError("too_large", f"{url} has more than {max_bytes} bytes")
        if not isinstance(event, h11.EndOfMessage):
            raise ConnectionError("the answer broke off")
        self._guard.reached(exchange.host, exchange.port)
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        else:
            self.close()
        return Answer(head.status_code, list(head.headers), body[0] if len(body) == 1 else b"".join(body))

    async def _connected(self, exchange: Exchange) -> None:
        if self._reader is not None and not self._reader.at_eof():
            return
        self.close()
        self._reader, self._writer = await self._guard.dialler.dial(*self._key)
        exchange.last = asyncio.get_running_loop().time()
        self._guard.count("gesso/egress/connections", 1)

    async def _event(self, exchange: Exchange) -> object:
        assert self._reader is not None
        loop = asyncio.get_running_loop()
        while (event := self._http.next_event()) is h11.NEED_DATA:
            data = await self._reader.read(READ)
            exchange.last = loop.time()
            self._guard.received(exchange, len(data))
            self._http.receive_data(data)
        return event

    def cut(self) -> None:
        """The sweeper's: end what is under way."""
        self.close()

    def close(self) -> None:
        """Let go of the connection; the next `get` makes another."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=self._guard.limits.head_bytes)
