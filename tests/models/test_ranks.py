"""Two ranks end at the weights of one, but for the order of a sum."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from models.diffusion.config import DiffusionConfig

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_two_ranks_train_what_one_trains(tmp_path: Path, config_of: Callable[..., DiffusionConfig]) -> None:
    config = config_of(vae_steps=0, steps=6)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(json.dumps(config.model_dump(mode="json")), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {**os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}

    def start(home: str, **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "models.diffusion.train", str(recipe), str(tmp_path / home)]
        return subprocess.Popen(command, cwd=ROOT, env={**common, **environment})

    pair = [start("two", RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2") for rank in range(2)]
    assert [process.wait(timeout=300) for process in pair] == [0, 0]
    assert start("one").wait(timeout=300) == 0
    weights = "runs/small/model/unet/diffusion_pytorch_model.safetensors"
    one, two = (load_file(tmp_path / home / weights) for home in ("one", "two"))
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, rtol=1e-2, atol=2e-4)
