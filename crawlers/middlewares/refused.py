"""How a request ends that may not be sent, or whose answer the egress guard would not hand on."""

from __future__ import annotations

from scrapy.exceptions import IgnoreRequest

from crawlers.captures import Signal


class Refused(IgnoreRequest):
    """A request that came to nothing for a reason of ours: `kind` to count by, the evidence in `signal` if any."""

    def __init__(self, kind: str, reason: str, signal: Signal | None = None) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.signal = signal
