"""The TDM Reservation Protocol: rules of /.well-known/tdmrep.json, and values of its header and meta element."""

from __future__ import annotations

import json

from protego import Protego

from crawlers.captures import Signal
from crawlers.policy.decide import TDM_FILE

MAX_BYTES = 256 << 10
MAX_RULES = 1000
MAX_EVIDENCE = 300
WELL_KNOWN = "/.well-known/tdmrep.json"

Rules = tuple[tuple[str, bool, str], ...]


def parse_tdmrep(data: bytes) -> Rules:
    """(path pattern, reserved, evidence) of every rule that makes sense; nothing of a file that is no list of rules."""
    if len(data) > MAX_BYTES:
        return ()
    try:
        entries = json.loads(data.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return ()
    found = []
    for entry in entries[:MAX_RULES] if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or not isinstance(entry.get("location"), str):
            continue
        answer = reservation(entry.get("tdm-reservation"))
        location = entry["location"]
        if answer is not None and location.startswith(("/", "*")) and "\n" not in location:
            found.append((location[:500], answer, json.dumps(entry)[:MAX_EVIDENCE]))
    return tuple(found)


def reservation(value: object) -> bool | None:
    """What a tdm-reservation says: 1 reserves, 0 does not; None for anything else."""
    return {"1": True, "0": False}.get(str(value).strip()) if isinstance(value, str | int) else None


def file_signal(rules: Rules, url: str) -> Signal | None:
    """The signal of the most specific rule that holds for a URL; of two alike, the one that reserves."""
    held = [rule for rule in rules if _matches(rule[0], url)]
    if not held:
        return None
    _, reserved, evidence = max(held, key=lambda rule: (len(rule[0]), rule[1]))
    return Signal(source=TDM_FILE, evidence=evidence, effect="disallow" if reserved else "allow")


def _matches(pattern: str, url: str) -> bool:
    return not Protego.parse(f"User-agent: *\nDisallow: {pattern}\n").can_fetch(url, "gesso")
