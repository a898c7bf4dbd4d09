"""Loopback servers whose every byte a test decides, and a guard in front of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from crawlers.egress.guard import EgressGuard
from crawlers.egress.outcome import Limits

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[int]:
    """A TCP server on 127.0.0.1 that answers every connection with `answer`; yields its port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await answer(reader, writer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def saying(*pieces: bytes, keep: bool = False) -> Answer:
    """Answers every request head with the same bytes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if not keep:
                return

    return answer


@contextlib.asynccontextmanager
async def guarding(*ports: int, limits: Limits | None = None, **options: Any) -> AsyncIterator[EgressGuard]:
    """A guard that allows 127.0.0.1 on the given ports."""
    guard = EgressGuard(allow=frozenset(("127.0.0.1", port) for port in ports), limits=limits, **options)
    await guard.start()
    try:
        yield guard
    finally:
        await guard.close()


async def ask(guard: EgressGuard | str, request: bytes) -> bytes:
    """Everything that comes back for some bytes, until the other side closes."""
    address = guard if isinstance(guard, str) else guard.address
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
    writer.write(request)
    try:
        async with asyncio.timeout(10):
            return await reader.read(-1)
    except ConnectionError:
        return b""
    finally:
        writer.close()


def get(url: str, *more: str) -> bytes:
    """A proxy request that closes its connection afterwards."""
    return "\r\n".join([f"GET {url} HTTP/1.1", "Host: lie.test", "Connection: close", *more, "", ""]).encode()


def connect(authority: str, early: str = "") -> bytes:
    """A request for a tunnel, with bytes that come too early."""
    return f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n{early}".encode()
