"""Candidates: pairs of rows that are near in some index or share a key, found in blocks of bounded memory.

A FAISS index that compares all with all up to `FLAT` rows, inverted lists above; what comes out is the same in every
run on one machine. A row has at most `nearest` neighbours an index, so a million blank screens stay a million rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

Progress = Callable[[str, int, int], None]

FLAT = 100_000  # rows from which on an inverted index takes over
BLOCK = 4096  # queries at a time
LISTS = 4096
PROBES = 16  # lists that are looked at
BIT_PROBES = 48
TRAINED_ON = 40  # rows a list
FEW = 4


class Matrix(Protocol):
    """An array of n × d, or what reads one a slice at a time."""

    def __len__(self) -> int: ...

    def __getitem__(self, which: Any) -> np.ndarray: ...


def near_codes(codes: np.ndarray, radius: int, nearest: int, progress: Progress | None = None) -> np.ndarray:
    """Keys (see `key`) of the pairs of binary codes (n × bytes) within `radius` bits."""
    import faiss

    bits = codes.shape[1] * 8
    index = faiss.IndexBinaryFlat(bits)
    if len(codes) > FLAT:
        coarse = index
        index = _bounded(faiss.IndexBinaryIVF(coarse, bits, _lists(len(codes))), BIT_PROBES)
        index.train(codes)
    index.add(codes)
    return _joined(_near(index.search, codes, nearest, lambda d: d <= radius, progress), len(codes))


def near_vectors(
    vectors: Matrix,
    furthest: float,
    nearest: int,
    *,
    close: float | None = None,
    cosine: bool = False,
    queries: Matrix | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """Keys of the pairs of vectors (n × d, bytes or float16) within a Euclidean distance, or above a cosine.

    Of a row's neighbours beyond `close`, the first `FEW` count. `queries` are other vectors of the same rows that look
    for neighbours in the place of the vectors themselves.
    """
    import faiss

    size = vectors[:1].shape[1]
    metric = faiss.METRIC_INNER_PRODUCT if cosine else faiss.METRIC_L2
    index = faiss.IndexFlat(size, metric)
    if len(vectors) > FLAT:
        lists = _lists(len(vectors))
        kept = faiss.ScalarQuantizer.QT_fp16 if cosine else faiss.ScalarQuantizer.QT_8bit_direct
        coarse = index
        index = _bounded(faiss.IndexIVFScalarQuantizer(coarse, size, lists, kept, metric, False), PROBES)
        picked = np.linspace(0, len(vectors) - 1, lists * TRAINED_ON, dtype=np.int64)
        index.train(vectors[np.unique(picked)].astype(np.float32))
    for start in range(0, len(vectors), BLOCK * 4):
        index.add(vectors[start : start + BLOCK * 4].astype(np.float32))
    limit = furthest if cosine else furthest**2
    inner = limit if close is None else close**2

    def near(distances: np.ndarray) -> np.ndarray:
        if cosine:
            return distances >= limit
        few = np.arange(distances.shape[1]) <= FEW
        return (distances <= inner) | (few & (distances <= limit))

    return _joined(
        _near(index.search, vectors if queries is None else queries, nearest, near, progress, np.float32), len(vectors)
    )


def sharing(keys: np.ndarray, most: int = 12) -> np.ndarray:
    """Keys of the pairs of rows with the same value ≥ 0; of a large group, each row with the next `most`."""
    rows = np.flatnonzero(keys >= 0)
    rows = rows[np.argsort(keys[rows], kind="stable")]
    found = []
    for step in range(1, most + 1):
        a, b = rows[:-step], rows[step:]
        alike = keys[a] == keys[b]
        found.append(key(a[alike], b[alike], len(keys)))
    return np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)


def key(a: np.ndarray, b: np.ndarray, number: int) -> np.ndarray:
    """One integer a pair of rows, in the order of (smaller, larger)."""
    return np.asarray(np.minimum(a, b).astype(np.int64) * number + np.maximum(a, b))


def rows_of(keys: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray]:
    """(smaller, larger) of what `key` made."""
    return keys // max(1, number), keys % max(1, number)


def _lists(number: int) -> int:
    """As many lists as there are rows to learn them from, up to LISTS."""
    return max(1, min(LISTS, number // TRAINED_ON))


def _bounded(index: Any, probes: int) -> Any:
    """An inverted index that learns its lists from few rows and looks at few of them."""
    index.cp.max_points_per_centroid = TRAINED_ON
    index.cp.niter = 8
    index.nprobe = probes
    return index


def _near(
    search: Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray]],
    queries: Matrix,
    nearest: int,
    near: Callable[[np.ndarray], np.ndarray],
    progress: Progress | None,
    as_type: type | None = None,
) -> Iterator[np.ndarray]:
    number = len(queries)
    for start in range(0, number, BLOCK):
        block = queries[start : start + BLOCK]
        distances, found = search(block if as_type is None else block.astype(as_type), min(number, nearest + 1))
        at = np.repeat(np.arange(start, start + len(block)), found.shape[1])
        found = found.ravel()
        good = (found >= 0) & (found != at) & near(distances).ravel()
        yield key(at[good], found[good], number)
        if progress:
            progress("relations", min(start + BLOCK, number), number)


def _joined(some: Iterator[np.ndarray], number: int) -> np.ndarray:
    found = list(some)
    return np.unique(np.concatenate(found)) if number else np.zeros(0, np.int64)
