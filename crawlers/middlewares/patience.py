"""429 and 503: wait as long as the host asks, within bounds, try again a few times, then say so."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.http import Response

from crawlers.middlewares.pace import Pace
from crawlers.middlewares.refused import Refused
from crawlers.urls import is_loopback_name

BUSY = frozenset({429, 503})
FIRST_WAIT = 5.0  # where the host does not say; doubled with every try
LONGEST = 24 * 3600.0


class PatienceMiddleware:
    """Pauses a host that answers 429 or 503 for its Retry-After, at most GESSO_MAX_WAIT seconds at a time.

    A host that asks for more is left alone: its requests end as `http_429` or `http_503` without being sent, and can be
    retried another day. A retry keeps its lease in the frontier.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.pace = Pace.of(crawler)
        self.longest = crawler.settings.getfloat("GESSO_MAX_WAIT")
        self._status: dict[str, int] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PatienceMiddleware:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        self.pace.prepare(request)
        left = self.pace.paused(request)
        key = self.crawler.engine.downloader.get_slot_key(request) if self.crawler.engine is not None else ""
        if left > self.longest and key in self._status:
            status = self._status[key]
            raise Refused(
                f"http_{status}", f"{request.url} is not asked: its host answers {status}, for {left:.0f} s yet"
            )
        if is_loopback_name(key):
            request.meta["autothrottle_dont_adjust_delay"] = True

    def process_response(self, request: Request, response: Response) -> Request | Response:
        if response.status not in BUSY or _has_pictures(response):
            return response
        asked = parse_retry_after((response.headers.get("Retry-After") or b"").decode("latin-1"), datetime.now(UTC))
        tries = request.meta.get("retry_times", 0)
        wait = min(asked if asked is not None else FIRST_WAIT * 2**tries, LONGEST)
        self._count(f"gesso/busy/{response.status}")
        may_retry = request.meta.get("page") or not request.meta.get("dont_retry")
        if asked is not None and asked > self.longest:
            may_retry = False
            self._status[str(request.meta.get("download_slot"))] = response.status
            self.pace.pause(request, wait, hold=False)
        elif may_retry:
            self.pace.pause(request, min(wait, self.longest))
        if may_retry:
            assert self.crawler.spider is not None
            again = get_retry_request(request, spider=self.crawler.spider, reason=f"http_{response.status}")
            if again is not None:
                return again
        if request.meta.get("robots_exempt"):
            request.meta["dont_retry"] = True  # Scrapy's own retries would not wait
            return response
        why = f"{request.url} answers {response.status}" + (f", retry after {asked:.0f} s" if asked is not None else "")
        raise Refused(f"http_{response.status}", f"{why}, after {tries + 1} tries")

    def _count(self, name: str) -> None:
        if self.crawler.stats is not None:
            self.crawler.stats.inc_value(name)


def _has_pictures(response: Any) -> bool:
    """Whether a visit was worth pictures all the same, as a bot wall's is."""
    return bool(getattr(getattr(response, "visit", None), "shots", None))


def parse_retry_after(value: str, now: datetime) -> float | None:
    """Seconds to wait by a Retry-After of seconds or an HTTP date; None where it says nothing."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        then = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max(0.0, (then - now).total_seconds())
