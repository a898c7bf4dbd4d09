"""The order: every row once an epoch, on any number of ranks, from any step. The rows: decoded, or a typed error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.loader import Frame, LoaderError, RowError, ShardIndex, ShardLoader, batch_rows, permute
from tests.models.shards import row, write_version

GROUPS = st.lists(st.integers(1, 60), min_size=1, max_size=20).map(tuple)


@settings(deadline=None, max_examples=50)
@given(size=st.integers(1, 3000), key=st.integers(0, 2**64 - 1))
def test_a_permutation_hits_every_place_once(size: int, key: int) -> None:
    assert sorted(permute(np.arange(size), size, key).tolist()) == list(range(size))


@settings(deadline=None, max_examples=50)
@given(groups=GROUPS, seed=st.integers(0, 2**31), batch=st.integers(1, 9), epoch=st.integers(0, 3))
def test_an_epoch_holds_every_row_once(groups: tuple[int, ...], seed: int, batch: int, epoch: int) -> None:
    rows = sum(groups)
    steps = range(epoch * rows // batch, -(-(epoch + 1) * rows // batch))
    order = np.concatenate([batch_rows(seed, step, batch, 0, 1, rows, groups) for step in steps])
    skip = epoch * rows - steps[0] * batch
    assert sorted(order[skip : skip + rows].tolist()) == list(range(rows))


@settings(deadline=None, max_examples=50)
@given(groups=GROUPS, seed=st.integers(0, 2**31), step=st.integers(0, 500), world=st.sampled_from([1, 2, 3, 4, 8]))
def test_ranks_partition_the_batch(groups: tuple[int, ...], seed: int, step: int, world: int) -> None:
    rows = sum(groups)
    whole = batch_rows(seed, step, 24, 0, 1, rows, groups)
    parts = [batch_rows(seed, step, 24, rank, world, rows, groups) for rank in range(world)]
    assert np.stack(parts, axis=1).ravel().tolist() == whole.tolist()


def test_seeds_and_epochs_differ() -> None:
    first = batch_rows(1, 0, 100, 0, 1, 100).tolist()
    assert first != list(range(100))
    assert batch_rows(2, 0, 100, 0, 1, 100).tolist() != first
    assert batch_rows(1, 1, 100, 0, 1, 100).tolist() != first


def test_a_window_of_row_groups_is_read_before_the_next() -> None:
    """Large sets are read one row group at a time, so a batch must not be spread over all of them."""
    groups = (50,) * 40
    seen = batch_rows(3, 0, 200, 0, 1, 2000, groups) // 50
    assert len(set(seen.tolist())) == 4


def test_row_groups_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(LoaderError, match="cannot make 10 rows"):
        batch_rows(1, 0, 4, 0, 1, 10, (4, 4))


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_version(tmp_path_factory.mktemp("version"), [row(number) for number in range(22)])


def _loader(version: Path, **options: int) -> ShardLoader:
    index = ShardIndex(version)
    return ShardLoader(index, Frame(32, 32), seed=5, **{"batch_size": 4, **options})


def test_batches_from_any_step_equal_those_of_a_whole_run(version: Path) -> None:
    whole = list(_loader(version).batches(0, 8))
    resumed = list(_loader(version, cache_bytes=0).batches(5, 8))
    for one, other in zip(whole[5:], resumed, strict=True):
        assert one.rows.tolist() == other.rows.tolist()
        assert one.captions == other.captions
        assert (one.pixels == other.pixels).all()


def test_a_rows_pixels_belong_to_its_caption(version: Path) -> None:
    for batch in _loader(version).batches(0, 6):
        for number, caption in zip(batch.rows, batch.captions, strict=True):
            assert caption.startswith(f"page {number} on ")


def test_in_order_gives_every_row_once(version: Path) -> None:
    rows = np.concatenate([batch.rows for batch in _loader(version).in_order()])
    assert rows.tolist() == list(range(22))


def test_views_choose_rows_and_change_the_digest(version: Path) -> None:
    chosen = ShardIndex(version, views=["full"])
    assert chosen.rows == 8
    assert chosen.digest != ShardIndex(version).digest
    captions = ShardLoader(chosen, Frame(32, 32), seed=1, batch_size=8).reader.captions()
    assert captions == [row(number)["caption"] for number in range(0, 22, 3)]


def test_the_digest_follows_the_data(tmp_path: Path, version: Path) -> None:
    same = write_version(tmp_path / "same", [row(number) for number in range(22)])
    other = write_version(tmp_path / "other", [row(number) for number in range(1, 23)])
    assert ShardIndex(same).digest == ShardIndex(version).digest != ShardIndex(other).digest


def test_a_row_that_does_not_decode_names_its_shard_and_row(tmp_path: Path) -> None:
    rows = [row(number, data=b"\x89PNG\r\n\x1a\n damaged" if number == 13 else None) for number in range(16)]
    version = write_version(tmp_path, rows)
    with pytest.raises(RowError, match=r"train-00001-of-00002\.parquet row 5 does not decode"):
        list(_loader(version).batches(0, 4))


def test_a_row_without_bytes_names_its_shard_and_row(tmp_path: Path) -> None:
    version = write_version(tmp_path, [row(0, image={"bytes": None, "path": "x"})], shards=1)
    with pytest.raises(RowError, match=r"row 0 has no image bytes"):
        list(_loader(version).in_order())


def test_a_missing_split_names_those_that_are_there(version: Path) -> None:
    with pytest.raises(LoaderError, match=r"no split 'test'.*it has train"):
        ShardIndex(version, "test")


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path) -> None:
    (tmp_path / "train-00000-of-00001.parquet").write_bytes(b"not a table")
    with pytest.raises(LoaderError, match=r"train-00000-of-00001\.parquet is no readable Parquet"):
        ShardIndex(tmp_path)


def test_a_batch_must_divide_over_the_ranks(version: Path) -> None:
    with pytest.raises(LoaderError, match="does not divide over 3 ranks"):
        _loader(version, rank=0, world_size=3)
