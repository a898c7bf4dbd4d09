"""Downloader middlewares: robots.txt before anything else, and the proxy that everything goes through."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest

from crawlers.captures import Signal
from crawlers.policy.robots import MAX_BYTES, RobotsRules
from crawlers.urls import host_of

ROBOTS_SECONDS = 20
ROBOTS_REDIRECTS = 5
MAX_HOSTS = 100_000


class Refused(IgnoreRequest):
    """A request that may not be sent: `kind` to count by, the evidence in `signal`."""

    def __init__(self, kind: str, reason: str, signal: Signal) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.signal = signal


class RobotsMiddleware:
    """Asks a host's robots.txt once and holds every request to it; leaves the evidence in `meta["robots_signal"]`."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._rules: dict[str, asyncio.Task[RobotsRules]] = {}
        crawler._gesso_permit = self.permit  # type: ignore[attr-defined]  # the page handler asks where a page ended up

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RobotsMiddleware:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if request.meta.get("robots_exempt") or urlsplit(request.url).scheme not in ("http", "https"):
            return
        rules = await self._rules_for(request.url)
        signal = rules.signal(request.url)
        if rules.allows(request.url):
            request.meta["robots_signal"] = signal.model_dump()
            return
        self._count("gesso/robots/refused")
        if rules.status is None:
            raise Refused("unreachable", f"{request.url} cannot be reached ({rules.reason})", signal)
        raise Refused("robots", f"{request.url} is disallowed: {signal.evidence}", signal)

    async def permit(self, url: str) -> Signal:
        """The evidence on any URL, whether it allows or not."""
        if urlsplit(url).scheme not in ("http", "https"):
            return Signal(source="robots.txt", evidence=f"{url[:200]} is not of the web", effect="disallow")
        return (await self._rules_for(url)).signal(url)

    async def _rules_for(self, url: str) -> RobotsRules:
        host = host_of(url)
        task = self._rules.get(host)
        if task is None:
            if len(self._rules) >= MAX_HOSTS:
                self._rules.pop(next(iter(self._rules)))
            task = self._rules[host] = asyncio.get_running_loop().create_task(self._fetch(f"{host}/robots.txt"))
        return await asyncio.shield(task)

    async def _fetch(self, url: str) -> RobotsRules:
        meta = {
            "robots_exempt": True,
            "download_timeout": ROBOTS_SECONDS,
            "download_maxsize": 20 * MAX_BYTES,
            "redirect_ttl": ROBOTS_REDIRECTS,
            "max_retry_times": 1,
            "handle_httpstatus_all": False,
            "dont_obey_robotstxt": True,
        }
        assert self.crawler.engine is not None
        try:
            response = await self.crawler.engine.download_async(Request(url, meta=meta))
        except Exception as error:  # whatever the network did: unreachable means disallowed
            self._count("gesso/robots/unreachable")
            return RobotsRules(url, None, reason=_because(error))
        self._count(f"gesso/robots/{response.status // 100}xx")
        return RobotsRules(url, response.status, response.body)

    def _count(self, name: str) -> None:
        if self.crawler.stats is not None:
            self.crawler.stats.inc_value(name)


class ProxyMiddleware:
    """Sends plain requests through GESSO_PROXY; the browser has its own setting of it."""

    def __init__(self, proxy: str | None) -> None:
        self.proxy = proxy

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ProxyMiddleware:
        return cls(crawler.settings.get("GESSO_PROXY") or None)

    def process_request(self, request: Request) -> None:
        if self.proxy and not request.meta.get("page"):
            request.meta["proxy"] = self.proxy


def _because(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}"[:200] if text and text[0] else type(error).__name__
