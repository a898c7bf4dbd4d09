"""Label events: what is accepted, what holds after edits and deletions, and that appending twice changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from annotations import events
from annotations.events import EventError, append_events, current, events_table, read_current, read_events

START = datetime(2026, 1, 1, tzinfo=UTC)
ITEM, OTHER = "a" * 64, "b" * 64


def row(**fields: Any) -> dict[str, Any]:
    base = {
        "annotation_key": "a1",
        "revision": "r1",
        "source": "gallery",
        "task": "critique",
        "item_sha256": ITEM,
        "annotator": "ada",
        "aspect": "overall",
        "value": 4.0,
        "updated_at": START,
    }
    return {**base, **fields}


def test_a_row_gets_an_id_that_depends_on_what_it_states_only() -> None:
    first, again = events_table([row()]), events_table([row(value=2.0)])
    assert first["event_id"] == again["event_id"]
    assert first["event_id"] != events_table([row(aspect="layout")])["event_id"]
    assert first["op"].to_pylist() == ["create"]
    assert first["gold"].to_pylist() == [False]


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"annotator": None}, "annotator"),
        ({"item_sha256": "abc"}, "item_sha256"),
        ({"task": "guess"}, "task"),
        ({"op": "undo"}, "op"),
        ({"value": float("nan")}, "value"),
        ({"value": "four"}, "wrong type"),
        ({"pair_sha256": ITEM}, "pair_sha256"),
        ({"origin": "copied"}, "origin"),
        ({"label": "x" * 20_001}, "label"),
        ({"lead_seconds": -1.0}, "lead_seconds"),
    ],
)
def test_a_row_that_breaks_a_rule_is_named(fields: dict[str, Any], word: str) -> None:
    with pytest.raises(EventError, match=word):
        events_table([row(), row(annotation_key="a2", **fields)])


def test_an_aspect_said_twice_in_one_revision_is_refused() -> None:
    with pytest.raises(EventError, match="one event_id"):
        events_table([row(), row(value=1.0)])


def test_an_edit_replaces_all_aspects_of_the_annotation() -> None:
    table = events_table(
        [
            row(),
            row(aspect="layout", value=3.0),
            row(revision="r2", op="update", value=5.0, updated_at=START + timedelta(seconds=1)),
            row(annotation_key="a2", annotator="bo"),
        ]
    )
    held = current(table).select(["annotator", "aspect", "value"]).to_pylist()
    assert held == [
        {"annotator": "ada", "aspect": "overall", "value": 5.0},
        {"annotator": "bo", "aspect": "overall", "value": 4.0},
    ]


def test_an_edit_that_is_read_before_the_first_version_still_wins() -> None:
    late = row(revision="r2", op="update", value=5.0, updated_at=START + timedelta(seconds=1))
    assert current(events_table([late, row()]))["value"].to_pylist() == [5.0]


def test_a_deleted_annotation_does_not_hold() -> None:
    table = events_table([row(), row(revision="gone", op="delete", value=None)])
    assert not len(current(table))


def test_appending_twice_writes_once(tmp_path: Path) -> None:
    table = events_table([row(), row(aspect="layout")])
    assert append_events(tmp_path, table) == 2
    assert append_events(tmp_path, table) == 0
    assert append_events(tmp_path, events_table([row(), row(aspect="polish")])) == 1
    assert read_events(tmp_path)["aspect"].to_pylist() == ["overall", "layout", "polish"]


def test_nothing_labelled_is_an_empty_table(tmp_path: Path) -> None:
    assert read_current(tmp_path).schema == events.EVENTS
    assert not len(read_current(tmp_path))


def test_a_part_that_was_not_finished_is_not_read(tmp_path: Path) -> None:
    append_events(tmp_path, events_table([row()]))
    folder = events.events_folder(tmp_path)
    (folder / ".00000001-abc.parquet.77.part").write_bytes(b"PAR1 torn")
    assert len(read_events(tmp_path)) == 1


def test_a_broken_part_is_named(tmp_path: Path) -> None:
    append_events(tmp_path, events_table([row()]))
    (events.events_folder(tmp_path) / "00000007-abc.parquet").write_bytes(b"no parquet")
    with pytest.raises(EventError, match="00000007-abc"):
        read_events(tmp_path)


def test_many_parts_become_one_and_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_PARTS", 4)
    for number in range(6):
        append_events(tmp_path, events_table([row(annotation_key=f"a{number}")]))
    parts = list(events.events_folder(tmp_path).glob("*.parquet"))
    assert len(parts) == 2
    assert read_events(tmp_path)["annotation_key"].to_pylist() == [f"a{number}" for number in range(6)]


def test_a_compaction_that_was_killed_before_its_end_repeats_nothing(tmp_path: Path) -> None:
    for number in range(3):
        append_events(tmp_path, events_table([row(annotation_key=f"a{number}")]))
    whole: pa.Table = read_events(tmp_path)
    events._write_part(events.events_folder(tmp_path), 0, whole)  # and then killed: the parts are still there
    assert sorted(read_events(tmp_path)["annotation_key"].to_pylist()) == ["a0", "a1", "a2"]
