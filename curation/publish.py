"""Publishing: a dataset version copied to any fsspec URL, its manifest last, so that a reader never meets half of one.

A home is local, for it stands on renames and locks; object stores have neither. They put an object whole or not at all,
and that is all that a copy of an immutable version needs.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import fsspec

from crawlers.places import OBJECT_STORES, is_local, make_folder, protocols
from curation.dataset.versions import UNREDACTED, read_manifest, redacts
from curation.errors import GessoError
from curation.manifest import FILE
from curation.shards import file_sha256

PART_BYTES = 50 << 20  # of a large object on its way to S3
Progress = Callable[[str, int, int], None]


class PublishError(GessoError):
    """The place cannot be written to, or holds another version under that name."""


def publish(version: Path, url: str, progress: Progress | None = None) -> str:
    """Copy `<home>/datasets/<name>/<number>` to `<url>/<name>/<number>` and return that URL.

    What is there with the same bytes is not sent again, so an interrupted copy goes on. Of a version that masks
    personal data, what redaction does not reach stays at home: review, rejections, report. Raises PublishError.
    """
    place = f"{url.rstrip('/')}/{version.parent.name}/{version.name}"
    try:
        fs, root = fsspec.core.url_to_fs(place)
        fs.invalidate_cache()  # another process may have written since
        make_folder(fs, root)
        _check_free(fs, root, version, place)
        kept_back = UNREDACTED if redacts(read_manifest(version)) else ()
        held = [p for p in version.rglob("*") if p.is_file() and p.relative_to(version).as_posix() not in kept_back]
        files = sorted(held, key=lambda p: (p == version / FILE, p))
        for done, path in enumerate(files):
            if progress:
                progress("publish", done, len(files))
            _put(fs, path, f"{root}/{path.relative_to(version).as_posix()}")
        if progress:
            progress("publish", len(files), len(files))
    except PublishError:
        raise
    except Exception as error:  # every file system of fsspec has errors of its own
        why = " ".join(str(error).split())[:160]
        raise PublishError(
            f"cannot publish to {place} ({why}): see the URL, its credentials and its package"
        ) from error
    return place


def _check_free(fs: fsspec.AbstractFileSystem, root: str, version: Path, place: str) -> None:
    manifest = f"{root}/{FILE}"
    if fs.exists(manifest) and fs.cat_file(manifest) != (version / FILE).read_bytes():
        raise PublishError(f"another version is at {place}: versions never change, so publish to another URL")


def _put(fs: fsspec.AbstractFileSystem, path: Path, to: str) -> None:
    if path.name != FILE and _is_there(fs, path, to):
        return
    if not OBJECT_STORES & set(protocols(fs)):
        make_folder(fs, to.rpartition("/")[0])
    if "s3" in protocols(fs) and path.stat().st_size >= 2 * PART_BYTES:
        fs.put_file(str(path), to, chunksize=PART_BYTES)
    else:
        fs.put_file(str(path), to)


def _is_there(fs: fsspec.AbstractFileSystem, path: Path, to: str) -> bool:
    """Whether a place holds the same bytes; a store that says nothing of what it holds is sent them again."""
    try:
        about = fs.info(to)
    except FileNotFoundError:
        return False
    if about.get("size") != path.stat().st_size:
        return False
    if is_local(fs):
        return file_sha256(Path(to)) == file_sha256(path)
    told = told_md5(about)
    return told is not None and told == _md5(path, parts="-" in told)


def told_md5(about: Mapping[str, Any]) -> str | None:
    """The MD5 that an object store gives of an object, as hex digits: S3's ETag (`…-N` of N parts), GCS's, Azure's."""
    etag = str(about.get("ETag") or "").strip('"').lower()
    if re.fullmatch(r"[0-9a-f]{32}(-[0-9]+)?", etag):
        return etag
    given = about.get("md5Hash") or (about.get("content_settings") or {}).get("content_md5")
    if isinstance(given, str):
        try:
            given = base64.b64decode(given, validate=True)
        except ValueError:
            return None
    return bytes(given).hex() if given else None


def _md5(path: Path, *, parts: bool) -> str:
    """Of a file; with `parts`, the MD5 of the MD5s of its parts, as S3 has it of what was sent in several."""
    found = []
    with path.open("rb") as data:
        if not parts:
            return hashlib.file_digest(data, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        while part := data.read(PART_BYTES):
            found.append(hashlib.md5(part, usedforsecurity=False).digest())
    return f"{hashlib.md5(b''.join(found), usedforsecurity=False).hexdigest()}-{len(found)}"
