"""Opt-outs that a page states of itself: X-Robots-Tag headers and robots meta elements."""

from __future__ import annotations

import re
from collections.abc import Iterable

from crawlers.captures import Signal
from crawlers.policy.robots import AGENT

REFUSALS = frozenset({"noai", "noimageai"})
MAX_EVIDENCE = 300
MAX_SIGNALS = 20
_AGENT_PREFIX = re.compile(r"^\s*([a-z0-9_-]+)\s*:\s*(.*)$", re.I | re.S)
_VALUED = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})


def page_signals(headers: Iterable[tuple[str, str]], metas: Iterable[tuple[str, str]]) -> tuple[Signal, ...]:
    """Signals of a page: `headers` (name, value) of its response, `metas` (name, content) of its head.

    An effect of `disallow` means that no image of the page may be kept. A directive for another named agent is a note.
    """
    found: list[Signal] = []
    for name, value in headers:
        if name.lower() == "x-robots-tag":
            for line in value.splitlines() or [value]:
                agent, directives = _split(line)
                found.append(_signal("X-Robots-Tag", line, directives, ours=agent in (None, AGENT)))
    for name, content in metas:
        if name.lower() in ("robots", AGENT):
            found.append(_signal(f"meta {name.lower()}", content, content, ours=True))
    return tuple(found[:MAX_SIGNALS])


def opted_out(signals: Iterable[Signal]) -> Signal | None:
    """The first signal that forbids, if any."""
    return next((signal for signal in signals if signal.effect == "disallow"), None)


def _split(value: str) -> tuple[str | None, str]:
    match = _AGENT_PREFIX.match(value)
    if match and match[1].lower() not in _VALUED:
        return match[1].lower(), match[2]
    return None, value


def _signal(source: str, raw: str, directives: str, *, ours: bool) -> Signal:
    said = {directive.strip().lower() for directive in directives.split(",")}
    refused = ours and bool(said & REFUSALS)
    return Signal(source=source, evidence=raw.strip()[:MAX_EVIDENCE], effect="disallow" if refused else "note")
