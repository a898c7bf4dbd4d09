"""How a visit can end other than with pictures."""

from __future__ import annotations

import re

from crawlers.captures import Signal
from crawlers.errors import GessoError

_NET = re.compile(r"net::ERR_([A-Z0-9_]+)")
_MOVED = ("moved: ", "leading elsewhere", "Cannot find context", "context was destroyed", "navigated or closed")


class PageFailure(GessoError):
    """A page that gave no capture: `kind` to count by, the message to read, `signals` as evidence."""

    def __init__(self, kind: str, reason: str, signals: tuple[Signal, ...] = ()) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.signals = signals


def failure_of(url: str, error: Exception) -> PageFailure:
    """The typed failure behind an error of the browser's."""
    message = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
    code = _NET.search(message)
    if any(sign in message for sign in _MOVED):
        return PageFailure("moved", f"{url} keeps leading elsewhere by itself")
    if "broken off" in message:
        return PageFailure("broken_off", f"{url} broke off before its end ({code[1] if code else 'no further word'})")
    if (code and code[1] in ("TIMED_OUT", "CONNECTION_TIMED_OUT")) or ("Timeout" in message and "exceeded" in message):
        return PageFailure("timeout", f"{url} did not open in time: {message}")
    if code and code[1] == "ABORTED":
        return PageFailure("not_html", f"{url} is a download, not a page")
    if code and code[1] == "TOO_MANY_REDIRECTS":
        return PageFailure("redirects", f"{url} redirects in circles")
    if code and code[1] == "UNSAFE_REDIRECT":
        return PageFailure("egress", f"{url} redirects to what is not of the web")
    if code and code[1] == "INSUFFICIENT_RESOURCES":
        return PageFailure("too_large", f"{url} needs more than a page may have")
    if code:
        return PageFailure("unreachable", f"{url} cannot be reached ({code[1].lower().replace('_', ' ')})")
    if "crashed" in message:
        return PageFailure("crashed", f"{url} brought its renderer down")
    if "Unable to capture screenshot" in message:  # heard before the crash of the renderer is
        return PageFailure("crashed", f"{url} could not be drawn")
    return PageFailure("browser", f"{url}: {message}")
