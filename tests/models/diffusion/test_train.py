"""Training ends at the same weights after any interruption, and refuses to mix two runs."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from models.diffusion.config import DiffusionConfig
from models.diffusion.run import DiffusionRun
from models.diffusion.train import train
from models.loader import LoaderError, RowError
from models.run import RunError
from tests.models.conftest import SMALL
from tests.models.shards import row, write_version

Recipe = Callable[..., DiffusionConfig]
ROOT = Path(__file__).resolve().parents[3]


class Stop(Exception):
    """Stands for the plug that is pulled."""


def _pull_at(step: int) -> Callable[[str, int, int], None]:
    def progress(task: str, done: int, total: int) -> None:
        at = {"autoencoder": done, "denoiser": SMALL["vae_steps"] + done}.get(task, 0)  # type: ignore[operator]
        if at == step:
            raise Stop

    return progress


def _facts(home: Path, name: str = "small") -> dict[str, object]:
    facts: dict[str, object] = json.loads((home / "runs" / name / "training.json").read_text())
    return facts


def test_a_run_learns_and_leaves_a_diffusers_folder(trained: Path) -> None:
    facts = _facts(trained)
    assert facts["steps"] == 40
    assert facts["loss_last"] < facts["loss_first"]  # type: ignore[operator]
    folder = trained / "runs/small/model"
    assert json.loads((folder / "model_index.json").read_text())["_class_name"] == "StableDiffusionPipeline"
    assert not list(folder.rglob("*.bin"))
    assert len(list(folder.rglob("*.safetensors"))) == 3


def test_the_log_has_every_step_once(trained: Path) -> None:
    with (trained / "runs/small/train.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(one["step"]) for one in rows] == list(range(40))
    assert {one["phase"] for one in rows[:12]} == {"autoencoder"}
    assert {one["phase"] for one in rows[12:]} == {"denoiser"}


@pytest.mark.parametrize("steps", [(5,), (12,), (23,), (14, 31)])
def test_stopped_anywhere_it_ends_at_the_same_weights(
    trained: Path, tmp_path: Path, config_of: Recipe, steps: tuple[int, ...]
) -> None:
    for step in steps:
        with pytest.raises(Stop):
            train(config_of(), tmp_path, progress=_pull_at(step))
    result = train(config_of(), tmp_path)
    assert result.weights_sha256 == _facts(trained)["weights_sha256"]
    with result.run_dir.joinpath("train.csv").open() as file:
        assert [int(one["step"]) for one in csv.DictReader(file)] == list(range(40))


def test_latents_encoded_on_the_fly_learn_too(tmp_path: Path, config_of: Recipe) -> None:
    with pytest.raises(Stop):
        train(config_of(latents="stream"), tmp_path, progress=_pull_at(23))
    first = train(config_of(latents="stream"), tmp_path)
    again = train(config_of(latents="stream", name="again"), tmp_path)
    assert first.loss_last == again.loss_last


def test_a_finished_run_is_returned_as_it_is(trained: Path, config_of: Recipe) -> None:
    weights = trained / "runs/small/model/unet/diffusion_pytorch_model.safetensors"
    before = weights.stat().st_mtime_ns
    assert train(config_of(), trained).weights_sha256 == _facts(trained)["weights_sha256"]
    assert weights.stat().st_mtime_ns == before


def test_a_longer_recipe_goes_on(tmp_path: Path, trained: Path, config_of: Recipe) -> None:
    train(config_of(steps=8), tmp_path)
    assert train(config_of(), tmp_path).weights_sha256 == _facts(trained)["weights_sha256"]


def test_other_settings_are_another_run(trained: Path, config_of: Recipe) -> None:
    with pytest.raises(RunError, match="run 'small' was started with other settings"):
        train(config_of(lr=0.5), trained)


def test_a_half_written_checkpoint_is_never_chosen(tmp_path: Path, trained: Path, config_of: Recipe) -> None:
    with pytest.raises(Stop):
        train(config_of(), tmp_path, progress=_pull_at(33))
    newest = max((tmp_path / "runs/small/checkpoints").glob("step-*"))
    weights = newest / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    config = config_of()
    run = DiffusionRun(
        tmp_path / "runs/small", config, json.loads((newest / "checkpoint.json").read_text())["fingerprint"]
    )
    chosen = run.latest()
    assert chosen is not None
    assert chosen.step == 20
    assert train(config, tmp_path).weights_sha256 == _facts(trained)["weights_sha256"]


def test_kill_9_and_the_same_command_again(tmp_path: Path, trained: Path, config_of: Recipe) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(json.dumps(config_of().model_dump(mode="json")), encoding="utf-8")
    command = [sys.executable, "-m", "models.diffusion.train", str(recipe), str(tmp_path)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    log, deadline = tmp_path / "runs/small/train.csv", time.monotonic() + 180
    while process.poll() is None and time.monotonic() < deadline:
        if log.exists() and len(log.read_text().splitlines()) > 17:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert train(config_of(), tmp_path).weights_sha256 == _facts(trained)["weights_sha256"]


def test_fine_tuning_a_checkpoint_takes_the_same_path(tmp_path: Path, trained: Path, config_of: Recipe) -> None:
    base = str(trained / "runs/small/model")
    config = config_of(name="tuned", base=base, vae_steps=0, steps=6, train_text_encoder=False)
    result = train(config, tmp_path)
    same = "vae/diffusion_pytorch_model.safetensors"
    assert (result.model_dir / same).read_bytes() == (Path(base) / same).read_bytes()
    assert result.weights_sha256 != _facts(trained)["weights_sha256"]


def test_a_damaged_row_is_named(tmp_path: Path, config_of: Recipe) -> None:
    version = write_version(tmp_path / "v", [row(n, data=b"nothing" if n == 2 else None) for n in range(6)])
    with pytest.raises(RowError, match=r"train-00000-of-00002\.parquet row 2"):
        train(config_of(dataset=str(version)), tmp_path)


def test_an_unknown_dataset_is_named(tmp_path: Path, config_of: Recipe) -> None:
    from curation.errors import GessoError

    with pytest.raises(GessoError, match="no dataset 'nowhere'"):
        train(config_of(dataset="nowhere"), tmp_path)


def test_an_unknown_split_is_named(tmp_path: Path, config_of: Recipe) -> None:
    with pytest.raises(LoaderError, match="no split 'night'"):
        train(config_of(split="night"), tmp_path)
