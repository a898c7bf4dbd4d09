"""Candidates: pairs of rows that are near in some index or share a key, found in blocks of bounded memory.

FAISS compares all with all below `FLAT` rows, inverted lists take over from there; what comes out is the same in every
run on one machine. A row has at most `nearest` neighbours an index, so a million blank screens stay a million rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from curation.relations import lists
from curation.relations.matrix import Matrix

Progress = Callable[[str, int, int], None]

FLAT = 100_000  # rows from which on inverted lists take over
BLOCK = 4096  # queries at a time
FEW = 4


def near_codes(codes: np.ndarray, radius: int, nearest: int, progress: Progress | None = None) -> np.ndarray:
    """Keys (see `key`) of the pairs of binary codes (n × bytes) within `radius` bits."""
    return _joined(_within(codes, codes, lists.BITS, nearest, radius, np.inf, progress), len(codes))


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
    measure, limit = (lists.COSINE, -furthest) if cosine else (lists.EUCLID, furthest**2)
    inner = np.inf if close is None else close**2
    queries = vectors if queries is None else queries
    return _joined(_within(vectors, queries, measure, nearest, limit, inner, progress), len(vectors))


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


def _within(
    vectors: Matrix,
    queries: Matrix,
    measure: lists.Measure,
    nearest: int,
    limit: float,
    inner: float,
    progress: Progress | None,
) -> Iterator[np.ndarray]:
    """Keys of each block of queries with their nearest within `limit`; beyond `inner`, with the first FEW."""

    def told(done: int, total: int) -> None:
        if progress:
            progress("relations", done, total)

    search = lists.neighbours if len(vectors) >= FLAT else _all_with_all
    for start, distances, found in search(vectors, queries, measure, nearest, limit, told):
        near = (distances <= limit) & (found >= 0)
        near[:, FEW:] &= distances[:, FEW:] <= inner
        at, place = np.nonzero(near)
        yield key(at + start, found[at, place].astype(np.int64), len(vectors))


def _all_with_all(
    vectors: Matrix, queries: Matrix, measure: lists.Measure, nearest: int, limit: float, told: lists.Told
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """As `lists.neighbours`, and however far."""
    number = len(vectors)
    held = measure.compared(lists.stored(vectors))
    for start in range(0, number, BLOCK):
        block = measure.compared(queries[start : start + BLOCK])
        distances, found = measure.nearest(block, held, min(number, nearest + 1))
        yield start, *lists.others(np.arange(start, start + len(found)), distances, found, nearest)
        told(min(start + BLOCK, number), number)


def _joined(some: Iterator[np.ndarray], number: int) -> np.ndarray:
    return np.unique(np.concatenate([np.zeros(0, np.int64), *some]))
