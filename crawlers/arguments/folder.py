"""Arguments of the `folder` spider."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crawlers.arguments.fields import ArgumentError, known

FIELDS = (
    *("image", "title", "description", "summary", "developer", "categories", "rating", "rating_count", "app_id"),
    *("url", "site", "licence", "locale", "form_factor", "theme", "view", "position"),
)
VIEWS = ("listing", "fold", "full")
MAX_FILES = 100_000
_SOURCE = re.compile(r"^[a-z0-9][a-z0-9.-]{0,62}$")
_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"^(\d{1,9})\.\.(\d{1,9})$")
_SAME = {"license": "licence", "name": "title", "caption": "title", "lang": "locale", "source_url": "url"}


@dataclass(frozen=True)
class FolderArguments:
    """What `folder` reads: a folder or files, which metadata column goes to which field, and what all of them share."""

    paths: tuple[str, ...]
    map: tuple[tuple[str, str], ...] = ()
    source: str = "folder"
    licence: str = ""
    view: str = "listing"


def parse(given: Mapping[str, str]) -> FolderArguments:
    """Raises ArgumentError."""
    known("folder", given, {"path", "map", "source", "licence", "view"})
    source = given.get("source") or "folder"
    if not _SOURCE.match(source):
        raise ArgumentError(f"source={source[:80]!r} is no name: use small letters, digits, . and -")
    view = given.get("view") or "listing"
    if view not in VIEWS:
        raise ArgumentError(f"view={view[:40]!r} is not one of {', '.join(VIEWS)}")
    licence = given.get("licence", "")
    if len(licence) > 200:
        raise ArgumentError(f"licence of {len(licence)} characters is too long: 200 is the limit")
    return FolderArguments(paths(given.get("path", "")), columns(given.get("map", "")), source, licence, view)


def paths(text: str) -> tuple[str, ...]:
    """The folder or the files that a path with braces means. Raises ArgumentError where there is none of them."""
    if not text:
        raise ArgumentError("path is missing: give path=FOLDER, FILE.parquet, FILE.tar or 'shard-{000..003}.tar'")
    found = expand(text)
    if not any(Path(one).expanduser().exists() for one in found):
        raise ArgumentError(f"path={text[:200]!r}: no such file or folder")
    return found


def expand(text: str) -> tuple[str, ...]:
    """`a-{00..02}.tar` and `{a,b}.tar` as the names they stand for, as a shell has it. Raises ArgumentError."""
    parts: list[list[str]] = []
    last, total = 0, 1
    for match in _BRACES.finditer(text):
        bounds = _RANGE.match(match[1])
        if bounds is None and "," not in match[1]:
            continue
        if bounds:
            first, stop = int(bounds[1]), int(bounds[2])
            if abs(stop - first) >= MAX_FILES:
                raise ArgumentError(f"path={text[:200]!r} names more than {MAX_FILES} files")
            padded = any(len(end) > 1 and end.startswith("0") for end in bounds.groups())
            width = max(map(len, bounds.groups())) if padded else 0
            step = 1 if stop >= first else -1
            choices = [str(number).zfill(width) for number in range(first, stop + step, step)]
        else:
            choices = match[1].split(",")
        total *= len(choices)
        if total > MAX_FILES:
            raise ArgumentError(f"path={text[:200]!r} names more than {MAX_FILES} files")
        parts += [[text[last : match.start()]], choices]
        last = match.end()
    parts.append([text[last:]])
    return tuple(dict.fromkeys("".join(chosen) for chosen in itertools.product(*parts)))


def columns(text: str) -> tuple[tuple[str, str], ...]:
    """`title:caption,url:source_url` as pairs of field and column. Raises ArgumentError."""
    found: dict[str, str] = {}
    for part in (part.strip() for part in text.split(",")):
        if not part:
            continue
        field, colon, column = (piece.strip() for piece in part.partition(":"))
        field = _SAME.get(field, field)
        if not colon or not column or field not in FIELDS:
            raise ArgumentError(f"map: {part[:80]!r} is not FIELD:COLUMN with a field of {', '.join(FIELDS)}")
        if field in found:
            raise ArgumentError(f"map: {field} is given twice")
        found[field] = column
    return tuple(sorted(found.items()))
