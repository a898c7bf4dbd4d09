"""Pictures come from the copy as they lie in the shards, whatever interrupted the copying."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.encoder.stored import Stored
from models.loader import ShardIndex, ShardReader


def test_the_copy_says_what_the_shards_say_in_any_order(tmp_path: Path, apps: Path) -> None:
    index = ShardIndex(apps)
    stored, reader = Stored(tmp_path / "pictures", index), ShardReader(index, ("image",))
    stored.copy()
    for row in (23, 0, 11, 11, 5):
        assert stored.row(row) == reader.row(row)
    stored.drop()
    assert not (tmp_path / "pictures").exists()


def test_a_copy_that_was_cut_short_is_made_again(tmp_path: Path, apps: Path) -> None:
    class Stop(Exception):
        pass

    def pull(task: str, done: int, total: int) -> None:
        raise Stop

    index = ShardIndex(apps)
    with pytest.raises(Stop):
        Stored(tmp_path / "pictures", index).copy(pull)
    stored = Stored(tmp_path / "pictures", index)
    stored.copy()
    assert stored.row(23) == ShardReader(index, ("image",)).row(23)
