"""embedding: one L2-normalised vector a picture, from any open_clip model by name or from a local folder.

`model` is `auto` (weights at hand, else the feature is left out of the run with a note), `ViT-B-32/laion2b_s34b_b79k`
(an open_clip name and its pretrained tag), `hf-hub:…`, or a folder with open_clip_config.json and a .safetensors file.
"""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from PIL import Image
from pydantic import Field

from curation.errors import GessoError
from curation.features.base import Feature, Item, NotAtHand, Params, Row

CONFIG = "open_clip_config.json"
ENCODER = "GESSO_ENCODER"  # a folder that `auto` looks at first


class EmbeddingError(GessoError):
    """The named model cannot be loaded."""


class EmbeddingParams(Params):
    """`batch` pictures go through the model at once, always as many: a short last batch is padded, not shaped anew."""

    model: str = "auto"
    batch: int = Field(default=16, ge=1, le=1024)


class Embedding(Feature):
    """The whole picture, letterboxed: a centre crop would see less than half of a phone's screen."""

    name: ClassVar[str] = "embedding"
    needs: ClassVar[tuple[str, ...]] = ("image",)
    parameters: ClassVar[type[Params]] = EmbeddingParams
    params: EmbeddingParams

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self._place: str | None = None
        self._loaded: _Model | None = None
        self._lock = threading.Lock()

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([("embedding", pa.list_(pa.float16(), self.model().dimensions))])

    def check(self, home: Path) -> None:
        """Settle on the model. `auto` asks no network: it takes $GESSO_ENCODER or `<home>/encoder`, or is left out."""
        self._place = self.params.model
        if self.params.model == "auto":
            places = [Path(p) for p in (os.environ.get(ENCODER, ""), home / "encoder") if p]
            found = next((p for p in places if (p / CONFIG).is_file()), None)
            if found is None:
                raise NotAtHand(
                    "embedding left out: no encoder weights are at hand; name an open_clip model or a folder in the "
                    f"recipe (embedding: {{model: ViT-B-32/laion2b_s34b_b79k}}), or point {ENCODER} to a folder"
                )
            self._place = str(found)
        self.model()

    def weights_hash(self) -> str:
        place = self._place or self.params.model
        if (Path(place) / CONFIG).is_file():
            digest = hashlib.sha256((Path(place) / CONFIG).read_bytes())
            with _weights(Path(place)).open("rb") as weights:
                digest.update(hashlib.file_digest(weights, "sha256").digest())
            return digest.hexdigest()
        return place  # published weights do not change under their name

    def identity(self) -> dict[str, Any]:
        return {"precision": precision()}

    def model(self) -> _Model:
        with self._lock:
            if self._loaded is None:
                self._loaded = _Model(self._place or self.params.model)
            return self._loaded

    def prepare(self, item: Item) -> np.ndarray:
        assert item.decoded is not None
        model = self.model()
        return letterbox(item.decoded.image, model.side, model.fill)

    def compute(self, prepared: list[np.ndarray]) -> list[Row]:
        vectors: list[np.ndarray] = []
        for start in range(0, len(prepared), self.params.batch):
            some = prepared[start : start + self.params.batch]
            blank = [np.zeros_like(some[0])] * (self.params.batch - len(some))
            vectors.extend(self.model().encode(np.stack([*some, *blank]))[: len(some)])
        return [{"embedding": vector} for vector in vectors]


def letterbox(image: Image.Image, side: int, fill: tuple[int, int, int]) -> np.ndarray:
    """side × side × 3 bytes: the whole picture, centred on a ground that the model sees as zero."""
    scale = side / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = image.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)
    ground = Image.new("RGB", (side, side), fill)
    ground.paste(small, ((side - size[0]) // 2, (side - size[1]) // 2))
    return np.asarray(ground)


def precision() -> str:
    """`bf16` where a GPU or the CPU multiplies in it (AMX, AVX-512 BF16), else `fp32`."""
    import torch

    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    answers = (getattr(torch.cpu, f"_is_{name}_supported", lambda: False)() for name in ("amx_tile", "avx512_bf16"))
    return "bf16" if any(answers) else "fp32"


class _Model:
    """A loaded image tower. Weights come from safetensors or torch's weights-only reader: nothing is unpickled."""

    def __init__(self, place: str) -> None:
        import open_clip
        import torch

        name, tag = self._source(place)
        try:
            model = open_clip.create_model(name, pretrained=tag, require_pretrained=True, weights_only=True)
        except Exception as error:
            why = f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
            raise EmbeddingError(
                f"embedding model {place!r} cannot be loaded ({why}): "
                "give NAME/TAG as open_clip lists them, hf-hub:NAME, a folder, or auto"
            ) from None
        config = open_clip.get_model_preprocess_cfg(model)
        size = config["size"]
        self.side = int(size if isinstance(size, int) else max(size))
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.dtype = torch.bfloat16 if precision() == "bf16" else torch.float32
        self.mean, self.std = (
            torch.tensor(config[key], device=self.device).view(1, 3, 1, 1) for key in ("mean", "std")
        )
        red, green, blue = (round(255 * value) for value in config["mean"])
        self.fill = (red, green, blue)
        self.net = model.to(self.device, self.dtype).eval()
        self.dimensions = int(self.encode(np.zeros((1, self.side, self.side, 3), np.uint8)).shape[1])

    @staticmethod
    def _source(place: str) -> tuple[str, str | None]:
        if (Path(place) / CONFIG).is_file():
            _weights(Path(place))
            return f"local-dir:{place}", None
        if place.startswith("hf-hub:"):
            return place, None
        if Path(place).is_absolute() or place.startswith("."):
            raise EmbeddingError(f"no model in {place}: the folder needs {CONFIG} and a .safetensors file")
        name, _, tag = place.partition("/")
        if not tag:
            raise EmbeddingError(
                f"embedding model {place!r} has no tag: write NAME/TAG, as in ViT-B-32/laion2b_s34b_b79k"
            )
        return name, tag

    def encode(self, pixels: np.ndarray) -> np.ndarray:
        """n × side × side × 3 bytes to n × d float16, each of length 1."""
        import torch

        with torch.inference_mode():
            batch = torch.from_numpy(pixels).to(self.device).permute(0, 3, 1, 2).float().div_(255)
            batch = ((batch - self.mean) / self.std).to(self.dtype).contiguous()
            vectors = self.net.encode_image(batch).float()
            vectors = torch.nn.functional.normalize(vectors, dim=-1)
        return np.asarray(vectors.cpu().numpy().astype(np.float16))


def _weights(folder: Path) -> Path:
    found = sorted(folder.glob("*.safetensors"))
    if not found:
        raise EmbeddingError(f"no .safetensors file in {folder}: pickled weights are not read")
    return found[0]
