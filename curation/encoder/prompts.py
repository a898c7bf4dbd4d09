"""Prompts for zero-shot tags: groups of labels, each with phrases, from YAML; and one vector a label."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from curation.encoder.towers import Encoder
from curation.errors import GessoError
from curation.recipe import told

MAX_BYTES = 1 << 20
MAX_TEXTS = 20_000

Templates = tuple[str, ...] | dict[str, tuple[str, ...]]


class PromptsError(GessoError):
    """The file of prompts is missing or is none."""


class Prompts(BaseModel):
    """Group → label → phrases; each phrase is put into each template's `{}`: those of its group, or `templates`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    templates: tuple[str, ...] = ("a screenshot of {}",)
    templates_of: dict[str, tuple[str, ...]] = {}
    groups: dict[str, dict[str, tuple[str, ...]]] = Field(min_length=1)

    @field_validator("templates", "templates_of")
    @classmethod
    def _place_for_a_phrase(cls, value: Templates) -> Templates:
        for texts in value.values() if isinstance(value, dict) else [value]:
            if not texts or any(text.count("{}") != 1 or len(text) > 400 for text in texts):
                raise ValueError("each template needs one {} for the phrase")
        return value

    @field_validator("groups")
    @classmethod
    def _two_labels(cls, value: dict[str, dict[str, tuple[str, ...]]]) -> dict[str, dict[str, tuple[str, ...]]]:
        for group, labels in value.items():
            if not group.isidentifier() or not group.islower():
                raise ValueError(f"group {group!r} becomes a column: use lower-case letters, digits and _")
            if len(labels) < 2:
                raise ValueError(f"group {group!r} needs two labels at least: they compete")
            if lonely := [label for label, phrases in labels.items() if not phrases]:
                raise ValueError(f"label {lonely[0]!r} of {group!r} has no phrase")
        return value

    @model_validator(mode="after")
    def _templates_of_groups(self) -> Prompts:
        if unknown := set(self.templates_of) - set(self.groups):
            raise ValueError(f"templates_of names {min(unknown)!r}, which is no group")
        return self

    def texts(self) -> list[list[str]]:
        """The texts of each label, groups and labels in their order."""
        return [
            filled(self.templates_of.get(group, self.templates), phrases)
            for group, labels in self.groups.items()
            for phrases in labels.values()
        ]

    def digest(self) -> str:
        """sha256 of all that these prompts say."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def filled(templates: Sequence[str], phrases: Sequence[str]) -> list[str]:
    """Each phrase in each template."""
    return [template.replace("{}", phrase) for phrase in phrases for template in templates]


def read_prompts(path: Path) -> Prompts:
    """Read and check a file. Raises PromptsError with one line that names the place."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PromptsError(f"{path} has more than {MAX_BYTES >> 20} MB: that is no file of prompts")
        text = path.read_text(encoding="utf-8")
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            raise PromptsError(f"{path} has aliases (*name), which can grow without end: write the phrases out")
        prompts = Prompts.model_validate(yaml.safe_load(text))
    except ValidationError as error:
        problem = error.errors()[0]
        at = ".".join(str(part) for part in problem["loc"]) or "the file"
        raise PromptsError(f"{path}: {at}: {told(problem)}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise PromptsError(f"cannot read prompts from {path} ({type(error).__name__}): give a YAML file") from None
    if sum(map(len, prompts.texts())) > MAX_TEXTS:
        raise PromptsError(f"{path} makes more than {MAX_TEXTS} texts: use fewer phrases or templates")
    return prompts


def label_vectors(prompts: Prompts, encoder: Encoder, home: Path) -> np.ndarray:
    """labels × d float32 of length 1, kept in `<home>/features/prompts-<fingerprint>.npy` for the next run."""
    texts = prompts.texts()
    key = json.dumps([encoder.place.weights_hash(), encoder.place.precision(), texts])
    path = home / "features" / f"prompts-{hashlib.sha256(key.encode()).hexdigest()[:12]}.npy"
    try:
        kept = np.load(path, allow_pickle=False)
        if kept.ndim == 2 and len(kept) == len(texts):
            return np.asarray(kept, np.float32)
    except (OSError, ValueError, EOFError):
        pass  # not there, or not whole: made anew
    vectors = encoder.encode_texts([text for some in texts for text in some])
    ends = np.cumsum([len(some) for some in texts])[:-1]
    means = np.stack([part.mean(axis=0) for part in np.split(vectors, ends)])
    means = (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    with aside.open("wb") as out:
        np.save(out, means)
        out.flush()
        os.fsync(out.fileno())
    aside.replace(path)
    return means
