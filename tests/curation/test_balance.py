"""Balance: caps, weights and target mixes over SQL groups; what goes has a name, and the seed decides which."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.balance import balance
from curation.recipe import RecipeError, parse_recipe
from curation.select import NOBODY, UNDECIDED, Decisions, SelectError, Selection


def outcome(values: list[Any], *steps: dict[str, Any], seed: int = 0, rank: list[float] | None = None) -> Any:
    """(kept mask, reasons of the rest, facts, notes) for rows whose column `tone` has these values."""
    balanced = [{"name": "mix", "by": "tone"} | step for step in steps]
    recipe = parse_recipe({"name": "b", "features": ["decode"], "balance": balanced})
    ids = pa.chunked_array([pa.array([f"c{i:04d}" for i in range(len(values))], pa.string())])
    table = pa.table({"capture_id": ids, "tone": pa.array(values, pa.string()), "score": rank or [0.0] * len(values)})
    rows = len(values)
    start = Decisions((), np.full(rows, UNDECIDED, np.int16), np.full(rows, NOBODY, np.int32))
    with Selection(table) as selection:
        found, facts, notes = balance(selection, recipe.balance, start, ids, seed)
    return found.kept, found.by_reason(), facts, notes


def mix(values: list[Any], kept: np.ndarray) -> Counter[Any]:
    return Counter(value for value, stays in zip(values, kept, strict=True) if stays)


TONES = ["light"] * 60 + ["dark"] * 30 + [None] * 10


def test_a_cap_holds_for_every_group_and_names_what_it_drops() -> None:
    kept, reasons, facts, _ = outcome(TONES, {"cap": 25})
    assert mix(TONES, kept) == {"light": 25, "dark": 25, None: 10}
    assert [(r.stage, r.name, number) for r, number in reasons] == [("balance", "balance:mix", 40)]
    assert facts[0]["groups"]["light"] == {"before": 60, "after": 25}


def test_a_target_keeps_as_many_as_the_scarcest_group_allows() -> None:
    kept, *_ = outcome(TONES, {"target": {"light": 0.5, "dark": 0.5}})
    assert mix(TONES, kept) == {"light": 30, "dark": 30}
    kept, *_ = outcome(TONES, {"target": {"light": 0.5, "dark": 0.3}})  # the rest is for all others
    assert mix(TONES, kept) == {"light": 25, "dark": 15, None: 10}


def test_a_target_may_be_missed_rather_than_lose_too_many_rows() -> None:
    kept, *_ = outcome(TONES, {"target": {"light": 0.5, "dark": 0.5}, "keep_at_least": 0.8})
    assert mix(TONES, kept) == {"light": 40, "dark": 30}


def test_a_group_that_is_not_there_is_noted_and_the_mix_is_of_the_others() -> None:
    kept, _, _, notes = outcome(TONES, {"target": {"light": 0.4, "dark": 0.4, "sepia": 0.2}})
    assert mix(TONES, kept) == {"light": 30, "dark": 30}
    assert notes == ["balance mix: no row is 'sepia', so the mix is of the others"]


def test_weights_are_relative_shares_of_each_group() -> None:
    kept, *_ = outcome(TONES, {"weights": {"dark": 2, "light": 1, "*": 0}})
    assert mix(TONES, kept) == {"light": 30, "dark": 30}


def test_a_whole_mix_leaves_nothing_to_others_however_its_shares_are_rounded() -> None:
    target = {"sepia": 0.7, "blue": 0.2, "green": 0.1}
    assert sum(target.values()) < 1
    kept, *_ = outcome(TONES, {"target": target})
    assert not kept.any()


def test_a_weight_of_a_group_that_is_not_there_is_noted() -> None:
    *_, notes = outcome(TONES, {"weights": {"sepia": 1, "dark": 1, "*": 0.5}})
    assert notes == ["balance mix: no row is 'sepia', and its weight is nobody's"]


def test_the_highest_rank_stays() -> None:
    kept, *_ = outcome(["x"] * 4, {"cap": 2, "rank": "score"}, rank=[1.0, 4.0, float("nan"), 3.0])
    assert kept.tolist() == [False, True, False, True]


def test_the_seed_draws_and_draws_the_same_again() -> None:
    draws = [outcome(TONES, {"cap": 5}, seed=seed)[0].tolist() for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


def test_steps_run_in_their_order_on_what_the_last_one_left() -> None:
    kept, reasons, *_ = outcome(TONES, {"cap": 20}, {"name": "again", "cap": 15})
    assert mix(TONES, kept) == {"light": 15, "dark": 15, None: 10}
    assert [number for _, number in reasons] == [50, 10]


def test_wrong_sql_is_named_with_its_step() -> None:
    with pytest.raises(SelectError, match="balance 'mix'"):
        outcome(["x"], {"by": "tune", "cap": 1})


@pytest.mark.parametrize(
    "step",
    [
        {},
        {"cap": 3, "weights": {"a": 1}},
        {"target": {"a": 0.8, "b": 0.4}},
        {"weights": {"a": -1, "b": 2}},
        {"target": {}},
    ],
)
def test_a_step_that_makes_no_sense_is_refused_with_its_name(step: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match="'mix'"):
        parse_recipe({"name": "b", "features": ["decode"], "balance": [{"name": "mix", "by": "tone"} | step]})


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from("abcd"), min_size=1, max_size=120),
    st.dictionaries(st.sampled_from("abcde"), st.integers(1, 9), min_size=1).map(
        lambda parts: {name: part / sum(parts.values()) for name, part in parts.items()}
    ),
)
def test_a_target_is_met_to_a_row_and_could_not_keep_more(values: list[str], target: dict[str, float]) -> None:
    kept, *_ = outcome(values, {"target": target})
    found, there = mix(values, kept), Counter(values)
    asked = {name: share for name, share in target.items() if there[name]}
    assert set(found) <= set(asked)
    if asked:
        whole = sum(asked.values())
        total = min(there[name] / (share / whole) for name, share in asked.items())
        for name, share in asked.items():
            assert abs(found[name] - share / whole * total) < 1.001
            assert found[name] <= there[name]
