"""Captures on an S3 server, a version published to it: the same bytes as from a disk, and never half a version."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import fsspec
import pytest
from moto.server import ThreadedMotoServer

from crawlers.captures import CaptureStore, StoreError
from curation import publish as publishing
from curation.dataset.opened import Dataset
from curation.dataset.versions import UNREDACTED
from curation.manifest import FILE
from curation.publish import PublishError, publish
from curation.run import curate
from tests.curation.conftest import fill, small_recipe

BUCKET = "s3://gesso-test"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[fsspec.AbstractFileSystem]:
    """An empty bucket of a server on loopback, found as any S3 server is: by the environment."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    urlopen(Request(f"http://{host}:{port}/moto-api/reset", method="POST"))  # what an earlier server kept
    fs = fsspec.filesystem("s3")
    fs.mkdir(BUCKET)
    yield fs
    fs.invalidate_cache()
    type(fs).clear_instance_cache()
    server.stop()


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.is_file()}


def test_captures_in_a_bucket_make_the_same_version(tmp_path: Path, s3: fsspec.AbstractFileSystem) -> None:
    disk, bucket = tmp_path / "disk", tmp_path / "bucket"
    captures = list(fill(disk, sites=3).captures())
    store = CaptureStore(f"{BUCKET}/captures", create=True)
    for capture in captures:
        data = fill_bytes(disk, capture.image.sha256, capture.image.format)
        assert store.put_blob(data, capture.image.format) == capture.image.sha256
        store.append(capture.run_id, [capture])
    recipe = small_recipe()
    there = curate(recipe, bucket, store=f"{BUCKET}/captures", report=False)
    here = curate(recipe, disk, report=False)
    assert contents(there.path) == contents(here.path)
    assert there.kept > 0


def fill_bytes(home: Path, sha256: str, format: str) -> bytes:
    return CaptureStore(str(home / "captures")).read_blob(sha256, format)


def test_a_version_is_published_with_its_manifest_last(tmp_path: Path, s3: fsspec.AbstractFileSystem) -> None:
    fill(tmp_path, sites=2)
    version = curate(small_recipe(), tmp_path, report=False).path
    sent: list[str] = []
    real = s3.put_file

    def put_file(path: str, to: str) -> None:
        sent.append(to.rpartition("/")[2])
        if len(sent) == 3:
            raise OSError("the line is down")
        real(path, to)

    s3.put_file = put_file
    with pytest.raises(PublishError, match="the line is down"):
        publish(version, BUCKET)
    assert not s3.exists(f"{BUCKET}/small/1/{FILE}")
    assert publish(version, BUCKET) == f"{BUCKET}/small/1"
    assert sent[-1] == FILE
    assert len(sent) == len(contents(version)) + 1  # what had arrived was not sent again
    there = {path.rpartition("/")[2]: s3.cat_file(path) for path in s3.ls(f"{BUCKET}/small/1", refresh=True)}
    assert there == contents(version)


def test_no_bucket_is_made_of_a_misspelt_name(tmp_path: Path, s3: fsspec.AbstractFileSystem) -> None:
    fill(tmp_path, sites=2)
    version = curate(small_recipe(), tmp_path, report=False).path
    with pytest.raises(PublishError, match="there is no bucket geso-test"):
        publish(version, "s3://geso-test")
    with pytest.raises(StoreError, match="there is no bucket geso-test"):
        CaptureStore("s3://geso-test/captures", create=True)
    assert s3.ls("", refresh=True) == [BUCKET.removeprefix("s3://")]


def test_what_is_there_with_other_bytes_is_sent_again(tmp_path: Path, s3: fsspec.AbstractFileSystem) -> None:
    fill(tmp_path, sites=2)
    version = curate(small_recipe(), tmp_path, report=False).path
    for url in (BUCKET, str(tmp_path / "shelf")):
        fs, root = fsspec.core.url_to_fs(f"{url}/small/1")
        fs.makedirs(root, exist_ok=True)
        torn = next(name for name in contents(version) if name.endswith(".parquet"))
        fs.pipe_file(f"{root}/{torn}", bytes(len(contents(version)[torn])))  # as long, and all zeros
        publish(version, url)
        assert fs.cat_file(f"{root}/{torn}") == contents(version)[torn]


def test_an_object_of_several_parts_is_known_by_their_md5s(
    tmp_path: Path, s3: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "PART_BYTES", 5 << 20)  # the smallest that S3 takes
    large = tmp_path / "large"
    large.write_bytes(random.Random(1).randbytes(12 << 20))
    publishing._put(s3, large, f"{BUCKET}/large")
    assert str(publishing.told_md5(s3.info(f"{BUCKET}/large", refresh=True))).endswith("-3")
    assert publishing._is_there(s3, large, f"{BUCKET}/large")
    large.write_bytes(random.Random(2).randbytes(12 << 20))
    assert not publishing._is_there(s3, large, f"{BUCKET}/large")


def test_another_version_is_not_written_over(tmp_path: Path, s3: fsspec.AbstractFileSystem) -> None:
    fill(tmp_path, sites=2)
    version = curate(small_recipe(), tmp_path, report=False).path
    s3.pipe_file(f"{BUCKET}/small/1/{FILE}", b"{}")
    with pytest.raises(PublishError, match="another version"):
        publish(version, BUCKET)


def test_a_bucket_that_nobody_may_write_to_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore's errors are no OSErrors."""
    from botocore.exceptions import NoCredentialsError

    def refused(*_: object) -> None:
        raise NoCredentialsError

    monkeypatch.setattr(publishing, "_check_free", refused)
    with pytest.raises(PublishError, match="credentials"):
        publish(tmp_path / "small" / "1", "memory://bucket")


def test_what_redaction_does_not_reach_stays_at_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    fill(home, sites=3)
    version = curate(small_recipe(), home).path
    manifest = json.loads((version / FILE).read_text(encoding="utf-8"))
    manifest["recipe"].setdefault("shards", {})["redact"] = ["email"]
    (version / FILE).write_text(json.dumps(manifest), encoding="utf-8")
    publish(version, (tmp_path / "out").as_uri())
    copy = tmp_path / "out" / version.parent.name / version.name
    assert {p.name for p in version.iterdir()} - {p.name for p in copy.iterdir()} == {*UNREDACTED}
    (kept,) = Dataset(copy, tmp_path).sql("SELECT count(*) FROM kept").fetchall()
    assert kept == (manifest["counts"]["kept"],)
