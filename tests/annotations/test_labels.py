"""Exports become label events; what is no label is listed and kept; reading twice changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from annotations.labels import ExportError, read_export, store_export

RATING_DATA = {"task_id": "5f0c", "task": "rating", "capture_id": "aa", "image": "/x"}
PAIR_DATA = {"task_id": "6a1d", "task": "pairwise", "left_capture_id": "aa", "right_capture_id": "bb"}


def _rating(value: Any, **fields: Any) -> dict[str, Any]:
    result = [{"from_name": "rating", "to_name": "image", "type": "rating", "value": {"rating": value}}]
    return _annotation(result, **fields)


def _pair(value: Any, **fields: Any) -> dict[str, Any]:
    result = [{"from_name": "better", "to_name": "left,right", "type": "pairwise", "value": {"selected": value}}]
    return _annotation(result, **fields)


def _annotation(result: Any, **fields: Any) -> dict[str, Any]:
    times = {"created_at": "2026-01-02T03:04:05.000000Z", "updated_at": "2026-01-02T03:04:05.000000Z"}
    return {"id": 1, "completed_by": 3, "result": result, "was_cancelled": False, "lead_time": 2.5, **times, **fields}


def _export(path: Path, *tasks: tuple[dict[str, Any], list[Any]]) -> Path:
    rows = [{"id": number, "data": data, "annotations": made} for number, (data, made) in enumerate(tasks)]
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def test_ratings_and_choices_become_events(tmp_path: Path) -> None:
    path = _export(tmp_path / "e.json", (RATING_DATA, [_rating(4)]), (PAIR_DATA, [_pair("right")]))
    export = read_export(path)
    rating, pair = export.events.to_pylist()
    assert (rating["task"], rating["capture_id"], rating["rating"], rating["selected"]) == ("rating", "aa", 4, None)
    assert (pair["capture_id"], pair["other_capture_id"], pair["selected"]) == ("aa", "bb", "right")
    assert (rating["annotator"], rating["lead_seconds"], rating["created_at"].year) == ("3", 2.5, 2026)
    assert export.problems.num_rows == 0


def test_a_skip_is_an_event_without_a_value(tmp_path: Path) -> None:
    path = _export(tmp_path / "e.json", (RATING_DATA, [_annotation([], was_cancelled=True)]))
    (event,) = read_export(path).events.to_pylist()
    assert event["skipped"]
    assert event["rating"] is None


@pytest.mark.parametrize(
    ("data", "annotation", "kind"),
    [
        (RATING_DATA, _rating(99), "rating_range"),
        (RATING_DATA, _rating(0), "rating_range"),
        (RATING_DATA, _rating(2.5), "rating_range"),
        (RATING_DATA, _rating(True), "rating_range"),
        (RATING_DATA, _rating("5"), "rating_range"),
        (PAIR_DATA, _pair("both"), "not_a_side"),
        (PAIR_DATA, _rating(3), "no_value"),
        (RATING_DATA, _annotation([]), "no_value"),
        (RATING_DATA, _annotation(None), "no_value"),
        (RATING_DATA, _annotation(_rating(3)["result"] * 2), "no_value"),
        (RATING_DATA, _rating(3, created_at="yesterday"), "no_time"),
        ({"image": "/x"}, _rating(3), "not_ours"),
        ({**RATING_DATA, "task": "vote"}, _rating(3), "not_ours"),
        (RATING_DATA, "text", "not_ours"),
        ("text", _rating(3), "not_ours"),
    ],
)
def test_what_is_no_label_is_listed_and_kept(tmp_path: Path, data: Any, annotation: Any, kind: str) -> None:
    path = _export(tmp_path / "e.json", (data, [annotation]), (RATING_DATA, [_rating(5, id=2)]))
    export = read_export(path)
    assert export.problems.column("kind").to_pylist() == [kind]
    assert export.events.column("rating").to_pylist() == [5]


def test_reading_twice_changes_nothing(tmp_path: Path) -> None:
    path = _export(tmp_path / "e.json", (RATING_DATA, [_rating(4), _rating(99, id=2)]))
    first = store_export(path, "demo", tmp_path)
    before = [file.read_bytes() for file in sorted((tmp_path / "labels").iterdir())]
    again = store_export(path, "demo", tmp_path)
    assert (first.added, first.total, again.added, again.total) == (1, 1, 0, 1)
    assert [file.read_bytes() for file in sorted((tmp_path / "labels").iterdir())] == before
    assert first.problems == again.problems == ["task 0 annotation 2: rating is '99': it must be one of 1 to 5"]


def test_a_newer_export_replaces_and_adds(tmp_path: Path) -> None:
    store_export(_export(tmp_path / "a.json", (RATING_DATA, [_rating(4)])), "demo", tmp_path)
    changed = _rating(2, updated_at="2026-02-02T00:00:00Z")
    stored = store_export(_export(tmp_path / "b.json", (RATING_DATA, [changed, _rating(5, id=7)])), "demo", tmp_path)
    assert (stored.added, stored.total) == (1, 2)
    store_export(tmp_path / "a.json", "demo", tmp_path)
    assert sorted(pq.read_table(stored.path).column("rating").to_pylist()) == [2, 5]


@pytest.mark.parametrize("text", ["", "{", '{"a": 1}', "[" * 100_000])
def test_what_is_no_export_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "e.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ExportError, match=r"e\.json"):
        read_export(path)


def test_a_missing_export_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no export at"):
        read_export(tmp_path / "none.json")


def test_a_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    path = _export(tmp_path / "e.json", (RATING_DATA, [_rating(4)]))
    with pytest.raises(ExportError, match="is no name for a label table"):
        store_export(path, "../evil", tmp_path)
