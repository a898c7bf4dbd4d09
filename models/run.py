"""A run's folder: checkpoints that are whole or absent, the log, and the finished model. Safe against kill -9.

runs/<name>/recipe.yaml  train.csv  checkpoints/{latest,step-00000100/…}  model/  training.json
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

from models.errors import GessoError

if TYPE_CHECKING:
    from torch import Tensor

    from models.diffusion.config import DiffusionConfig
    from models.encoder.config import EncoderConfig


class RunError(GessoError):
    """The run was started with other settings, or its folder is not one of ours."""


@dataclass(frozen=True)
class TrainResult:
    """A finished run. Losses are means over the first and the last tenth of its steps."""

    run_dir: Path
    model_dir: Path
    steps: int
    loss_first: float
    loss_last: float
    images_per_second: float
    seconds: float
    weights_sha256: str

    def as_dict(self) -> dict[str, Any]:
        return {key: str(value) if isinstance(value, Path) else value for key, value in asdict(self).items()}


R = TypeVar("R", bound=TrainResult)


@dataclass(frozen=True)
class Checkpoint:
    """What it takes to go on after `step` finished steps. `state` holds the optimiser and the averaged weights."""

    step: int
    phase: str
    weights: dict[str, Tensor]
    state: dict[str, Any]


def write_durably(path: Path, text: str) -> None:
    """The whole text or the old file: written aside, synced, renamed."""
    aside = path.with_name(f".{path.name}.part")
    with aside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def _sync_folder(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder, folder.parent]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def replace_folder(target: Path, fill: Callable[[Path], None]) -> None:
    """Have `fill` write a folder aside, sync it, and only then put it in the target's place."""
    aside = target.with_name(f".{target.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    fill(aside)
    _sync_folder(aside)
    if target.exists():
        shutil.rmtree(target)
    aside.replace(target)
    _sync_folder(target.parent)


class RunFolder:
    """One run on disk. `fingerprint` is what its weights depend on; another one is another run."""

    def __init__(self, path: Path, config: DiffusionConfig | EncoderConfig, fingerprint: str) -> None:
        self.path, self.config, self.fingerprint = path, config, fingerprint
        self.model = path / "model"
        self.log_path = path / "train.csv"
        self.checkpoints = path / "checkpoints"

    def open(self, *, resume: bool) -> None:
        """Make the folder, or check that it is this run's. Raises RunError where it is another's."""
        if not resume and self.path.exists():
            shutil.rmtree(self.path)
        mark = self.path / "run.json"
        if mark.exists():
            try:
                known = json.loads(mark.read_text(encoding="utf-8"))["fingerprint"]
            except (ValueError, KeyError, TypeError):
                raise RunError(f"{mark} is damaged: delete {self.path} and train again") from None
            if known != self.fingerprint:
                raise RunError(
                    f"run {self.config.name!r} was started with other settings or other shards: give the recipe "
                    f"another name, or delete {self.path}"
                )
            return
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        settings = self.config.model_dump(mode="json")
        write_durably(self.path / "recipe.yaml", yaml.safe_dump(settings, sort_keys=False))
        write_durably(mark, json.dumps({"format": "gesso-run/1", "fingerprint": self.fingerprint}))

    def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint, move `latest` to it, and drop the oldest beyond `keep_checkpoints`."""
        import torch
        from safetensors.torch import save_file

        def fill(folder: Path) -> None:
            weights = {name: tensor.detach().cpu().contiguous() for name, tensor in checkpoint.weights.items()}
            save_file(weights, folder / "weights.safetensors")
            torch.save(checkpoint.state, folder / "state.pt")
            sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
            facts = {
                "step": checkpoint.step,
                "phase": checkpoint.phase,
                "fingerprint": self.fingerprint,
                "files": sizes,
            }
            (folder / "checkpoint.json").write_text(json.dumps(facts), encoding="utf-8")

        name = f"step-{checkpoint.step:08d}"
        replace_folder(self.checkpoints / name, fill)
        write_durably(self.checkpoints / "latest", name)
        whole = sorted(self.checkpoints.glob("step-*"))
        for old in whole[: -self.config.keep_checkpoints]:
            shutil.rmtree(old)

    def latest(self) -> Checkpoint | None:
        """The checkpoint that `latest` names, or else the newest whole one; none beyond the recipe's steps."""
        import torch
        from safetensors.torch import load_file

        pointer = self.checkpoints / "latest"
        named = [self.checkpoints / pointer.read_text(encoding="utf-8").strip()] if pointer.is_file() else []
        for folder in [*named, *sorted(self.checkpoints.glob("step-*"), reverse=True)]:
            facts = self._facts(folder)
            if facts is None or facts["step"] > self.config.total_steps:
                continue
            state = torch.load(folder / "state.pt", map_location="cpu", weights_only=True)
            return Checkpoint(facts["step"], facts["phase"], load_file(folder / "weights.safetensors"), state)
        return None

    def _facts(self, folder: Path) -> dict[str, Any] | None:
        try:
            facts: dict[str, Any] = json.loads((folder / "checkpoint.json").read_text(encoding="utf-8"))
            whole = all((folder / name).stat().st_size == size for name, size in facts["files"].items())
            return facts if whole and facts["fingerprint"] == self.fingerprint else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def read_result(self, kind: type[R], whole: str) -> R | None:
        """training.json, if it is of this very recipe and the model's last file is there."""
        try:
            facts = json.loads((self.path / "training.json").read_text(encoding="utf-8"))
            if facts.pop("fingerprint") != self.fingerprint or facts["steps"] != self.config.total_steps:
                return None
            facts.update(run_dir=self.path, model_dir=self.model)
            return kind(**facts) if (self.model / whole).is_file() else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write_result(self, result: TrainResult) -> None:
        """Leave training.json, which says that the run has finished."""
        facts = {**result.as_dict(), "fingerprint": self.fingerprint}
        write_durably(self.path / "training.json", json.dumps(facts, indent=1))

    def figures(self, rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        """What a result says of a log's rows: steps, losses, seconds, pictures a second."""
        losses = [float(row["loss"]) for row in rows]
        seconds = sum(float(row["seconds"]) for row in rows)
        tenth = max(1, len(losses) // 10)
        return {
            "steps": self.config.total_steps,
            "loss_first": round(sum(losses[:tenth]) / tenth, 6),
            "loss_last": round(sum(losses[-tenth:]) / tenth, 6),
            "images_per_second": round(len(rows) * self.config.batch_size / seconds, 2) if seconds else 0.0,
            "seconds": round(seconds, 2),
        }


def log_rows(path: Path, last: str) -> list[dict[str, str]]:
    """A log's whole rows, those with something in the column `last`: a kill may have torn one."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row.get(last)]


def cut_log(path: Path, columns: Sequence[str], last_step: int) -> None:
    """Keep a log's rows up to `last_step`: those after it are trained again."""
    kept = [row for row in log_rows(path, columns[-1]) if int(row["step"]) <= last_step]
    lines = [",".join(columns), *(",".join(row[name] for name in columns) for row in kept)]
    write_durably(path, "\n".join(lines) + "\n")


def weights_digest(folder: Path) -> str:
    """SHA-256 over a model folder's safetensors files, by their names and bytes."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.safetensors")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
