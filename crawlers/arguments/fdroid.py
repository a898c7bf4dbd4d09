"""Arguments of the `fdroid` spider."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit, urlunsplit

from crawlers.arguments.fields import APP, LOCALE, ArgumentError, flag, known, names, number
from crawlers.urls import MAX_URL, canonical_url, may_be_page

ENTRIES = ("jar", "json")
_FINGERPRINT = re.compile(r"^[0-9a-f]{64}$")


@dataclass(frozen=True)
class FdroidArguments:
    """What `fdroid` reads: a repository's address without its last slash, and which locales and apps of it.

    `fingerprint` is the SHA-256 of its signer's certificate in hex; `entry` is jar, or json where nothing is signed.
    `older` takes a signed repository that is older than when it was last read.
    """

    repo: str
    locales: tuple[str, ...] | None = None
    apps: tuple[str, ...] | None = None
    limit_apps: int | None = None
    fingerprint: str | None = None
    entry: str = "jar"
    older: bool = False


def parse(given: Mapping[str, str]) -> FdroidArguments:
    """Raises ArgumentError."""
    known("fdroid", given, {"repo", "locales", "apps", "limit_apps", "fingerprint", "entry", "older"})
    repo, linked = _split(given.get("repo", ""))
    stated = fingerprint(given.get("fingerprint", ""))
    if linked and stated and fingerprint(linked) != stated:
        raise ArgumentError("fingerprint is given twice, in repo and alone, and the two differ: give the right one")
    stated = stated or fingerprint(linked)
    entry = given.get("entry") or "jar"
    if entry not in ENTRIES:
        raise ArgumentError(f"entry={entry[:40]!r} is not one of {', '.join(ENTRIES)}")
    if entry == "json" and stated:
        raise ArgumentError("entry=json has no signature that a fingerprint could be held to: leave one of them out")
    return FdroidArguments(
        repository(repo),
        names(given, "locales", LOCALE),
        names(given, "apps", APP),
        number(given, "limit_apps", None, least=1, most=10_000_000),
        stated,
        entry,
        flag(given, "older"),
    )


def _split(text: str) -> tuple[str, str]:
    """The address and the fingerprint of a link as F-Droid hands them out: fdroidrepos:// is https there."""
    for scheme, plain in (("fdroidrepos://", "https://"), ("fdroidrepo://", "http://")):
        if text.lower().startswith(scheme):
            text = plain + text[len(scheme) :]
    try:
        parts = urlsplit(text)
        query = {key.lower(): value for key, value in parse_qs(parts.query).items()}
    except ValueError:
        return text, ""
    if "fingerprint" not in query:
        return text, ""
    return urlunsplit(parts._replace(query="", fragment="")), query["fingerprint"][0]


def fingerprint(text: str) -> str | None:
    """A fingerprint in small hex digits without colons and blanks; None where none is given. Raises ArgumentError."""
    digits = re.sub(r"[:\s]", "", text).lower()
    if digits and not _FINGERPRINT.match(digits):
        raise ArgumentError(f"fingerprint={text[:80]!r} is not a SHA-256 in hex: give 64 digits")
    return digits or None


def repository(text: str) -> str:
    """The address of an F-Droid repository without its last slash. Raises ArgumentError."""
    if not text:
        raise ArgumentError("repo is missing: give repo=URL of an F-Droid repository, the folder that holds entry.jar")
    url = text.rstrip("/")
    if len(url) > MAX_URL or "?" in url or "#" in url or not may_be_page(url):
        raise ArgumentError(f"repo={text[:200]!r} is not the http(s) URL of a repository")
    return canonical_url(url).rstrip("/")
