"""What every spider that visits pages can be told: how far to follow, what to take, which traps to bound how."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from crawlers.arguments.fields import ArgumentError, flag, number
from crawlers.traps import TrapLimits

MAX_DEPTH = 20
THEMES = ("light", "dark")
PICTURES = ("fold", "full")
DAMAGES = (
    *("contrast", "palette", "spacing", "alignment", "type_scale"),
    *("overlap", "images", "fonts", "line_length"),
)
LIMITS = tuple(limit.name for limit in fields(TrapLimits))
NAMES = {
    *("depth", "per_site", "sections", "views", "themes", "kinds", "jitter", "jitter_seed", "nofollow", "alternates"),
    *LIMITS,
}
MAX_VIEWS = 12
DEFAULT_TRAPS = TrapLimits()
# Playwright's device names have spaces, brackets, + and accents in them; which ones there are, the browser knows.
_VIEW = re.compile(r"^[^\W_][\w .()+/-]{0,59}$")


@dataclass(frozen=True, kw_only=True)
class VisitArguments:
    """Link depth, pages a site at most (None: no limit), what is taken of each page, and the limits of traps.

    Empty `views`, `themes` and `kinds` leave the choice to the settings. `nofollow` follows links that ask not to be
    followed; `alternates` follows a page's other languages. `jitter` names the kinds of damage of which each fold
    is taken once a strength, from `jitter_seed`; `all` is every kind.
    """

    depth: int = 0
    per_site: int | None = None
    sections: bool = False
    views: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    jitter: tuple[str, ...] = ()
    jitter_seed: int = 0
    nofollow: bool = False
    alternates: bool = False
    traps: TrapLimits = DEFAULT_TRAPS


def visit_fields(given: Mapping[str, str], *, depth: int) -> dict[str, Any]:
    """The fields of VisitArguments that `given` sets. Raises ArgumentError."""
    limits = {name: number(given, name, None, least=0, most=10_000_000) for name in LIMITS}
    kinds = _listed(given, "kinds", PICTURES)
    jitter = DAMAGES if given.get("jitter") == "all" else _listed(given, "jitter", DAMAGES)
    if jitter and kinds and "fold" not in kinds:
        raise ArgumentError("jitter damages the fold: kinds must have fold in it")
    return {
        "depth": number(given, "depth", depth, least=0, most=MAX_DEPTH) or 0,
        "per_site": number(given, "per_site", None, least=1, most=10_000_000),
        "sections": flag(given, "sections"),
        "views": _listed(given, "views"),
        "themes": _listed(given, "themes", THEMES),
        "kinds": kinds,
        "jitter": jitter,
        "jitter_seed": number(given, "jitter_seed", 0, least=0, most=2**31) or 0,
        "nofollow": flag(given, "nofollow"),
        "alternates": flag(given, "alternates"),
        "traps": TrapLimits(**{name: limit for name, limit in limits.items() if limit is not None}),
    }


def _listed(given: Mapping[str, str], name: str, choices: tuple[str, ...] | None = None) -> tuple[str, ...]:
    if not given.get(name):
        return ()
    parts = tuple(dict.fromkeys(part.strip() for part in given[name].split(",") if part.strip()))
    wrong = [p for p in parts if (p not in choices if choices else not _VIEW.match(p))]
    if wrong or not parts or len(parts) > MAX_VIEWS:
        what = repr((wrong or [given[name]])[0][:80])
        choice = f"one of {', '.join(choices)}" if choices else "the name of a view or device"
        raise ArgumentError(f"{name}: {what} is not {choice}: give a list like a,b of at most {MAX_VIEWS}")
    return parts
