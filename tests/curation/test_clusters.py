"""Clusters: what lies together gets one number and a name of its own words, the same on every run."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from curation.clusters import cluster
from curation.recipe import Clusters

KINDS = ("pricing table", "music player", "weather map")
SIZES = (50, 30, 20)


def world() -> tuple[pa.ChunkedArray, pa.ChunkedArray, np.ndarray]:
    """100 vectors about three centres, the first without a value, in chunks; captions share words but for two."""
    draw = np.random.default_rng(5)
    kind = np.repeat([0, 1, 2], SIZES)
    draw.shuffle(kind)
    vectors = draw.standard_normal((3, 16))[kind] + 0.1 * draw.standard_normal((100, 16))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    some = [None, *vectors[1:].astype(np.float16)]
    texts = [f"A light screen with a {KINDS[k]} and some text" for k in kind]
    column = pa.array(some, pa.list_(pa.float16(), 16))
    return pa.chunked_array([column[:37], column[37:]]), pa.chunked_array([pa.array(texts)]), kind


def test_kinds_are_told_apart_and_named_by_their_words() -> None:
    embeddings, texts, kind = world()
    found = cluster(embeddings, texts, Clusters(count=3), seed=1)
    rows = found.to_pylist()
    assert rows[0] == {"cluster": None, "cluster_name": None}
    sizes = np.bincount([row["cluster"] for row in rows[1:]])
    assert sorted(sizes, reverse=True) == sizes.tolist()
    for row, k in zip(rows[1:], kind[1:], strict=True):
        assert row["cluster"] == k  # the largest comes first
        assert set(KINDS[k].split()) <= set(row["cluster_name"].split(", "))
        assert "light" not in row["cluster_name"]


def test_the_same_seed_gives_the_same_clusters() -> None:
    embeddings, texts, _ = world()
    one, other = (cluster(embeddings, texts, Clusters(), seed=3) for _ in range(2))
    assert one.equals(other)
    assert 1 < len(one["cluster"].unique()) - 1 <= 7  # the root of half the rows


def test_names_are_distinct_and_there_is_one_without_captions() -> None:
    embeddings, texts, _ = world()
    nothing = pa.chunked_array([pa.nulls(len(texts), pa.string())])
    names = set(cluster(embeddings, nothing, Clusters(count=3), seed=1)["cluster_name"].drop_null().to_pylist())
    assert names == {"cluster 0", "cluster 1", "cluster 2"}


def test_fewer_rows_than_clusters_and_none_at_all() -> None:
    embeddings, texts, _ = world()
    few = cluster(embeddings.slice(1, 2), texts.slice(1, 2), Clusters(count=50), seed=1)
    assert few["cluster"].null_count == 0
    none = cluster(embeddings.slice(0, 1), texts.slice(0, 1), Clusters(), seed=1)
    assert none.to_pylist() == [{"cluster": None, "cluster_name": None}]
