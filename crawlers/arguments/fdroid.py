"""Arguments of the `fdroid` spider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crawlers.arguments.fields import APP, LOCALE, ArgumentError, known, names, number
from crawlers.urls import MAX_URL, canonical_url, may_be_page


@dataclass(frozen=True)
class FdroidArguments:
    """What `fdroid` reads: a repository's address without its last slash, and which locales and apps of it."""

    repo: str
    locales: tuple[str, ...] | None = None
    apps: tuple[str, ...] | None = None
    limit_apps: int | None = None


def parse(given: Mapping[str, str]) -> FdroidArguments:
    """Raises ArgumentError."""
    known("fdroid", given, {"repo", "locales", "apps", "limit_apps"})
    return FdroidArguments(
        repository(given.get("repo", "")),
        names(given, "locales", LOCALE),
        names(given, "apps", APP),
        number(given, "limit_apps", None, least=1, most=10_000_000),
    )


def repository(text: str) -> str:
    """The address of an F-Droid repository without its last slash. Raises ArgumentError."""
    if not text:
        raise ArgumentError("repo is missing: give repo=URL of an F-Droid repository, the folder that holds entry.json")
    url = text.rstrip("/")
    if len(url) > MAX_URL or "?" in url or "#" in url or not may_be_page(url):
        raise ArgumentError(f"repo={text[:200]!r} is not the http(s) URL of a repository")
    return canonical_url(url).rstrip("/")
