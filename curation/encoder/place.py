"""Where an encoder is and what is known of it before it is loaded: its dimensions, its weights' hash, its precision.

Imports neither torch nor open_clip, so that a run whose embeddings are all at hand does not wait for them.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from curation.errors import GessoError
from curation.features.base import NotAtHand

CONFIG = "open_clip_config.json"
ENCODER = "GESSO_ENCODER"  # a folder that `auto` looks at first
SHIPPED = {"gesso-mini": Path(__file__).parents[1] / "weights" / "gesso-mini"}  # docs/models/gesso-mini.md
MAX_CONFIG_BYTES = 1 << 20
BF16_FLAGS = {"amx_bf16", "avx512_bf16"}
GPU_SIGNS = ("/proc/driver/nvidia", "/dev/nvidiactl", "/dev/dxg", "/dev/kfd")  # without any, torch is not asked


class EncoderError(GessoError):
    """The named encoder cannot be had, or cannot do what is asked of it."""


@dataclass(frozen=True)
class Place:
    """A model by its open_clip name (`ViT-B-32/laion2b_s34b_b79k`, `hf-hub:…`), or by the folder it lies in."""

    name: str
    folder: Path | None = None

    def config(self) -> dict[str, Any] | None:
        """`model_cfg` as open_clip has it; None for a model on a hub, whose config is there, too."""
        if self.folder is not None:
            return dict(_read_json(self.folder / CONFIG)["model_cfg"])
        return None if self.name.startswith("hf-hub:") else _shipped_config(self.name)

    def weights_hash(self) -> str:
        """sha256 over a folder's config and weights; published weights do not change under their name."""
        if self.folder is None:
            return self.name
        weights = weights_in(self.folder)
        facts = weights.stat()
        return _folder_hash(self.folder, weights, facts.st_size, facts.st_mtime_ns)

    def precision(self) -> str:
        """What the model runs in: fp32 where its image tower normalises over batches, else what the machine does best.

        bf16 has too few digits for such a tower's weights (docs/decisions.md has the figures), and in fp32 it is quick
        enough. Read off the names of the weights, or the architecture's config; a model on a hub has neither at hand.
        """
        if self.folder is not None:
            weights = weights_in(self.folder)
            facts = weights.stat()
            batches = _normalises_over_batches(weights, facts.st_size, facts.st_mtime_ns)
        else:
            batches = isinstance((self.config() or {}).get("vision_cfg", {}).get("layers"), list)  # a ResNet
        return "fp32" if batches else precision()

    def fits(self, name: str) -> bool | None:
        """Whether this is the model `name`; None where a folder does not say. What ships is no other's model."""
        if self.folder is None:
            return canonical(self.name) == canonical(name)
        own = self.title in SHIPPED
        return (name in (self.title, self.name) or Path(name) == self.folder) if own else None

    @property
    def title(self) -> str:
        """The name to say: that of a shipped model, and not where it lies."""
        return next((known for known, folder in SHIPPED.items() if folder == self.folder), self.name)


def find(model: str, home: Path | None) -> Place:
    """The place of `model`: `auto`, `gesso-mini`, NAME/TAG, `hf-hub:NAME` or a folder. Asks no network.

    `auto` is $GESSO_ENCODER, `<home>/encoder` or the shipped gesso-mini; NotAtHand where a package was stripped of it.
    Raises EncoderError for what is no model at all.
    """
    if model == "auto":
        places = [Path(p) for p in (os.environ.get(ENCODER, ""), home / "encoder" if home else "") if p]
        places.append(SHIPPED["gesso-mini"])
        found = next((p for p in places if (p / CONFIG).is_file()), None)
        if found is None:
            raise NotAtHand(
                "embedding left out: no encoder weights are at hand; name an open_clip model or a folder in the "
                f"recipe (embedding: {{model: ViT-B-32/laion2b_s34b_b79k}}), or point {ENCODER} to a folder"
            )
        return find(str(found), None)
    folder = SHIPPED.get(model, Path(model))
    if (folder / CONFIG).is_file():
        weights_in(folder)
        _read_json(folder / CONFIG)
        return Place(f"local-dir:{folder}", folder)
    if model.startswith("hf-hub:"):
        return Place(model)
    if folder.is_absolute() or model.startswith("."):
        raise EncoderError(f"no model in {model}: the folder needs {CONFIG} and a .safetensors file")
    name, _, tag = model.partition("/")
    if not tag:
        raise EncoderError(f"embedding model {model!r} has no tag: write NAME/TAG, as in ViT-B-32/laion2b_s34b_b79k")
    if _shipped_config(model) is None:
        raise EncoderError(f"embedding model {model!r}: open_clip has no architecture {name!r}, see its model_configs")
    return Place(model)


