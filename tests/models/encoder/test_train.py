"""An encoder ends at the same weights after any interruption and in any parts, and loads as any open_clip model."""

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

import numpy as np
import pytest
import yaml
from safetensors.numpy import load_file

from curation.encoder.place import find
from curation.encoder.towers import Encoder
from models.encoder.config import EncoderConfig
from models.encoder.samples import SamplesError
from models.encoder.train import train
from models.run import RunError

Recipe = Callable[..., EncoderConfig]
ROOT = Path(__file__).resolve().parents[3]
VALIDATED = {"validation": "train", "validate_every": 6}


class Stop(Exception):
    """Stands for the plug that is pulled."""


def _digest(home: Path, name: str = "small") -> str:
    return str(json.loads((home / "runs" / name / "training.json").read_text())["weights_sha256"])


def _weights(home: Path, name: str = "small") -> dict[str, np.ndarray]:
    return load_file(home / "runs" / name / "model" / "open_clip_model.safetensors")


def test_what_is_trained_is_loaded_by_curation_like_any_encoder(trained: Path) -> None:
    encoder = Encoder(find(str(trained / "runs/small/model"), None))
    pictures = [np.full((32, 32, 3), value, np.uint8) for value in (0, 255)]
    seen, said = encoder.encode(pictures, 2), encoder.encode_texts(["screen 1 of the ink app"])
    assert seen.shape == (2, 16)
    assert said.shape == (1, 16)
    assert np.allclose(np.linalg.norm(np.concatenate([seen, said]), axis=1), 1, atol=1e-3)


