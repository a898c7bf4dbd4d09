"""An encoder's training recipe: a YAML file, checked before anything heavy is imported."""

from __future__ import annotations

import difflib
import hashlib
import json
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.errors import RecipeError

# What may change between two calls of one run: it says how often, not what is learnt.
RUN_ONLY = frozenset({"checkpoint_every", "keep_checkpoints", "validate_every", "threads", "tensorboard"})
MAX_BYTES = 1 << 20


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelChoice(_Section):
    """The architecture: open_clip's name of one (with `pretrained`, its weights), a folder, or `config` spelt out.

    `image_start` may name where a fresh image tower starts, `text_start: static` lets a fresh text tower start as the
    mean of the teacher's vectors of its tokens; `vocabulary` is then that of its own byte-pair tokenizer.
    """

    name: str = ""
    pretrained: str = ""
    config: dict[str, Any] | None = None
    image_start: Literal["random", "efficientnet-lite0"] = "random"
    head_start: Literal["rotation", "fitted"] = "rotation"  # what is above an EfficientNet trunk
    text_start: Literal["random", "static"] = "random"
    vocabulary: int = Field(0, ge=0, le=16_384)
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)

    @model_validator(mode="after")
    def _one_of_both(self) -> ModelChoice:
        if bool(self.name) == (self.config is not None):
            raise ValueError("give either name or config")
        if self.text_start == "static" and not self.vocabulary:
            raise ValueError("text_start: static needs a vocabulary of its own")
        if self.vocabulary and self.vocabulary < 300:
            raise ValueError("a byte-pair vocabulary begins with 256 bytes: give 300 or more")
        return self


class LoraChoice(_Section):
    """Low-rank updates of every linear layer of a tower in place of the layers themselves; 0 is none."""

    rank: int = Field(0, ge=0, le=512)
    alpha: float = Field(16.0, gt=0)


class Weights(_Section):
    """What the parts of the loss count; 0 leaves a part out.

    `texts`: picture and text of one group find each other. `pictures`: pictures of one group do.
    `teacher`: texts lie where the teacher puts them; `aim`: pictures lie where the teacher puts their texts.
    """

    texts: float = Field(1.0, ge=0)
    pictures: float = Field(0.0, ge=0)
    teacher: float = Field(0.0, ge=0)
    aim: float = Field(0.0, ge=0)


