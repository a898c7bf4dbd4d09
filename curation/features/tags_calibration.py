"""How cosines of pictures and labels' texts become log-odds: a scale for each group and a bias for each label.

An encoder has favourite texts, which lie near every picture, and labels are not equally frequent. Both are told from
labelled captures of the training split (`python -m models.tags.tune`), for one encoder and one file of prompts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from curation.errors import GessoError

if TYPE_CHECKING:
    from curation.encoder.prompts import Prompts
    from curation.features.embedding import Embedding

CALIBRATION = Path(__file__).with_suffix(".json")


class CalibrationError(GessoError):
    """The file of a calibration is none."""


class Scale(BaseModel):
    """log-odds = scale × cosine + bias."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scale: FiniteFloat = Field(gt=0)
    bias: dict[str, FiniteFloat]


class Calibration(BaseModel):
    """`encoder` is the hash of its weights, `view` how it looked, `prompts` the digest of the prompts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: str
    view: str
    prompts: str
    groups: dict[str, Scale]

    def fits(self, embedding: Embedding, prompts: Prompts) -> bool:
        """Whether it was fitted on this encoder, this way of looking and these prompts."""
        return (self.encoder, self.view, self.prompts) == (
            embedding.weights_hash(),
            view_of(embedding),
            prompts.digest(),
        )

    def logits(self, group: str, labels: Sequence[str], cosines: np.ndarray) -> np.ndarray:
        """n × labels log-odds of n × labels cosines."""
        fitted = self.groups[group]
        return fitted.scale * cosines + np.array([fitted.bias[label] for label in labels])

    def digest(self) -> str:
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def view_of(embedding: Embedding) -> str:
    """How an embedding looks at a picture, in a word or two."""
    params = embedding.params
    return f"{params.view} {params.tiles}" if params.view == "tiles" else params.view


def read_calibration(path: Path) -> Calibration | None:
    """None where there is no file. Raises CalibrationError."""
    if not path.is_file():
        return None
    try:
        return Calibration.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise CalibrationError(f"{path} is no calibration ({type(error).__name__}): fit it again") from None
