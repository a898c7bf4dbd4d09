"""nsfw: the pixels' opinion by the model that a package brings along, the head's, and the rule that joins them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from curation.features.base import NotAtHand, ValueProblem
from curation.heads.head import Dense, chain
from curation.heads.load import write_head
from tests.curation.conftest import item, screen
from tests.curation.features.conftest import connected, on

VECTOR = np.linspace(-1, 1, 32).astype(np.float32)


def test_a_screen_is_harmless_to_the_pixel_model_and_a_batch_does_not_show(tmp_path: Path) -> None:
    feature = connected("nsfw_pixels", {}, tmp_path)
    prepared = [feature.prepare(item(screen(seed))) for seed in range(5)]
    rows = feature.compute(prepared)
    assert all(0 <= row["nsfw_pixels"] < 0.3 for row in rows)
    assert len({row["nsfw_pixels"] for row in rows}) > 1
    assert rows == [feature.compute([one])[0] for one in prepared]


def test_the_highest_look_at_a_tall_picture_counts(tmp_path: Path) -> None:
    feature = connected("nsfw_pixels", {}, tmp_path)
    looks = feature.prepare(item(screen(2)))
    assert looks.shape == (3, 224, 224, 3)
    each = [feature.compute([look[None]])[0]["nsfw_pixels"] for look in looks]
    assert feature.compute([looks])[0]["nsfw_pixels"] == max(each)


@pytest.mark.parametrize(("combine", "wanted"), [("max", 0.75), ("mean", 0.5), ("min", 0.25)])
def test_the_rule_is_the_recipes(folder: Path, tmp_path: Path, combine: str, wanted: float) -> None:
    write_head(chain([Dense(np.zeros((32, 1)), np.full(1, np.log(3)), "sigmoid")], "l2"), tmp_path / "h.safetensors")
    params = {"combine": combine, "head": {"path": str(tmp_path / "h.safetensors")}}
    embedding = connected("embedding", {"model": str(folder)}, tmp_path)
    feature = connected("nsfw", params, tmp_path, embedding=embedding)
    assert feature.needs == ("embedding", "nsfw_pixels")
    (row,) = feature.compute([feature.prepare(on(VECTOR, nsfw_pixels={"nsfw_pixels": 0.25}))])
    assert row == {"nsfw": pytest.approx(wanted, abs=1e-6), "nsfw_head": pytest.approx(0.75, abs=1e-6)}


def test_the_pixels_alone_will_do_where_the_recipe_says_so(tmp_path: Path) -> None:
    feature = connected("nsfw", {"parts": ["pixels"]}, tmp_path)
    assert (feature.needs, feature.schema.names) == (("nsfw_pixels",), ["nsfw"])
    assert feature.compute([feature.prepare(on(None, nsfw_pixels={"nsfw_pixels": 0.25}))]) == [{"nsfw": 0.25}]


def test_half_an_opinion_is_none(folder: Path, tmp_path: Path) -> None:
    feature = connected("nsfw", {"parts": ["pixels"]}, tmp_path)
    with pytest.raises(ValueProblem, match="no_opinion"):
        feature.prepare(on(VECTOR, nsfw_pixels={"nsfw_pixels": None}))
    embedding = connected("embedding", {"model": str(folder)}, tmp_path)
    with pytest.raises(NotAtHand, match=r"parts: \[pixels\]"):
        connected("nsfw", {}, tmp_path, embedding=embedding)
