"""The capture store: ids, write-once blobs, logs that tolerate a torn line."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from crawlers.captures import (
    Capture,
    CaptureStore,
    Failure,
    Image,
    Page,
    Rights,
    Signal,
    StoreError,
    View,
    capture_id,
    failure_id,
    now,
)

VIEW = View(kind="fold", width=1440, height=900, dpr=1, theme="light", form_factor="desktop")


def a_capture(store: CaptureStore, data: bytes = b"pixels", url: str = "http://a.test/") -> Capture:
    sha256 = store.put_blob(data, "png")
    return Capture(
        capture_id=capture_id("web", url, VIEW, sha256),
        run_id="web-1",
        source="web",
        spider="web",
        url=url,
        canonical_url=url,
        site="a.test",
        fetched_at=now(),
        http_status=200,
        image=Image(sha256=sha256, format="png", width=1440, height=900, bytes=len(data)),
        view=VIEW,
        page=Page(title="A </script> title"),
        rights=Rights(allowed=True, signals=(Signal(source="robots.txt", evidence="404", effect="allow"),)),
    )


def a_failure(url: str = "http://a.test/x") -> Failure:
    return Failure(
        failure_id=failure_id("web", url, "timeout"),
        run_id="web-1",
        source="web",
        spider="web",
        url=url,
        site="a.test",
        failed_at=now(),
        kind="timeout",
        reason="no answer in 30 s",
    )


@pytest.fixture
def store(tmp_path: Path) -> CaptureStore:
    return CaptureStore(str(tmp_path / "captures"), create=True)


def test_capture_id_depends_on_everything_that_was_captured() -> None:
    base = capture_id("web", "http://a.test/", VIEW, "0" * 64)
    assert base == capture_id("web", "http://a.test/", VIEW, "0" * 64)
    dark = VIEW.model_copy(update={"theme": "dark"})
    others = [
        capture_id("fdroid", "http://a.test/", VIEW, "0" * 64),
        capture_id("web", "http://b.test/", VIEW, "0" * 64),
        capture_id("web", "http://a.test/", dark, "0" * 64),
        capture_id("web", "http://a.test/", VIEW, "1" * 64),
    ]
    assert len({base, *others}) == 5


def test_what_is_appended_is_read_back_equal(store: CaptureStore) -> None:
    capture, failure = a_capture(store), a_failure()
    store.append("web-1", [capture, failure])
    assert list(store.captures()) == [capture]
    assert list(store.failures()) == [failure]
    assert store.runs() == ["web-1"]
    assert store.read_image(capture) == b"pixels"


def test_a_repeated_capture_is_read_once(store: CaptureStore) -> None:
    capture = a_capture(store)
    store.append("web-1", [capture])
    store.append("web-2", [capture])
    assert list(store.captures()) == [capture]


def test_a_torn_last_line_costs_only_itself(store: CaptureStore) -> None:
    first, second = a_capture(store), a_capture(store, b"others")
    store.append("web-1", [first])
    log = Path(store.root) / "log" / "web-1.jsonl"
    log.write_bytes(log.read_bytes() + second.model_dump_json().encode()[:100])
    assert list(store.captures()) == [first]
    store.append("web-1", [second])
    assert list(store.captures()) == [first, second]


def test_a_run_is_not_mistaken_for_another_that_begins_like_it(store: CaptureStore) -> None:
    store.append("web-1", [a_capture(store)])
    store.append("web-12", [a_capture(store, b"others")])
    assert len(list(store.captures("web-1"))) == 1


def test_a_blob_is_written_once_and_leaves_nothing_beside_it(store: CaptureStore) -> None:
    sha256 = store.put_blob(b"pixels", "jpeg")
    path = Path(store.blob_path(sha256, "jpeg"))
    before = path.stat().st_mtime_ns
    store.put_blob(b"pixels", "jpeg")
    assert path.stat().st_mtime_ns == before
    assert path.suffix == ".jpg"
    assert [child.name for child in path.parent.iterdir()] == [path.name]


def test_a_half_written_blob_is_written_again(store: CaptureStore) -> None:
    sha256 = store.put_blob(b"pixels", "png")
    Path(store.blob_path(sha256, "png")).write_bytes(b"pix")
    assert store.put_blob(b"pixels", "png") == sha256
    assert store.read_blob(sha256, "png") == b"pixels"


def test_an_altered_blob_is_refused(store: CaptureStore) -> None:
    sha256 = store.put_blob(b"pixels", "png")
    Path(store.blob_path(sha256, "png")).write_bytes(b"PIXELS")
    with pytest.raises(StoreError, match="altered"):
        store.read_blob(sha256, "png")


def test_a_missing_store_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="crawl first"):
        CaptureStore(str(tmp_path / "nothing"))


def test_a_line_of_another_version_is_named(store: CaptureStore) -> None:
    log = Path(store.root) / "log" / "web-1.jsonl"
    log.write_text('{"capture_id": "x", "colour": "blue"}\n')
    with pytest.raises(StoreError, match=r"web-1.jsonl:1 is not a capture"):
        list(store.captures())


def test_compacting_gives_one_row_a_capture(store: CaptureStore) -> None:
    store.append("web-1", [a_capture(store), a_capture(store, b"others"), a_capture(store)])
    table = pq.read_table(store.compact())
    assert table.num_rows == 2
    assert table["image"][0]["sha256"].as_py() == a_capture(store).image.sha256


def test_compacting_an_empty_store_says_what_to_do(store: CaptureStore) -> None:
    with pytest.raises(StoreError, match="crawl first"):
        store.compact()


def test_a_store_can_live_in_another_file_system() -> None:
    store = CaptureStore("memory://gesso-test/captures", create=True)
    first, second = a_capture(store), a_capture(store, b"others")
    store.append("web-1", [first])
    store.append("web-1", [second, a_failure()])
    again = CaptureStore("memory://gesso-test/captures")
    assert list(again.captures()) == [first, second]
    assert again.read_image(second) == b"others"
    assert again.runs() == ["web-1"]
