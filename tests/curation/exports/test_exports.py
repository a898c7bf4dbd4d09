"""Exports as their own readers see them, after kills and beside what others put there."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from crawlers.captures import StoreError
from curation.dataset import Dataset, DatasetError, open_dataset
from curation.exports import TARGETS, ExportError, export
from curation.exports.coco import scaled
from curation.exports.csv import FORMULA, cell
from curation.exports.webdataset import sample
from design.boxes import TypedBox
from tests.curation.finished import HOSTILE


@pytest.fixture(scope="module")
def dataset(finished_home: Path) -> Dataset:
    return open_dataset("small@1", home=finished_home)


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def ids(dataset: Dataset) -> set[str]:
    return {key for (key,) in dataset.rows(["capture_id"]).fetchall()}


@pytest.mark.parametrize("to", TARGETS)
def test_an_export_is_found_made_and_made_again_is_the_same(dataset: Dataset, tmp_path: Path, to: str) -> None:
    first = export(dataset, to, tmp_path / "a")
    before = files(tmp_path / "a")
    again = export(dataset, to, tmp_path / "a")
    export(dataset, to, tmp_path / "b")
    assert (first.unchanged, again.unchanged) == (False, True)
    assert files(tmp_path / "a") == files(tmp_path / "b") == before
    assert first.rows > 0
    assert not [name for name in before if name.endswith((".part", ".lock"))]


DIES = """
import os, sys
from pathlib import Path
from curation.dataset import open_dataset
from curation.exports import export

renames, rename = [], Path.replace

def rename_or_die(self, target):
    renames.append(target)
    if len(renames) > 1:
        os.kill(os.getpid(), 9)
    return rename(self, target)

