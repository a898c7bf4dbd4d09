"""F-Droid's index-v2: entry.json, the index it names, and every screenshot that the index lists."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from crawlers.captures import Listing
from crawlers.parsers.errors import StorePayloadError
from crawlers.parsers.fields import whole

FORM_FACTORS = ("phone", "sevenInch", "tenInch", "wear", "tv")
MAX_ENTRY_BYTES = 1 << 20
MAX_DEPTH = 64
MAX_INDEX_BYTES = 192 << 20
FALLBACK_LOCALES = ("en-US", "en", "en-GB")
_SHA256 = re.compile(r"^[0-9a-f]{64}$")


class RepositoryError(StorePayloadError):
    """An entry or index that is not what it claims to be; `kind` is the failure kind to count it under."""

    def __init__(self, message: str, kind: str = "bad_index") -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class FileEntry:
    """A file of the repository: its path from the repository's address, and what its bytes must be."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Screenshot:
    """One screenshot of an app in the index. `file` is None where the entry is damaged; `problem` says how."""

    app_id: str
    form_factor: str
    locale: str
    position: int
    file: FileEntry | None
    problem: str = ""

    @property
    def identity(self) -> str:
        return f"{self.app_id}/{self.locale}/{self.form_factor}/{self.position}"


@dataclass(frozen=True)
class Entry:
    """What an entry.json says: the index's time in ms and its file, and diffs by the time of the index they alter."""

    timestamp: int
    index: FileEntry
    diffs: Mapping[int, FileEntry] = field(default_factory=dict)


def parse_entry(data: bytes) -> Entry:
    """What an entry.json names. A damaged diff is left out: the whole index is there. Raises RepositoryError."""
    if len(data) > MAX_ENTRY_BYTES:
        raise RepositoryError(f"entry.json of {len(data)} bytes is larger than {MAX_ENTRY_BYTES}", "too_large")
    entry = _object(data, "entry.json")
    index = _file(entry.get("index"), "entry.json, index")
    diffs: dict[int, FileEntry] = {}
    for key, raw in _mapping(entry.get("diffs")).items():
        with contextlib.suppress(RepositoryError):
            if (time := whole(key)) is not None:
                diffs[time] = _file(raw, f"entry.json, diff {key}")
    return Entry(whole(entry.get("timestamp")) or 0, index, diffs)


def merge_diff(index: bytes, diff: bytes, timestamp: int) -> bytes:
    """An index with a diff applied: objects merge, null removes, anything else replaces (RFC 7396).

    Raises RepositoryError (bad_diff) where either is no object, or the result is not the index of that time.
    """
    try:
        whole_index, changes = _object(index, "the index"), _object(diff, "the diff")
        merged = _merged(whole_index, changes, 0)
    except RepositoryError as error:
        raise RepositoryError(str(error), "bad_diff") from None
    stated = _mapping(merged.get("repo")).get("timestamp")
    if stated is not None and stated != timestamp:
        raise RepositoryError(f"the diff leads to the index of {stated!r}, not of {timestamp}", "bad_diff")
    return json.dumps(merged, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode("utf-8", "replace")


def _merged(old: Any, new: dict[str, Any], depth: int) -> dict[str, Any]:
    if depth > MAX_DEPTH:
        raise RepositoryError(f"the diff is nested more than {MAX_DEPTH} deep")
    result = dict(old) if isinstance(old, dict) else {}
    for key, value in new.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value, depth + 1) if isinstance(value, dict) else value
    return result


def check_file(data: bytes, file: FileEntry) -> None:
    """Compare bytes with their entry: size first, then SHA-256. Raises RepositoryError of that kind."""
    if len(data) != file.size:
        raise RepositoryError(f"{file.name} has {len(data)} bytes, the index says {file.size}", "size_mismatch")
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise RepositoryError(
            f"{file.name} is not the file that the index means: its SHA-256 differs", "sha256_mismatch"
        )


