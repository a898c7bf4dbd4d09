"""Arguments of the `appstore` spider."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from crawlers.arguments.fields import APP, ArgumentError, known, names, number

CHARTS = ("top-free", "top-paid")
FEEDS = ("auto", "v2", "legacy")
COUNTRY = re.compile(r"^[a-z]{2}$")
MAX_LIMIT = 200  # of the store's own calls
_LANGUAGE = re.compile(r"^[a-z]{2}(_[a-z]{2})?$")


@dataclass(frozen=True)
class AppstoreArguments:
    """What `appstore` reads: a search, ids (numbers or bundle ids) and charts, of one country's store."""

    search: str = ""
    ids: tuple[str, ...] = ()
    charts: tuple[str, ...] = ()
    feed: str = "auto"
    country: str = "us"
    language: str = ""
    limit: int = 50


def parse(given: Mapping[str, str]) -> AppstoreArguments:
    """Raises ArgumentError."""
    known("appstore", given, {"search", "ids", "charts", "feed", "country", "language", "limit"})
    charts = names(given, "charts", re.compile(r"^[a-z-]{1,40}$")) or ()
    for chart in charts:
        if chart not in CHARTS:
            raise ArgumentError(f"charts={chart[:40]!r} is not one of {', '.join(CHARTS)}")
    feed = given.get("feed") or "auto"
    if feed not in FEEDS:
        raise ArgumentError(f"feed={feed[:40]!r} is not one of {', '.join(FEEDS)}")
    country = (given.get("country") or "us").lower()
    if not COUNTRY.match(country):
        raise ArgumentError(f"country={country[:40]!r} is no country: give two letters, as in us")
    language = (given.get("language") or "").lower().replace("-", "_")
    if language and not _LANGUAGE.match(language):
        raise ArgumentError(f"language={language[:40]!r} is no language: give it as in en_us")
    search = given.get("search", "")
    if len(search) > 200:
        raise ArgumentError(f"search of {len(search)} characters is too long: 200 is the limit")
    ids = names(given, "ids", APP) or ()
    if not (search or ids or charts):
        raise ArgumentError("nothing to read: give search=TERM, ids=a,b or charts=top-free")
    limit = number(given, "limit", 50, least=1, most=MAX_LIMIT) or 50
    return AppstoreArguments(search, ids, charts, feed, country, language, limit)
