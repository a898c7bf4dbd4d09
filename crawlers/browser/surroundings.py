"""What a visit asks of the crawl around it; no browser here, so that a crawl of listings need not import one."""

from __future__ import annotations

from crawlers.browser.outcome import PageFailure
from crawlers.browser.verdicts import NotFoundPage
from crawlers.captures import Signal


class Surroundings:
    """These answers suit a visit on its own."""

    async def permit(self, url: str) -> tuple[Signal, ...]:
        """The host-level signals for a URL."""
        return ()

    def explain(self, url: str, message: str) -> PageFailure | None:
        """The reason behind a failed navigation, where the crawl knows better than the browser."""
        return None

    async def probe(self, url: str) -> str | None:
        """An address of the host to look at as its page for what is missing; None where there is no need."""
        return None

    def missing(self, url: str) -> NotFoundPage | None:
        """What the host of a URL shows for what is missing, once known."""
        return None

    def found_missing(self, url: str, page: NotFoundPage | None) -> None:
        """Told after a probe."""
