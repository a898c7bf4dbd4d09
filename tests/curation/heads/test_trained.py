"""The head that was trained on a home's labels is what `auto` takes, where it belongs to the embedding of the run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from curation.features.base import NotAtHand, ValueProblem
from curation.features.craft import WIDTH
from curation.features.embedding import Embedding, EmbeddingParams
from curation.heads import trained
from curation.heads.head import Dense, HeadError, chain
from curation.heads.load import stated, write_head
from tests.curation.features.conftest import CONFIG, connected, on

VECTOR = np.eye(32, dtype=np.float32)[0]


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    """A folder as `Place` reads it; nothing here loads the model."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "open_clip_config.json").write_text(json.dumps(CONFIG))
    (folder / "open_clip_model.safetensors").write_bytes(b"weights")
    return folder


def put(
    kind: str, home: Path, embedding: str, *, number: int = 1, outputs: int = 1, labels: tuple[str, ...] = ()
) -> Path:
    weight = np.zeros((32, outputs))
    weight[0] = np.arange(1, outputs + 1)
    place = home / "heads" / kind / str(number)
    place.mkdir(parents=True)
    head = chain([Dense(weight, np.zeros(outputs), "softmax" if labels else "none")], "l2")
    write_head(head, place / trained.FILE, embedding=embedding, labels=labels)
    (place / trained.MANIFEST).write_text("{}")
    trained.put_in_force(kind, home, number)
    return place / trained.FILE


def embedding_of(encoder: Path, home: Path) -> Embedding:
    feature = connected("embedding", {"model": str(encoder)}, home)
    assert isinstance(feature, Embedding)
    return feature


def test_auto_takes_the_head_in_force(encoder: Path, tmp_path: Path) -> None:
    embedding = embedding_of(encoder, tmp_path)
    put("aesthetic", tmp_path, embedding.fingerprint())
    feature = connected("aesthetic", {}, tmp_path, embedding=embedding)
    assert feature.compute([feature.prepare(on(VECTOR))]) == [{"aesthetic": 1.0}]
    before = feature.fingerprint()
    put("aesthetic", tmp_path, embedding.fingerprint(), number=2, outputs=1)
    path = tmp_path / "heads" / "aesthetic" / "2" / trained.FILE
    write_head(chain([Dense(2 * np.ones((32, 1)), np.zeros(1))], "l2"), path, embedding=embedding.fingerprint())
    later = connected("aesthetic", {}, tmp_path, embedding=embedding)
    assert later.compute([later.prepare(on(VECTOR))]) == [{"aesthetic": 2.0}]
    assert later.fingerprint() != before  # so the next curation computes it anew


def test_the_shipped_head_is_taken_for_its_own_encoder_alone_and_sees_craft_too(
    encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedding = embedding_of(encoder, tmp_path)
    path = tmp_path / "head.safetensors"
    monkeypatch.setattr("curation.heads.fit.QUALITY", path)
    head = chain([Dense(np.r_[np.zeros((32, 1)), np.ones((WIDTH, 1))], np.zeros(1))], "raw")
    write_head(head, path, embedding="000000000000")
    with pytest.raises(NotAtHand):
        connected("aesthetic", {}, tmp_path, embedding=embedding)
    write_head(head, path, embedding=embedding.fingerprint())
    feature = connected("aesthetic", {}, tmp_path, embedding=embedding)
    item = on(VECTOR)
    with pytest.raises(ValueProblem, match="craft"):
        feature.prepare(item)
    item = replace(item, others={**item.others, "craft": {"_craft": np.full(WIDTH, 0.5, np.float32)}})
    assert feature.compute([feature.prepare(item)]) == [{"aesthetic": WIDTH / 2}]


def test_a_head_of_another_embedding_is_not_taken(encoder: Path, tmp_path: Path) -> None:
    embedding = embedding_of(encoder, tmp_path)
    put("aesthetic", tmp_path, "000000000000")
    with pytest.raises(NotAtHand):
        connected("aesthetic", {}, tmp_path, embedding=embedding)


def test_vectors_of_another_precision_share_heads(encoder: Path, tmp_path: Path) -> None:
    embedding = embedding_of(encoder, tmp_path)
    both = embedding.fingerprints()
    assert embedding.fingerprint() in both
    assert len(both) == 2
    other = EmbeddingParams(model=str(encoder), view="crop")
    assert not both & connected("embedding", other.model_dump(), tmp_path).fingerprints()  # type: ignore[attr-defined]


def test_nsfw_takes_it_too(encoder: Path, tmp_path: Path) -> None:
    embedding = embedding_of(encoder, tmp_path)
    put("nsfw", tmp_path, embedding.fingerprint())
    feature = connected("nsfw", {"parts": ["head"]}, tmp_path, embedding=embedding)
    assert feature.compute([feature.prepare(on(VECTOR))]) == [{"nsfw": 1.0, "nsfw_head": 1.0}]


def test_tags_of_a_trained_group_need_no_text_tower(encoder: Path, tmp_path: Path) -> None:
    prompts = tmp_path / "prompts.yaml"
    prompts.write_text("templates: ['{}']\ngroups:\n  page_type:\n    landing: [a]\n    feed: [b]\n")
    embedding = embedding_of(encoder, tmp_path)
    plain = connected("tags", {"prompts": str(prompts)}, tmp_path, embedding=embedding)
    path = put("tags-page_type", tmp_path, embedding.fingerprint(), outputs=3, labels=("feed", "landing", "map"))
    assert stated(path)["labels"] == ["feed", "landing", "map"]
    feature = connected("tags", {"prompts": str(prompts)}, tmp_path, embedding=embedding)
    (row,) = feature.compute([feature.prepare(on(VECTOR))])
    assert row["tag_page_type"] == "map"
    assert row["tag_page_type_score"] == pytest.approx(0.665, abs=1e-3)
    assert feature.fingerprint() != plain.fingerprint()


def test_a_head_in_force_that_is_gone_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "heads" / "aesthetic"
    folder.mkdir(parents=True)
    assert trained.current("aesthetic", tmp_path, {""}) is None
    for text in ("7\n", "../../etc\n", ""):
        (folder / trained.CURRENT).write_text(text)
        with pytest.raises(HeadError, match="train it again"):
            trained.current("aesthetic", tmp_path, {""})
    with pytest.raises(HeadError, match="no kind"):
        trained.folder_of("../x", tmp_path)
