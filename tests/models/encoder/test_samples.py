"""The order of an encoder's data is a function of (seed, step) alone, and fair to groups and to their pictures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.encoder.samples import SamplesError, draws, pools, read_samples, sentences

MEMBERS = tuple(np.arange(first, first + size) for first, size in ((0, 1), (1, 4), (5, 7), (12, 2), (14, 6)))


@given(seed=st.integers(0, 2**31 - 1), step=st.integers(0, 10**6))
def test_a_step_is_drawn_the_same_at_any_time(seed: int, step: int) -> None:
    assert draws(seed, step, MEMBERS, 3, 2) == draws(seed, step, MEMBERS, 3, 2)


def test_groups_come_equally_often_and_so_do_the_pictures_of_one() -> None:
    seen = [draw for step in range(84) for draw in draws(7, step, MEMBERS, 5, 2)]
    assert set(Counter(draw.group for draw in seen).values()) == {168}
    for group, rows in enumerate(MEMBERS):
        assert set(Counter(draw.row for draw in seen if draw.group == group).values()) == {168 // len(rows)}


def test_another_look_of_the_same_picture_has_another_key() -> None:
    keys = [draw.key for step in range(50) for draw in draws(7, step, MEMBERS, 5, 4)]
    assert len(set(keys)) == len(keys)


def test_a_share_of_every_batch_is_of_the_groups_that_it_names() -> None:
    names = ("a.real", "b.real", "drawn.a", "drawn.b", "drawn.c")
    of = pools(names, 4, {"drawn.": 0.5})
    seen = [draws(7, step, MEMBERS, 4, 2, of) for step in range(60)]
    for batch in seen:
        assert sum(names[draw.group].startswith("drawn.") for draw in batch) == 4
    times = Counter(draw.group for batch in seen for draw in batch)
    assert times[0] == times[1] == 120
    assert {times[group] for group in (2, 3, 4)} == {80}
    assert len({draw.key for batch in seen for draw in batch}) == 60 * 8


def test_a_share_without_groups_is_named() -> None:
    with pytest.raises(SamplesError, match=r"begins with 'no\.'"):
        pools(("a", "b"), 4, {"no.": 0.5})
    with pytest.raises(SamplesError, match="lower groups"):
        draws(7, 0, MEMBERS, 4, 2, pools(("a", "b", "drawn.c"), 4, {"drawn.": 0.5}))


@given(seed=st.integers(0, 2**31 - 1), count=st.integers(1, 300))
def test_each_sentence_is_read_once_an_epoch(seed: int, count: int) -> None:
    read = np.concatenate([sentences(seed, step, count, 1) for step in range(2 * count)])
    assert sorted(read[:count]) == sorted(read[count:]) == list(range(count))


def test_rows_are_told_apart_by_the_first_column_that_has_a_value(apps: Path) -> None:
    samples = read_samples(apps, "train", ("app_id", "site"), ("caption", "title"))
    assert samples.groups == tuple(f"app{number}.test" for number in range(6))
    assert sum(map(len, samples.members)) == samples.index.rows == 24
    texts = {samples.text(draw) for step in range(40) for draw in draws(1, step, samples.members, 6, 2)}
    assert any(text.startswith("Page") for text in texts)
    assert any(text.startswith("screen") for text in texts)


def test_columns_that_are_not_there_are_named(apps: Path) -> None:
    with pytest.raises(SamplesError, match="name others in texts"):
        read_samples(apps, "train", ("site",), ("summary",))
