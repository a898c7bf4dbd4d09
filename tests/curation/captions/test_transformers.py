"""The local writer, through a real BLIP of random weights in a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from curation.captions.transformers import CaptionModelError, LocalWriter
from curation.features import create
from curation.features.base import ValueProblem
from tests.curation.conftest import item, screen

WORDS = ("a", "screen", "of", "an", "app", "with", "text", "and", "two", "buttons")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from transformers import (
        BertTokenizer,
        BlipConfig,
        BlipForConditionalGeneration,
        BlipImageProcessor,
        BlipProcessor,
    )

    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("blip")
    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        "[DEC]",
        *WORDS,
    ]
    (path / "vocab.txt").write_text("\n".join(words))
    tokenizer = BertTokenizer(vocab=str(path / "vocab.txt"))
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = BlipConfig(
        text_config=small | {
            "vocab_size": len(words), "encoder_hidden_size": 32, "bos_token_id": 5, "eos_token_id": 3,
            "sep_token_id": 3, "pad_token_id": 0, "max_position_embeddings": 64,
        },
        vision_config=small | {"image_size": 32, "patch_size": 16},
    )  # fmt: skip
    BlipForConditionalGeneration(config).save_pretrained(path)
    BlipProcessor(BlipImageProcessor(size={"height": 32, "width": 32}), tokenizer).save_pretrained(path)
    return path


def test_a_model_says_what_it_sees_whoever_shares_its_batch(folder: Path) -> None:
    pictures = [np.asarray(screen(n)) for n in range(3)]
    writer = LocalWriter(str(folder), batch=2, length=300)
    together, alone = writer.write(pictures), [writer.write([picture])[0] for picture in pictures]
    assert together == alone
    for row in together:
        assert not isinstance(row, ValueProblem)
        assert set(row["caption"].split()) <= {"[DEC]", *WORDS}


def test_the_feature_names_the_model_and_adds_tags(folder: Path) -> None:
    feature = create("caption", {"writer": "transformers", "model": str(folder), "batch": 2})
    feature.check(folder)
    (row,) = feature.compute([feature.prepare(item(screen(1)))])
    assert row["caption_writer"] == f"transformers:{folder}"
    assert row["caption"]
    assert "phone" in row["caption_tags"]


def test_other_weights_are_another_fingerprint(folder: Path, tmp_path: Path) -> None:
    import shutil

    from safetensors.numpy import load_file, save_file

    other = tmp_path / "other"
    shutil.copytree(folder, other)
    weights = load_file(other / "model.safetensors")
    name = next(iter(weights))
    save_file(weights | {name: weights[name] + 1}, other / "model.safetensors", metadata={"format": "pt"})
    assert LocalWriter(str(other), 1, 300).weights_hash() != LocalWriter(str(folder), 1, 300).weights_hash()


def test_pickled_weights_are_not_read(folder: Path, tmp_path: Path) -> None:
    import shutil

    import torch
    from safetensors.torch import load_file

    other = tmp_path / "pickled"
    shutil.copytree(folder, other)
    torch.save(load_file(other / "model.safetensors"), other / "pytorch_model.bin")
    (other / "model.safetensors").unlink()
    with pytest.raises(CaptionModelError, match=r"give a hub name or a folder"):
        LocalWriter(str(other), 1, 300).check()
