"""What several spiders' arguments have in common: numbers, lists, seeds; each checked, each error names its remedy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from crawlers.errors import GessoError
from crawlers.urls import canonical_url, may_be_page

MAX_SEEDS = 1_000_000
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


def seeds(text: str) -> tuple[str, ...]:
    """Canonical URLs of `URL[,URL…]` or of a file with one a line. Raises ArgumentError."""
    if not text:
        raise ArgumentError("seeds is missing: give seeds=URL[,URL…] or seeds=FILE with one URL a line")
    if "://" in text.split(",")[0]:
        where, lines = "seeds", text.split(",")
    else:
        path = Path(text).expanduser()
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError:
            raise ArgumentError(f"seeds={text[:200]!r} is neither an http(s) URL nor a file that can be read") from None
        except UnicodeDecodeError:
            raise ArgumentError(f"seeds={text[:200]!r} is not a text file: give one URL a line") from None
        where = text
    found: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        url = line.strip()
        if not url or url.startswith("#"):
            continue
        if not may_be_page(url):
            raise ArgumentError(f"{where}, entry {number}: {url[:200]!r} is not the http(s) URL of a page")
        found[canonical_url(url)] = None
    if not found:
        raise ArgumentError(f"{where} names no seed: give one http(s) URL a line")
    if len(found) > MAX_SEEDS:
        raise ArgumentError(f"{where} names {len(found)} seeds: split it, {MAX_SEEDS} a run is the limit")
    return tuple(found)
