"""How a visit can end other than with pictures, and what its status says of the pictures."""

from __future__ import annotations

import re

from playwright.async_api import Error

from crawlers.captures import Signal
from crawlers.errors import GessoError

WALL_STATUSES = frozenset({403, 429, 503})
WALL_TITLES = re.compile(
    r"just a moment|attention required|access denied|are you (a )?(human|robot)|verify you are human|captcha|"
    r"security check|request blocked|pardon our interruption|ddos protection|bot detection",
    re.I,
)
_NET = re.compile(r"net::ERR_([A-Z0-9_]+)")


class PageFailure(GessoError):
    """A page that gave no capture: `kind` to count by, the message to read, `signals` as evidence."""

    def __init__(self, kind: str, reason: str, signals: tuple[Signal, ...] = ()) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.signals = signals


def failure_of(url: str, error: Error) -> PageFailure:
    """The typed failure behind an error of the browser's."""
    message = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
    code = _NET.search(message)
    if "Timeout" in message and "exceeded" in message:
        return PageFailure("timeout", f"{url} did not open in time: {message}")
    if "Download is starting" in message or (code and code[1] == "ABORTED"):
        return PageFailure("not_html", f"{url} is a download, not a page")
    if code and code[1] == "TOO_MANY_REDIRECTS":
        return PageFailure("redirects", f"{url} redirects in circles")
    if code:
        return PageFailure("unreachable", f"{url} cannot be reached ({code[1].lower().replace('_', ' ')})")
    return PageFailure("browser", f"{url}: {message}")


def status_verdicts(status: int, title: str) -> list[str]:
    """What a page's status and title say of its pictures: a bot wall, or an error page."""
    if status in WALL_STATUSES and WALL_TITLES.search(title):
        return ["bot_wall"]
    return ["error_page"] if status >= 400 else []
