"""Clusters of embeddings: k-means with a seed, the largest cluster first, each named by the words of its captions."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pyarrow as pa

from curation.columns import slices
from curation.recipe import Clusters

SCHEMA = pa.schema([("cluster", pa.int32()), ("cluster_name", pa.string())])
MOST = 256  # clusters that `auto` makes at most
TRAINED_ON = 128  # rows a cluster that the centres are fitted to
ROUNDS = 20
BLOCK = 16_384  # rows assigned at a time
READ = 300  # captions a cluster is named by: those nearest its centre
WORDS = 3
LEAST = 0.1  # share of a cluster's captions that must have a word
WORD = re.compile(r"[^\W\d_]{3,}")


def cluster(embeddings: pa.ChunkedArray, texts: pa.ChunkedArray, choice: Clusters, seed: int) -> pa.Table:
    """`cluster` and `cluster_name` of each row; null where a row has no embedding."""
    rows = np.flatnonzero(embeddings.is_valid().to_numpy())
    number = np.full(len(embeddings), -1, np.int32)
    names: list[str] = []
    if len(rows):
        count = min(len(rows), round((len(rows) / 2) ** 0.5) if choice.count == "auto" else int(choice.count))
        count = max(1, min(count, MOST) if choice.count == "auto" else count)
        found, nearness = assigned(embeddings, rows, _centres(embeddings, rows, count, seed))
        sizes = np.bincount(found, minlength=count)
        order = np.argsort(-sizes, kind="stable")
        place = np.empty(count, np.int32)
        place[order] = np.arange(count)
        number[rows] = place[found]
        names = named(number[rows], nearness, rows, texts)
    numbers = pa.array(number, mask=number < 0)
    return pa.table([numbers, pa.array(names, pa.string()).take(numbers)], schema=SCHEMA)


def _centres(embeddings: pa.ChunkedArray, rows: np.ndarray, count: int, seed: int) -> np.ndarray:
    """count × d float32 of length 1, fitted to rows that lie evenly over the table."""
    import faiss

    picked = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), count * TRAINED_ON), dtype=np.int64))
    some = np.concatenate([vectors(embeddings, rows[picked[start:stop]]) for start, stop in slices(len(picked), BLOCK)])
    means = faiss.Kmeans(some.shape[1], count, niter=ROUNDS, seed=seed, spherical=True, min_points_per_centroid=1)
    means.train(some)
    return np.asarray(means.centroids, np.float32)


def assigned(embeddings: pa.ChunkedArray, rows: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest centre of each row by cosine, and the cosine."""
    nearest, nearness = np.empty(len(rows), np.int64), np.empty(len(rows), np.float32)
    for start, stop in slices(len(rows), BLOCK):
        cosines = vectors(embeddings, rows[start:stop]) @ centres.T
        nearest[start:stop] = cosines.argmax(1)
        nearness[start:stop] = cosines.max(1)
    return nearest, nearness


def vectors(embeddings: pa.ChunkedArray, rows: np.ndarray) -> np.ndarray:
    """Ascending rows as n × d float32."""
    low, high = int(rows[0]), int(rows[-1]) + 1
    some = embeddings.slice(low, high - low).combine_chunks()
    if len(rows) != high - low:
        some = some.take(pa.array(rows - low))
    flat = some.flatten() if some.null_count == 0 else some.values
    return np.asarray(flat.to_numpy(zero_copy_only=False), np.float32).reshape(len(rows), -1)


def named(number: np.ndarray, nearness: np.ndarray, rows: np.ndarray, texts: pa.ChunkedArray) -> list[str]:
    """A name for each cluster 0, 1, …: the words that its captions have and others do not, most telling first."""
    order = np.lexsort((rows, -nearness, number))
    starts = np.flatnonzero(np.r_[True, np.diff(number[order]) > 0])
    read = [some[:READ] for some in np.split(order, starts[1:])]
    inside = []
    for some in read:
        words: Counter[str] = Counter()
        for text in texts.take(pa.array(rows[some])).to_pylist():
            words.update(set(WORD.findall((text or "").lower())))
        inside.append(words)
    everywhere: Counter[str] = Counter()
    for words in inside:
        everywhere.update(words)
    total = sum(map(len, read))
    found = [_telling(words, everywhere, len(some), total) for words, some in zip(inside, read, strict=True)]
    twins = Counter(found)
    return [f"{name} {index}" if twins[name] > 1 else name for index, name in enumerate(found)]


def _telling(words: Counter[str], everywhere: Counter[str], captions: int, total: int) -> str:
    """Words by p·log(p / q): the share of the cluster's captions that have it, against that of all captions."""

    def weight(word: str) -> float:
        inside = words[word] / captions
        return float(inside * np.log(inside * total / everywhere[word]))

    likely = [word for word in words if words[word] >= LEAST * captions]
    best = sorted(likely, key=lambda w: (-round(weight(w), 6), -words[w], w))[:WORDS]
    return ", ".join(best) or "cluster"
