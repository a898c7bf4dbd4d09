"""A byte-pair vocabulary of our own for a text tower, in the files that open_clip's HFTokenizer reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PAD, START, END = "<pad>", "<start>", "<end>"


def train_vocabulary(texts: Sequence[str], size: int) -> Any:
    """A lower-casing byte-level BPE of at most `size` tokens: 0 pads, the last id ends a text.

    CLIP's pooling takes the place of the highest id, so the end has it.
    """
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE(unk_token=None))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size - 1,
        special_tokens=[PAD, START],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([END])
    ids = {name: tokenizer.token_to_id(name) for name in (START, END)}
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}", special_tokens=[(name, ids[name]) for name in (START, END)]
    )
    return tokenizer


def save_vocabulary(tokenizer: Any, folder: Path) -> None:
    """`tokenizer.json` and `tokenizer_config.json`, as transformers reads them from a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    facts = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": PAD,
        "bos_token": START,
        "eos_token": END,
        "model_max_length": 1_000_000,
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")


def spelled(tokenizer: Any) -> list[str]:
    """Each token as text, in the order of ids; what is no whole character is empty."""
    size = tokenizer.get_vocab_size()
    texts = [str(tokenizer.decode([number], skip_special_tokens=True)).strip() for number in range(size)]
    return ["" if "\ufffd" in text else text for text in texts]
