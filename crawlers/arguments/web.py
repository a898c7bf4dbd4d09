"""Arguments of the `web` spider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crawlers.about import About
from crawlers.arguments.fields import ArgumentError, flag, known, urls
from crawlers.arguments.seeds import seeds
from crawlers.arguments.visits import MAX_DEPTH, NAMES, VisitArguments, visit_fields

__all__ = ["MAX_DEPTH", "WebArguments", "parse"]

FROM_ROBOTS = "robots"


@dataclass(frozen=True, kw_only=True)
class WebArguments(VisitArguments):
    """What `web` crawls: seeds in canonical form, what is known `about` some of them, and sitemaps.

    `robots_sitemaps` reads those that the seeds' robots.txt name. `cross_site` also takes what the sitemaps in
    `sitemap` list of other sites.
    """

    seeds: tuple[str, ...] = ()
    about: dict[str, About] = field(default_factory=dict)
    sitemap: tuple[str, ...] = ()
    robots_sitemaps: bool = False
    cross_site: bool = False


def parse(given: Mapping[str, str]) -> WebArguments:
    """Raises ArgumentError."""
    known("web", given, {*NAMES, "seeds", "sitemap", "sitemaps", "cross_site"})
    sitemap = urls(given, "sitemap")
    if not given.get("seeds") and not sitemap:
        raise ArgumentError("seeds is missing: give seeds=URL[,URL…], seeds=FILE with one URL a line, or sitemap=URL")
    found = seeds(given["seeds"]) if given.get("seeds") else {}
    sitemaps = given.get("sitemaps", "")
    if sitemaps not in ("", FROM_ROBOTS):
        raise ArgumentError(
            f"sitemaps={sitemaps[:80]!r} is not {FROM_ROBOTS!r}: a sitemap's address goes into sitemap=URL"
        )
    if sitemaps and not found:
        raise ArgumentError("sitemaps=robots reads the seeds' robots.txt: give seeds as well")
    cross_site = flag(given, "cross_site")
    if cross_site and not sitemap:
        raise ArgumentError("cross_site=1 is for a sitemap that you name: give sitemap=URL as well")
    return WebArguments(
        **visit_fields(given, depth=1),
        seeds=tuple(found),
        about={url: about for url, about in found.items() if about},
        sitemap=sitemap,
        robots_sitemaps=bool(sitemaps),
        cross_site=cross_site,
    )
