"""What a visit asks of the crawl around it: may we, why did it fail, what does this host show for what is not there."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from contextlib import suppress
from dataclasses import replace

from scrapy import Request
from scrapy.crawler import Crawler

from crawlers.browser.outcome import PageFailure
from crawlers.browser.surroundings import Surroundings
from crawlers.browser.verdicts import NotFoundPage
from crawlers.captures import Signal
from crawlers.urls import host_of

MAX_HOSTS = 10_000
PROBE_SECONDS = 15
PAGE_RESPONSE_BYTES = 64 << 20  # of anything that a page asks for: no page needs a larger file to be drawn


class CrawlSurroundings(Surroundings):
    """Answers from the crawler's own parts: robots and opt-outs, the egress guard, one probe a host."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._probes = crawler.settings.getbool("GESSO_PROBE")
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    @classmethod
    def of(cls, crawler: Crawler) -> CrawlSurroundings:
        """The crawler's surroundings, made once: the middleware asks, the handler looks."""
        found = getattr(crawler, "_gesso_surroundings", None)
        if found is None:
            found = crawler._gesso_surroundings = cls(crawler)  # type: ignore[attr-defined]
        return found

    async def proxy(self) -> str | None:
        """Where the browser sends everything: a door of its own into the egress guard, where the crawl has one."""
        guard = getattr(self.crawler, "_gesso_egress", None)
        if guard is None:
            return self.crawler.settings.get("GESSO_PROXY") or None
        await guard.ready()
        door = await guard.door(
            replace(guard.limits, response_bytes=min(guard.limits.response_bytes, PAGE_RESPONSE_BYTES))
        )
        return str(door.address)

    async def permit(self, url: str) -> tuple[Signal, ...]:
        permission = getattr(self.crawler, "_gesso_permission", None)
        if permission is not None:
            return tuple(await permission(url))
        return (await self.crawler._gesso_permit(url),)  # type: ignore[attr-defined]

    def explain(self, url: str, message: str) -> PageFailure | None:
        guard = getattr(self.crawler, "_gesso_egress", None)
        signs = ("TUNNEL", "PROXY", "CONNECTION", "EMPTY_RESPONSE", "broken off")
        if guard is None or not any(sign in message for sign in signs):
            return None
        outcome = guard.outcome(url)
        if "broken off" in message and outcome is not None and outcome.kind == "unreachable":
            return None  # it was reached, and broke off by itself
        return None if outcome is None else PageFailure(outcome.kind, f"{url}: {outcome.reason}")

    async def ask(self, url: str) -> None:
        """Ask a host once, over plain HTTP, for what cannot be there; an honest 404 ends the matter.

        Goes through the host's download slot, so it must be called by what holds none: a page that asked for this while
        it is being downloaded would wait for itself where a host gets one request at a time.
        """
        host = self._host(url)
        async with host.lock:
            if host.asked or not self._probes:
                return
            host.asked = True
            address = f"{host_of(url)}/{missing_path(host_of(url))}"
            signals = await self.permit(address)
            if not any(signal.effect == "disallow" for signal in signals) and await self._says_found(address):
                host.unseen = address
                host.known.clear()

    async def probe(self, url: str) -> str | None:
        """The address to look at, for the first page of a host that says "found" to anything; the others wait."""
        host = self._host(url)
        if host.unseen is None:
            with suppress(TimeoutError):  # then there is nothing to compare with
                await asyncio.wait_for(host.known.wait(), 2 * PROBE_SECONDS)
            return None
        address, host.unseen = host.unseen, None
        return address

    async def _says_found(self, address: str) -> bool:
        meta = {"download_timeout": PROBE_SECONDS, "handle_httpstatus_all": True, "max_retry_times": 0}
        assert self.crawler.engine is not None
        try:
            response = await self.crawler.engine.download_async(Request(address, meta=meta))
        except Exception:  # whatever the network did: there is nothing to compare with
            return False
        return response.status < 300

    def missing(self, url: str) -> NotFoundPage | None:
        return self._host(url).missing

    def found_missing(self, url: str, page: NotFoundPage | None) -> None:
        host = self._host(url)
        host.missing = page
        host.known.set()

    def _host(self, url: str) -> _Host:
        name = host_of(url)
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = _Host()
            if len(self._hosts) > MAX_HOSTS:
                self._hosts.popitem(last=False)
        return host


class _Host:
    """What is known of one host's page for what is missing."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.asked = False
        self.unseen: str | None = None  # what it said is there, though nobody has looked yet
        self.known = asyncio.Event()
        self.known.set()
        self.missing: NotFoundPage | None = None


def missing_path(host: str) -> str:
    """A path that no site has, the same for a host in every run."""
    return f"gesso-{hashlib.sha256(host.encode()).hexdigest()[:16]}"
