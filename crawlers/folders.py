"""Where the frontiers of a store's runs lie."""

from __future__ import annotations

from pathlib import Path

import fsspec


def crawls_folder(store: str) -> Path:
    """Below the store, or, where that is no local folder, below ./workspace: SQLite needs a file system."""
    fs, root = fsspec.core.url_to_fs(str(store))
    local = "file" in ((fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol)
    return Path(root) / "crawls" if local else Path("workspace") / "crawls"
