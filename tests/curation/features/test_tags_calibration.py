"""The calibration of tags: for whom it holds, and what it does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from curation.encoder.prompts import PromptsError, read_prompts
from curation.features import tags as module
from curation.features.embedding import Embedding
from curation.features.tags import DEFAULT, Tags
from curation.features.tags_calibration import (
    CALIBRATION,
    Calibration,
    CalibrationError,
    Scale,
    read_calibration,
    view_of,
)
from tests.curation.features.conftest import connected

PROMPTS = {
    "templates": ["{}"],
    "templates_of": {"hue": ["the colour {}"]},
    "groups": {"mood": {"calm": ["a calm sea"], "wild": ["a storm"]}, "hue": {"red": ["red"], "blue": ["blue"]}},
}


@pytest.fixture
def embedding(folder: Path, tmp_path: Path) -> Embedding:
    feature = connected("embedding", {"model": str(folder)}, tmp_path)
    assert isinstance(feature, Embedding)
    return feature


@pytest.fixture
def place(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "prompts.yaml"
    path.write_text(yaml.safe_dump(PROMPTS, sort_keys=False))
    return {"prompts": str(path)}


def calibrated(monkeypatch: pytest.MonkeyPatch, home: Path, given: Calibration) -> None:
    path = home / "calibration.json"
    path.write_text(given.model_dump_json())
    monkeypatch.setattr(module, "CALIBRATION", path)


def fitted(embedding: Embedding, place: dict[str, str], **changes: str) -> Calibration:
    facts = {"encoder": embedding.weights_hash(), "view": view_of(embedding)} | changes
    prompts = read_prompts(Path(place["prompts"])).digest()
    return Calibration(**facts, prompts=prompts, groups={"mood": Scale(scale=5, bias={"calm": 0.0, "wild": 50.0})})


def test_a_bias_decides_in_its_group_alone(
    embedding: Embedding, place: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = embedding.encoder().encode_texts(["a calm sea", "the colour red"])
    plain = connected("tags", place, tmp_path, embedding=embedding)
    calibrated(monkeypatch, tmp_path, fitted(embedding, place))
    feature = connected("tags", place, tmp_path, embedding=embedding)
    before, after = plain.compute(list(vectors)), feature.compute(list(vectors))
    assert (before[0]["tag_mood"], after[0]["tag_mood"]) == ("calm", "wild")
    assert before[1]["tag_hue"] == after[1]["tag_hue"] == "red"
    assert before[1]["tag_hue_score"] == after[1]["tag_hue_score"]
    assert feature.fingerprint() != plain.fingerprint()


@pytest.mark.parametrize("other", [{"encoder": "another"}, {"view": "crop"}])
def test_another_encoder_or_view_is_not_calibrated(
    embedding: Embedding, place: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: dict[str, str]
) -> None:
    plain = connected("tags", place, tmp_path, embedding=embedding).fingerprint()
    calibrated(monkeypatch, tmp_path, fitted(embedding, place, **other))
    assert connected("tags", place, tmp_path, embedding=embedding).fingerprint() == plain


def test_shares_of_each_group_add_up(embedding: Embedding, place: dict[str, str], tmp_path: Path) -> None:
    feature = connected("tags", place, tmp_path, embedding=embedding)
    assert isinstance(feature, Tags)
    found = feature.shares(embedding.encoder().encode_texts(["red", "blue", "a storm"]))
    assert {group: names for group, (names, _) in found.items()} == {"mood": ["calm", "wild"], "hue": ["red", "blue"]}
    assert all(np.allclose(shares.sum(axis=1), 1) for _, shares in found.values())


def test_a_group_has_templates_of_its_own(tmp_path: Path, place: dict[str, str]) -> None:
    assert read_prompts(Path(place["prompts"])).texts()[2:] == [["the colour red"], ["the colour blue"]]
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(PROMPTS | {"templates_of": {"taste": ["{}"]}}))
    with pytest.raises(PromptsError, match="'taste', which is no group"):
        read_prompts(tmp_path / "wrong.yaml")


def test_a_broken_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    assert read_calibration(path) is None
    path.write_text(json.dumps({"encoder": "x"}))
    with pytest.raises(CalibrationError, match="fit it again"):
        read_calibration(path)


def test_what_ships_was_fitted_on_the_prompts_that_ship() -> None:
    shipped, prompts = read_calibration(CALIBRATION), read_prompts(DEFAULT)
    assert shipped is not None
    assert shipped.prompts == prompts.digest()
    for group, scale in shipped.groups.items():
        assert list(scale.bias) == list(prompts.groups[group])
