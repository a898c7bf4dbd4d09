"""What a store remembers of a repository's index."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from crawlers.captures import CaptureStore
from crawlers.held import FOLDER, HeldIndex, held_index, hold_index

REPO = "https://repo.test/fdroid/repo"


def held(timestamp: int) -> HeldIndex:
    return HeldIndex(REPO, timestamp, f"{timestamp:064x}", f"{timestamp:064x}", None)


def test_shards_of_a_run_may_hold_an_index_together(tmp_path: Path) -> None:
    store, together = CaptureStore(str(tmp_path), create=True), Barrier(8)

    def often(number: int) -> None:
        together.wait()
        for turn in range(40):
            hold_index(store, held(number * 1000 + turn))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(often, range(8)))
    kept = held_index(store, REPO)
    assert kept is not None
    assert kept.timestamp % 1000 == 39
    assert [path.suffix for path in (tmp_path / FOLDER).iterdir()] == [".json"]
