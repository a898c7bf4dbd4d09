"""A text tower starts near its teacher, follows it, and reads with a vocabulary of its own that open_clip loads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch

from models.encoder.config import EncoderConfig
from models.encoder.teacher import Teacher, TeacherError, reading, teacher_folder
from models.encoder.towers import begin, load
from models.encoder.train import train
from models.encoder.words import PAD, save_vocabulary, spelled, train_vocabulary

TEXTS = [f"{verb} {noun} {place}" for verb in ("play", "read", "write") for noun in ("music", "news", "notes")
         for place in ("at home", "offline", "on a phone")]  # fmt: skip


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of 32 dimensions with random weights: what it says is arbitrary, but the same for the same words."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("teacher")
    words = sorted({word for text in TEXTS for word in text.split()})
    torch.manual_seed(3)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=len(words) + 2, max_position_embeddings=64, **sizes)).save_pretrained(folder)
    ids = {word: number for number, word in enumerate(["[PAD]", "[UNK]", *words])}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def test_the_teacher_says_the_same_in_any_company_and_is_asked_once(teacher: Path, tmp_path: Path) -> None:
    asked: list[int] = []
    said = Teacher(str(teacher), tmp_path).vectors(TEXTS, lambda task, done, total: asked.append(done))
    alone = Teacher(str(teacher), tmp_path / "other").vectors(TEXTS[:1])
    assert said.shape == (len(TEXTS), 32)
    assert np.allclose(np.linalg.norm(said, axis=1), 1, atol=1e-2)
    assert np.allclose(said[0], alone[0], atol=2e-2)
    before = len(asked)
    kept = Teacher(str(teacher), tmp_path).vectors(TEXTS, lambda task, done, total: asked.append(done))
    assert np.array_equal(said, kept)
    assert len(asked) == before


def test_what_is_no_teacher_is_said(tmp_path: Path) -> None:
    with pytest.raises(TeacherError, match="pip install"):
        teacher_folder("package:no_such_package_here")
    with pytest.raises(TeacherError, match=r"needs model\.safetensors"):
        teacher_folder(str(tmp_path))
    with pytest.raises(TeacherError, match=r"lines\.txt cannot be read"):
        reading([str(tmp_path / "lines.txt")])


def test_the_vocabulary_pads_with_0_and_ends_with_its_highest_id(tmp_path: Path) -> None:
    vocabulary = train_vocabulary(TEXTS, 400)
    assert vocabulary.token_to_id(PAD) == 0
    ids = vocabulary.encode("Play MUSIC").ids
    assert ids[-1] == max(ids) == vocabulary.get_vocab_size() - 1 < 400
    assert vocabulary.decode(ids) == " play music"
    assert "music" in spelled(vocabulary)
    save_vocabulary(vocabulary, tmp_path)
    (tmp_path / "open_clip_config.json").write_text(
        '{"model_cfg": {"embed_dim": 8, "text_cfg": {"context_length": 9, "hf_tokenizer_name": "tokenizer.json"}}}'
    )
    read = open_clip.get_tokenizer(f"local-dir:{tmp_path}")(["play music", "offline " * 20])
    assert read.shape == (2, 9)
    assert read[0].argmax() == len(ids) - 1
    assert read[1, -1] == ids[-1]


def _recipe(recipe: Callable[..., EncoderConfig], teacher: Path, **changes: object) -> EncoderConfig:
    vision = {"image_size": 32, "patch_size": 16, "width": 32, "layers": 1, "head_width": 16}
    text = {"context_length": 16, "width": 32, "heads": 2, "layers": 1}
    config = {"embed_dim": 32, "vision_cfg": vision, "text_cfg": text}
    model = {"config": config, "vocabulary": 400, "text_start": "static"}
    return recipe(model=model, teacher=str(teacher), **changes)


def test_a_static_start_is_the_mean_of_its_words(
    teacher: Path, tmp_path: Path, recipe: Callable[..., EncoderConfig]
) -> None:
    begin(_recipe(recipe, teacher), tmp_path, TEXTS, Teacher(str(teacher), tmp_path), None)
    towers = load(tmp_path)
    towers.net.eval()
    with torch.inference_mode():
        said = towers.encode_texts(towers.tokens(["play music offline", "offline music play", "read notes at home"]))
        said = torch.nn.functional.normalize(said, dim=1)
        whole = torch.nn.functional.normalize(towers.net.encode_text(towers.tokenize(["play music offline"])), dim=1)
    likeness = said @ said.T
    assert likeness[0, 1] > 0.999  # the order of words is nothing to a mean
    assert likeness[0, 2] < 0.98
    assert torch.allclose(said[0], whole[0], atol=1e-4)


def test_texts_come_nearer_to_the_teacher(teacher: Path, tmp_path: Path, recipe: Callable[..., EncoderConfig]) -> None:
    (tmp_path / "lines.txt").write_text("\n".join(TEXTS))
    changes = {"reading": [str(tmp_path / "lines.txt")], "sentences": 16, "steps": 30, "image": "locked"}
    weights = {"texts": 0.0, "teacher": 1.0, "aim": 0.2}
    train(_recipe(recipe, teacher, weights=weights, **changes), tmp_path)
    rows = (tmp_path / "runs/small/train.csv").read_text().splitlines()
    column = rows[0].split(",").index("teacher")
    lost = [float(row.split(",")[column]) for row in rows[1:]]
    assert np.mean(lost[-5:]) < 0.8 * np.mean(lost[:5])
