"""What all spiders share: checked arguments, a run that can be resumed, and failures that say why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scrapy import Request, Spider
from scrapy.exceptions import IgnoreRequest
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure as TwistedFailure

from crawlers.arguments import Arguments, as_json, parse_arguments, run_id
from crawlers.browser.outcome import PageFailure
from crawlers.captures import Failure, Rights, Signal, failure_id, now
from crawlers.errors import CannotGoOn
from crawlers.folders import crawls_folder
from crawlers.frontier import LEASE_SECONDS, FrontierBackend, open_frontier
from crawlers.middlewares.refused import Refused
from crawlers.policy.decide import decide
from crawlers.shards import parse_shard
from crawlers.urls import site_of


class GessoSpider(Spider):
    """Base of our spiders. Arguments are strings; a wrong one raises ArgumentError before anything starts."""

    source = ""
    pages_stat = "response_received_count"  # what pages a minute are counted by

    def __init__(self, *args: Any, run: str | None = None, shard: str | None = None, **kwargs: Any) -> None:
        self.arguments: Arguments = parse_arguments(self.name, kwargs)
        self.shard = parse_shard(shard)
        self.run_id = run_id(self.name, self.arguments, run, self.shard)
        super().__init__(*args)

    def open_frontier(self) -> FrontierBackend:
        """The run's frontier, which the scheduler opens and closes."""
        return open_frontier(
            crawls_folder(self.settings["GESSO_STORE"]) / self.run_id,
            as_json(self.arguments),
            url=self.settings.get("GESSO_FRONTIER") or None,
            lease_seconds=self.settings.getfloat("GESSO_LEASE_SECONDS", LEASE_SECONDS),
        )

    def failed(self, failure: TwistedFailure) -> Iterator[Failure]:
        """The errback of every request: one typed failure."""
        if isinstance(failure.value, CannotGoOn):
            raise failure.value  # nothing is wrong with the request: the scheduler keeps it and ends the crawl
        kind, reason = classify(failure.value)
        request: Request = failure.request  # type: ignore[attr-defined]
        yield self.failure(request.url, kind, reason)

    def failure(self, url: str, kind: str, reason: str, *, site: str | None = None, identity: str = "") -> Failure:
        """A typed failure of this run; `identity` where the URL alone does not say what failed."""
        return Failure(
            failure_id=failure_id(self.source, identity or url, kind),
            run_id=self.run_id,
            source=self.source,
            spider=self.name,
            url=url,
            site=site if site is not None else site_of(url),
            failed_at=now(),
            kind=kind,
            reason=reason[:1000],
        )

    def rights_of(self, request: Request, *signals: Signal, licence: str | None = None) -> Rights:
        """What we know of the permission: the evidence of the request's host, and more signals where there are any."""
        robots = request.meta.get("robots_signal")
        hosts = request.meta.get("gesso_signals") or ([robots] if robots else [])
        known = (*(Signal.model_validate(signal) for signal in hosts), *signals)
        return Rights(allowed=decide(known).allowed, signals=known, licence=licence)


def classify(error: Any) -> tuple[str, str]:
    """(kind, reason) of whatever a download raised."""
    if isinstance(error, PageFailure | Refused):
        return error.kind, error.reason
    if isinstance(error, HttpError):
        return f"http_{error.response.status}", f"{error.response.url} answers {error.response.status}"
    name = type(error).__name__
    reason = f"{name}: {str(error).strip().splitlines()[0] if str(error).strip() else 'no further word'}"
    if isinstance(error, IgnoreRequest):  # what unpacks to too much is one, too
        return "too_large" if "DOWNLOAD_MAXSIZE" in str(error) else "ignored", reason
    if "Timeout" in name or "TimedOut" in name:
        return "timeout", reason
    if "Cancelled" in name:
        return "too_large", reason
    known = (
        "Connect",
        "DNS",
        "Lookup",
        "Unreachable",
        "Refused",
        "Tunnel",
        "NoRoute",
        "SSL",
        "ResponseFailed",
        "Socket",
    )
    if any(word in name for word in known) or isinstance(error, OSError):
        return "unreachable", reason
    return "download", reason
