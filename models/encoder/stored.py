"""A split's pictures in one file, as they are encoded, for reading in any order.

A batch wants pictures of one app, which lie anywhere in the shards; a row group of 16 MB is no unit to read one picture
from. So they are copied once, below the run, and dropped when it is finished.
"""

from __future__ import annotations

import json
import mmap
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from models.errors import GessoError
from models.loader import Row, ShardIndex, ShardReader
from models.run import replace_folder

Progress = Callable[[str, int, int], None]


class StoredError(GessoError):
    """The copy of the pictures is not whole."""


class Stored:
    """Rows by number, from the copy. Safe to use from several threads."""

    def __init__(self, folder: Path, index: ShardIndex) -> None:
        self.folder, self.index = folder, index
        self._bytes: mmap.mmap | None = None
        self._ends: np.ndarray = np.empty(0, np.int64)
        self._where: list[str] = []

    def copy(self, progress: Progress | None = None) -> None:
        """Make the copy where it is not there yet. Raises LoaderError and RowError for shards that are damaged."""
        if (self.folder / "ends.npy").is_file():
            return
        reader = ShardReader(self.index, ("image",))

        def fill(aside: Path) -> None:
            ends, places, at = [], [], 0
            with (aside / "pictures.bin").open("wb") as out:
                for number in range(self.index.rows):
                    row = reader.row(number)
                    out.write(row.image)
                    at += len(row.image)
                    ends.append(at)
                    places.append(row.where)
                    if progress and (number % 64 == 63 or number == self.index.rows - 1):
                        progress("pictures", number + 1, self.index.rows)
            (aside / "where.json").write_text(json.dumps(places), encoding="utf-8")
            np.save(aside / "ends.npy", np.asarray(ends, np.int64), allow_pickle=False)

        replace_folder(self.folder, fill)

    def row(self, row: int) -> Row:
        """One picture's bytes and where they came from."""
        if self._bytes is None:
            self._open()
        assert self._bytes is not None
        first = int(self._ends[row - 1]) if row else 0
        return Row(self._bytes[first : int(self._ends[row])], "", self._where[row])

    def drop(self) -> None:
        """Close and delete the copy."""
        if self._bytes is not None:
            self._bytes.close()
            self._bytes = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def _open(self) -> None:
        self._ends = np.load(self.folder / "ends.npy", allow_pickle=False)
        self._where = json.loads((self.folder / "where.json").read_text(encoding="utf-8"))
        with (self.folder / "pictures.bin").open("rb") as file:
            found = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if len(self._ends) != self.index.rows or len(found) != int(self._ends[-1]):
            raise StoredError(f"{self.folder} is not whole: delete it, and the same command copies the pictures again")
        self._bytes = found
