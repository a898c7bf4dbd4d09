"""Where the frontiers of a store's runs lie, and whether there is room."""

from __future__ import annotations

import shutil
from pathlib import Path

import fsspec

from crawlers.places import is_local

MIN_FREE = 1 << 30  # bytes; the setting GESSO_MIN_FREE wins over it
COMMAND = "command.json"  # in a run's folder: what began it, for whoever is to go on
OPTIONS = {  # settings that the command line has options for, and that going on needs as well
    "GESSO_CONTACT": "contact",
    "GESSO_PROXY": "proxy",
    "GESSO_ALLOW": "allow",
    "GESSO_FRONTIER": "frontier",
    "OPT_OUT": "opt-out",
}


def crawls_folder(store: str) -> Path:
    """Below the store, or, where that is no local folder, below ./workspace: SQLite needs a file system."""
    fs, root = fsspec.core.url_to_fs(str(store))
    return Path(root) / "crawls" if is_local(fs) else Path("workspace") / "crawls"


def free_bytes(store: str) -> int | None:
    """Bytes free for us where a store lies; None for one that is no local folder."""
    fs, root = fsspec.core.url_to_fs(str(store))
    if not is_local(fs):
        return None
    place = Path(root).absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def missing_room(store: str, least: int) -> str | None:
    """One line on what is missing where less than `least` bytes are free; None where enough are, or nobody knows."""
    free = free_bytes(store)
    if least <= 0 or free is None or free >= least:
        return None
    return (
        f"only {free / 2**20:.0f} MiB are free where {store} lies, GESSO_MIN_FREE asks for {least / 2**20:.0f}: "
        f"make room for {(least - free) / 2**20:.0f} MiB more, then the same command goes on"
    )
