"""`gesso train head RECIPE`: damaged captures of a home → pairs → a graded head, put in force for `aesthetic`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from crawlers.captures import CaptureStore
from curation.heads import trained
from curation.heads.head import Head
from curation.heads.load import weights_hash, write_head
from models.errors import GessoError
from models.quality.judged import FOLDS, Judged, accuracies, cross_judged, examples_of, strength_correlation
from models.quality.meaning import TEXT, Meaning, calibration_error, graded, meaning_of
from models.quality.pairs import pairs_of, write_pairs
from models.quality.ranker import Examples, RankerConfig, fit
from models.quality.vectors import Eyes

KIND = "aesthetic"
BY = "counterfactuals"
MEASURED = ("accuracy", "weakest_strength", "calibration_error", "strength_correlation")
Progress = Callable[[str, int, int], None]


class HeadRecipeError(GessoError):
    """The file is no recipe of a head."""


class HeadConfig(BaseModel):
    """A recipe: `encoder` as `embedding: {model}` takes it; the rest shapes the ranker (models/quality/ranker.py)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="quality", pattern=r"^[a-z][a-z0-9_-]{0,63}$")
    encoder: str = "auto"
    members: int = Field(default=8, ge=1, le=64)
    hidden: int = Field(default=24, ge=1, le=1024)
    steps: int = Field(default=250, ge=1, le=100_000)
    seed: int = 7

    def ranker(self) -> RankerConfig:
        return replace(RankerConfig(), members=self.members, hidden=self.hidden, steps=self.steps, seed=self.seed)


@dataclass(frozen=True)
class HeadResult:
    """The head's file, what it was fitted on, and how it did on sites that it had not seen."""

    path: Path
    in_force: bool
    sites: int
    pairs: int
    accuracy: float
    weakest_strength: float
    calibration_error: float
    strength_correlation: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"path": str(self.path)}


@dataclass(frozen=True)
class Fitted:
    """A graded head with what is known of it."""

    head: Head
    meaning: Meaning
    judged: Judged
    pairs: pa.Table
    examples: Examples


def load_config(path: Path) -> HeadConfig:
    """Raises HeadRecipeError, which names the file and the key, and what to give instead."""
    try:
        return HeadConfig.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        why = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise HeadRecipeError(
            f"{path} cannot be read ({why}): give a YAML file, such as recipes/quality.yaml"
        ) from None
    except ValidationError as error:
        what = error.errors()[0]
        raise HeadRecipeError(f"{path}: {'.'.join(map(str, what['loc']))}: {what['msg']}") from None


def train(config: HeadConfig, home: Path, out: Path | None = None, progress: Progress | None = None) -> HeadResult:
    """Fit on every damaged capture of `home`. `out` is one more folder for the head and its manifest.

    It comes in force unless a head that was trained on labels is. Raises PairsError where nothing was damaged.
    """
    eyes = Eyes(config.encoder, home)
    fitted = fit_store(CaptureStore(str(home / "captures")), eyes, config, home / "runs" / config.name, progress)
    about = _about(fitted, config, eyes)
    number = max(trained.numbers(KIND, home), default=0) + 1
    folder = trained.folder_of(KIND, home) / str(number)
    aside = folder.with_name(f".{number}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    _write(fitted.head, aside / trained.FILE, aside / trained.MANIFEST, eyes, about)
    aside.replace(folder)
    in_force = _may_rule(home)
    if in_force:
        trained.put_in_force(KIND, home, number)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        _write(fitted.head, out / trained.FILE, out / trained.MANIFEST, eyes, about)
    metrics = about["metrics"]
    sites, pairs = len(about["sites"]), fitted.pairs.num_rows
    return HeadResult(folder / trained.FILE, in_force, sites, pairs, **{k: metrics[k] for k in MEASURED})


def fit_store(
    store: CaptureStore, eyes: Eyes, config: HeadConfig, kept: Path, progress: Progress | None = None
) -> Fitted:
    """Pairs, vectors (kept in the folder `kept`), folds for what grades mean, and a ranker of all."""
    captures = list(store.captures(damaged=True))
    pairs = pairs_of(captures)
    write_pairs(pairs, kept / "pairs.parquet")
    wanted = set(pairs["better"].to_pylist()) | set(pairs["worse"].to_pylist())
    vectors = eyes.vectors(store, [c for c in captures if c.capture_id in wanted], kept, progress)
    examples = examples_of(pairs, vectors, eyes.embedding.dimensions)
    judged = cross_judged(pairs, examples, config.ranker(), progress)
    first, strength = pairs["better_strength"].to_numpy() == 0, pairs["worse_strength"].to_numpy()
    whole = judged.scores[np.unique(examples.better[first])]
    broken = judged.scores[examples.worse[first & (strength == strength.max())]]
    meaning = meaning_of(whole, broken, judged.margins[first])
    return Fitted(graded(fit(examples, config.ranker()), meaning), meaning, judged, pairs, examples)


def _about(fitted: Fitted, config: HeadConfig, eyes: Eyes) -> dict[str, Any]:
    pairs, margins = fitted.pairs, fitted.judged.margins
    table = accuracies(pairs, margins)
    first = pairs["better_strength"].to_numpy() == 0
    error = calibration_error(margins[first] * fitted.meaning.slope, fitted.meaning.log_odds)
    metrics = {
        "folds": FOLDS,
        "accuracy": round(table["", 0][0], 4),
        "weakest_strength": round(table["", min(s for k, s in table if not k and s)][0], 4),
        "calibration_error": round(error, 4),
        "strength_correlation": round(strength_correlation(pairs, fitted.examples, fitted.judged.scores), 4),
        "by_kind": {f"{k or 'all'} {s or 'all'}": [round(a, 4), n] for (k, s), (a, n) in table.items()},
    }
    return {
        "kind": KIND,
        "by": BY,
        "meaning": TEXT,
        "log_odds_a_point": round(fitted.meaning.log_odds, 4),
        "embedding": {"model": eyes.place.name.rpartition("/")[2], "fingerprint": eyes.embedding.fingerprint()},
        "craft": eyes.craft.fingerprint(),
        "config": config.model_dump(mode="json"),
        "sites": sorted(set(pairs["site"].to_pylist())),
        "pairs": pairs.num_rows,
        "labels": [],
        "metrics": metrics,
    }


def _write(head: Head, path: Path, manifest: Path, eyes: Eyes, about: dict[str, Any]) -> None:
    write_head(head, path, embedding=eyes.embedding.fingerprint())
    about = about | {"head": {"file": path.name, "sha256": weights_hash(path)}}
    manifest.write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _may_rule(home: Path) -> bool:
    """Whether no head that labels taught is in force."""
    try:
        number = int((trained.folder_of(KIND, home) / trained.CURRENT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return True
    return trained.manifest(KIND, home, number).get("by") == BY
