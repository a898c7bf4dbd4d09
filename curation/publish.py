"""Publishing: a dataset version copied to any fsspec URL, its manifest last, so that a reader never meets half of one.

A home is local, for it stands on renames and locks; object stores have neither. They put an object whole or not at all,
and that is all that a copy of an immutable version needs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import fsspec

from curation.errors import GessoError
from curation.manifest import FILE

Progress = Callable[[str, int, int], None]


class PublishError(GessoError):
    """The place cannot be written to, or holds another version under that name."""


def publish(version: Path, url: str, progress: Progress | None = None) -> str:
    """Copy `<home>/datasets/<name>/<number>` to `<url>/<name>/<number>` and return that URL.

    What is there with the same size is not sent again, so an interrupted copy goes on. Raises PublishError.
    """
    place = f"{url.rstrip('/')}/{version.parent.name}/{version.name}"
    try:
        fs, root = fsspec.core.url_to_fs(place)
        _check_free(fs, root, version, place)
        files = sorted((p for p in version.rglob("*") if p.is_file()), key=lambda p: (p == version / FILE, p))
        for done, path in enumerate(files):
            if progress:
                progress("publish", done, len(files))
            _put(fs, path, f"{root}/{path.relative_to(version).as_posix()}")
        if progress:
            progress("publish", len(files), len(files))
    except (OSError, ImportError, ValueError) as error:
        why = " ".join(str(error).split())[:160]
        raise PublishError(f"cannot publish to {place} ({why}): see the URL, its credentials and its package") from None
    return place


def _check_free(fs: fsspec.AbstractFileSystem, root: str, version: Path, place: str) -> None:
    manifest = f"{root}/{FILE}"
    if fs.exists(manifest) and fs.cat_file(manifest) != (version / FILE).read_bytes():
        raise PublishError(f"another version is at {place}: versions never change, so publish to another URL")


def _put(fs: fsspec.AbstractFileSystem, path: Path, to: str) -> None:
    if fs.exists(to) and fs.size(to) == path.stat().st_size and path.name != FILE:
        return
    fs.makedirs(to.rpartition("/")[0], exist_ok=True)
    fs.put_file(str(path), to)
