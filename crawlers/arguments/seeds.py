"""Seeds: pages to begin with, from the command line or a file, with what the file's other columns say of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from crawlers.about import About, clean_about
from crawlers.arguments.fields import ArgumentError
from crawlers.urls import canonical_url, may_be_page

MAX_SEEDS = 1_000_000
TABLES = {".csv": ",", ".tsv": "\t"}
JSON_LINES = (".jsonl", ".ndjson")
URL = "url"

Row = tuple[int, str, Mapping[str, Any]]  # entry number, URL as written, the other columns


def seeds(text: str) -> dict[str, About]:
    """Canonical URL → what is known of it, in order, of `URL[,URL…]` or of a file. Raises ArgumentError.

    A file has one URL a line, or is a CSV, TSV or JSONL with a `url` column; the first of two equal URLs counts.
    """
    if "://" in text.split(",")[0]:
        where = "seeds"
        rows: Iterable[Row] = ((n, url, {}) for n, url in enumerate(text.split(","), 1))
    else:
        where = text[:200]
        rows = _rows(Path(text).expanduser(), where)
    found: dict[str, About] = {}
    for number, written, more in rows:
        url = written.strip()
        if not url or url.startswith("#"):
            continue
        if not may_be_page(url):
            raise ArgumentError(f"{where}, entry {number}: {url[:200]!r} is not the http(s) URL of a page")
        found.setdefault(canonical_url(url), clean_about(more) if more else {})
        if len(found) > MAX_SEEDS:
            raise ArgumentError(f"{where} names more than {MAX_SEEDS} seeds, the limit of a run: split it")
    if not found:
        raise ArgumentError(f"{where} names no seed: give one http(s) URL a line, or a column {URL!r}")
    return found


def _rows(path: Path, where: str) -> Iterator[Row]:
    ending = path.suffix.lower()
    try:
        with path.open(encoding="utf-8-sig", newline="" if ending in TABLES else None) as file:
            if ending in TABLES:
                yield from _table(file, TABLES[ending], where)
            elif ending in JSON_LINES:
                yield from _json_lines(file, where)
            else:
                yield from ((number, line, {}) for number, line in enumerate(file, 1))
    except OSError:
        raise ArgumentError(f"seeds={where!r} is neither an http(s) URL nor a file that can be read") from None
    except UnicodeDecodeError:
        raise ArgumentError(f"seeds={where!r} is not a text file: give one URL a line") from None


def _table(lines: Iterable[str], delimiter: str, where: str) -> Iterator[Row]:
    try:
        reader = csv.reader(lines, delimiter=delimiter)
        names = [name.strip() for name in next(reader, [])]
        at = next((n for n, name in enumerate(names) if name.lower() == URL), None)
        if at is None:
            raise ArgumentError(
                f"{where} has no column {URL!r}: its first line must name the columns, one of them {URL}"
            )
        for number, cells in enumerate(reader, 2):
            if cells:
                more = {name: cell for n, (name, cell) in enumerate(zip(names, cells, strict=False)) if n != at}
                yield number, cells[at] if at < len(cells) else "", more
    except csv.Error as error:
        raise ArgumentError(f"{where} is not a table ({error}): save it as CSV again") from None


def _json_lines(lines: Iterable[str], where: str) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict) or not isinstance(row.get(URL), str):
            raise ArgumentError(f"{where}, line {number}: not a JSON object with a text field {URL!r}")
        yield number, row[URL], {name: value for name, value in row.items() if name != URL}
