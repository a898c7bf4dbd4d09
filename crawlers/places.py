"""Places at fsspec URLs: what may be made there, and what must be there."""

from __future__ import annotations

import fsspec

OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "oci", "r2"})


def protocols(fs: fsspec.AbstractFileSystem) -> tuple[str, ...]:
    """The URL schemes that a file system answers to."""
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)


def is_local(fs: fsspec.AbstractFileSystem) -> bool:
    return "file" in protocols(fs)


def make_folder(fs: fsspec.AbstractFileSystem, path: str) -> None:
    """Make a folder where a file system has such; an object store has none, but its bucket must be there.

    fsspec would make a bucket of that name, so that a misspelt one costs money and is found by nobody. Raises
    FileNotFoundError.
    """
    if not OBJECT_STORES & set(protocols(fs)):
        fs.makedirs(path, exist_ok=True)
        return
    bucket = path.strip("/").partition("/")[0]
    if not fs.exists(bucket):
        raise FileNotFoundError(f"there is no bucket {bucket}: make it first, or see its spelling")
