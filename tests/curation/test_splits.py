"""Splits: nothing related, and no site, lies in two of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.splits import NO_SPLIT, SplitError, assign, check, codes, components

SHARES = {"train": 0.8, "val": 0.1, "test": 0.1}
NAMES = {row: f"c{row:04d}" for row in range(1000)}
worlds = st.integers(1, 60).flatmap(
    lambda n: st.tuples(
        st.lists(st.sampled_from("abcdefghijklmnop"), min_size=n, max_size=n),
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=20),
        st.sets(st.integers(0, n - 1)),
        st.integers(0, 5),
    )
)


def sides(ties: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    pairs = np.array(ties, np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


@settings(deadline=None)
@given(worlds)
def test_no_site_and_no_relation_crosses_a_split(world: Any) -> None:
    sites, ties, dropped, seed = world
    kept = ~np.isin(np.arange(len(sites)), list(dropped))
    numbers = codes(pa.array(sites))
    component = components(numbers, *sides(ties))
    split = assign(component, kept, NAMES, SHARES, seed)
    assert ((split == NO_SPLIT) == ~kept).all()
    tied = set(ties)
    for one in np.flatnonzero(kept):
        for other in np.flatnonzero(kept):
            if sites[one] == sites[other] or (one, other) in tied:
                assert split[one] == split[other]
    check(split, numbers, *sides(ties))
    if kept.any():
        assert 0 in split
    if len(np.unique(component[kept])) >= 3:
        assert set(split[kept]) == {0, 1, 2}


@settings(deadline=None)
@given(worlds, st.randoms(use_true_random=False))
def test_the_check_finds_every_leak(world: Any, random: Any) -> None:
    sites, ties, _, _ = world
    numbers = codes(pa.array(sites))
    split = np.array([random.choice([0, 0, 0, 1, NO_SPLIT]) for _ in sites], np.int8)
    by_site = [{int(split[i]) for i, s in enumerate(sites) if s == site} - {NO_SPLIT} for site in set(sites)]
    leaks = any(len(found) > 1 for found in by_site)
    leaks = leaks or any(NO_SPLIT not in (split[a], split[b]) and split[a] != split[b] for a, b in ties)
    if leaks:
        with pytest.raises(SplitError, match="lie in two splits"):
            check(split, numbers, *sides(ties))
    else:
        check(split, numbers, *sides(ties))


@settings(deadline=None)
@given(worlds)
def test_the_order_of_the_ties_does_not_matter(world: Any) -> None:
    sites, ties, _, _ = world
    numbers = codes(pa.array(sites))
    turned = sides([(b, a) for a, b in reversed(ties)])
    assert (components(numbers, *sides(ties)) == components(numbers, *turned)).all()


def test_a_component_is_named_by_its_smallest_row() -> None:
    component = components(codes(pa.array(["x", "y", "x", "z"])), *sides([(1, 3)]))
    assert component.tolist() == [0, 1, 0, 1]


def test_shares_are_met_where_sites_are_many() -> None:
    sites = codes(pa.array([f"s{i % 100}" for i in range(1000)]))
    split = assign(components(sites, *sides([])), np.ones(1000, bool), NAMES, SHARES, 1)
    assert np.bincount(split).tolist() == [800, 100, 100]


def test_a_rejected_capture_still_ties_two_sites() -> None:
    component = components(codes(pa.array(["one", "two", "three"])), *sides([(0, 2), (2, 1)]))
    assert component[0] == component[1]


def test_captures_without_a_site_are_tied_by_relations_only() -> None:
    component = components(codes(pa.array([None, None, None], pa.string())), *sides([(0, 2)]))
    assert component.tolist() == [0, 1, 0]


def test_another_seed_is_another_draw() -> None:
    kept = np.ones(100, bool)
    component = components(np.arange(100), *sides([]))
    draws = [assign(component, kept, NAMES, SHARES, seed) for seed in (1, 2)]
    assert (draws[0] != draws[1]).any()
