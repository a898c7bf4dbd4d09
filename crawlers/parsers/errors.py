"""The error of every store parser: one line, and the kind that the failure is counted under."""

from __future__ import annotations

from crawlers.errors import GessoError


class StorePayloadError(GessoError):
    """A payload that is not what it claims to be; `kind` is the failure kind to count it under."""

    def __init__(self, message: str, kind: str = "bad_payload") -> None:
        super().__init__(message)
        self.kind = kind
