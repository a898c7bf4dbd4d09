"""What stands on the encoder's text tower: zero-shot tags from a file of prompts, and the score of a caption."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from curation.encoder.prompts import PromptsError, read_prompts
from curation.features.base import ValueProblem
from curation.features.embedding import Embedding
from curation.features.tags import DEFAULT, softmax
from tests.curation.features.conftest import connected, on

PROMPTS = {
    "templates": ["a picture of {}", "{}"],
    "groups": {
        "mood": {"calm": ["a calm sea", "a still lake"], "wild": ["a storm"]},
        "hue": {"red": ["red"], "blue": ["blue"]},
    },
}


@pytest.fixture
def embedding(folder: Path, tmp_path: Path) -> Embedding:
    feature = connected("embedding", {"model": str(folder)}, tmp_path)
    assert isinstance(feature, Embedding)
    return feature


def prompts(folder: Path, **changes: object) -> str:
    path = folder / "prompts.yaml"
    path.write_text(yaml.safe_dump(PROMPTS | changes, sort_keys=False))
    return str(path)


def test_a_label_wins_with_its_own_text(embedding: Embedding, tmp_path: Path) -> None:
    feature = connected("tags", {"prompts": prompts(tmp_path)}, tmp_path, embedding=embedding)
    assert feature.schema.names == ["tag_mood", "tag_mood_score", "tag_hue", "tag_hue_score"]
    vectors = embedding.encoder().encode_texts(["a picture of a storm", "a picture of red"])
    rows = feature.compute([feature.prepare(on(vector)) for vector in vectors])
    assert (rows[0]["tag_mood"], rows[1]["tag_hue"]) == ("wild", "red")
    assert all(0.5 <= row["tag_hue_score"] <= 1 for row in rows)


def test_texts_are_encoded_once_and_kept(embedding: Embedding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = {"prompts": prompts(tmp_path)}
    before = connected("tags", place, tmp_path, embedding=embedding).compute([np.ones(32, np.float32)])
    assert len(list((tmp_path / "features").glob("prompts-*.npy"))) == 1
    monkeypatch.setattr(type(embedding.encoder()), "encode_texts", lambda *_: pytest.fail("encoded again"))
    assert connected("tags", place, tmp_path, embedding=embedding).compute([np.ones(32, np.float32)]) == before


def test_a_torn_file_of_vectors_is_made_anew(embedding: Embedding, tmp_path: Path) -> None:
    place = {"prompts": prompts(tmp_path)}
    before = connected("tags", place, tmp_path, embedding=embedding).compute([np.ones(32, np.float32)])
    (kept,) = (tmp_path / "features").glob("prompts-*.npy")
    kept.write_bytes(kept.read_bytes()[:100])
    assert connected("tags", place, tmp_path, embedding=embedding).compute([np.ones(32, np.float32)]) == before


def test_other_prompts_are_another_fingerprint(embedding: Embedding, tmp_path: Path) -> None:
    first = connected("tags", {"prompts": prompts(tmp_path)}, tmp_path, embedding=embedding).fingerprint()
    (tmp_path / "else").mkdir()
    place = {"prompts": prompts(tmp_path / "else", templates=["{}"])}
    assert connected("tags", place, tmp_path, embedding=embedding).fingerprint() != first


def test_the_default_prompts_have_the_five_groups() -> None:
    found = read_prompts(DEFAULT)
    assert set(found.groups) == {"page_type", "style", "platform", "industry", "category"}
    assert len(found.texts()) == sum(len(labels) for labels in found.groups.values())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("groups: {a: {x: [one]}}", "two labels"),
        ("groups: {a: {x: [one], y: []}}", "no phrase"),
        ("groups: {A b: {x: [one], y: [two]}}", "column"),
        ("templates: [none]\ngroups: {a: {x: [one], y: [two]}}", "{} for the phrase"),
        ("- just\n- a list", "a mapping"),
        ("groups: [", "cannot read"),
        ("a: &a [x]\ngroups: {a: {x: *a, y: *a}}", "aliases"),
    ],
)
def test_a_wrong_file_of_prompts_is_one_line(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(PromptsError) as caught:
        read_prompts(tmp_path / "p.yaml")
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_shares_add_up_and_do_not_overflow() -> None:
    found = softmax(np.array([[1e4, 0.0], [0.0, 0.0]]))
    assert found == pytest.approx(np.array([[1, 0], [0.5, 0.5]]))


def test_a_caption_scores_by_its_cosine(embedding: Embedding, tmp_path: Path) -> None:
    feature = connected("clip_score", {}, tmp_path, embedding=embedding)
    texts = ["a settings screen", "a red shop", "words " * 200]
    vectors = embedding.encoder().encode_texts(texts)
    items = [on(vector, caption={"caption": text}) for vector, text in zip(vectors, texts, strict=True)]
    rows = feature.compute([feature.prepare(one) for one in items])
    assert [row["clip_score"] for row in rows] == pytest.approx([1, 1, 1], abs=1e-2)
    other = feature.compute([feature.prepare(on(vectors[0], caption={"caption": texts[1]}))])[0]["clip_score"]
    assert other == pytest.approx(float(vectors[0] @ vectors[1]), abs=1e-3)
    with pytest.raises(ValueProblem, match="no_caption"):
        feature.prepare(on(vectors[0], caption={"caption": None}))
