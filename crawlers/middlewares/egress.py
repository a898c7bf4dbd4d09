"""Everything goes out through the egress guard; what it refuses or cuts becomes a typed failure."""

from __future__ import annotations

from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from crawlers.egress.guard import EgressGuard
from crawlers.egress.outcome import HEADER, EgressOutcome, Limits, from_header
from crawlers.middlewares.refused import Refused
from crawlers.policy.identity import check_settings

WORTH_ANOTHER_TRY = ("unreachable", "timeout")


class EgressMiddleware:
    """Owns the guard, at `crawler._gesso_egress`: started by whoever needs it first, closed with the engine.

    Raises IdentityError, OptOutError or AllowError where a setting of courtesy is wrong.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        if getattr(crawler.spidercls, "needs_network", True):
            check_settings(settings)
        self.crawler = crawler
        limits = Limits(
            total_seconds=settings.getfloat("GESSO_EGRESS_SECONDS"),
            response_bytes=settings.getint("GESSO_RESPONSE_BYTES"),
            host_bytes=settings.getint("GESSO_HOST_BYTES"),
        )
        self.guard = EgressGuard.from_texts(
            settings.get("GESSO_ALLOW") or "",
            settings.get("GESSO_PROXY") or "",
            limits,
            public=bool(settings.get("GESSO_CONTACT") or settings.get("GESSO_PROXY")),
            count=self._count,
        )
        crawler._gesso_egress = self.guard  # type: ignore[attr-defined]
        crawler.signals.connect(self._close, signals.engine_stopped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> EgressMiddleware:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if not request.meta.get("page"):  # the browser has the guard as its own proxy
            request.meta["proxy"] = await self.guard.ready()

    def process_response(self, request: Request, response: Response) -> Request | Response:
        if request.meta.get("page") or urlsplit(request.url).scheme != "http":
            return response  # a server behind TLS could write the header itself
        outcome = from_header((response.headers.get(HEADER) or b"").decode("latin-1"))
        return response if outcome is None else self._again_or_refuse(request, outcome)

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        if request.meta.get("page") or isinstance(exception, IgnoreRequest):
            return None
        outcome = self.guard.outcome(request.url)
        return None if outcome is None else self._again_or_refuse(request, outcome)

    def _again_or_refuse(self, request: Request, outcome: EgressOutcome) -> Request:
        if outcome.kind in WORTH_ANOTHER_TRY and not request.meta.get("dont_retry"):
            assert self.crawler.spider is not None
            again = get_retry_request(request, spider=self.crawler.spider, reason=outcome.kind)
            if again is not None:
                return again
        raise Refused(outcome.kind, f"{request.url}: {outcome.reason}")

    async def _close(self) -> None:
        await self.guard.close()

    def _count(self, name: str, number: int) -> None:
        if self.crawler.stats is not None:
            self.crawler.stats.inc_value(name, number)
