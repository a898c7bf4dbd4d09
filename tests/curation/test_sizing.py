"""The cost table says what its costs give, in units that one can read, and the document holds what it prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.sizing import CAPTURES, Costs, duration, main, rows, size

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "scale.md"


def test_features_divide_by_all_machines_and_decisions_by_one() -> None:
    costs = Costs(feature_seconds=8, row_seconds=0.008, row_bytes=1000, table_bytes=1000, image_bytes=99_000)
    table = rows(costs, cores=4, machines=10, price=1.0)
    assert [row[0] for row in table] == [f"{number:,}" for number in CAPTURES]
    assert table[1] == ("100,000", "6 h", "3 min", "95 MiB", "9.3 GiB", "55.61")


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (119, "119 s"), (600, "10 min"), (7200, "2 h"), (200_000, "2 d")]
)
def test_durations_are_said_in_one_unit(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("number", "said"), [(2**20, "1 MiB"), (2**30, "1.0 GiB"), (2**35, "32 GiB"), (2**41, "2.0 TiB")]
)
def test_sizes_are_said_in_one_unit(number: float, said: str) -> None:
    assert size(number) == said


def test_the_document_holds_the_table_that_the_module_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out.strip() in DOCUMENT.read_text(encoding="utf-8")
