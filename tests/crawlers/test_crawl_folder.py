"""Whole crawls of images that are already here: folders, Parquet files and tars, with hostile ones among them."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from crawlers.captures import Capture, CaptureStore
from crawlers.parsers.media import ORIENTATION
from crawlers.run import CrawlSummary, crawl
from tests.crawlers.conftest import picture

PNG, WEBP = picture(), picture((9, 9, 9), (64, 36), "WEBP")


def run(arguments: dict[str, str], folder: Path) -> tuple[CrawlSummary, list[Capture]]:
    store = str(folder / "captures")
    summary = crawl("folder", arguments, store=store)
    return summary, list(CaptureStore(store).captures())


def write_tar(path: Path, members: list[tuple[str, bytes]], *, links: tuple[tuple[str, str], ...] = ()) -> None:
    with tarfile.open(path, "w") as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        for name, target in links:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)


def test_a_phones_picture_on_its_side_is_a_phones(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    (tmp_path / "images").mkdir()
    Image.new("RGB", (64, 36)).save(tmp_path / "images" / "turned.jpg", exif=exif)
    _, (capture,) = run({"path": str(tmp_path / "images")}, tmp_path)
    assert capture.view.form_factor == "phone"


def test_a_folder_with_hostile_files(tmp_path: Path) -> None:
    root = tmp_path / "images"
    (root / "app/deep").mkdir(parents=True)
    (root / "app/deep/1.png").write_bytes(PNG)
    (root / "app/deep/1.json").write_text(json.dumps({"caption": "Home", "pkg": "a.b", "licence": "CC0", "n": [1]}))
    (root / "lies.jpg").write_bytes(WEBP)
    (root / "text.png").write_bytes(b"<html>")
    (root / "cut.png").write_bytes(PNG[:-14])
    (root / "empty.png").write_bytes(b"")
    (root / "bad.webp").write_bytes(WEBP)
    (root / "bad.json").write_text("[1")
    (root / "notes.md").write_text("other")
    (tmp_path / "secret.png").write_bytes(PNG)
    (root / "out.png").symlink_to(tmp_path / "secret.png")
    (root / "in.png").symlink_to(root / "app/deep/1.png")
    (root / "loop").symlink_to(root, target_is_directory=True)
    os.mkfifo(root / "pipe.png")
    (Path(os.fsdecode(os.fsencode(root) + b"/\xff#?%.png"))).write_bytes(PNG)
    arguments = {"path": str(root), "map": "title:caption,app_id:pkg", "source": "mine", "licence": "MIT"}
    summary, captures = run(arguments, tmp_path)
    assert summary.failures == {
        **{"bad_metadata": 1, "empty": 1, "link": 1, "not_a_file": 1, "not_an_image": 1},
        **{"outside": 1, "truncated_image": 1},
    }
    seen = {c.url: c for c in captures}
    assert set(seen) == {
        *("folder://mine/app/deep/1.png", "folder://mine/lies.jpg", "folder://mine/in.png"),
        "folder://mine/%FF%23%3F%25.png",
    }
    described = seen["folder://mine/app/deep/1.png"]
    assert described.listing is not None
    assert (described.listing.name, described.site, described.rights.licence) == ("Home", "a.b", "CC0")
    plain = seen["folder://mine/lies.jpg"]
    assert (plain.image.format, plain.site, plain.rights.licence) == ("webp", "mine/lies.jpg", "MIT")
    about = (plain.source, plain.spider, plain.view.kind, plain.view.form_factor)
    assert about == ("mine", "folder", "listing", "desktop")
    assert summary.stats["gesso/folder/others"] == 3


@pytest.mark.parametrize("form", ["struct", "binary", "path"])
def test_parquet_files_in_each_form(tmp_path: Path, form: str) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path.parent / "up.png").write_bytes(PNG)
    images: list[Any] = {
        "struct": [
            {"bytes": PNG, "path": None},
            {"bytes": None, "path": "a.png"},
            {"bytes": None, "path": "../up.png"},
            None,
        ],
        "binary": [PNG, WEBP, b"GIF89a", None],
        "path": ["a.png", "./a.png", "/etc/passwd", "http://a.test/1.png"],
    }[form]
    table = pa.table(
        {
            "file_name" if form == "path" else "picture": images,
            "caption": ["Home", None, "C", "D"],
            "source_url": ["https://shop.example.co.uk/x", "file:///etc/passwd", "c", "d"],
            "score": [0.5, 1.5, 2.5, 3.5],
        }
    )
    pq.write_table(table, tmp_path / "data.parquet", row_group_size=1)
    arguments = {"path": str(tmp_path / "data.parquet"), "map": "title:caption,url:source_url", "view": "fold"}
    summary, captures = run(arguments, tmp_path)
    again, same = run({**arguments, "run": "again"}, tmp_path)
    bad = {
        "struct": {"outside": 1, "empty": 1},
        "binary": {"not_an_image": 1, "empty": 1},
        "path": {"outside": 1, "not_a_file": 1},
    }
    assert summary.failures == bad[form]
    first, second = sorted(captures, key=lambda c: c.page.title if c.page else "", reverse=True)
    assert (first.url, first.site, first.view.kind) == ("https://shop.example.co.uk/x", "example.co.uk", "fold")
    assert second.url == "folder://folder/data.parquet/000000001"
    assert {c.capture_id for c in same} == {c.capture_id for c in captures}
    assert again.new_captures == 2
    assert summary.stats["gesso/requests/taken"] == 5


def test_a_mapped_column_that_there_is_not_is_told_and_no_row_is_taken_without_it(tmp_path: Path) -> None:
    pq.write_table(pa.table({"picture": [PNG], "caption": ["Home"]}), tmp_path / "data.parquet")
    summary, captures = run({"path": str(tmp_path / "data.parquet"), "map": "title:captoin"}, tmp_path)
    assert (summary.failures, captures) == ({"no_such_column": 1}, [])
    (failure,) = CaptureStore(str(tmp_path / "captures")).failures()
    assert "there are picture, caption" in failure.reason


def test_tars_by_the_piece(tmp_path: Path) -> None:
    count = 600
    long = "x" * 150
    members = [
        (f"d/{long}{n:04d}.{end}", data) for n in range(count) for end, data in (("png", PNG), ("txt", b"words"))
    ]
    write_tar(tmp_path / "s-00.tar", members)
    hostile = [("../../up.png", PNG), ("/abs.png", PNG), ("ok.png", PNG), ("ok.json", b"{"), ("big.jpg", b"\xff\xd8")]
    write_tar(tmp_path / "s-01.tar", hostile, links=(("link.png", "/etc/passwd"),))
    (tmp_path / "s-02.tar").write_bytes((tmp_path / "s-00.tar").read_bytes()[:-200_001])
    (tmp_path / "s-03.tar").write_bytes(b"not a tar at all" * 100)
    summary, captures = run({"path": str(tmp_path / "s-{00..04}.tar"), "map": "title:txt"}, tmp_path)
    whole = [c for c in captures if "s-00" in c.url]
    assert (len(whole), {c.listing.name for c in whole if c.listing}) == (count, {"words"})
    assert {c.site for c in whole} == {"folder/s-00.tar/d"}
    assert 300 < len([c for c in captures if "s-02" in c.url]) < count
    bad = {"bad_metadata": 1, "bad_tar": 2, "no_such_file": 1, "not_a_file": 1, "not_an_image": 1, "outside": 2}
    assert summary.failures == bad
    assert {u.kind for u in summary.unreachable} == {"bad_tar", "no_such_file"}
    assert summary.stats["gesso/requests/taken"] > 5 + 3  # a tar is several requests
