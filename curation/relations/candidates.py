"""Candidates: pairs of rows that are near in some index, in blocks of bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

BLOCK = 4096  # queries at a time


def near_codes(
    codes: np.ndarray, radius: int, progress: Callable[[str, int, int], None] | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Blocks of (i, j, bits) with i < j, of all pairs of binary codes (n × bytes) within `radius` bits."""
    import faiss

    flat = faiss.IndexBinaryFlat(codes.shape[1] * 8)
    flat.add(codes)
    for start in range(0, len(codes), BLOCK):
        block = codes[start : start + BLOCK]
        limits, distances, found = flat.range_search(block, radius + 1)
        at = np.repeat(np.arange(start, start + len(block)), np.diff(limits.astype(np.int64)))
        later = found > at
        yield at[later], found[later], distances[later]
        if progress:
            progress("relations", min(start + BLOCK, len(codes)), len(codes))