class EncoderConfig(_Section):
    """One training run. A batch is `groups` apps or sites × `pictures` of each, all ranks together."""

    name: str = Field("encoder", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    dataset: str = "demo"
    split: str = "train"
    validation: str = ""
    group: tuple[str, ...] = ("app_id", "site")
    texts: tuple[str, ...] = ("caption",)
    reading: tuple[str, ...] = ()  # files of further texts, one a line, for `teacher`
    model: ModelChoice
    teacher: str = ""
    loss: Literal["clip", "siglip"] = "clip"
    weights: Weights = Weights()
    temperature: float = Field(0.1, gt=0)
    same_picture: float = Field(2.0, ge=1)
    image: Literal["all", "locked"] = "all"
    image_open: int = Field(0, ge=0)  # of a locked tower, so many groups of layers from its end stay open
    text: Literal["all", "locked"] = "all"
    lora: LoraChoice = LoraChoice()
    augment: bool = True
    looks: int = Field(0, ge=0, le=64)  # of a locked stem: so many looks of each picture are computed once and kept
    seed: int = Field(7, ge=0, lt=2**31)
    groups: int = Field(16, ge=2)
    shares: dict[str, float] = Field(default_factory=dict)  # of a batch's groups, by how their names begin
    untied: tuple[str, ...] = ()  # how names of groups begin that `weights.pictures` leaves out
    pictures: int = Field(2, ge=1)
    sentences: int = Field(0, ge=0)  # of `reading` and `texts` in a batch, for `teacher`
    accumulate: int = Field(1, ge=1)
    steps: int = Field(1000, ge=1)
    lr: float = Field(1e-3, gt=0)
    image_lr: float | None = Field(None, gt=0)
    warmup: int = Field(50, ge=0)
    weight_decay: float = Field(0.05, ge=0)
    clip_norm: float = Field(1.0, gt=0)
    keep_start: float = Field(0.0, ge=0, lt=1)  # of the image tower's weights that are saved, so much is the start's
    average: float = Field(0.0, ge=0, lt=1)  # decay of the averaged weights that are saved; 0 saves the last ones
    precision: Literal["fp32", "bf16"] = "fp32"
    threads: int | None = Field(None, ge=1)
    checkpoint_every: int = Field(200, ge=1)
    keep_checkpoints: int = Field(2, ge=1)
    validate_every: int = Field(0, ge=0)
    tensorboard: bool = False

    @model_validator(mode="after")
    def _fits_together(self) -> EncoderConfig:
        if not self.texts:
            raise ValueError("texts names no column")
        if (self.weights.teacher or self.weights.aim or self.model.text_start == "static") and not self.teacher:
            raise ValueError("weights.teacher, weights.aim and text_start: static need a teacher")
        if self.weights.teacher and not self.sentences:
            raise ValueError("weights.teacher needs sentences: how many of them a batch has")
        if self.looks and self.image != "locked":
            raise ValueError("looks are kept of a locked image tower only: set image: locked")
        if self.model.head_start == "fitted" and (not self.looks or not self.teacher or self.lora.rank):
            raise ValueError("head_start: fitted needs looks and a teacher to be fitted to, and no lora")
        if self.keep_start and self.lora.rank:
            raise ValueError("keep_start blends whole weights: leave it out with lora")
        if any(not 0 <= share <= 1 for share in self.shares.values()) or sum(self.shares.values()) > 1:
            raise ValueError("shares are numbers from 0 to 1 that add up to 1 at most")
        if not (self.weights.texts or self.weights.pictures or self.weights.teacher or self.weights.aim):
            raise ValueError("all weights are 0: nothing would be learnt")
        if self.image == "locked" and self.text == "locked" and not self.lora.rank and not self.image_open:
            raise ValueError("both towers are locked: open one, or give lora a rank")
        return self

    @property
    def total_steps(self) -> int:
        """What the run's folder asks for."""
        return self.steps

    @property
    def batch_size(self) -> int:
        """Pictures of a step, all ranks together."""
        return self.groups * self.pictures

    def fingerprint(self, data: str) -> str:
        """What a run's weights depend on, its length too, for the rate falls towards it: another one is another run."""
        later = {
            "shares": {},
            "untied": (),
            "keep_start": 0.0,
        }  # a run of before there were these is still the same run
        unset = {name for name, value in later.items() if getattr(self, name) == value}
        settings = self.model_dump(mode="json", exclude=set(RUN_ONLY) | unset)
        if self.model.head_start == "rotation":  # as runs were before there was a choice
            del settings["model"]["head_start"]
        return hashlib.sha256(json.dumps(["encoder", settings, data], sort_keys=True).encode()).hexdigest()


_SECTIONS: dict[str, type[BaseModel]] = {"model": ModelChoice, "lora": LoraChoice, "weights": Weights}


def load_config(path: Path) -> EncoderConfig:
    """Read a recipe. Raises RecipeError, with a suggestion where a key is misspelt."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RecipeError(f"{path} has more than {MAX_BYTES >> 20} MB: that is no recipe")
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(f"no recipe at {path}: give a YAML file, such as recipes/encoder-mini.yaml") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"cannot read {path} ({error}): give a YAML file in UTF-8") from None
    except yaml.YAMLError as error:
        raise RecipeError(f"{path} is not YAML ({' '.join(str(error).split())}): correct it") from None
    if not isinstance(fields, dict):
        raise RecipeError(f"{path} holds no keys: a recipe is a mapping such as `dataset: demo`")
    try:
        return EncoderConfig.model_validate(fields)
    except ValidationError as error:
        raise RecipeError(_explain(error, path)) from None


def _explain(error: ValidationError, path: Path) -> str:
    problem = error.errors()[0]
    place = problem["loc"]
    key = ".".join(str(part) for part in place) or "the recipe"
    if problem["type"] == "extra_forbidden":
        section = _SECTIONS.get(str(place[0]), EncoderConfig) if len(place) > 1 else EncoderConfig
        close = difflib.get_close_matches(str(place[-1]), section.model_fields, 1)
        remedy = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(section.model_fields)}"
        return f"{path}: unknown key {key!r}: {remedy}"
    if problem["type"] == "value_error":
        return f"{path}: {key}: {problem['msg'].removeprefix('Value error, ')}"
    return f"{path}: {key} is {problem['input']!r}: {problem['msg'].lower()}; correct it in the recipe"
