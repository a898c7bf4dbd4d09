"""Where the frontiers of a store's runs lie."""

from __future__ import annotations

import shutil
from pathlib import Path

import fsspec


def crawls_folder(store: str) -> Path:
    """Below the store, or, where that is no local folder, below ./workspace: SQLite needs a file system."""
    fs, root = fsspec.core.url_to_fs(str(store))
    local = "file" in ((fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol)
    return Path(root) / "crawls" if local else Path("workspace") / "crawls"


def free_bytes(store: str) -> int | None:
    """Bytes free for us where a store lies; None for one that is no local folder."""
    fs, root = fsspec.core.url_to_fs(str(store))
    if "file" not in ((fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol):
        return None
    place = Path(root).absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free
