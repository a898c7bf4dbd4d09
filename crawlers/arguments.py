"""Spider arguments: strings from a command line to frozen, checked values, before anything starts."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from crawlers.errors import GessoError
from crawlers.urls import MAX_URL, canonical_url, may_be_page

MAX_SEEDS = 1_000_000
MAX_DEPTH = 20
_RUN = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
_APP = re.compile(r"^[A-Za-z0-9_.-]{1,200}$")
_LOCALE = re.compile(r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,3}$")


class ArgumentError(GessoError):
    """An argument that a spider cannot work with."""


@dataclass(frozen=True)
class WebArguments:
    """What `web` crawls: seeds in canonical form, link depth, and pages a site at most (None: no limit)."""

    seeds: tuple[str, ...]
    depth: int = 0
    per_site: int | None = None


@dataclass(frozen=True)
class FdroidArguments:
    """What `fdroid` reads: a repository's address without its last slash, and which locales and apps of it."""

    repo: str
    locales: tuple[str, ...] | None = None
    apps: tuple[str, ...] | None = None
    limit_apps: int | None = None


Arguments = WebArguments | FdroidArguments


def parse_arguments(spider: str, given: Mapping[str, Any]) -> Arguments:
    """The checked arguments of a spider by name. Raises ArgumentError, which names the argument and the remedy."""
    texts = {key: str(value).strip() for key, value in given.items() if value is not None and key != "run"}
    if spider == "web":
        _known(spider, texts, {"seeds", "depth", "per_site"})
        return WebArguments(
            _seeds(texts.get("seeds", "")),
            _number(texts, "depth", 1, least=0, most=MAX_DEPTH) or 0,
            _number(texts, "per_site", None, least=1, most=10_000_000),
        )
    if spider == "fdroid":
        _known(spider, texts, {"repo", "locales", "apps", "limit_apps"})
        return FdroidArguments(
            _repository(texts.get("repo", "")),
            _names(texts, "locales", _LOCALE),
            _names(texts, "apps", _APP),
            _number(texts, "limit_apps", None, least=1, most=10_000_000),
        )
    raise ArgumentError(f"no spider named {spider!r}: there are fdroid and web")


def run_id(spider: str, arguments: Arguments, named: str | None = None) -> str:
    """The run's name: the one given, else a pure function of spider and arguments, so that a repeat resumes."""
    if named:
        if not _RUN.match(named):
            raise ArgumentError(f"run={named[:80]!r} is no name for a run: use letters, digits, - and _, at most 64")
        return named
    return f"{spider}-{hashlib.sha256(as_json(arguments).encode()).hexdigest()[:8]}"


def as_json(arguments: Arguments) -> str:
    """Arguments in one spelling, for comparison and for keeping."""
    return json.dumps(asdict(arguments), sort_keys=True, separators=(",", ":"))


def _known(spider: str, given: Mapping[str, str], known: set[str]) -> None:
    for name in given:
        if name not in known:
            raise ArgumentError(
                f"spider {spider} knows no argument {name!r}: there are {', '.join(sorted(known))}, run"
            )


def _number(given: Mapping[str, str], name: str, default: int | None, *, least: int, most: int) -> int | None:
    text = given.get(name)
    if text is None or text == "":
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise ArgumentError(f"{name}={text[:40]!r} is not a whole number from {least} to {most}")
    return int(text)


def _names(given: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> tuple[str, ...] | None:
    text = given.get(name, "")
    if not text:
        return None
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for part in names:
        if not pattern.match(part):
            raise ArgumentError(f"{name}: {part[:80]!r} is not one: give a list like a,b")
    return names or None


def _seeds(text: str) -> tuple[str, ...]:
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
    seeds: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        url = line.strip()
        if not url or url.startswith("#"):
            continue
        if not may_be_page(url):
            raise ArgumentError(f"{where}, entry {number}: {url[:200]!r} is not the http(s) URL of a page")
        seeds[canonical_url(url)] = None
    if not seeds:
        raise ArgumentError(f"{where} names no seed: give one http(s) URL a line")
    if len(seeds) > MAX_SEEDS:
        raise ArgumentError(f"{where} names {len(seeds)} seeds: split it, {MAX_SEEDS} a run is the limit")
    return tuple(seeds)


def _repository(text: str) -> str:
    if not text:
        raise ArgumentError("repo is missing: give repo=URL of an F-Droid repository, the folder that holds entry.json")
    url = text.rstrip("/")
    if len(url) > MAX_URL or "?" in url or "#" in url or not may_be_page(url):
        raise ArgumentError(f"repo={text[:200]!r} is not the http(s) URL of a repository")
    return canonical_url(url).rstrip("/")
