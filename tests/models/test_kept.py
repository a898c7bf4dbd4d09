"""What was computed once is read, not computed again; a run that is broken off loses a few batches at most."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from models.kept import BATCH, WRITE_EVERY, kept_vectors


class Stop(Exception):
    """Stands for the plug that is pulled."""


def names(count: int) -> list[tuple[str, float]]:
    return [(f"n{number}", float(number)) for number in range(count)]


def look(numbers: Sequence[float]) -> list[np.ndarray]:
    return [np.full(3, number, np.float32) for number in numbers]


def refuse(numbers: Sequence[float]) -> list[np.ndarray]:
    raise Stop


def test_only_what_is_new_is_looked_at(tmp_path: Path) -> None:
    asked: list[float] = []

    def listening(numbers: Sequence[float]) -> list[np.ndarray]:
        asked.extend(numbers)
        return look(numbers)

    kept_vectors(tmp_path / "some.npz", names(5), look)
    found = kept_vectors(tmp_path / "some.npz", [*names(7)[3:], ("n6", 6.0)], listening)
    assert asked == [5.0, 6.0]
    assert {name: vector[0] for name, vector in found.items()} == {"n3": 3.0, "n4": 4.0, "n5": 5.0, "n6": 6.0}


def test_a_broken_off_run_goes_on(tmp_path: Path) -> None:
    whole = names(BATCH * (WRITE_EVERY + 2))

    def breaking(numbers: Sequence[float]) -> list[np.ndarray]:
        if numbers[0] >= BATCH * (WRITE_EVERY + 1):
            raise Stop
        return look(numbers)

    with pytest.raises(Stop):
        kept_vectors(tmp_path / "some.npz", whole, breaking)
    assert len(kept_vectors(tmp_path / "some.npz", whole[: BATCH * WRITE_EVERY], refuse)) == BATCH * WRITE_EVERY
    assert len(kept_vectors(tmp_path / "some.npz", whole, look)) == len(whole)


def test_without_a_file_nothing_is_kept() -> None:
    assert len(kept_vectors(None, names(2), look)) == 2
    with pytest.raises(Stop):
        kept_vectors(None, names(2), refuse)