Path.replace = rename_or_die
export(open_dataset(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
"""


@pytest.mark.parametrize("to", TARGETS)
def test_a_killed_export_goes_on_to_the_same_bytes(dataset: Dataset, tmp_path: Path, to: str) -> None:
    export(dataset, to, tmp_path / "whole")
    command = [sys.executable, "-c", DIES, str(dataset.folder), to, str(tmp_path / "killed")]
    assert subprocess.run(command, timeout=120, check=False).returncode == -9
    assert list((tmp_path / "killed").rglob(".*.part"))
    export(dataset, to, tmp_path / "killed")
    assert files(tmp_path / "killed") == files(tmp_path / "whole")


def test_a_folder_with_something_else_in_it_is_left_alone(
    dataset: Dataset, finished_home: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ExportError, match="not empty"):
        export(dataset, "csv", tmp_path)
    export(dataset, "csv", tmp_path / "csv")
    with pytest.raises(ExportError, match="holds an export of small@1 to csv"):
        export(open_dataset("small@2", home=finished_home), "csv", tmp_path / "csv")
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_wrong_targets_and_options_are_named(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="use one of webdataset, hub, coco, csv"):
        export(dataset, "tfrecord", tmp_path)
    with pytest.raises(ExportError, match="takes no option 'rows': it takes none"):
        export(dataset, "webdataset", tmp_path, rows=3)


def test_webdataset_reads_the_tars(dataset: Dataset, tmp_path: Path) -> None:
    wds = import_module("webdataset")
    export(dataset, "webdataset", tmp_path)
    urls = sorted(str(path) for path in tmp_path.glob("*.tar"))
    samples = list(wds.WebDataset(urls, shardshuffle=False).decode("pil"))
    assert {s["__key__"] for s in samples} == ids(dataset)
    for one in samples:
        picture = one.get("png") or one.get("jpg")
        assert isinstance(picture, Image.Image)
        assert picture.size == (one["json"]["width"], one["json"]["height"])
        assert one["txt"] == one["json"]["caption"]
    assert [s["gesso"].decode().splitlines()[0] for s in samples if "gesso" in s]


def test_a_tar_tells_nothing_of_this_machine(dataset: Dataset, tmp_path: Path) -> None:
    export(dataset, "webdataset", tmp_path)
    for path in tmp_path.glob("*.tar"):
        with tarfile.open(path) as tar:
            for member in tar:
                assert (member.mtime, member.uid, member.gid, member.uname, member.mode) == (0, 0, 0, "", 0o644)
                assert member.isfile()
                assert "/" not in member.name


def test_an_embedding_is_an_array_that_needs_no_pickle() -> None:
    row = {"capture_id": "ab", "image": {"bytes": b"x", "path": "ab.png"}, "embedding": [0.5, -0.25]}
    parts = dict(sample(row))
    assert list(parts) == ["ab.json", "ab.npy", "ab.png"]
    vector = np.load(io.BytesIO(parts["ab.npy"]), allow_pickle=False)
    assert vector.dtype == np.float16
    assert vector.tolist() == [0.5, -0.25]
    assert json.loads(parts["ab.json"]) == {"capture_id": "ab"}


def test_datasets_loads_the_folder_for_the_hub(dataset: Dataset, tmp_path: Path) -> None:
    datasets = import_module("datasets")
    export(dataset, "hub", tmp_path / "hub")
    loaded = datasets.load_dataset(str(tmp_path / "hub"), cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in loaded.items()} == {
        name: split["rows"] for name, split in dataset.manifest["splits"].items()
    }
    assert {row["capture_id"] for rows in loaded.values() for row in rows} == ids(dataset)
    assert loaded["train"][0]["image"].size == (loaded["train"][0]["width"], loaded["train"][0]["height"])


def test_the_hubs_own_reader_takes_the_card(dataset: Dataset, tmp_path: Path) -> None:
    hub = import_module("huggingface_hub")
    export(dataset, "hub", tmp_path)
    card = hub.DatasetCard.load(tmp_path / "README.md")
    paths = [files["path"] for config in card.data.to_dict()["configs"] for files in config["data_files"]]
    assert sorted(paths) == ["data/test-*.parquet", "data/train-*.parquet", "data/val-*.parquet"]
    assert card.data.task_categories


@pytest.mark.parametrize("place", ["version", "hub"])
def test_the_query_of_the_card_runs_beside_it(dataset: Dataset, tmp_path: Path, place: str) -> None:
    export(dataset, "hub", tmp_path)
    folder = tmp_path if place == "hub" else dataset.folder
    said = re.search(r'duckdb\.sql\("(.+)"\)', (folder / "README.md").read_text())
    assert said
    query = said[1].replace("FROM '", f"FROM '{folder}/")
    assert sum(rows for _, rows in duckdb.sql(query).fetchall()) == len(ids(dataset))


def test_a_linked_hub_folder_holds_the_same(dataset: Dataset, tmp_path: Path) -> None:
    export(dataset, "hub", tmp_path / "copied")
    export(dataset, "hub", tmp_path / "linked", link=True)
    a, b = files(tmp_path / "copied"), files(tmp_path / "linked")
    assert {n for n in a if a[n] != b[n]} == {"export.json"}


def test_pycocotools_reads_the_boxes(dataset: Dataset, tmp_path: Path) -> None:
    pycocotools = import_module("pycocotools.coco")
    made = export(dataset, "coco", tmp_path)
    assert made.left_out == {"no DOM snapshot": len(ids(dataset)) - made.rows}
    found = 0
    for path in (tmp_path / "annotations").glob("*.json"):
        coco = pycocotools.COCO(str(path))
        for image in coco.loadImgs(coco.getImgIds()):
            assert Image.open(tmp_path / "images" / image["file_name"]).size == (image["width"], image["height"])
            boxes = coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]]))
            names = [coco.loadCats([box["category_id"]])[0]["name"] for box in boxes]
            assert names[:2] == ["main", "text"]
            assert boxes[1]["text"] == "404"
            for box in boxes:
                x, y, w, h = box["bbox"]
                assert x >= 0
                assert y >= 0
                assert w * h == pytest.approx(box["area"], abs=0.01)
                assert x + w <= image["width"] + 0.01
                assert y + h <= image["height"] + 0.01
                assert coco.annToMask(box).sum() == pytest.approx(box["area"], rel=0.2)
            found += 1
    assert found == made.rows == 1


def test_coco_without_the_store_says_where_to_look(dataset: Dataset, tmp_path: Path) -> None:
    shutil.copytree(dataset.folder, tmp_path / "v")
    (tmp_path / "captures").mkdir()
    (tmp_path / "captures" / "log").mkdir()
    with pytest.raises(ExportError, match="none of the DOM snapshots"):
        export(Dataset(tmp_path / "v", tmp_path), "coco", tmp_path / "out")


def test_coco_takes_the_dom_from_a_store_elsewhere(dataset: Dataset, tmp_path: Path) -> None:
    here = export(dataset, "coco", tmp_path / "here")
    folder = tmp_path / "elsewhere" / "datasets" / "small" / "1"
    shutil.copytree(dataset.folder, folder)
    bare = open_dataset(folder, home=tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="no capture store"):
        export(bare, "coco", tmp_path / "there")
    there = open_dataset(folder, home=tmp_path / "elsewhere", captures=f"file://{dataset.captures}")
    assert export(there, "coco", tmp_path / "there").rows == here.rows
    assert files(tmp_path / "there") == files(tmp_path / "here")


@pytest.fixture
def redacted(dataset: Dataset, tmp_path: Path) -> Dataset:
    """The same version, as a recipe with redaction marks it."""
    folder = tmp_path / "redacted" / "1"
    shutil.copytree(dataset.folder, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["recipe"]["shards"]["redact"] = ["email"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return Dataset(folder, dataset.home)


def test_what_redaction_does_not_reach_is_not_pushed(redacted: Dataset, tmp_path: Path) -> None:
    made = export(redacted, "hub", tmp_path / "hub")
    assert sorted(p.name for p in (tmp_path / "hub" / "provenance").iterdir()) == ["manifest.json", "relations.parquet"]
    assert made.left_out == {"rejected.parquet, which redaction does not reach": 7}
    export(redacted, "coco", tmp_path / "coco")
    for path in (tmp_path / "coco" / "annotations").iterdir():
        assert '"text":' not in path.read_text()


@pytest.mark.parametrize("to", TARGETS)
def test_a_torn_shard_is_named_and_not_handed_on(dataset: Dataset, tmp_path: Path, to: str) -> None:
    folder = tmp_path / "v" / "1"
    shutil.copytree(dataset.folder, folder)
    torn = next(folder.glob("train-*.parquet"))
    torn.write_bytes(torn.read_bytes()[:1000])
    with pytest.raises(DatasetError, match=f"{torn.name} is torn, or no Parquet: copy it again"):
        export(Dataset(folder, dataset.home), to, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_shards_without_pictures_give_no_tars(dataset: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "v" / "1"
    shutil.copytree(dataset.folder, folder)
    for path in folder.glob("*-of-*.parquet"):
        pq.write_table(pq.read_table(path).drop_columns(["image"]), path)
    blind = Dataset(folder, dataset.home)
    with pytest.raises(ExportError, match="hold no pictures"):
        export(blind, "webdataset", tmp_path / "tars")
    assert next(blind.images(1)).image is not None  # from the capture store
    assert export(blind, "csv", tmp_path / "csv").rows > 0


def test_boxes_follow_the_picture_and_end_at_its_edges() -> None:
    boxes = [
        TypedBox("text", (10, 10, 20, 20), 0),
        TypedBox("main", (0, 50, 980, 5000), 0),
        TypedBox("nav", (0, 900, 9, 990), 0),
    ]
    seen = scaled(boxes, {"page": {"width": 980}}, 490, 400)
    assert [box.rect for box in seen] == [(5, 5, 10, 10), (0, 25, 490, 400)]


def test_the_sample_is_seeded_and_says_what_it_leaves_out(dataset: Dataset, tmp_path: Path) -> None:
    made = export(dataset, "csv", tmp_path / "a", rows=5)
    export(dataset, "csv", tmp_path / "b", rows=5, seed=1)
    a, b = (list(csv.DictReader((tmp_path / n / "sample.csv").open(newline=""))) for n in "ab")
    assert (made.rows, made.left_out) == (5, {"beyond the sample": len(ids(dataset)) - 5})
    assert {row["capture_id"] for row in a} != {row["capture_id"] for row in b}
    assert not {"image", "embedding", "design"} & set(a[0])


def test_pandas_reads_the_sample_and_no_spreadsheet_runs_it(dataset: Dataset, tmp_path: Path) -> None:
    import pandas as pd

    export(dataset, "csv", tmp_path)
    frame = pd.read_csv(tmp_path / "sample.csv").set_index("capture_id")
    truth = dataset.to_pandas().set_index("capture_id").loc[frame.index]
    assert (frame["width"] == truth["width"]).all()
    hostile = frame[frame["app_id"] == "app.hostile"]
    assert hostile["name"].tolist() == [f"'{HOSTILE}"]


@settings(deadline=None)
@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text())))
def test_a_cell_never_begins_a_formula(value: Any) -> None:
    text = cell(value)
    if not isinstance(value, bool | int | float):
        assert not text.startswith(FORMULA)


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
