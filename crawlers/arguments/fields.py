"""What several spiders' arguments have in common: numbers, flags, lists; each checked, each error names its remedy."""

from __future__ import annotations

import re
from collections.abc import Mapping

from crawlers.errors import GessoError
from crawlers.urls import MAX_URL, UrlError, canonical_url

APP = re.compile(r"^[A-Za-z0-9_.-]{1,200}$")
LOCALE = re.compile(r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,3}$")


class ArgumentError(GessoError):
    """An argument that a spider cannot work with."""


def known(spider: str, given: Mapping[str, str], names: set[str]) -> None:
    """Raises ArgumentError for an argument that the spider does not have."""
    for name in given:
        if name not in names:
            raise ArgumentError(
                f"spider {spider} knows no argument {name!r}: there are {', '.join(sorted(names))}, run"
            )


def number(given: Mapping[str, str], name: str, default: int | None, *, least: int, most: int) -> int | None:
    """A whole number within limits, `default` where it is not given. Raises ArgumentError."""
    text = given.get(name)
    if text is None or text == "":
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise ArgumentError(f"{name}={text[:40]!r} is not a whole number from {least} to {most}")
    return int(text)


def names(given: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> tuple[str, ...] | None:
    """A list like `a,b` whose parts match; None where it is not given. Raises ArgumentError."""
    text = given.get(name, "")
    if not text:
        return None
    listed = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for part in listed:
        if not pattern.match(part):
            raise ArgumentError(f"{name}: {part[:80]!r} is not one: give a list like a,b")
    return listed or None


def flag(given: Mapping[str, str], name: str, default: bool = False) -> bool:
    """1 or 0, and their usual spellings. Raises ArgumentError."""
    text = given.get(name, "").lower()
    if not text:
        return default
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off"):
        return False
    raise ArgumentError(f"{name}={text[:40]!r} is neither 1 nor 0")


def urls(given: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Canonical URLs of `URL[,URL…]`; a comma within a URL is written %2C. Raises ArgumentError."""
    found: dict[str, None] = {}
    for part in given.get(name, "").split(","):
        text = part.strip()
        if not text:
            continue
        try:
            url = canonical_url(text)
        except UrlError as error:
            raise ArgumentError(f"{name}: {error}") from None
        if not url.startswith(("http://", "https://")) or len(url) > MAX_URL:
            raise ArgumentError(f"{name}: {text[:200]!r} is not an http(s) URL")
        found[url] = None
    return tuple(found)
