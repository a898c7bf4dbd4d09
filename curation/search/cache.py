"""The indexes of a version on disk: `<home>/search/<name>@<version>-<fingerprint>/`, built aside and renamed, whole."""

from __future__ import annotations

import contextlib
import json
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from curation.search.vectors import Vectors, codes_of
from curation.search.words import Words, columns_of

if TYPE_CHECKING:
    from curation.dataset import Dataset

FORMAT = 1  # raise when an index comes out otherwise than before
DONE = "index.json"
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Indexes:
    """Row n of each index is `ids[n]`; `vectors` is None where the version has no embeddings."""

    ids: list[str]
    words: Words
    codes: np.ndarray
    vectors: Vectors | None


def indexes(dataset: Dataset, progress: Progress | None = None) -> Indexes:
    """The version's indexes, built where they are not at hand: a version never changes under its fingerprint."""
    root = dataset.home / "search"
    folder = root / f"{dataset.name}-{dataset.fingerprint}-{FORMAT}"
    if (folder / DONE).is_file():
        try:
            return _load(folder)
        except (OSError, ValueError, KeyError, EOFError, RuntimeError):  # RuntimeError: FAISS, of a file that is torn
            shutil.rmtree(folder)  # what the disk spoiled is built anew
    _build_aside(dataset, root, folder, progress or (lambda task, done, total: None))
    return _load(folder)


def _build_aside(dataset: Dataset, root: Path, folder: Path, progress: Progress) -> None:
    aside = root / f".{folder.name}.{uuid.uuid4().hex[:8]}.part"
    try:
        _build(dataset, aside, progress)
        with contextlib.suppress(OSError):  # another run was quicker: its folder is as good
            aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _build(dataset: Dataset, folder: Path, progress: Progress) -> None:
    known = dataset.columns
    columns = columns_of(known)
    total = dataset.manifest["counts"]["kept"]
    folder.mkdir(parents=True)
    progress("index", 0, total)
    keys = [name for name in ("capture_id", "phash") if name in known]
    found = [(row["capture_id"], row.get("phash")) for batch in dataset.batches(keys) for row in batch.to_pylist()]
    ids = [key for key, _ in found]
    (folder / "ids.json").write_text(json.dumps(ids))
    hashes = [phash for _, phash in found]
    np.save(folder / "hashes.npy", codes_of(hashes), allow_pickle=False)
    rows = (row for batch in dataset.batches(columns) for row in batch.to_pylist())
    Words.build(rows).save(folder / "words")
    if "embedding" in known and ids:
        _vectors(dataset).save(folder / "vectors.faiss")
    (folder / DONE).write_text(json.dumps({"format": FORMAT, "dataset": dataset.name, "rows": len(ids)}))
    progress("index", total, total)


def _vectors(dataset: Dataset) -> Vectors:
    """Rows without a vector get zeros, which are near to nothing."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    parts = []
    for shard in dataset.shards:
        column = pq.read_table(shard, columns=["embedding"])["embedding"].combine_chunks()
        flat = np.asarray(column.flatten().cast(pa.float32()), np.float32)
        full = np.zeros((len(column), column.type.list_size), np.float32)
        full[np.asarray(column.is_valid())] = flat.reshape(-1, column.type.list_size)
        parts.append(full)
    return Vectors.build(np.concatenate(parts))


def _load(folder: Path) -> Indexes:
    vectors = folder / "vectors.faiss"
    return Indexes(
        ids=json.loads((folder / "ids.json").read_text()),
        words=Words.load(folder / "words"),
        codes=np.load(folder / "hashes.npy", mmap_mode="r", allow_pickle=False),
        vectors=Vectors.load(vectors) if vectors.is_file() else None,
    )
