"""Albums: many listed images of one host as one request of the frontier, where the host may be asked without a pause.

A request an image costs more than the image where it comes from a server of one's own. The first image of an album
goes through Scrapy as any request does; the others follow it on a kept connection, held to the same robots.txt,
opt-outs, takedowns and egress guard. Whatever does not become a capture is asked for again by a request of its own,
with all that Scrapy and the middlewares know of retries and redirects, and with a failure that can be tried again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import h11
from scrapy import Request
from scrapy.http import Response

from crawlers.captures import Failure, Signal
from crawlers.egress.fetch import KeptConnection
from crawlers.egress.outcome import EgressError
from crawlers.errors import CannotGoOn
from crawlers.middlewares.pace import Pace
from crawlers.policy.decide import decide_early
from crawlers.policy.identity import opt_out
from crawlers.scheduler import request_from_json, request_json
from crawlers.shards import shard_key
from crawlers.takedown import TakedownWatch
from crawlers.urls import host_of, is_loopback_name

if TYPE_CHECKING:
    from crawlers.spiders.listings import ListingSpider

SIZE = 16  # images of an album; as many of each that is under way are asked for again after a kill
OURS = (b"accept-encoding", b"connection", b"host", b"proxy-authorization", b"proxy-connection")


def unhurried(spider: ListingSpider, url: str) -> bool:
    """Whether the settings ask for a pause between two requests to the URL's host; what cannot be told is one."""
    settings, parts = spider.settings, urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        return True
    slot = settings.getdict("DOWNLOAD_SLOTS").get(parts.hostname, {})
    throttled = settings.getbool("AUTOTHROTTLE_ENABLED") and not is_loopback_name(parts.hostname)
    return throttled or float(slot.get("delay", settings.getfloat("DOWNLOAD_DELAY"))) > 0


def gathered(spider: ListingSpider, requests: Iterable[Any]) -> Iterator[Any]:
    """The same requests and records, runs of image requests to one host as albums of up to SIZE."""
    run: list[Request] = []
    for entry in requests:
        image = isinstance(entry, Request) and not unhurried(spider, entry.url)
        if image and spider.shard is not None and not spider.shard.holds(str(shard_key(entry))):
            spider.count("requests/other_shard")
            continue
        if run and not (image and len(run) < SIZE and host_of(entry.url) == host_of(run[0].url)):
            yield _album(spider, run)
            run = []
        if image:
            run.append(entry)
        else:
            yield entry
    if run:
        yield _album(spider, run)


def _album(spider: ListingSpider, run: list[Request]) -> Request:
    first = run[0]
    if len(run) == 1:
        return first
    assert first.callback is not None
    given = {
        "callback": first.callback.__name__,
        "given": first.cb_kwargs,
        "others": [json.loads(request_json(request, spider)) for request in run[1:]],
    }
    return first.replace(callback=spider.parse_album, errback=spider.album_failed, cb_kwargs=given)


class Album:
    """The images of one album after its first, as they are fetched."""

    def __init__(self, spider: ListingSpider, first: Request) -> None:
        self.spider = spider
        self.crawler = cast(Any, spider.crawler)  # the middlewares leave their parts in it
        self.pace = Pace.of(self.crawler)
        self.opt_out = opt_out(spider.settings)
        self.watch = TakedownWatch(spider.store)
        self.url = first.url
        self.connection = KeptConnection(self.crawler._gesso_egress, first.url)
        self.headers = [
            (name.lower(), value)
            for name, values in first.headers.items()
            for value in values
            if name.lower() not in OURS
        ]

    async def results(self, others: Iterable[Request]) -> AsyncIterator[Any]:
        """What the callbacks make of the images; the request itself where one needs the usual way.

        A host's albums take turns as a whole, not image by image: then few are under way when a crawl is killed.
        """
        async with self.spider.turn(self.url):
            try:
                for request in others:
                    response = await self._response(request)
                    results = None if response is None else self._called(request, response)
                    self.spider.count("albums/apart" if results is None else "albums/images")
                    for result in [request] if results is None else results:
                        yield result
            finally:
                self.connection.close()

    def _called(self, request: Request, response: Response) -> list[Any] | None:
        """What the callback makes of an answer; None for a failure or a bug, so that it has a request to be told of."""
        assert request.callback is not None
        try:
            results = list(request.callback(response, **request.cb_kwargs))
        except CannotGoOn:
            raise
        except Exception:
            return None
        return None if any(isinstance(result, Failure) for result in results) else results

    async def _response(self, request: Request) -> Response | None:
        """The answer where it is a plain 200, else None."""
        if not await self._may(request):
            return None
        most = int(request.meta.get("download_maxsize") or self.spider.settings.getint("DOWNLOAD_MAXSIZE"))
        try:
            answer = await self.connection.get(request.url, self.headers, most)
        except (EgressError, OSError, TimeoutError, h11.ProtocolError, ValueError):
            self.connection.close()
            return None
        names = {name for name, _ in answer.headers}
        if answer.status != 200 or b"content-encoding" in names:
            return None
        headers: dict[bytes, list[bytes]] = {}
        for name, value in answer.headers:
            headers.setdefault(name, []).append(value)
        return Response(request.url, 200, headers, answer.body, request=request)

    async def _may(self, request: Request) -> bool:
        """Whether nothing speaks against asking now; the evidence is left in the request, as the middleware does."""
        _, slot = self.pace._slot(request)
        if slot.delay or self.pace.paused(request) or self.watch.now():
            return False
        signals: tuple[Signal, ...] = await self.crawler._gesso_permission(request.url)
        if signals[0].effect != "allow" or decide_early(signals, self.opt_out).refusal is not None:
            return False
        request.meta["robots_signal"] = signals[0].model_dump()
        request.meta["gesso_signals"] = [signal.model_dump() for signal in signals]
        return True


def restored(spider: ListingSpider, others: Iterable[dict[str, Any]]) -> list[Request]:
    """The requests of an album as they would have been without it."""
    return [request_from_json(json.dumps(fields), spider) for fields in others]


class Turns:
    """How many albums of a host are fetched at once: as many as its download slot allows requests."""

    def __init__(self, spider: ListingSpider) -> None:
        self._spider = spider
        self._hosts: dict[str, asyncio.Semaphore] = {}

    def of(self, url: str) -> asyncio.Semaphore:
        """The host's semaphore."""
        host = urlsplit(url).hostname or ""
        if host not in self._hosts:
            settings = self._spider.settings
            slot = settings.getdict("DOWNLOAD_SLOTS").get(host, {})
            usual = settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
            self._hosts[host] = asyncio.Semaphore(max(1, int(slot.get("concurrency", usual))))
        return self._hosts[host]
