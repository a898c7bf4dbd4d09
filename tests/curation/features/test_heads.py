"""Heads over one embedding: a column each, held to the encoder before any work, and the published ones by `auto`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from curation import engine
from curation.features import FeatureError, create
from curation.features.base import NotAtHand, ValueProblem
from curation.heads.head import Dense, HeadError, chain
from curation.heads.load import write_head
from curation.recipe import FeatureChoice, RecipeError, parse_recipe
from tests.curation.features.conftest import connected, on

RNG = np.random.default_rng(2)
VECTORS = [RNG.normal(size=32).astype(np.float32) for _ in range(3)]


@pytest.fixture
def heads(tmp_path: Path) -> Path:
    for name, outputs in (("warm", 1), ("kind", 3)):
        head = chain(
            [Dense(RNG.normal(size=(32, outputs)), np.zeros(outputs), "softmax" if outputs > 1 else "none")], "l2"
        )
        write_head(head, tmp_path / f"{name}.safetensors")
    return tmp_path


def test_several_heads_give_a_column_each(folder: Path, heads: Path) -> None:
    embedding = connected("embedding", {"model": str(folder)}, heads)
    choices = {name: {"path": str(heads / f"{name}.safetensors")} for name in ("warm", "kind")}
    feature = connected("heads", choices, heads, embedding=embedding)
    assert [str(column.type) for column in feature.schema] == ["fixed_size_list<item: float>[3]", "float"]
    rows = feature.compute([feature.prepare(on(vector)) for vector in VECTORS])
    assert [set(row) for row in rows] == [{"warm", "kind"}] * 3
    assert sum(rows[0]["kind"]) == pytest.approx(1, abs=1e-6)
    assert len({row["warm"] for row in rows}) == 3


def test_what_a_head_is_counts_and_not_where_it_lies(folder: Path, heads: Path) -> None:
    embedding = connected("embedding", {"model": str(folder)}, heads)
    (heads / "moved.safetensors").write_bytes((heads / "warm.safetensors").read_bytes())

    def fingerprint(**choice: str) -> str:
        return connected("heads", {"warm": choice}, heads, embedding=embedding).fingerprint()

    here = fingerprint(path=str(heads / "warm.safetensors"))
    assert here == fingerprint(path=str(heads / "moved.safetensors"))
    assert here != fingerprint(path=str(heads / "warm.safetensors"), input="raw")


def test_a_head_that_was_trained_on_other_views_of_the_same_encoder_is_refused(folder: Path, tmp_path: Path) -> None:
    tiled = connected("embedding", {"model": str(folder), "view": "tiles"}, tmp_path)
    boxed = connected("embedding", {"model": str(folder), "view": "letterbox"}, tmp_path)
    path = tmp_path / "trained.safetensors"
    write_head(chain([Dense(np.ones((32, 1)), np.zeros(1))], "l2"), path, embedding=min(tiled.fingerprints()))
    assert connected("heads", {"warm": {"path": str(path)}}, tmp_path, embedding=tiled).schema.names == ["warm"]
    with pytest.raises(HeadError, match="train it again on this one"):
        connected("heads", {"warm": {"path": str(path)}}, tmp_path, embedding=boxed)
    lifted = {"warm": {"path": str(path), "encoder": "any"}}
    assert connected("heads", lifted, tmp_path, embedding=boxed).schema.names == ["warm"]


def test_a_head_of_another_width_stops_the_run_before_any_work(folder: Path, tmp_path: Path) -> None:
    write_head(chain([Dense(np.ones((768, 1)), np.zeros(1))], "l2"), tmp_path / "large.safetensors")
    choices = [
        FeatureChoice(name="embedding", params={"model": str(folder)}),
        FeatureChoice(name="heads", params={"taste": {"path": str(tmp_path / "large.safetensors")}}),
    ]
    with pytest.raises(HeadError, match=r"'taste' .* takes 768 numbers, the embedding of .* has 32"):
        engine.plan(choices, tmp_path)


def test_a_recipe_names_what_is_wrong_with_a_head() -> None:
    with pytest.raises(RecipeError, match=r"'taste\.input'"):
        parse_recipe({"name": "x", "features": [{"heads": {"taste": {"path": "a.pth", "input": "sideways"}}}]})
    with pytest.raises(FeatureError, match="no column name"):
        create("heads", {"My Taste": {"path": "a.pth"}})


def test_without_an_embedding_there_is_nothing_to_score() -> None:
    with pytest.raises(ValueProblem, match="no_embedding"):
        create("aesthetic").prepare(on(None))


def test_aesthetic_takes_a_head_of_ones_own(folder: Path, heads: Path) -> None:
    embedding = connected("embedding", {"model": str(folder)}, heads)
    feature = connected("aesthetic", {"path": str(heads / "warm.safetensors")}, heads, embedding=embedding)
    (row,) = feature.compute([feature.prepare(on(VECTORS[0]))])
    assert isinstance(row["aesthetic"], float)
    with pytest.raises(HeadError, match="3 outputs"):
        connected("aesthetic", {"path": str(heads / "kind.safetensors")}, heads, embedding=embedding)


def test_auto_never_guesses_that_a_published_head_fits_a_folder(folder: Path, tmp_path: Path) -> None:
    embedding = connected("embedding", {"model": str(folder)}, tmp_path)
    with pytest.raises(NotAtHand, match="a folder does not say"):
        connected("aesthetic", {}, tmp_path, embedding=embedding)


def test_the_shipped_encoder_is_known_not_to_be_another_of_its_width(tmp_path: Path) -> None:
    write_head(chain([Dense(np.ones((768, 1)), np.zeros(1))], "l2"), tmp_path / "large.safetensors")
    embedding = connected("embedding", {"model": "gesso-mini"}, tmp_path)
    choice = {"path": str(tmp_path / "large.safetensors"), "encoder": "ViT-L-14/openai"}
    with pytest.raises(HeadError, match=r"trained on ViT-L-14/openai, the embedding is of gesso-mini: set embedding"):
        connected("heads", {"taste": choice}, tmp_path, embedding=embedding)
    for own in ("gesso-mini", "any"):
        connected("heads", {"taste": choice | {"encoder": own}}, tmp_path, embedding=embedding)
    with pytest.raises(NotAtHand, match="no published head fits gesso-mini; there are some for"):
        connected("nsfw", {}, tmp_path, embedding=embedding)
