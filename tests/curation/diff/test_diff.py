"""Two versions of one small dataset, and the figures behind a comparison."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from curation.dataset import Dataset, open_dataset
from curation.diff import Difference, compare
from curation.diff.changes import recipe_changes
from curation.diff.moves import Fate, why
from curation.diff.page import document
from curation.diff.shifts import is_document, ks, psi, total_variation
from tests.curation.finished import HOSTILE

KEPT = Fate("kept", None, None)
numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60).map(np.asarray)


@pytest.fixture(scope="module")
def versions(finished_home: Path) -> tuple[Dataset, Dataset]:
    return open_dataset("small@1", home=finished_home), open_dataset("small@2", home=finished_home)


@pytest.fixture(scope="module")
def difference(versions: tuple[Dataset, Dataset]) -> Difference:
    return compare(*versions)


def test_rows_that_came_and_went_add_up(difference: Difference, versions: tuple[Dataset, Dataset]) -> None:
    before, after = ({key for (key,) in v.rows(["capture_id"]).fetchall()} for v in versions)
    assert (difference.came, difference.went) == (len(after - before), len(before - after))
    assert {e for m in difference.moves if m.after == "kept" for e in m.examples} == after - before


def test_each_move_says_why(difference: Difference) -> None:
    told = {(move.before, move.after): move.why for move in difference.moves}
    assert told[("absent", "kept")] == "a new capture"
    assert told[("kept", "rule no_japanese")].startswith("rule no_japanese is new: coalesce")
    assert told[("rule blank", "kept")] == "rule blank is gone"
    size = "least(decoded_width, decoded_height) >= "
    assert told[("rule large_enough", "kept")] == f"rule large_enough: {size}100 → {size}50"


def test_a_version_does_not_differ_from_itself(versions: tuple[Dataset, Dataset]) -> None:
    same = compare(versions[0], versions[0])
    assert same.same
    assert (same.came, same.went) == (0, 0)
    assert max(shift.ks for shift in same.shifts) == 0
    assert max(mix.distance for mix in same.mixes) == 0


def test_the_comparison_is_plain_data(difference: Difference) -> None:
    value = json.loads(json.dumps(difference.as_dict(), allow_nan=False))
    assert value["came"] == difference.came
    assert value["recipe"][0].keys() == {"what", "before", "after"}


def test_rules_are_found_by_name_wherever_they_stand(versions: tuple[Dataset, Dataset]) -> None:
    turned = copy.deepcopy(versions[0].manifest)
    turned["recipe"]["keep"].reverse()
    assert recipe_changes(versions[0].manifest, turned) == []


def changed(manifest: dict[str, Any], **recipe: Any) -> dict[str, Any]:
    other = copy.deepcopy(manifest)
    other["recipe"].update(recipe)
    return other


def test_a_feature_that_changed_is_named_where_a_rule_did_not(versions: tuple[Dataset, Dataset]) -> None:
    a = versions[0].manifest
    b = changed(a)
    next(f for f in b["features"] if f["name"] == "ink")["fingerprint"] = "0" * 12
    assert why(KEPT, Fate("rejected", "rule", "blank"), a, b) == "rule blank is the same, feature ink changed"


def test_a_relation_tells_its_policy_or_its_better_one(versions: tuple[Dataset, Dataset]) -> None:
    a = versions[0].manifest
    copy_ = Fate("rejected", "relation", "copy")
    kept_all = changed(a, relations={**a["recipe"]["relations"], "copy": {"policy": "keep_all"}})
    assert "policy keep_best → keep_all" in why(copy_, KEPT, a, kept_all)
    assert why(KEPT, copy_, a, a, partner_was=False) == "the better one is new among the kept"
    assert why(copy_, KEPT, a, a, partner_is=False) == "the better one is no longer kept"


def test_balance_and_decoding_have_their_own_words(versions: tuple[Dataset, Dataset]) -> None:
    a = versions[0].manifest
    balance = Fate("rejected", "balance", "balance:site")
    assert str(balance) == "balance site"
    assert why(KEPT, balance, a, changed(a, balance=[{"by": "site"}])) == "balance changed"
    assert why(KEPT, balance, a, a) == "other rows compete for the same places"
    assert "decoded now" in why(Fate("failed", "decode", "truncated"), KEPT, a, a)


@settings(deadline=None)
@given(numbers)
def test_equal_samples_have_no_distance(a: np.ndarray) -> None:
    assert ks(a, a) == 0
    assert psi(a, a) == pytest.approx(0)


@settings(deadline=None)
@given(numbers, numbers)
def test_distances_are_symmetric_or_positive(a: np.ndarray, b: np.ndarray) -> None:
    assert ks(a, b) == pytest.approx(ks(b, a))
    assert 0 <= ks(a, b) <= 1
    assert psi(a, b) >= 0


def test_documents_in_a_column_are_no_categories(difference: Difference) -> None:
    columns = {mix.column for mix in difference.mixes}
    assert {"site", "view"} & columns
    assert not {"rights", "design_slots"} & columns
    assert list(map(is_document, ['[{"a": 1}]', "{}", "[WIP] Home", "12", "[" * 100_000])) == [True, True, *[False] * 3]


def test_ks_is_scipys() -> None:
    draw = np.random.default_rng(3)
    a, b = draw.normal(0, 1, 300).round(1), draw.normal(0.3, 2, 200).round(1)
    assert ks(a, b) == pytest.approx(ks_2samp(a, b).statistic)


def test_disjoint_samples_are_as_far_as_can_be() -> None:
    assert ks(np.arange(5.0), np.arange(5.0) + 100) == 1
    assert psi(np.arange(50.0), np.arange(50.0) + 100) > 0.25
    assert total_variation([(3, 0), (0, 2)]) == 1
    assert total_variation([(3, 6), (1, 2)]) == 0


def test_the_page_shows_screens_and_escapes_what_they_say(versions: tuple[Dataset, Dataset]) -> None:
    html = document(compare(*versions), *versions)
    assert html.count("<img") >= 4
    assert "rule blank is gone" in html
    assert HOSTILE not in html
    assert "<script" not in html
    assert "blankness &lt; 0.9" in html
