"""Dial a host: resolve its name once, check every answer, connect to exactly the address that was checked."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from crawlers.egress.addresses import (
    Address,
    AllowError,
    literal,
    split_authority,
    why_not_public,
    why_not_public_name,
)
from crawlers.egress.outcome import EgressError, Limits

Resolver = Callable[[str, int], Awaitable[list[str]]]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
MAX_ADDRESSES = 4
BUFFER = 256 << 10
_RESOLVERS = ThreadPoolExecutor(16, thread_name_prefix="resolve")  # a dead name server must not hold up asyncio's own


@dataclass(frozen=True)
class Upstream:
    """An HTTP proxy that everything is handed to, with the Proxy-Authorization it wants."""

    host: str
    port: int
    authorization: str | None = None


def parse_upstream(address: str) -> Upstream:
    """The proxy that GESSO_PROXY names. Raises AllowError where it is no http://host:port."""
    parts = urlsplit(address if "://" in address else f"http://{address}")
    target = split_authority(parts.netloc.rpartition("@")[2], 80)
    if parts.scheme != "http" or target is None or parts.path.strip("/"):
        raise AllowError(f"GESSO_PROXY={address!r} is no HTTP proxy: write http://host:port")
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    secret = base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode() if user else None
    return Upstream(*target, f"Basic {secret}" if secret else None)


async def system_resolver(host: str, port: int) -> list[str]:
    """The addresses of a name, in the system's order of preference."""
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(_RESOLVERS, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Dialler:
    """Connects to public addresses, to allowed hosts, or to the upstream proxy. Raises EgressError otherwise."""

    def __init__(
        self,
        allow: frozenset[tuple[str, int]] = frozenset(),
        upstream: Upstream | None = None,
        resolver: Resolver = system_resolver,
        limits: Limits | None = None,
        *,
        public: bool = True,
    ) -> None:
        self.public = public
        self.allow = allow
        self.upstream = upstream
        self._resolver = resolver
        self._limits = limits or Limits()

    async def dial(self, host: str, port: int) -> Streams:
        """Streams to host:port, or to the upstream proxy on its behalf."""
        address = literal(host)
        if (str(address) if address is not None else host, port) not in self._allowed():
            self._check_spelling(host, port, address)
            if not self.public:
                raise EgressError(
                    "egress", f"{host} is public: set GESSO_CONTACT (--contact), so that it can reach whoever crawls it"
                )
        if self.upstream is not None:
            via = f"the proxy {self.upstream.host}:{self.upstream.port} (GESSO_PROXY)"
            return await self._connect(
                await self._lookup(self.upstream.host, self.upstream.port), self.upstream.port, via
            )
        if address is not None:
            return await self._connect([str(address)], port, f"{host}:{port}")
        found = await self._lookup(host, port)
        if (host, port) not in self.allow:
            for answer in found:
                kind = why_not_public(ip_address(answer))
                if kind is not None:
                    raise _refused(f"{host} resolves to {answer}, which is {kind}", host, port)
        return await self._connect(found, port, f"{host}:{port}")

    def _allowed(self) -> frozenset[tuple[str, int]]:
        if self.upstream is None:
            return self.allow
        return self.allow | {(self.upstream.host, self.upstream.port)}

    def _check_spelling(self, host: str, port: int, address: Address | None) -> None:
        kind = why_not_public(address) if address is not None else why_not_public_name(host)
        if kind is not None:
            what = f"{host} ({address})" if address is not None and str(address) != host else host
            raise _refused(f"{what} is {kind}", str(address) if address is not None else host, port)

    async def _lookup(self, host: str, port: int) -> list[str]:
        address = literal(host)
        if address is not None:
            return [str(address)]
        try:
            found = await asyncio.wait_for(self._resolver(host, port), self._limits.connect_seconds)
        except TimeoutError:
            raise EgressError("timeout", f"{host}: its name was not resolved in time") from None
        except (OSError, UnicodeError) as error:
            raise EgressError("unreachable", f"{host}: no such name ({getattr(error, 'strerror', error)})") from None
        answers = [literal(answer.partition("%")[0]) for answer in found]  # without the zone of fe80::1%eth0
        if not answers or None in answers:
            raise EgressError("unreachable", f"{host}: its name has no address")
        return [str(answer) for answer in answers]

    async def _connect(self, addresses: list[str], port: int, what: str) -> Streams:
        why: OSError | None = None
        loop = asyncio.get_running_loop()
        end = loop.time() + self._limits.connect_seconds
        for number, address in enumerate(addresses[:MAX_ADDRESSES]):
            left = (end - loop.time()) / max(1, min(MAX_ADDRESSES, len(addresses)) - number)
            try:
                return await asyncio.wait_for(asyncio.open_connection(address, port, limit=BUFFER), max(left, 0.1))
            except OSError as error:  # TimeoutError is one
                why = error
        if isinstance(why, TimeoutError):
            raise EgressError("timeout", f"{what} did not accept a connection in {self._limits.connect_seconds:g} s")
        raise EgressError("unreachable", f"{what} cannot be reached ({getattr(why, 'strerror', None) or why})")


def _refused(what: str, host: str, port: int) -> EgressError:
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return EgressError(
        "egress", f"{what}; only the public web is fetched: to allow it, set GESSO_ALLOW={shown} (--allow)"
    )
