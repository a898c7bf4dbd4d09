"""May we? robots.txt before anything else, and every opt-out that holds for a whole host, with the evidence."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler

from crawlers.captures import Signal
from crawlers.local.handler import SCHEME
from crawlers.middlewares.pace import Pace
from crawlers.middlewares.refused import Refused
from crawlers.policy import tdm
from crawlers.policy.decide import ROBOTS, decide_early
from crawlers.policy.identity import opt_out
from crawlers.policy.robots import MAX_BYTES, RobotsRules
from crawlers.urls import host_of

ROBOTS_SECONDS = 20
REDIRECTS = 5
MAX_HOSTS = 20_000
FRESH_SECONDS = 24 * 3600.0  # RFC 9309's longest
RETRY_SECONDS = 1800.0  # after which a host that could not be asked is asked again
T = TypeVar("T")


@dataclass(eq=False)
class _Known(Generic[T]):
    task: asyncio.Task[T]
    until: float = float("inf")


class HostCache(Generic[T]):
    """One answer a host, asked for once however many wait for it, and again when it is stale."""

    def __init__(self, ask: Callable[[str], Awaitable[T]], fresh: Callable[[T], float]) -> None:
        self._ask = ask
        self._fresh = fresh
        self._known: OrderedDict[str, _Known[T]] = OrderedDict()
        self.clock: Callable[[], float] = monotonic

    async def get(self, host: str) -> T:
        known = self._known.get(host)
        if known is None or self.clock() >= known.until:
            known = self._known[host] = _Known(asyncio.ensure_future(self._asked(host)))
            if len(self._known) > MAX_HOSTS:
                self._known.popitem(last=False)
        self._known.move_to_end(host)
        try:
            answer = await asyncio.shield(known.task)
        except Exception:
            if self._known.get(host) is known:
                del self._known[host]  # a failure of ours is no answer: ask again next time
            raise
        if known.until == float("inf"):
            known.until = self.clock() + self._fresh(answer)
        return answer

    async def _asked(self, host: str) -> T:
        return await self._ask(host)


class RobotsMiddleware:
    """Holds every request to its host's robots.txt; leaves the evidence in `meta["robots_signal"]` and
    `meta["gesso_signals"]`.

    `crawler._gesso_robots(url)` gives a host's RobotsRules, `crawler._gesso_permission(url)` all signals of a host on a
    URL, robots.txt first. Requests for a page or a listed image are held to the other opt-outs too (OPT_OUT).
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.opt_out = opt_out(crawler.settings)
        self.pace = Pace.of(crawler)
        self.rules = HostCache(self._fetch_robots, robots_fresh)
        self.reservations = HostCache(self._fetch_tdmrep, lambda rules: FRESH_SECONDS)
        crawler._gesso_permit = self.permit  # type: ignore[attr-defined]  # the page handler asks where a page ended up
        crawler._gesso_robots = self.robots  # type: ignore[attr-defined]
        crawler._gesso_permission = self.permission  # type: ignore[attr-defined]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RobotsMiddleware:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        scheme = urlsplit(request.url).scheme
        if scheme == SCHEME and not getattr(self.crawler.spidercls, "needs_network", True):
            return  # a piece of a local folder: its handler opens no connection
        if scheme not in ("http", "https"):
            raise Refused("egress", f"{request.url[:200]}: only http and https are fetched, not {scheme}:")
        if request.meta.get("robots_exempt"):
            return
        rules = await self.robots(request.url)
        signal = rules.signal(request.url)
        if not rules.allows(request.url):
            self._count("gesso/robots/refused")
            if rules.status is None:
                raise Refused(rules.kind, f"{request.url} cannot be reached ({rules.reason})", signal)
            raise Refused("robots", f"{request.url} is disallowed: {signal.evidence}", signal)
        if rules.crawl_delay:
            self.pace.at_least(request, rules.crawl_delay)
        request.meta["robots_signal"] = signal.model_dump()
        if request.meta.get("page") or request.meta.get("listed"):
            signals = await self.permission(request.url)
            refusal = decide_early(signals, self.opt_out).refusal
            if refusal is not None:
                self._count("gesso/opt_out/hosts")
                raise Refused("opt_out", f"{request.url} opts out: {refusal.source}: {refusal.evidence}", refusal)
            request.meta["gesso_signals"] = [signal.model_dump() for signal in signals]

    async def robots(self, url: str) -> RobotsRules:
        """The rules of a URL's host, fetched at most once a day."""
        return await self.rules.get(host_of(url))

    async def permit(self, url: str) -> Signal:
        """The robots.txt evidence on any URL, whether it allows or not."""
        return (await self.permission(url))[0]

    async def permission(self, url: str) -> tuple[Signal, ...]:
        """Every signal of the host on any URL, robots.txt first."""
        if urlsplit(url).scheme not in ("http", "https"):
            return (Signal(source=ROBOTS, evidence=f"{url[:200]} is not of the web", effect="disallow"),)
        rules = await self.robots(url)
        signals = rules.signals(url)
        if not rules.allows(url):
            return signals
        reserved = tdm.file_signal(await self.reservations.get(host_of(url)), url)
        return signals if reserved is None else (*signals, reserved)

    async def _fetch_robots(self, host: str) -> RobotsRules:
        url = f"{host}/robots.txt"
        meta = {**_FETCH, "download_maxsize": 20 * MAX_BYTES, "max_retry_times": 1}
        assert self.crawler.engine is not None
        try:
            response = await self.crawler.engine.download_async(Request(url, meta=meta))
        except Exception as error:  # whatever the network did: unreachable means disallowed
            self._count("gesso/robots/unreachable")
            kind = "egress" if isinstance(error, Refused) and error.kind == "egress" else "unreachable"
            return RobotsRules(url, None, reason=_because(error), kind=kind)
        self._count(f"gesso/robots/{response.status // 100}xx")
        return RobotsRules(url, response.status, response.body)

    async def _fetch_tdmrep(self, host: str) -> tdm.Rules:
        url = f"{host}{tdm.WELL_KNOWN}"
        if not (await self.rules.get(host)).allows(url):
            return ()
        meta = {**_FETCH, "download_maxsize": tdm.MAX_BYTES, "max_retry_times": 0}
        assert self.crawler.engine is not None
        try:
            response = await self.crawler.engine.download_async(Request(url, meta=meta))
        except Exception:  # a file that cannot be had reserves nothing
            self._count("gesso/tdmrep/unreachable")
            return ()
        self._count(f"gesso/tdmrep/{response.status // 100}xx")
        return tdm.parse_tdmrep(response.body) if response.status == 200 else ()

    def _count(self, name: str) -> None:
        if self.crawler.stats is not None:
            self.crawler.stats.inc_value(name)


_FETCH = {
    "robots_exempt": True,
    "download_timeout": ROBOTS_SECONDS,
    "redirect_ttl": REDIRECTS,
    "handle_httpstatus_all": False,
    "dont_obey_robotstxt": True,
}


def robots_fresh(rules: RobotsRules) -> float:
    """For how many seconds what a host answered holds."""
    asked = rules.status is not None and rules.status < 500 and rules.status != 429
    return FRESH_SECONDS if asked else RETRY_SECONDS


def _because(error: Exception) -> str:
    if isinstance(error, Refused):
        return error.reason[:400]
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}"[:200] if text and text[0] else type(error).__name__
