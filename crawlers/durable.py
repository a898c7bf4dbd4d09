"""Files that are whole or absent after a kill or a power cut, many at a time: written aside, synced, renamed.

Syncs of a batch run side by side, so that the file system's journal takes them in few commits, and each folder is
synced once.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

AT_ONCE = 32  # files and folders that are synced side by side: the disk merges their flushes
_ASIDE = itertools.count()
_OURS = uuid.uuid4().hex  # a name aside is of this process, though another may have its number, here or elsewhere
_WRITERS = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="durable")


def write_all(files: Sequence[tuple[Path, bytes]]) -> None:
    """Write each file whole under its name; when this returns, all of them are durable. Raises OSError.

    Where one fails, others may be there all the same, and nothing is left aside.
    """
    if len(files) == 1:
        _write(*files[0])
    else:
        for done in [_WRITERS.submit(_write, path, data) for path, data in files]:
            done.result()
    sync_folders(path.parent for path, _ in files)


def append(path: Path, lines: bytes) -> None:
    """Add whole lines to a file, durably; where its last writer died within a line, that line is closed first."""
    new = not path.exists()
    with path.open("ab+") as out:
        if out.tell() and (out.seek(-1, os.SEEK_END), out.read(1))[1] != b"\n":
            lines = b"\n" + lines  # so that only the torn line is lost
        out.write(lines)
        out.flush()
        os.fsync(out.fileno())
    if new:
        sync_folders([path.parent])


def sync_folders(folders: Iterable[Path]) -> None:
    """Make the names in folders durable, each once."""
    several = sorted(set(folders))
    if len(several) == 1:
        _sync_folder(several[0])
    else:
        for done in [_WRITERS.submit(_sync_folder, folder) for folder in several]:
            done.result()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(path: Path, data: bytes) -> None:
    aside = f"{path}.{_OURS}-{os.getpid()}-{next(_ASIDE)}.part"
    try:
        try:
            _write_synced(aside, data)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            _sync_folder(path.parent.parent)
            _write_synced(aside, data)
        os.replace(aside, path)  # noqa: PTH105 - with os's own calls a file costs a third less of the interpreter
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(aside)  # noqa: PTH108
        raise


def _write_synced(path: str, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    finally:
        os.close(handle)
