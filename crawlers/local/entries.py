"""An entry of a local source, and the careful opening of files that others have put there."""

from __future__ import annotations

import json
import os
import posixpath
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, unquote_to_bytes

from crawlers.errors import GessoError
from crawlers.parsers.media import MAX_IMAGE_BYTES

IMAGES = frozenset({"png", "jpg", "jpeg", "webp", "gif", "avif", "bmp"})
TABLES = frozenset({"parquet"})
TARS = frozenset({"tar"})
MAX_SIDECAR = 1 << 20
MAX_LISTED = 2_000_000  # entries of one folder


class EntryError(GessoError):
    """An entry that cannot be taken; `kind` is the failure kind to count it under."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Entry:
    """One image of a local source: its name there, its bytes or what is wrong with it, and its metadata columns.

    `group` is the folder that it shares with others, "" where it shares none.
    """

    name: str
    data: bytes = b""
    row: Mapping[str, Any] = field(default_factory=dict)
    problem: EntryError | None = None
    group: str = ""


@dataclass(frozen=True)
class Listed:
    """A folder's content in the order of its names; names are percent-encoded, for not every name is text."""

    folders: tuple[str, ...]
    images: tuple[str, ...]
    sources: tuple[str, ...]
    others: int
    problems: tuple[tuple[str, EntryError], ...]


def encoded(name: str | bytes) -> str:
    """A file's name as text that JSON and addresses can hold."""
    return quote(os.fsencode(name), safe="/~!$&'()*+,;=:@ ")


def decoded(name: str) -> str:
    """The name that `encoded` wrote."""
    return os.fsdecode(unquote_to_bytes(name))


def ending(name: str) -> str:
    """A name's extension in small letters, without the dot."""
    return posixpath.splitext(name)[1].lower().lstrip(".")


def list_folder(root: Path, inner: str) -> Listed:
    """What lies in a folder below the root. Links to folders are not followed. Raises EntryError."""
    try:
        found = [(entry.name, entry) for entry in _first(os.scandir(root / decoded(inner)), MAX_LISTED)]
    except OSError as error:
        raise EntryError(f"{inner or '.'} cannot be read ({error.strerror})", "unreadable") from None
    folders, images, sources, others = [], [], [], 0
    problems: list[tuple[str, EntryError]] = []
    for name, entry in sorted(found):
        shown = encoded(name)
        try:
            is_folder = entry.is_dir(follow_symlinks=False)
            linked = entry.is_symlink() and entry.is_dir()
        except OSError as error:
            problems.append((shown, EntryError(f"{shown} cannot be read ({error.strerror})", "unreadable")))
            continue
        if linked:
            problems.append((shown, EntryError(f"{shown} is a link to a folder, which is not followed", "link")))
        elif is_folder:
            folders.append(shown)
        elif ending(name) in IMAGES:
            images.append(shown)
        elif ending(name) in TABLES | TARS:
            sources.append(shown)
        else:
            others += 1
    return Listed(tuple(folders), tuple(images), tuple(sources), others, tuple(problems))


def _first(entries: Iterator[Any], most: int) -> Iterator[Any]:
    for number, entry in enumerate(entries):
        if number == most:
            raise EntryError(f"a folder of more than {most} entries: put them in several", "too_many")
        yield entry


def open_within(root: Path, inner: str) -> IO[bytes]:
    """A regular file below the root, opened. Raises EntryError: outside, no_such_file, not_a_file, unreadable."""
    if "\0" in inner or len(inner) > 4000:
        raise EntryError(f"{inner[:80]!r} is no name of a file", "bad_name")
    try:
        home = root.resolve()
        path = (home / inner).resolve(strict=True)
        if not path.is_relative_to(home):
            raise EntryError(f"{encoded(inner)[:200]} leads out of the folder", "outside")
        # Without NONBLOCK a pipe would be waited for; NOFOLLOW because the name was resolved a moment ago.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise EntryError(f"{encoded(inner)[:200]} is not there", "no_such_file") from None
    except (OSError, RuntimeError, ValueError) as error:
        raise EntryError(f"{encoded(inner)[:200]} cannot be opened ({type(error).__name__})", "unreadable") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise EntryError(f"{encoded(inner)[:200]} is no regular file", "not_a_file")
    return os.fdopen(handle, "rb")


def read_within(root: Path, inner: str, *, most: int = MAX_IMAGE_BYTES) -> bytes:
    """The bytes of a file below the root. Raises EntryError."""
    with open_within(root, inner) as file:
        try:
            data = file.read(most + 1)
        except OSError as error:
            raise EntryError(f"{encoded(inner)[:200]} cannot be read ({error.strerror})", "unreadable") from None
    if len(data) > most:
        raise EntryError(f"{encoded(inner)[:200]} has more than {most} bytes", "too_large")
    return data


def read_images(root: Path, inner: str, names: list[str]) -> Iterator[Entry]:
    """Images of one folder by their encoded names, each with what stands in a .json or .txt of the same stem."""
    for name in names:
        shown = f"{inner}/{name}" if inner else name
        path = decoded(shown)
        try:
            yield Entry(shown, read_within(root, path), _sidecars(root, path), group=inner)
        except EntryError as error:
            yield Entry(shown, problem=error)


def _sidecars(root: Path, path: str) -> dict[str, Any]:
    stem = posixpath.splitext(path)[0]
    row: dict[str, Any] = {}
    for suffix in ("txt", "json"):
        try:
            row.update(metadata(suffix, read_within(root, f"{stem}.{suffix}", most=MAX_SIDECAR)))
        except EntryError as error:
            if error.kind not in ("no_such_file", "not_a_file"):
                raise
    return row


def metadata(suffix: str, data: bytes) -> dict[str, Any]:
    """The columns of a sidecar: a JSON object's keys, or a text as `txt`. Raises EntryError: bad_metadata."""
    if suffix == "txt":
        return {"txt": data.decode("utf-8", "replace").strip()}
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise EntryError(f"its .json is not JSON ({type(error).__name__})", "bad_metadata") from None
    if not isinstance(found, dict):
        raise EntryError("its .json is not a JSON object", "bad_metadata")
    return found
