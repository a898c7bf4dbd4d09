"""A diffusion training recipe: a YAML file, checked before anything heavy is imported."""

from __future__ import annotations

import difflib
import hashlib
import json
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from models.errors import RecipeError

# What may change between two calls of one run: it says how long and how often, not what is learnt.
RUN_ONLY = frozenset({"steps", "checkpoint_every", "keep_checkpoints", "threads", "workers"})


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TinyConfig(_Section):
    """Sizes of the pipeline that `base: tiny` builds from nothing."""

    vae_channels: tuple[int, ...] = (16, 32, 48, 48)
    latent_channels: int = Field(8, ge=3, le=32)
    unet_channels: tuple[int, ...] = (48, 96)
    text_width: int = Field(64, ge=16)
    text_layers: int = Field(2, ge=1)
    text_length: int = Field(48, ge=8, le=77)
    vocabulary: int = Field(2048, ge=600)

    @field_validator("vae_channels", "unet_channels")
    @classmethod
    def _sixteens(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value or any(width < 16 or width % 8 for width in value):
            raise ValueError("channels must be multiples of 8 from 16 up")
        return value

    @property
    def multiple(self) -> int:
        """What a picture's sides must divide by: the autoencoder's and the UNet's halvings."""
        return 1 << (len(self.vae_channels) + len(self.unet_channels) - 2)


class DiffusionConfig(_Section):
    """One training run: `vae_steps` optimiser steps of the autoencoder, then `steps` of the denoiser."""

    name: str = Field("tiny", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    dataset: str = "demo"
    split: str = "train"
    views: tuple[str, ...] = ()
    base: str = "tiny"
    tiny: TinyConfig = TinyConfig()
    seed: int = Field(7, ge=0, lt=2**31)
    width: int = Field(64, ge=8, le=2048)
    height: int = Field(64, ge=8, le=2048)
    fit: Literal["letterbox", "crop"] = "letterbox"
    max_aspect: float = Field(2.4, gt=0)
    batch_size: int = Field(16, ge=1)
    steps: int = Field(400, ge=1)
    lr: float = Field(1e-3, gt=0)
    warmup: int = Field(20, ge=0)
    weight_decay: float = Field(0.01, ge=0)
    clip_norm: float = Field(1.0, gt=0)
    train_text_encoder: bool = True
    prediction: Literal["auto", "v_prediction", "epsilon"] = "auto"
    zero_terminal_snr: bool = True
    min_snr_gamma: float | None = Field(5.0, gt=0)
    caption_dropout: float = Field(0.1, ge=0, le=1)
    ema: float = Field(0.99, ge=0, lt=1)
    vae_steps: int = Field(0, ge=0)
    vae_batch_size: int | None = Field(None, ge=1)
    vae_lr: float = Field(4e-4, gt=0)
    vae_kl: float = Field(1e-6, ge=0)
    latents: Literal["auto", "memory", "stream"] = "auto"
    precision: Literal["fp32", "bf16"] = "fp32"
    threads: int | None = Field(None, ge=1)
    workers: int = Field(2, ge=1)
    checkpoint_every: int = Field(100, ge=1)
    keep_checkpoints: int = Field(2, ge=1)

    def fingerprint(self, data: str) -> str:
        """What a run's weights depend on, beside its length: resuming under another one would mix two runs."""
        settings = self.model_dump(mode="json", exclude=set(RUN_ONLY))
        return hashlib.sha256(json.dumps([settings, data], sort_keys=True).encode()).hexdigest()

    @property
    def total_steps(self) -> int:
        return self.vae_steps + self.steps


def _explain(error: ValidationError, path: Path) -> str:
    problem = error.errors()[0]
    section: type[BaseModel] = (
        TinyConfig if problem["loc"][:1] == ("tiny",) and len(problem["loc"]) > 1 else DiffusionConfig
    )
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        close = difflib.get_close_matches(str(problem["loc"][-1]), section.model_fields, 1)
        remedy = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(section.model_fields)}"
        return f"{path}: unknown key {key!r}: {remedy}"
    return f"{path}: {key or 'recipe'} is {problem['input']!r}: {problem['msg'].lower()}; correct it in the recipe"


def load_config(path: Path) -> DiffusionConfig:
    """Read a recipe. Raises RecipeError, with a suggestion where a key is misspelt."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RecipeError(
            f"no recipe at {path}: give the path of a YAML file, such as recipes/train-tiny.yaml"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"cannot read {path} ({error}): give a YAML file in UTF-8") from None
    try:
        fields = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RecipeError(f"{path} is not YAML ({' '.join(str(error).split())}): correct it") from None
    if not isinstance(fields, dict):
        raise RecipeError(f"{path} holds no keys: a recipe is a mapping such as `dataset: demo`")
    try:
        config = DiffusionConfig.model_validate(fields)
    except ValidationError as error:
        raise RecipeError(_explain(error, Path(path))) from None
    if config.base == "tiny":
        multiple = config.tiny.multiple
        for side in ("width", "height"):
            if getattr(config, side) % multiple:
                raise RecipeError(f"{path}: {side} is {getattr(config, side)}: give a multiple of {multiple}")
    elif config.vae_steps:
        raise RecipeError(
            f"{path}: vae_steps trains the autoencoder of `base: tiny` only: leave it out with base {config.base!r}"
        )
    return config