def test_a_run_learns_to_tell_the_apps_apart(trained: Path) -> None:
    with (trained / "runs/small/train.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(one["step"]) for one in rows] == list(range(12))
    assert np.mean([float(one["loss"]) for one in rows[-3:]]) < np.mean([float(one["loss"]) for one in rows[:3]])
    with (trained / "runs/small/validation.csv").open() as file:
        assert [int(one["step"]) for one in csv.DictReader(file)] == [6, 12]


def test_a_run_pulled_at_any_step_ends_at_the_same_weights(tmp_path: Path, trained: Path, recipe: Recipe) -> None:
    def pull(task: str, done: int, total: int) -> None:
        if task == "encoder" and done == 8:
            raise Stop

    with pytest.raises(Stop):
        train(recipe(**VALIDATED), tmp_path, progress=pull)
    train(recipe(**VALIDATED), tmp_path)
    assert _digest(tmp_path) == _digest(trained)
    for name in ("train.csv", "validation.csv"):
        mine, whole = ((home / "runs/small" / name).read_text().splitlines() for home in (tmp_path, trained))
        assert [line.split(",")[:7] for line in mine] == [line.split(",")[:7] for line in whole]


def test_averaged_weights_in_bf16_survive_a_pull_as_well(tmp_path: Path, recipe: Recipe) -> None:
    def pull(task: str, done: int, total: int) -> None:
        if task == "encoder" and done == 8:
            raise Stop

    config = recipe(average=0.9, precision="bf16", lora={"rank": 2}, loss="siglip", accumulate=2)
    with pytest.raises(Stop):
        train(config, tmp_path / "pulled", progress=pull)
    train(config, tmp_path / "pulled")
    train(config, tmp_path / "whole")
    assert _digest(tmp_path / "pulled") == _digest(tmp_path / "whole")


def test_a_killed_process_goes_on_to_the_same_weights(tmp_path: Path, recipe: Recipe) -> None:
    settings = recipe(steps=40).model_dump(mode="json")
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(settings))
    command = [sys.executable, "-m", "models.encoder.train", str(tmp_path / "recipe.yaml"), str(tmp_path / "killed")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        latest = tmp_path / "killed/runs/small/checkpoints/latest"
        deadline = time.monotonic() + 300
        while not latest.exists() and child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(child.pid, signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    train(recipe(steps=40), tmp_path / "killed")
    train(recipe(steps=40), tmp_path / "whole")
    assert _digest(tmp_path / "killed") == _digest(tmp_path / "whole")


def test_a_batch_in_parts_is_the_same_batch(tmp_path: Path, recipe: Recipe) -> None:
    for name, parts in (("whole", 1), ("parts", 2)):
        train(recipe(name=name, accumulate=parts, steps=4, clip_norm=100.0), tmp_path)
    whole, parts = (_weights(tmp_path, name) for name in ("whole", "parts"))
    for name, value in whole.items():
        assert np.allclose(value.astype(float), parts[name].astype(float), atol=5e-4), name


def test_two_ranks_train_the_same_model_as_one(tmp_path: Path, recipe: Recipe) -> None:
    settings = recipe(steps=4).model_dump(mode="json")
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(settings))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += ["-m", "models.encoder.train", str(tmp_path / "recipe.yaml"), str(tmp_path / "two")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=500)
    train(recipe(steps=4), tmp_path / "one")
    one, two = _weights(tmp_path / "one"), _weights(tmp_path / "two")
    for name, value in one.items():
        assert np.allclose(value.astype(float), two[name].astype(float), atol=5e-4), name


def test_a_locked_tower_stays_and_low_ranks_move_the_other(tmp_path: Path, recipe: Recipe) -> None:
    train(recipe(image="locked", lora={"rank": 2}, steps=3, loss="siglip", precision="bf16", average=0.5), tmp_path)
    start = load_file(tmp_path / "runs/small/start/open_clip_model.safetensors")
    end = _weights(tmp_path)
    moved = {name for name, value in end.items() if not np.array_equal(value, start[name].astype(np.float16))}
    assert moved
    assert not any(name.startswith("visual.") for name in moved)
    assert "token_embedding.weight" not in moved
    changed = end["transformer.resblocks.0.mlp.c_fc.weight"].astype(float)
    difference = changed - start["transformer.resblocks.0.mlp.c_fc.weight"]
    assert np.linalg.svd(difference, compute_uv=False)[2] < 0.1 * np.linalg.svd(difference, compute_uv=False)[0]


def test_another_recipe_does_not_go_on_with_the_run(trained: Path, recipe: Recipe) -> None:
    with pytest.raises(RunError, match="other settings"):
        train(recipe(**VALIDATED, lr=1e-2), trained)


def test_a_batch_that_the_groups_cannot_fill_is_refused(tmp_path: Path, recipe: Recipe) -> None:
    with pytest.raises(SamplesError, match="6 groups and a batch wants 8"):
        train(recipe(groups=8), tmp_path)


def test_the_saved_tower_is_partly_its_start(recipe: Recipe, trained: Path, tmp_path: Path) -> None:
    train(recipe(keep_start=0.25), tmp_path)
    blended, whole = _weights(tmp_path), _weights(trained)
    start = load_file(tmp_path / "runs/small/start/open_clip_model.safetensors")
    for name in ("visual.proj", "visual.conv1.weight", "token_embedding.weight"):
        share = 0.25 if name.startswith("visual.") else 0.0
        assert not np.allclose(whole[name], start[name], atol=1e-3)
        assert np.allclose(blended[name], (1 - share) * whole[name] + share * start[name], atol=2e-3)


def test_untied_groups_are_no_positives_of_their_own_pictures(recipe: Recipe, tmp_path: Path) -> None:
    weights = {"texts": 0.0, "pictures": 1.0}
    tied, untied = (recipe(weights=weights, untied=names, steps=1) for names in ((), ("app",)))
    for name, config in (("tied", tied), ("untied", untied)):
        train(config, tmp_path / name)
    lost = {}
    for name in ("tied", "untied"):
        with (tmp_path / name / "runs/small/train.csv").open() as file:
            lost[name] = float(next(csv.DictReader(file))["pictures"])
    assert lost["tied"] > 0.1
    assert lost["untied"] == 0
