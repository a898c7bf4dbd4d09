"""A captioning model on this machine: BLIP, GIT, Florence and what else transformers loads as image-text-to-text.

A model with a chat template is asked for each caption in its own words; any other is left to say what it sees.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from curation.captions.cleaning import clean, shorten
from curation.captions.template import SHORT
from curation.errors import GessoError
from curation.features.base import Row, ValueProblem

ASKED = {
    "caption_short": "Describe this screen of an app or web site in one short sentence.",
    "caption": "Describe this screen of an app or web site: its purpose, layout, components, style and colours. "
    "Two or three sentences, no preamble.",
}
NEW_TOKENS = {"caption_short": 48, "caption": 160}


class CaptionModelError(GessoError):
    """The named captioning model cannot be loaded."""


class LocalWriter:
    """`model` is a name on the hub or a folder with a config and .safetensors; `batch` pictures go in at once."""

    def __init__(self, model: str, batch: int, length: int) -> None:
        self.model, self.batch, self.length = model, batch, length
        self._loaded: _Model | None = None
        self._lock = threading.Lock()

    def check(self) -> None:
        """Load the model. Raises CaptionModelError."""
        self.loaded()

    def weights_hash(self) -> str:
        """sha256 over a folder's config and weights; published weights do not change under their name."""
        folder = Path(self.model)
        if not folder.is_dir():
            return self.model
        digest = hashlib.sha256()
        for path in sorted([*folder.glob("*.json"), *folder.glob("*.safetensors")]):
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def loaded(self) -> _Model:
        with self._lock:
            if self._loaded is None:
                self._loaded = _Model(self.model)
            return self._loaded

    def write(self, pictures: Sequence[np.ndarray]) -> list[Row | ValueProblem]:
        """`caption_short` and `caption` of each picture, height × width × 3 bytes."""
        rows: list[Row | ValueProblem] = []
        for start in range(0, len(pictures), self.batch):
            some = [Image.fromarray(pixels) for pixels in pictures[start : start + self.batch]]
            rows += self._batch(some)
        return rows

    def _batch(self, images: list[Image.Image]) -> list[Row | ValueProblem]:
        model = self.loaded()
        full = images + [images[-1]] * (self.batch - len(images))  # one shape, so that no value depends on its batch
        if model.chats:
            said = {key: model.say(full, question, NEW_TOKENS[key]) for key, question in ASKED.items()}
        else:
            said = dict.fromkeys(ASKED, model.say(full, "", NEW_TOKENS["caption_short"]))
        rows: list[Row | ValueProblem] = []
        for place in range(len(images)):
            dense = shorten(clean(said["caption"][place]), self.length)
            short = shorten(clean(said["caption_short"][place]), SHORT)
            if dense and short:
                rows.append({"caption": dense, "caption_short": short})
            else:
                rows.append(ValueProblem("empty", f"{self.model} said nothing of it"))
        return rows


class _Model:
    """Weights come from safetensors, no code comes from the hub: nothing foreign is run or unpickled."""

    def __init__(self, name: str) -> None:
        try:
            import torch
            from transformers import AutoModelForImageTextToText, AutoProcessor

            self.processor: Any = AutoProcessor.from_pretrained(name, trust_remote_code=False)
            net: Any = AutoModelForImageTextToText.from_pretrained(name, trust_remote_code=False, use_safetensors=True)
        except Exception as error:
            why = f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
            raise CaptionModelError(
                f"caption model {name!r} cannot be loaded ({why}): give a hub name or a folder of an "
                "image-text-to-text model with .safetensors, or writer: template"
            ) from None
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = torch.bfloat16 if self.device == "cuda" and torch.cuda.is_bf16_supported() else torch.float32
        self.dtype = dtype
        self.net = net.to(self.device, dtype).eval()
        self.chats = bool(getattr(self.processor, "chat_template", None))

    def say(self, images: list[Image.Image], question: str, tokens: int) -> list[str]:
        """One text a picture, decoded greedily."""
        import torch

        if self.chats:
            talk = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": question}]}]
            prompt = self.processor.apply_chat_template(talk, add_generation_prompt=True)
            given = self.processor(images=images, text=[prompt] * len(images), padding=True, return_tensors="pt")
        else:
            given = self.processor(images=images, return_tensors="pt")
        given = {
            key: value.to(self.device, self.dtype) if value.is_floating_point() else value.to(self.device)
            for key, value in given.items()
        }
        with torch.inference_mode():
            made = self.net.generate(**given, max_new_tokens=tokens, do_sample=False, num_beams=1)
        if self.chats:
            made = made[:, given["input_ids"].shape[1] :]
        return list(self.processor.batch_decode(made, skip_special_tokens=True))
