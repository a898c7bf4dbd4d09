"""Candidates: what the indexes and keys hand on is what a comparison of all with all would."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.relations import candidates


@given(st.lists(st.tuples(st.integers(0, 999), st.integers(0, 999)), max_size=30))
def test_a_key_holds_its_pair(pairs: list[tuple[int, int]]) -> None:
    a, b = (np.array([p[side] for p in pairs], np.int64) for side in (0, 1))
    low, high = candidates.rows_of(candidates.key(a, b, 1000), 1000)
    assert [(int(x), int(y)) for x, y in zip(low, high, strict=True)] == [(min(p), max(p)) for p in pairs]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 60))
def test_hashes_within_the_radius_are_found(seed: int, radius: int) -> None:
    draw = np.random.default_rng(seed)
    codes = draw.integers(0, 256, (12, 32)).astype(np.uint8)
    codes[6:] = codes[:6] ^ np.packbits(draw.random((6, 256)) < 0.1, axis=1)
    bits = np.unpackbits(codes[:, None] ^ codes[None], axis=2).sum(2)
    wanted = {(i, j) for i in range(12) for j in range(i + 1, 12) if bits[i, j] <= radius}
    found = candidates.rows_of(candidates.near_codes(codes, radius, 12), 12)
    assert set(zip(*(side.tolist() for side in found), strict=True)) == wanted


@pytest.mark.parametrize("flat", [10_000, 100])
def test_an_inverted_index_finds_what_the_flat_one_does(flat: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "FLAT", flat)
    draw = np.random.default_rng(1)
    vectors = draw.integers(0, 256, (400, 24)).astype(np.uint8)
    vectors[200:] = np.clip(vectors[:200].astype(int) + draw.integers(-2, 3, (200, 24)), 0, 255)
    a, b = candidates.rows_of(candidates.near_vectors(vectors, 20, 4), 400)
    assert set(zip(a.tolist(), b.tolist(), strict=True)) >= {(i, i + 200) for i in range(200)}
    codes = draw.integers(0, 256, (400, 32)).astype(np.uint8)
    codes[200:] = codes[:200]
    codes[200:, 0] ^= 3
    a, b = candidates.rows_of(candidates.near_codes(codes, 4, 4), 400)
    assert list(zip(a.tolist(), b.tolist(), strict=True)) == [(i, i + 200) for i in range(200)]


def test_rows_that_share_a_key_are_tied_but_not_all_with_all() -> None:
    keys = np.array([5, -1, 5, 7, 5, -1])
    a, b = candidates.rows_of(candidates.sharing(keys), 6)
    assert list(zip(a.tolist(), b.tolist(), strict=True)) == [(0, 2), (0, 4), (2, 4)]
    assert len(candidates.sharing(np.zeros(1000, np.int64), most=3)) < 3000


def test_nothing_has_no_candidates() -> None:
    assert len(candidates.near_codes(np.zeros((0, 32), np.uint8), 10, 4)) == 0
    assert len(candidates.sharing(np.zeros(0, np.int64))) == 0
