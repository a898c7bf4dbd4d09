"""Group commit: blobs before records, nobody goes on before theirs are durable, few writes for many records."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import fsspec
import pytest

from crawlers import commits, durable
from crawlers.captures import Blob, Capture, CaptureStore, Failure, StoreFull
from crawlers.commits import GroupCommit
from tests.crawlers.test_captures import a_capture, a_failure


@pytest.fixture
def store(tmp_path: Path) -> CaptureStore:
    return CaptureStore(str(tmp_path / "captures"), create=True)


def described(elsewhere: CaptureStore, number: int) -> tuple[Capture, bytes]:
    data = f"pixels {number}".encode()
    return a_capture(elsewhere, data, f"http://a.test/{number}"), data


async def take(group: GroupCommit, capture: Capture, data: bytes) -> None:
    """As a crawl does; what it waited for must be there when it goes on."""
    assert group.stage(data, capture.image.format) == capture.image.sha256
    await group.commit(capture.run_id, capture)
    assert group.store.read_image(capture) == data
    assert capture.capture_id in {known.capture_id for known in group.store.captures()}


def test_whoever_waited_finds_everything_there(tmp_path: Path, store: CaptureStore) -> None:
    made = [described(CaptureStore(str(tmp_path / "other"), create=True), number) for number in range(40)]
    written: list[int] = []
    append = store.append

    def counted(run_id: str, records: list[Capture | Failure], *, writer: str = "") -> None:
        written.append(len(records))
        append(run_id, records, writer=writer)

    store.append = counted  # type: ignore[assignment,method-assign]

    async def crawl() -> None:
        group = GroupCommit(store)
        await asyncio.gather(*(take(group, *one) for one in made), group.commit("web-1", a_failure()))

    asyncio.run(crawl())
    assert sum(written) == 41
    assert len(written) <= 3  # the first may go alone
    assert len(list(store.failures())) == 1


def test_a_record_whose_blob_finds_no_room_is_not_in_the_log(
    store: CaptureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture, data = described(CaptureStore(str(tmp_path / "other"), create=True), 1)

    def full(files: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async def crawl() -> None:
        group = GroupCommit(store)
        with monkeypatch.context() as patch:
            patch.setattr(durable, "write_all", full)
            with pytest.raises(StoreFull):
                await take(group, capture, data)
        assert list(store.captures()) == []
        await take(group, capture, data)  # there is room again, and the next group is none the worse

    asyncio.run(crawl())


def test_what_is_not_to_be_stored_is_forgotten(store: CaptureStore) -> None:
    async def crawl() -> None:
        group = GroupCommit(store)
        group.unstage(group.stage(b"taken down", "png"), "png")
        await group.commit("web-1", a_failure())

    asyncio.run(crawl())
    assert not list(Path(store.root, "blobs").rglob("*.png"))


def test_more_than_may_wait_in_memory_is_written_at_once(store: CaptureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "MAX_STAGED", 10)
    sha256 = GroupCommit(store).stage(b"more than ten bytes", "png")
    assert store.read_blob(sha256, "png") == b"more than ten bytes"


def test_an_object_store_gets_one_log_object_for_many_records(tmp_path: Path) -> None:
    made = [described(CaptureStore(str(tmp_path / "other"), create=True), number) for number in range(30)]
    store = CaptureStore("memory://commits", create=True)

    async def crawl() -> None:
        group = GroupCommit(store, gather_seconds=0.3)

        async def after(number: int) -> None:
            await asyncio.sleep(number / 200)  # not all in the same turn
            await take(group, *made[number])

        await asyncio.gather(*(after(number) for number in range(30)))

    try:
        asyncio.run(crawl())
        assert len(store.fs.glob("/commits/log/*.jsonl")) == 1
    finally:
        fsspec.filesystem("memory").rm("/commits", recursive=True)


def test_many_blobs_are_whole_and_leave_nothing_beside_them(store: CaptureStore) -> None:
    blobs = [Blob(f"{number:02x}" * 32, "png", bytes([number]) * 100) for number in range(30)]
    store.put_blobs(blobs)
    store.put_blobs(blobs)
    files = [path for path in Path(store.root, "blobs").rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == [f"{blob.sha256}.png" for blob in blobs]
    assert {path.read_bytes() for path in files} == {blob.data for blob in blobs}
