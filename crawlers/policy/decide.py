"""One decision from all signals: may an image be kept, and if not, which signal forbids it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crawlers.captures import Signal

OPT_OUTS = ("respect", "record")
ROBOTS = "robots.txt"
# The TDM Reservation Protocol's own order: what stands nearer to the content overrules what stands further away.
TDM_FILE, TDM_HEADER, TDM_META = "tdmrep.json", "tdm-reservation header", "meta tdm-reservation"
_TDM = (TDM_FILE, TDM_HEADER, TDM_META)


@dataclass(frozen=True)
class Decision:
    """`allowed`: nothing forbids. `refusal`: the signal for which no image may be written, None where it may."""

    allowed: bool
    refusal: Signal | None


def in_force(signals: Iterable[Signal]) -> list[Signal]:
    """The signals that forbid, after the precedence of TDM reservations; robots.txt first, else as they were read."""
    known = list(signals)
    last = max((_TDM.index(s.source) for s in known if s.source in _TDM and s.effect != "note"), default=-1)
    found = [s for s in known if s.effect == "disallow" and (s.source not in _TDM or _TDM.index(s.source) == last)]
    return sorted(found, key=lambda signal: signal.source != ROBOTS)


def decide(signals: Iterable[Signal], opt_out: str = "respect") -> Decision:
    """What all signals about an image come to. robots.txt always forbids; the others do unless OPT_OUT=record."""
    found = in_force(signals)
    refusal = next((s for s in found if opt_out != "record" or s.source == ROBOTS), None)
    return Decision(allowed=not found, refusal=refusal)


def decide_early(signals: Iterable[Signal], opt_out: str = "respect") -> Decision:
    """As `decide`, before an answer was seen: a reservation in tdmrep.json may still be lifted by it."""
    return decide([signal for signal in signals if signal.source != TDM_FILE], opt_out)