def shipped(name: str = "gesso-mini") -> Path | None:
    """The folder of a model that Gesso ships; None where the package was stripped of it."""
    folder = SHIPPED[name]
    return folder if (folder / CONFIG).is_file() else None


def weights_in(folder: Path) -> Path:
    """The folder's .safetensors file. Raises EncoderError: pickled weights are not read."""
    found = sorted(folder.glob("*.safetensors"))
    if not found:
        raise EncoderError(f"no .safetensors file in {folder}: pickled weights are not read")
    return found[0]


def canonical(name: str) -> str:
    """One spelling of a published model: OpenAI's weights go by several names, and quick-GELU is theirs anyway."""
    plain = name.removeprefix("hf-hub:").split("/")[-1] if name.startswith("hf-hub:") else name
    plain = plain.lower().replace("-quickgelu", "").replace("_", "-").replace(".", "/")
    for size in ("base-patch32", "base-patch16", "large-patch14"):
        if size in plain and ("openai" in plain or plain.startswith("clip-vit")):
            letter, patch = size.split("-patch")
            return f"vit-{letter[0]}-{patch}{'-336' if '336' in plain else ''}/openai"
    return plain


@lru_cache(maxsize=1)
def precision() -> str:
    """`bf16` where a GPU or the CPU multiplies in it (AMX, AVX-512 BF16), else `fp32`."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file() and not any(Path(p).exists() for p in GPU_SIGNS):
        flags = next((line for line in cpuinfo.read_text().splitlines() if line.startswith("flags")), "")
        return "bf16" if BF16_FLAGS & set(flags.split()) else "fp32"
    import torch

    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    answers = (getattr(torch.cpu, f"_is_{name}_supported", lambda: False)() for name in ("amx_tile", "avx512_bf16"))
    return "bf16" if any(answers) else "fp32"


@lru_cache(maxsize=8)
def _normalises_over_batches(weights: Path, size: int, changed: int) -> bool:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(weights, framework="np") as file:
            return any(name.startswith("visual.") and name.endswith(".running_mean") for name in file.keys())  # noqa: SIM118
    except (SafetensorError, OSError):
        return False  # whoever loads it says what is wrong


@lru_cache(maxsize=8)
def _folder_hash(folder: Path, weights: Path, size: int, changed: int) -> str:
    digest = hashlib.sha256((folder / CONFIG).read_bytes())
    with weights.open("rb") as file:
        digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _shipped_config(name: str) -> dict[str, Any] | None:
    """The architecture's config as the installed open_clip ships it."""
    spec = importlib.util.find_spec("open_clip")
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError("open_clip is not installed: pip install 'gesso[curate]'")
    stem = name.partition("/")[0]
    path = Path(spec.submodule_search_locations[0]) / "model_configs" / f"{stem}.json"
    return (
        dict(json.loads(path.read_text()))
        if stem.replace("-", "").replace("_", "").isalnum() and path.is_file()
        else None
    )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_CONFIG_BYTES:
            raise ValueError("more than 1 MB")
        fields = json.loads(path.read_text(encoding="utf-8"))
        if int(fields["model_cfg"]["embed_dim"]) <= 0:
            raise ValueError("embed_dim is not positive")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderError(f"{path} is no open_clip config ({type(error).__name__}: {error}): write it anew") from None
    return dict(fields)
