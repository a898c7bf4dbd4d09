"""The file of labels: what is refused, and what the one in the repository holds to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from annotations.configs.critique import PAGE_TYPES
from models.tags.labelled import LabelsError, read_labels

LABELS = Path(__file__).parents[3] / "benchmarks" / "data" / "page_types.csv"
HEADER = "split,picture,window,page_type,theme\n"


def test_a_screen_may_have_two_types(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(f"{HEADER}test,http://a.test/,phone,landing|docs,light\n")
    (label,) = read_labels(path)
    assert (label.key, label.page_types) == ("http://a.test/ phone", ("landing", "docs"))


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("", "no label"),
        ("train,abc,,,light\n", ":2: needs a split"),
        ("valid,abc,,map,light\n", ":2: needs a split"),
        ("train,abc\n", ":2: needs the columns"),
        ("train,abc,,map,\ntest,abc,,map,\n", ":3: abc has a label already"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, rows: str, why: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(HEADER + rows)
    with pytest.raises(LabelsError, match=re.escape(why)):
        read_labels(path)


def test_the_labels_are_of_page_types_and_enough_are_held_out() -> None:
    labels = read_labels(LABELS)
    assert {kind for label in labels for kind in label.page_types} <= set(PAGE_TYPES)
    assert {label.theme for label in labels} == {"light", "dark", ""}
    assert sum(label.split == "test" for label in labels) >= 200


def test_no_site_is_on_both_sides() -> None:
    sites: dict[str, set[str]] = {"train": set(), "test": set()}
    for label in read_labels(LABELS):
        if label.window:
            sites[label.split].add(label.picture.split("/")[2])
    assert sites["train"]
    assert sites["test"]
    assert not sites["train"] & sites["test"]
