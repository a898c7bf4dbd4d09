"""Rankings by nearness, both through FAISS: cosine of embeddings, and Hamming distance of perceptual hashes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

EXACT = 100_000  # rows up to which every vector is compared
TRAINED = 40  # vectors that are looked at for each cell of a coarser index
PROBES = 32  # cells that a query visits
BITS = 256
ALIKE = 64  # bits of 256: one template with other content differs in about 52, another template in 94


class Vectors:
    """Inner product over vectors of length 1; exact for 100,000 rows, IVF cells of half-precision vectors beyond."""

    def __init__(self, index: Any) -> None:  # FAISS' own types know neither selectors nor options
        self._index = index

    @classmethod
    def build(cls, vectors: np.ndarray) -> Vectors:
        """From n × d float32. Deterministic: training takes every k-th vector."""
        import faiss

        n, d = vectors.shape
        index: Any
        if n <= EXACT:
            index = faiss.IndexFlatIP(d)
        else:
            cells = round(4 * math.sqrt(n))
            index = faiss.index_factory(d, f"IVF{cells},SQfp16", faiss.METRIC_INNER_PRODUCT)
            index.train(np.ascontiguousarray(vectors[:: max(1, n // (cells * TRAINED))]))
            index.nprobe = PROBES
        index.add(np.ascontiguousarray(vectors))
        return cls(index)

    def save(self, path: Path) -> None:
        import faiss

        faiss.write_index(self._index, str(path))

    @classmethod
    def load(cls, path: Path) -> Vectors:
        import faiss

        return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP))

    @property
    def dimensions(self) -> int:
        return int(self._index.d)

    def row(self, number: int) -> np.ndarray:
        """One row's vector, d float32."""
        import faiss

        if isinstance(self._index, faiss.IndexIVF):
            self._index.make_direct_map()
        return np.asarray(self._index.reconstruct(number), np.float32)

    def nearest(self, vector: np.ndarray, allowed: np.ndarray | None, most: int) -> list[tuple[int, float]]:
        """(row, cosine), nearest first; of the `allowed` rows only, where they are given."""
        import faiss

        if allowed is not None and not len(allowed):
            return []
        selector = None if allowed is None else faiss.IDSelectorBatch(allowed.astype(np.int64))
        cells = isinstance(self._index, faiss.IndexIVF)
        kind: Any = faiss.SearchParametersIVF if cells else faiss.SearchParameters
        options = kind(sel=selector, nprobe=PROBES) if cells else kind(sel=selector)
        query = np.ascontiguousarray(vector, np.float32).reshape(1, -1)
        scores, rows = self._index.search(query, most, params=options)
        return [(int(r), float(s)) for r, s in zip(rows[0], scores[0], strict=True) if r >= 0]


def codes_of(hashes: list[str | None]) -> np.ndarray:
    """n × 32 bytes of n hashes of 64 hex digits; zeros where there is none."""
    blank = bytes(BITS // 8)
    rows = [bytes.fromhex(h) if h and len(h) == BITS // 4 else blank for h in hashes]
    return np.frombuffer(b"".join(rows), np.uint8).reshape(-1, BITS // 8)


def alike(codes: np.ndarray, queries: list[str], allowed: np.ndarray | None, most: int) -> list[tuple[int, float]]:
    """(row, bits), nearest first: the least distance to any of the queries, up to where templates begin to differ."""
    import faiss

    rows: np.ndarray = np.arange(len(codes)) if allowed is None else allowed
    if not len(rows) or not queries:
        return []
    index = faiss.IndexBinaryFlat(BITS)
    index.add(np.ascontiguousarray(codes[rows]))
    distances, found = index.search(codes_of(list(queries)), min(most, len(rows)))
    best: dict[int, float] = {}
    for distance, place in zip(distances.ravel().tolist(), found.ravel().tolist(), strict=True):
        row = int(rows[place])
        if place >= 0 and distance <= ALIKE and codes[row].any():
            best[row] = min(float(distance), best.get(row, float(BITS)))
    return sorted(best.items(), key=lambda item: (item[1], item[0]))
