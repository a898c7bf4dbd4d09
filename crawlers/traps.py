"""Crawler traps: places where a site has no end of pages that are all the same, told from the URL alone.

Two means, both pure functions of the URL. `refused` says no to a URL that nobody would write by hand. `buckets` names
the families that a URL belongs to (a calendar, a search form's answers, the pages of a list …), each with how many of
it a crawl visits: the frontier counts them as it leases, in its own fixed order, so that a crawl which was killed and
resumed visits the same ones.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from crawlers.urls import is_token

KINDS = ("long_url", "path_depth", "path_repeats", "parameters", "calendar", "list", "query", "token", "template")
MAX_BLOCK = 4  # segments of a repeated part of a path: /a/b/c/d/a/b/c/d/…
PATHS_TO_QUERIES = 4  # all queries of one path together, in multiples of `per_query`
_YEAR = r"(?:19|20)\d{2}"
_DATE = re.compile(
    rf"(?<!\d)(?:{_YEAR}[-_.]?(?:0[1-9]|1[0-2])(?:[-_.]?(?:0[1-9]|[12]\d|3[01]))?|{_YEAR}-?W\d{{2}})(?!\d)"
)
_PATH_DATE = re.compile(rf"/{_YEAR}(?:/(?:0?[1-9]|1[0-2])(?:/(?:0?[1-9]|[12]\d|3[01]))?)?(?=/|$)")
_DATE_NAMES = re.compile(
    r"^(?:.*[_-])?(?:year|yr|month|mon|day|week|date|ym|ymd|from|to|start|end|since|until|time|timestamp|ts)(?:[_-].*)?$"
)
_DATE_VALUE = re.compile(
    r"^[+-]?\d{1,13}$|^\d{1,4}[-/.]\d{1,2}(?:[-/.]\d{1,4})?(?:[T ].*)?$|^[a-z]{3,9}[-_ ]?\d{4}$", re.I
)
_PAGE_NAMES = re.compile(r"^(?:.*[_-])?(?:page|paged|pagenum|pageno|pg|p|offset|start|skip|cursor|after|before|limit)$")
_PATH_PAGE = re.compile(r"/(?:page|p|seite|pagina)(?:/|-|_)?\d+(?=/|$|\.)", re.I)
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class TrapLimits:
    """How much of each is still taken for a site; 0 switches a rule off."""

    url_length: int = 1000
    path_depth: int = 15
    path_repeats: int = 2
    parameters: int = 10
    per_calendar: int = 12
    per_list: int = 20
    per_query: int = 100
    per_token: int = 50
    per_template: int = 0


class Bucket(NamedTuple):
    """A family of URLs: its kind, a short name that is the same for all of it, and how many of it are visited."""

    kind: str
    name: str
    cap: int


def refused(url: str, limits: TrapLimits) -> str | None:
    """The kind of trap that a canonical URL is by its mere looks, or None."""
    parts = urlsplit(url)
    segments = parts.path.split("/")[1:]
    if limits.url_length and len(url) > limits.url_length:
        return "long_url"
    if limits.path_depth and len(segments) > limits.path_depth:
        return "path_depth"
    if limits.path_repeats and _repeats(segments, limits.path_repeats):
        return "path_repeats"
    if limits.parameters and parts.query.count("&") >= limits.parameters:
        return "parameters"
    return None


def _repeats(segments: list[str], most: int) -> bool:
    """Whether a part of the path comes more than `most` times in a row, or one name twice as often anywhere."""
    names = Counter(s for s in segments[:-1] if s and not s.isdigit())
    if names and max(names.values()) > 2 * most:
        return True
    for size in range(1, MAX_BLOCK + 1):
        run = 0
        for at in range(size, len(segments)):
            run = run + 1 if segments[at] == segments[at - size] else 0
            if run >= size * most:
                return True
    return False


def buckets(url: str, limits: TrapLimits) -> tuple[Bucket, ...]:
    """The families that a canonical URL belongs to; most pages belong to none."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=None)
    found: list[Bucket] = []

    def add(kind: str, cap: int, *what: str) -> None:
        if cap:
            key = "\n".join((kind, parts.netloc, *what))
            found.append(Bucket(kind, f"{kind}-{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()[:16]}", cap))

    undated = _without_dates(path, pairs)
    if undated is not None:
        add("calendar", limits.per_calendar, *undated)
    unpaged = _without_pages(path, pairs)
    if unpaged is not None:
        add("list", limits.per_list, *unpaged)
    names = sorted({name for name, value in pairs if not (_is_page(name, value) or _is_date(name, value))})
    if names:  # a calendar and a list's pages have limits of their own
        add("query", limits.per_query, path, *names)
        add("query", PATHS_TO_QUERIES * limits.per_query, path)
    untokened = "/".join("{token}" if is_token(s) else s for s in path.split("/"))
    if untokened != path:
        add("token", limits.per_token, untokened)
    add("template", limits.per_template, *template(path, pairs))
    return tuple(found)


def _without_dates(path: str, pairs: list[tuple[str, str]]) -> tuple[str, ...] | None:
    """The URL with its dates taken out, or None where it has none. An article's own name keeps it from a calendar."""
    bare = _DATE.sub("{date}", _PATH_DATE.sub("/{date}", path))
    dated = bare != path
    kept = []
    for name, value in pairs:
        if _is_date(name, value):
            dated, value = True, "{date}"
        kept.append(f"{name}={value}")
    return (bare, *kept) if dated else None


def _is_date(name: str, value: str) -> bool:
    return bool(_DATE.search(value) or (_DATE_NAMES.match(name.lower()) and _DATE_VALUE.match(value)))


def _is_page(name: str, value: str) -> bool:
    return bool(_PAGE_NAMES.match(name.lower()) and (value.isdigit() or is_token(value)))


def _without_pages(path: str, pairs: list[tuple[str, str]]) -> tuple[str, ...] | None:
    """The URL with its page number taken out, or None where it has none."""
    bare = _PATH_PAGE.sub("/{page}", path)
    paged = bare != path
    kept = []
    for name, value in pairs:
        if _is_page(name, value):
            paged, value = True, "{page}"
        kept.append(f"{name}={value}")
    return (bare, *kept) if paged else None


def template(path: str, pairs: list[tuple[str, str]]) -> tuple[str, ...]:
    """The shape of a URL: numbers and tokens anywhere, and the last name below a folder, stand for each other."""
    segments = ["{token}" if is_token(s) else _DIGITS.sub("{n}", s) for s in path.split("/")[1:]]
    last = len(segments) - 1 if segments[-1] else len(segments) - 2
    if last >= 1:
        segments[last] = "{name}"
    return ("/".join(segments), *sorted({name for name, _ in pairs}))
