"""Opt-outs that a page states of itself, in the headers of its answer and the meta elements of its head."""

from __future__ import annotations

import re
from collections.abc import Iterable

from crawlers.captures import Signal
from crawlers.policy.c2pa import image_signals
from crawlers.policy.decide import TDM_HEADER, TDM_META, in_force
from crawlers.policy.robots import AGENT
from crawlers.policy.tdm import reservation
from crawlers.policy.usage import refuses_training

REFUSALS = frozenset({"noai", "noimageai"})
MAX_EVIDENCE = 300
MAX_SIGNALS = 20
_AGENT_PREFIX = re.compile(r"^\s*([a-z0-9_-]+)\s*:\s*(.*)$", re.I | re.S)
_VALUED = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
_USAGE = {"content-signal": "Content-Signal header", "content-usage": "Content-Usage header"}


def page_signals(headers: Iterable[tuple[str, str]], metas: Iterable[tuple[str, str]]) -> tuple[Signal, ...]:
    """Signals of a page: `headers` (name, value) of its response, `metas` (name, content) of its head.

    An effect of `disallow` means that no image of the page may be kept. A directive for another named agent is a note.
    """
    found: list[Signal] = []
    for name, value in headers:
        low = name.lower()
        for line in value.splitlines() or [value]:
            if low == "x-robots-tag":
                agent, directives = _split(line)
                found.append(_signal("X-Robots-Tag", line, directives, ours=agent in (None, AGENT)))
            elif low in _USAGE:
                found.append(_answered(_USAGE[low], line, refuses_training(line)))
            elif low == "tdm-reservation":
                found.append(_answered(TDM_HEADER, line, reservation(line)))
    for name, content in metas:
        low = name.lower()
        if low in ("robots", AGENT):
            found.append(_signal(f"meta {low}", content, content, ours=True))
        elif low == "tdm-reservation":
            found.append(_answered(TDM_META, content, reservation(content)))
    found.sort(key=lambda signal: signal.effect == "note")  # a flood of notes must not push a refusal out
    return tuple(found[:MAX_SIGNALS])


def opted_out(signals: Iterable[Signal]) -> Signal | None:
    """The first signal in force that forbids, if any."""
    return next(iter(in_force(signals)), None)


def _split(value: str) -> tuple[str | None, str]:
    match = _AGENT_PREFIX.match(value)
    if match and match[1].lower() not in _VALUED:
        return match[1].lower(), match[2]
    return None, value


def _signal(source: str, raw: str, directives: str, *, ours: bool) -> Signal:
    said = {directive.strip().lower() for directive in directives.split(",")}
    refused = ours and bool(said & REFUSALS)
    return Signal(source=source, evidence=raw.strip()[:MAX_EVIDENCE], effect="disallow" if refused else "note")


def _answered(source: str, raw: str, refused: bool | None) -> Signal:
    effect = "note" if refused is None else "disallow" if refused else "allow"
    return Signal(source=source, evidence=raw.strip()[:MAX_EVIDENCE], effect=effect)


__all__ = ["image_signals", "opted_out", "page_signals"]
