"""Inverted lists: near rows are found without comparing all with all, in memory that equals do not fill."""

from __future__ import annotations

import os

import numpy as np
import pytest

from curation.relations import lists

NUMBER = 4000


def told(done: int, total: int) -> None:
    assert 0 <= done <= total


def all_of(
    vectors: np.ndarray, queries: np.ndarray, measure: lists.Measure, furthest: float
) -> tuple[np.ndarray, np.ndarray]:
    blocks = list(lists.neighbours(vectors, queries, measure, 4, furthest, told))
    assert [start for start, _, _ in blocks] == list(range(0, len(vectors), lists.BLOCK))
    return np.concatenate([d for _, d, _ in blocks]), np.concatenate([rows for _, _, rows in blocks])


def drawn(seed: int = 3) -> np.ndarray:
    """Unit vectors without any order among them; the second half repeats the first with a cosine of about 0.95."""
    draw = np.random.default_rng(seed)
    half = draw.standard_normal((NUMBER // 2, 64), np.float32)
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    again = half + draw.standard_normal(half.shape, np.float32) * np.float32(0.32 / 8)
    return np.concatenate([half, again / np.linalg.norm(again, axis=1, keepdims=True)]).astype(np.float16)


def test_a_copy_is_found_by_its_cosine_and_nothing_else_is() -> None:
    vectors = drawn()
    distances, rows = all_of(vectors, vectors, lists.COSINE, -0.85)
    twin = (np.arange(NUMBER) + NUMBER // 2) % NUMBER
    found = rows[:, 0] == twin
    assert found.mean() > 0.97
    exact = -(vectors.astype(np.float32) * vectors[twin].astype(np.float32)).sum(1)
    assert np.allclose(distances[found, 0], exact[found], atol=1e-3)
    assert (rows[:, 1:] == -1).all()
    assert np.isinf(distances[:, 1:]).all()


def test_a_code_is_found_by_its_bits() -> None:
    draw = np.random.default_rng(4)
    codes = draw.integers(0, 256, (NUMBER, 32)).astype(np.uint8)
    codes[NUMBER // 2 :] = codes[: NUMBER // 2] ^ np.packbits(draw.random((NUMBER // 2, 256)) < 0.04, axis=1)
    bits = np.unpackbits(codes[NUMBER // 2 :] ^ codes[: NUMBER // 2], axis=1).sum(1)
    distances, rows = all_of(codes, codes, lists.BITS, 40)
    found = rows[NUMBER // 2 :, 0] == np.arange(NUMBER // 2)
    assert found.mean() > 0.99
    assert (distances[NUMBER // 2 :, 0][found] == bits[found]).all()


def test_queries_look_in_the_place_of_their_rows() -> None:
    vectors = drawn()
    queries = np.roll(vectors, 7, axis=0)
    distances, rows = all_of(vectors, queries, lists.EUCLID, 0.01)
    row = np.arange(NUMBER)
    assert (rows[:, 0] == (row - 7) % NUMBER).mean() == 1
    assert np.allclose(distances[:, 0], 0, atol=1e-4)


def test_many_equals_are_neighbours_of_a_few_each() -> None:
    vectors = np.zeros((NUMBER, 8), np.uint8)
    distances, rows = all_of(vectors, vectors, lists.EUCLID, 10)
    assert rows.shape == (NUMBER, 4)
    assert (distances == 0).all()
    assert (rows >= 0).all()
    assert (rows != np.arange(NUMBER)[:, None]).all()


def test_what_is_found_does_not_depend_on_the_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = drawn()
    expected = all_of(vectors, vectors, lists.COSINE, -0.85)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0})
    alone = all_of(vectors, vectors, lists.COSINE, -0.85)
    assert np.array_equal(alone[1], expected[1])
    assert np.array_equal(alone[0], expected[0])
