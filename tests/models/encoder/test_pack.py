"""Listings become shards whose splits share no maker, with texts that have no mark-up."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.encoder.pack import PackError, main, pack, plain, points, splits
from models.encoder.samples import read_samples
from tests.models.shards import png, screen


def _listings(folder: Path, apps: int) -> Path:
    rows = []
    for number in range(2 * apps):
        (folder / f"{number}.png").write_bytes(png(screen(number)))
        rows.append(
            {
                "image": f"{number}.png",
                "app_id": f"test.app{number // 2}",
                "repo": f"Maker{number // 4}/app{number // 2}",
                "app_name": f"App {number // 2}",
                "summary": "Keeps <b>notes</b>",
                "description": "First you write it down. Then you &amp; others read it.\n* Works without a network",
                "categories": ["Writing"],
                "position": 1 + number % 2,
            }
        )
    pq.write_table(pa.Table.from_pylist(rows), folder / "listings.parquet")
    return folder / "listings.parquet"


def test_no_maker_is_in_two_splits_and_every_picture_is_in_one(tmp_path: Path) -> None:
    table = _listings(tmp_path, 12)
    counts = pack(table, tmp_path, tmp_path / "out", test=3, val=2, seed=1)
    assert sum(counts.values()) == 24
    makers: dict[str, set[str]] = {}
    for split in counts:
        rows = pq.read_table(tmp_path / "out" / f"{split}-00000-of-00001.parquet").to_pylist()
        makers[split] = {row["url"].rsplit("/", 2)[1] for row in rows}
        assert {row["split"] for row in rows} == {split}
    assert not makers["train"] & makers["test"]
    assert not makers["train"] & makers["val"]
    assert read_samples(tmp_path / "out", "train", ("app_id",), ("summary",)).all_texts() == ["Keeps notes"]


def test_the_same_listings_give_the_same_bytes(tmp_path: Path) -> None:
    table = _listings(tmp_path, 4)
    for name in ("one", "two"):
        pack(table, tmp_path, tmp_path / name, test=1, val=1)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_maker_of_many_apps_stays_in_training() -> None:
    makers = {"big": {f"b{n}" for n in range(9)}, **{f"m{n}": {f"a{n}"} for n in range(6)}}
    chosen = splits(makers, 4, 1, seed=3)
    assert {chosen[app] for app in makers["big"]} == {"train"}
    assert list(chosen.values()).count("test") == 4
    assert list(chosen.values()).count("val") == 1


def test_mark_up_goes_and_sentences_stay() -> None:
    assert plain("<p>One &amp; two<br>three</p>") == "One & two three"
    assert points("First you write it down. Short.\n* Works without a network") == [
        "First you write it down.",
        "Works without a network",
    ]


def test_a_picture_that_is_missing_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = _listings(tmp_path, 1)
    (tmp_path / "1.png").unlink()
    with pytest.raises(PackError, match=r"1\.png"):
        pack(table, tmp_path, tmp_path / "out")
    assert main([str(table), str(tmp_path), str(tmp_path / "out")]) == 2
    assert "1.png cannot be read" in capsys.readouterr().err


def test_what_is_packed_too_is_trained_on_whole_but_for_apps_that_test(tmp_path: Path) -> None:
    table = _listings(tmp_path, 12)
    alone = pack(table, tmp_path, tmp_path / "alone", test=3, val=2, seed=1)
    more = tmp_path / "more"
    more.mkdir()
    rows = pq.read_table(_listings(more, 12)).to_pylist()
    for row in rows[: len(rows) // 2]:
        row["app_id"] = f"drawn.{row['app_id']}"
    pq.write_table(pa.Table.from_pylist(rows), more / "listings.parquet")
    counts = pack(table, tmp_path, tmp_path / "out", also=[(more / "listings.parquet", more)], test=3, val=2, seed=1)
    assert (counts["test"], counts["val"]) == (alone["test"], alone["val"])
    tested = {
        row["app_id"]
        for split in ("test", "val")
        for row in pq.read_table(tmp_path / "out" / f"{split}-00000-of-00001.parquet").to_pylist()
    }
    added = sum(row["app_id"] not in tested for row in rows)
    assert 12 <= added < 24
    assert counts["train"] == alone["train"] + added


def test_pages_of_a_dataset_version_are_groups_of_their_own(tmp_path: Path) -> None:
    table = _listings(tmp_path, 6)
    version = tmp_path / "version"
    version.mkdir()
    rows = [
        {"capture_id": f"c{n}", "site": f"s{n % 2}.test", "title": f"Page {n}", "caption": f"a page of s{n % 2}",
         "image": {"bytes": png(screen(n)), "path": f"{n}.png"}}
        for n in range(4)
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), version / "train-00000-of-00001.parquet")
    counts = pack(table, tmp_path, tmp_path / "out", web=[version], test=1, val=1, seed=1)
    samples = read_samples(tmp_path / "out", "train", ("app_id", "site"), ("summary", "caption"))
    assert {"web.s0.test", "web.s1.test"} <= set(samples.groups)
    assert counts["train"] == samples.index.rows
    assert {"Page 0", "a page of s1"} <= set(samples.all_texts())
    with pytest.raises(PackError, match="give the folder of a dataset version"):
        pack(table, tmp_path, tmp_path / "out", web=[tmp_path / "none"])
