"""The duplicates benchmark counts what it says: a missed pair, a merged one and an unnamed page lower its figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.duplicates import Seen, families, peer, run, same_pictures, typed, variants
from benchmarks.figures import CannotRun

PAIRS: list[dict[str, Any]] = [
    {"id": "p1", "label": "exact", "op": "byte_copy", "a": "a", "b": "twin"},
    {"id": "p2", "label": "near", "op": "crop", "a": "a", "b": "cut"},
    {"id": "p3", "label": "near", "op": "jpeg", "a": "twin", "b": "jpeg"},
    {"id": "p4", "label": "hard_negative", "op": "screen", "a": "a", "b": "other"},
    {"id": "p5", "label": "variant", "op": "theme", "a": "a", "b": "dark"},
]


def seen(**ties: str) -> Seen:
    """Ties of `a` to others by relation; `twin` equals `a`."""
    return Seen(twin={"twin": "a"}, tie={frozenset(("a", other)): (name, "facts") for other, name in ties.items()})


def values(figures: list[Any]) -> dict[str, float | None]:
    return {figure.name: figure.value for figure in figures}


def test_pairs_are_found_through_their_equals() -> None:
    found = values(same_pictures(PAIRS, seen(cut="copy", jpeg="copy", other="same_template")))
    assert found["exact and near: recall"] == 1
    assert found["copy: precision on labelled pairs"] == 1
    assert found["hard negatives merged"] == 0


def test_what_is_missed_or_merged_costs() -> None:
    found = values(same_pictures(PAIRS, seen(jpeg="copy", other="copy")))
    assert found["exact and near: recall"] == pytest.approx(2 / 3, abs=1e-3)
    assert found["copy: precision on labelled pairs"] == 0.5
    assert found["hard negatives merged"] == 1
    assert {"wrong p2", "wrong p4"} <= set(found)


def test_a_variant_is_right_by_its_own_name_only() -> None:
    assert values(variants(PAIRS, seen(dark="theme")))["variants typed right"] == 1
    assert values(variants(PAIRS, seen(dark="copy")))["variants typed right"] == 0


def test_families_join_what_pairs_join() -> None:
    assert set(families(PAIRS[:3]).values()) == {"a"}


@pytest.mark.parametrize(
    ("kind", "state", "reason", "junk", "right"),
    [
        ("truncated", "failed", "truncated: it ends early", None, True),
        ("truncated", "failed", "not_an_image: 3 bytes", None, False),
        ("tiny", "rejected", "too_small", None, True),
        ("error_page", "rejected", "junk", "error_page", True),
        ("error_page", "rejected", "junk", "login_wall", False),
        ("error_page", "rejected", "blank", "error_page", False),
        ("blank", "kept", "", None, False),
    ],
)
def test_junk_counts_under_its_own_name(kind: str, state: str, reason: str, junk: str | None, right: bool) -> None:
    judged = Seen(state={"x": state}, reason={"x": reason}, row={"x": {"junk": junk}})
    assert typed({"type": kind, "image": "x"}, judged) is right


def test_a_missing_peer_is_said_to_be_missing() -> None:
    assert all("could not run" in figure.seen for figure in peer(None, Path(), PAIRS))


def test_a_folder_without_truth_cannot_run(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match=r"truth\.jsonl"):
        run([str(tmp_path)])
