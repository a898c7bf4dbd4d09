"""A loaded encoder: pictures and texts to vectors of length 1 in one space. Loaded once a process, shared by features.

On a CPU several batches run side by side, one thread each: that keeps all cores busy without a barrier at each layer,
and no vector depends on how many cores there are.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import numpy as np

from curation.encoder.folded import fold
from curation.encoder.place import EncoderError, Place

TEXT_BATCH = 32
AT_ONCE = 8  # pictures on a thread: more gain nothing, and leave cores idle at the end of a run
KEPT = 2  # loaded encoders that stay in memory
_loaded: dict[tuple[Place, str], Encoder] = {}
_lock = threading.Lock()


def load(place: Place) -> Encoder:
    """The encoder of a place, with weights. Raises EncoderError where they cannot be had."""
    with _lock:
        key = (place, place.weights_hash())
        if key not in _loaded:
            while len(_loaded) >= KEPT:
                _loaded.pop(next(iter(_loaded)))
            _loaded[key] = Encoder(place)
        return _loaded[key]


class Encoder:
    """Both towers. Weights come from safetensors or torch's weights-only reader: nothing is unpickled.

    `kind` is `bf16` or `fp32`, else what suits the model on this machine.
    """

    def __init__(self, place: Place, kind: str | None = None) -> None:
        import open_clip
        import torch

        from curation.encoder.joined import join

        self.place = place
        name, _, tag = place.name.partition("/")
        if place.folder is not None or place.name.startswith("hf-hub:"):
            name, tag = place.name, ""
        try:
            model = open_clip.create_model(name, pretrained=tag or None, require_pretrained=True, weights_only=True)
        except Exception as error:
            why = f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
            raise EncoderError(
                f"embedding model {place.name!r} cannot be loaded ({why}): "
                "give NAME/TAG as open_clip lists them, hf-hub:NAME, a folder, or auto"
            ) from None
        config = open_clip.get_model_preprocess_cfg(model)
        size = config["size"]
        self.side = int(size if isinstance(size, int) else max(size))
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.dtype = torch.bfloat16 if (kind or place.precision()) == "bf16" else torch.float32
        mean, std = (torch.tensor(config[key]).repeat(self.side**2) for key in ("mean", "std"))
        self._scale, self._shift = (1 / (255 * std)).to(self.device), (-mean / std).to(self.device)  # a picture's bytes
        red, green, blue = (round(255 * value) for value in config["mean"])
        self.fill = (red, green, blue)
        folded = fold(model.eval(), self.side)
        self.net = model.to(self.device, self.dtype)
        if folded:  # a tower of convolutions: twice as fast with the colours of a pixel side by side
            self.net.to(memory_format=torch.channels_last)
        self._at_once = 0  # pictures; 0: as many as are asked for
        if self.device == "cpu":
            self._at_once = min(AT_ONCE, join(self.net, self.side) or AT_ONCE)
        scale = getattr(model, "logit_scale", None)
        self.logit_scale = 100.0 if scale is None else float(scale.detach().float().exp())

    @cached_property
    def _workers(self) -> ThreadPoolExecutor:
        """As many threads as cores, in each of which torch keeps to one."""
        import torch

        def alone() -> None:
            torch.set_num_threads(1)
            torch.get_num_threads()  # a thread's first question settles its number: later it would be the process's

        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        before, started = torch.get_num_threads(), threading.Barrier(cores + 1)
        pool = ThreadPoolExecutor(cores, "encoder", initializer=alone)
        for _ in range(cores):
            pool.submit(started.wait)
        started.wait()
        torch.set_num_threads(before)
        return pool

    def encode(self, pictures: Sequence[np.ndarray], batch: int) -> np.ndarray:
        """n pictures of side × side × 3 bytes to n × d float32 of length 1.

        They go through at most `batch` at a time, always as many: a short last batch is padded, so that its shape and
        with it the order of the sums does not depend on how many came along.
        """
        size = min(batch, self._at_once or batch)
        return self._in_batches([np.asarray(p) for p in pictures], size, self._image_batch)

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """n texts, cut to the tower's context, to n × d float32 of length 1."""
        tokens = list(self._tokens(list(texts)))
        return self._in_batches(tokens, TEXT_BATCH, self._text_batch)

    def _in_batches(self, values: list[np.ndarray], size: int, run: Any) -> np.ndarray:
        padded = values + [np.zeros_like(values[0])] * (-len(values) % size)
        stacks = (np.stack(padded[start : start + size]) for start in range(0, len(padded), size))
        parts = map(run, stacks) if self.device != "cpu" else self._workers.map(run, stacks)
        return np.concatenate(list(parts))[: len(values)]

    def _image_batch(self, pixels: np.ndarray) -> np.ndarray:
        import torch

        with torch.inference_mode():
            flat = torch.from_numpy(pixels).to(self.device).flatten(1).float()  # whole runs of bytes
            even = torch.addcmul(self._shift, flat, self._scale).to(self.dtype)
            return self._unit(self.net.encode_image(even.view(pixels.shape).permute(0, 3, 1, 2)))

    def _text_batch(self, tokens: np.ndarray) -> np.ndarray:
        import torch

        with torch.inference_mode():
            return self._unit(self.net.encode_text(torch.from_numpy(tokens).to(self.device)))

    @staticmethod
    def _unit(vectors: Any) -> np.ndarray:
        import torch

        return np.asarray(torch.nn.functional.normalize(vectors.float(), dim=-1).cpu().numpy())

    def _tokens(self, texts: list[str]) -> np.ndarray:
        """n × context of int64, by the model's own tokenizer."""
        return np.asarray(self._tokenizer(texts).numpy())

    @cached_property
    def _tokenizer(self) -> Any:
        import open_clip

        name = self.place.name if self.place.folder or ":" in self.place.name else self.place.name.partition("/")[0]
        try:
            return open_clip.get_tokenizer(name)
        except Exception as error:
            why = f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
            raise EncoderError(f"the tokenizer of {self.place.name!r} cannot be loaded ({why})") from None
