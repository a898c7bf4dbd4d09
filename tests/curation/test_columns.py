"""Tables at rest: rows by number from many chunks, spilled rows, and files that are whole or absent."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation import columns
from curation.columns import Rows, Spill

SCHEMA = pa.schema([("number", pa.int64()), ("words", pa.list_(pa.string()))])


def numbered(start: int, stop: int) -> pa.Table:
    return pa.table({"number": range(start, stop), "words": [[f"w{i}"] * (i % 3) for i in range(start, stop)]}, SCHEMA)


@settings(deadline=None)
@given(st.lists(st.integers(0, 7), min_size=1, max_size=6), st.data())
def test_rows_come_in_the_order_asked_for(sizes: list[int], data: st.DataObject) -> None:
    ends = np.cumsum([0, *sizes])
    table = pa.concat_tables([numbered(int(a), int(b)) for a, b in pairwise(ends)])
    total = int(ends[-1])
    asked = data.draw(st.lists(st.integers(0, max(0, total - 1)), max_size=20)) if total else []
    found = Rows(table).at(np.array(asked, np.int64))
    assert found["number"].to_pylist() == asked
    assert found["words"].to_pylist() == [[f"w{i}"] * (i % 3) for i in asked]


def test_what_is_spilled_comes_back_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "BATCH", 4)
    spill = Spill(SCHEMA, tmp_path)
    for start in range(0, 11, 3):
        spill.add(numbered(start, min(11, start + 3)))
    assert spill.table()["number"].to_pylist() == list(range(11))
    assert list(tmp_path.iterdir()) == []
    assert len(Spill(SCHEMA, tmp_path).table()) == 0


def test_only_the_newest_tables_of_a_kind_stay(tmp_path: Path) -> None:
    for key in range(columns.NEWEST + 2):
        columns.write(tmp_path / f"kind-{key}.arrow", SCHEMA, [numbered(0, key)])
    columns.write(tmp_path / "other-0.arrow", SCHEMA, [])
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [*(f"kind-{key}.arrow" for key in range(2, columns.NEWEST + 2)), "other-0.arrow"]


def test_a_file_that_is_not_whole_is_not_found(tmp_path: Path) -> None:
    path = tmp_path / "kind-1.arrow"
    columns.write(path, SCHEMA, [numbered(0, 50)])
    path.write_bytes(path.read_bytes()[:-40])
    assert columns.found(path) is None
    assert columns.found(tmp_path / "kind-2.arrow") is None
