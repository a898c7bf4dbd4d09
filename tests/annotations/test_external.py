"""Labels given elsewhere become the same events, each once, or are refused with the line that is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from annotations import external
from annotations.consensus import agree
from annotations.events import read_current, read_events
from annotations.external import LabelFileError, import_labels, line

A, B, C = "a" * 64, "b" * 64, "c" * 64
AT = "2026-05-01T10:00:00+02:00"
WHO = {"source": "gallery", "annotator": "me", "at": AT}
LINES: list[dict[str, Any]] = [
    {"kind": "like", "item": A, "liked": True, **WHO},
    {"kind": "rating", "item": A, "value": 4, "aspect": "layout", "lead_seconds": 2.5, **WHO},
    {"kind": "label", "item": B, "aspect": "nsfw", "label": "safe", **WHO},
    {"kind": "comparison", "left": B, "right": A, "choice": "left", **WHO},
    {"kind": "pick", "items": [C, A, B], "picked": A, "source": "generator", "annotator": "me", "at": AT},
]


def write(path: Path, *lines: Any) -> Path:
    path.write_text("".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in lines))
    return path


def test_every_kind_becomes_events(tmp_path: Path) -> None:
    found = import_labels(write(tmp_path / "all.jsonl", *LINES), tmp_path)
    assert (found.lines, found.events, found.problems) == (5, 7, [])
    rows = {(r["task"], r["aspect"], r["item_sha256"]): r for r in read_current(tmp_path).to_pylist()}
    assert rows["like", "overall", A]["value"] == 1
    assert (rows["critique", "layout", A]["value"], rows["critique", "layout", A]["lead_seconds"]) == (4, 2.5)
    assert rows["critique", "nsfw", B]["label"] == "safe"
    pair = rows["pairwise", "preference", A]
    assert (pair["pair_sha256"], pair["side"], pair["value"], pair["label"]) == (B, 1, 0, "left")
    ranks = {r["item_sha256"]: (r["side"], r["value"]) for r in rows.values() if r["aspect"] == "rank"}
    assert ranks == {C: (0, 2), A: (1, 1), B: (2, 2)}
    assert rows["like", "overall", A]["updated_at"].isoformat() == "2026-05-01T08:00:00+00:00"
    agree(read_events(tmp_path))


def test_the_same_file_again_adds_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "all.jsonl", *LINES, LINES[0])
    assert import_labels(path, tmp_path).events == 7
    assert import_labels(path, tmp_path).events == 0


def test_a_later_opinion_holds_and_a_delete_takes_it_back(tmp_path: Path) -> None:
    later = LINES[0] | {"liked": False, "at": "2026-05-02T10:00:00Z"}
    import_labels(write(tmp_path / "a.jsonl", LINES[0], later), tmp_path)
    (row,) = read_current(tmp_path).to_pylist()
    assert (row["value"], row["op"]) == (0, "update")
    import_labels(write(tmp_path / "b.jsonl", later | {"delete": True, "at": "2026-05-03T10:00:00Z"}), tmp_path)
    assert len(read_current(tmp_path)) == 0
    assert len(read_events(tmp_path)) == 3  # nothing is ever rewritten


def test_an_import_that_was_killed_between_two_parts_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "all.jsonl", *LINES[::-1])
    monkeypatch.setattr(external, "BATCH", 2)
    append, calls = external.append_events, 0

    def killed(home: Path, table: Any) -> int:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        return append(home, table)

    monkeypatch.setattr(external, "append_events", killed)
    with pytest.raises(KeyboardInterrupt):
        import_labels(path, tmp_path)
    monkeypatch.setattr(external, "append_events", append)
    assert 0 < len(read_events(tmp_path)) < 7
    import_labels(path, tmp_path)
    assert len(read_events(tmp_path)) == 7


def test_an_id_makes_two_opinions_of_one_thing_two(tmp_path: Path) -> None:
    both = [LINES[3] | {"id": "one"}, LINES[3] | {"id": "two"}]
    import_labels(write(tmp_path / "a.jsonl", *both), tmp_path)
    assert len(read_current(tmp_path)) == 2


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("{not json", "Invalid JSON"),
        (LINES[1] | {"value": 6}, "value"),
        (LINES[1] | {"value": "4.5"}, "value"),
        (LINES[1] | {"aspect": "taste"}, "aspect must be one of"),
        (LINES[0] | {"item": "../../etc/passwd"}, "item"),
        (LINES[2] | {"label": "spicy"}, "label of nsfw"),
        (LINES[3] | {"right": B}, "same picture"),
        (LINES[3] | {"choice": "middle"}, "choice"),
        (LINES[4] | {"picked": "d" * 64}, "picked must be"),
        ({key: value for key, value in LINES[0].items() if key != "annotator"}, "annotator"),
        (LINES[0] | {"at": "yesterday"}, "at"),
        (LINES[0] | {"colour": "red"}, "colour"),
        (LINES[0] | {"kind": "shrug"}, "kind|tag"),
        ('{"kind": "like"' + " " * 70_000 + "}", "more than 64 KB"),
    ],
)
def test_a_bad_line_stops_the_import_and_nothing_is_written(tmp_path: Path, bad: Any, why: str) -> None:
    path = write(tmp_path / "bad.jsonl", LINES[0], bad)
    with pytest.raises(LabelFileError, match=rf"(?s)bad\.jsonl:2.*({why})"):
        import_labels(path, tmp_path)
    assert len(read_events(tmp_path)) == 0


def test_keep_going_names_what_it_leaves_out(tmp_path: Path) -> None:
    found = import_labels(
        write(tmp_path / "a.jsonl", LINES[0], LINES[1] | {"value": 9}, LINES[2]), tmp_path, keep_going=True
    )
    assert (found.events, len(found.problems)) == (2, 1)
    assert ":2: value" in found.problems[0]


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(LabelFileError, match="no file"):
        import_labels(tmp_path / "none.jsonl", tmp_path)


def test_lines_are_checked_when_they_are_made(tmp_path: Path) -> None:
    made = line("like", item=A, liked=True, **WHO)
    assert import_labels(write(tmp_path / "a.jsonl", made), tmp_path).events == 1
    with pytest.raises(LabelFileError):
        line("like", item="x", liked=True, **WHO)