class Index:
    """A parsed index-v2. Raises RepositoryError where it is not one."""

    def __init__(self, data: bytes) -> None:
        if len(data) > MAX_INDEX_BYTES:
            raise RepositoryError(f"an index of {len(data)} bytes is larger than {MAX_INDEX_BYTES}", "too_large")
        packages = _object(data, "the index").get("packages")
        if not isinstance(packages, dict):
            raise RepositoryError("the index has no packages: is it index-v2?")
        self._packages: dict[str, Any] = packages

    def app_ids(self) -> list[str]:
        """All apps, sorted."""
        return sorted(self._packages)

    def locales(self) -> list[str]:
        """Those that any app has screenshots in, sorted."""
        factors = (_mapping(self._metadata(app).get("screenshots")).values() for app in self._packages)
        return sorted({locale for some in factors for files in some for locale in _mapping(files)})

    def screenshots(self, app_id: str, locales: tuple[str, ...] | None = None) -> Iterator[Screenshot]:
        """Every screenshot of an app: form factors in their order, locales sorted, positions as listed."""
        factors = _mapping(self._metadata(app_id).get("screenshots"))
        for factor in (*FORM_FACTORS, *sorted(set(factors) - set(FORM_FACTORS))):
            for locale, files in sorted(_mapping(factors.get(factor)).items()):
                if locales is not None and locale not in locales:
                    continue
                for position, raw in enumerate(files if isinstance(files, list) else [files]):
                    yield _screenshot(app_id, factor, locale, position, raw)

    def listing(self, app_id: str, locale: str, position: int = 0) -> Listing:
        """The app's texts in a locale, each falling back to English, then to whatever there is."""
        metadata = self._metadata(app_id)
        categories = metadata.get("categories")
        return Listing(
            app_id=app_id,
            name=localised(metadata.get("name"), locale),
            developer=_text(metadata.get("authorName"), 500),
            summary=localised(metadata.get("summary"), locale),
            description=localised(metadata.get("description"), locale),
            categories=tuple(_text(c, 100) for c in categories[:50]) if isinstance(categories, list) else (),
            locale=locale,
            position=position,
        )

    def licence(self, app_id: str) -> str | None:
        """What the index says of the app's licence (an SPDX expression, as a rule)."""
        return _text(self._metadata(app_id).get("license"), 200) or None

    def _metadata(self, app_id: str) -> Mapping[str, Any]:
        return _mapping(_mapping(self._packages.get(app_id)).get("metadata"))


def localised(texts: Any, locale: str, limit: int = 20_000) -> str:
    """The text for a locale: that one, its language, English, then the first there is; "" where there is none."""
    if isinstance(texts, str):
        return texts[:limit]
    given = {k: v for k, v in _mapping(texts).items() if isinstance(v, str)}
    if not given:
        return ""
    language = locale.replace("_", "-").split("-")[0]
    same = sorted(k for k in given if k.replace("_", "-").split("-")[0] == language)
    for choice in (locale, language, *same, *FALLBACK_LOCALES, *sorted(given)):
        if choice in given:
            return given[choice][:limit]
    return ""


def file_url(repo: str, name: str) -> str:
    """Where a file of the repository lies: the address the user gave, then the name."""
    return repo.rstrip("/") + quote(name, safe="/~!$&'()*+,;=:@")


def _screenshot(app_id: str, factor: str, locale: str, position: int, raw: Any) -> Screenshot:
    where = f"{app_id}, {factor} {locale} {position}"
    try:
        return Screenshot(app_id, factor, locale, position, _file(raw, where))
    except RepositoryError as error:
        return Screenshot(app_id, factor, locale, position, None, str(error))


def _file(raw: Any, where: str) -> FileEntry:
    fields = _mapping(raw)
    name, sha256, size = fields.get("name"), fields.get("sha256"), fields.get("size")
    if not isinstance(name, str) or not name.startswith("/") or len(name) > 1000:
        raise RepositoryError(f"{where}: {str(name)[:80]!r} is no name of a file")
    if any(part in ("..", ".") for part in name.split("/")) or "\\" in name or not name.isprintable():
        raise RepositoryError(f"{where}: the name {name[:80]!r} leads out of the repository")
    if not isinstance(sha256, str) or not _SHA256.match(sha256):
        raise RepositoryError(f"{where}: no SHA-256 for {name[:80]!r}")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise RepositoryError(f"{where}: no size for {name[:80]!r}")
    return FileEntry(name, sha256, size)


def _object(data: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RepositoryError(f"{what} is not JSON ({type(error).__name__})") from None
    if not isinstance(value, dict):
        raise RepositoryError(f"{what} is not a JSON object")
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any, limit: int) -> str:
    return value[:limit] if isinstance(value, str) else ""
