"""Arguments of the `web` spider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crawlers.arguments.fields import known, number, seeds

MAX_DEPTH = 20


@dataclass(frozen=True)
class WebArguments:
    """What `web` crawls: seeds in canonical form, link depth, and pages a site at most (None: no limit)."""

    seeds: tuple[str, ...]
    depth: int = 0
    per_site: int | None = None


def parse(given: Mapping[str, str]) -> WebArguments:
    """Raises ArgumentError."""
    known("web", given, {"seeds", "depth", "per_site"})
    return WebArguments(
        seeds(given.get("seeds", "")),
        number(given, "depth", 1, least=0, most=MAX_DEPTH) or 0,
        number(given, "per_site", None, least=1, most=10_000_000),
    )
