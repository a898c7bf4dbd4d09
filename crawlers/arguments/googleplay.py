"""Arguments of the `googleplay` spider."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from crawlers.arguments.fields import LOCALE, ArgumentError, known, names, number

PACKAGE = re.compile(r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)+$")
_COUNTRY = re.compile(r"^[a-z]{2}$")


@dataclass(frozen=True)
class GoogleplayArguments:
    """What `googleplay` reads: package names, and a search's first apps, in a language and a country."""

    ids: tuple[str, ...] = ()
    search: str = ""
    language: str = "en"
    country: str = "us"
    limit: int = 20


def parse(given: Mapping[str, str]) -> GoogleplayArguments:
    """Raises ArgumentError."""
    known("googleplay", given, {"ids", "search", "language", "country", "limit"})
    ids = names(given, "ids", PACKAGE) or ()
    search = given.get("search", "")
    if not (ids or search):
        raise ArgumentError("nothing to read: give ids=com.example.app or search=TERM")
    if len(search) > 200:
        raise ArgumentError(f"search of {len(search)} characters is too long: 200 is the limit")
    language = given.get("language") or "en"
    if not LOCALE.match(language):
        raise ArgumentError(f"language={language[:40]!r} is no language: give it as in en or pt-BR")
    country = (given.get("country") or "us").lower()
    if not _COUNTRY.match(country):
        raise ArgumentError(f"country={country[:40]!r} is no country: give two letters, as in us")
    return GoogleplayArguments(ids, search, language, country, number(given, "limit", 20, least=1, most=250) or 20)
