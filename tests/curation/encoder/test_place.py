"""What is known of an encoder before it is loaded, and one line for what is none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from curation.encoder.place import EncoderError, canonical, find, precision


def config(folder: Path, text: str) -> Path:
    (folder / "open_clip_config.json").write_text(text)
    (folder / "open_clip_model.safetensors").write_bytes(b"weights")
    return folder


def test_dimensions_are_read_and_not_computed(tmp_path: Path) -> None:
    place = find(str(config(tmp_path, json.dumps({"model_cfg": {"embed_dim": 48}}))), None)
    assert (place.config() or {})["embed_dim"] == 48
    assert (find("ViT-L-14/openai", None).config() or {})["embed_dim"] == 768
    assert find("hf-hub:some/model", None).config() is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"model_cfg": {}}', '{"model_cfg": {"embed_dim": -1}}', '{"model_cfg": 3}']
)
def test_a_folder_with_a_wrong_config_is_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(EncoderError) as caught:
        find(str(config(tmp_path, text)), None)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_weights_hash_follows_the_bytes(tmp_path: Path) -> None:
    folder = config(tmp_path, json.dumps({"model_cfg": {"embed_dim": 4}}))
    before = find(str(folder), None).weights_hash()
    (folder / "open_clip_model.safetensors").write_bytes(b"other weights")
    assert find(str(folder), None).weights_hash() != before


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("ViT-B-32/laion2b_s34b_b79k", "vit-b-32/laion2b-s34b-b79k"),
        ("ViT-B-32-quickgelu/openai", "vit-b-32/openai"),
        ("hf-hub:timm/vit_base_patch32_clip_224.openai", "vit-b-32/openai"),
        ("hf-hub:openai/clip-vit-base-patch16", "vit-b-16/openai"),
        ("hf-hub:timm/vit_large_patch14_clip_336.openai", "vit-l-14-336/openai"),
    ],
)
def test_a_published_model_has_one_spelling(name: str, spelling: str) -> None:
    assert canonical(name) == spelling


def test_a_tower_that_normalises_over_batches_runs_in_fp32_on_any_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curation.encoder.place.precision", lambda: "bf16")
    folder = config(tmp_path, json.dumps({"model_cfg": {"embed_dim": 4}}))
    weights, place = folder / "open_clip_model.safetensors", find(str(folder), None)
    save_file({"visual.conv1.weight": np.zeros(1), "ln.running_mean": np.zeros(1)}, weights)
    assert place.precision() == "bf16"
    save_file({"visual.bn1.running_mean": np.zeros(1), "visual.bn1.running_var": np.zeros(1)}, weights)
    assert place.precision() == "fp32"
    assert find("gesso-mini", None).precision() == find("RN50/openai", None).precision() == "fp32"
    assert find("ViT-L-14/openai", None).precision() == find("hf-hub:some/model", None).precision() == "bf16"


def test_precision_is_what_torch_says_of_this_processor() -> None:
    import torch

    able = [getattr(torch.cpu, f"_is_{name}_supported", lambda: False)() for name in ("amx_tile", "avx512_bf16")]
    assert torch.cuda.is_available() or precision() == ("bf16" if any(able) else "fp32")


def test_what_is_known_beforehand_costs_no_torch(root: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from curation.encoder.place import find, precision\n"
        "find('ViT-B-32/openai', None).config(); precision(); find('gesso-mini', None).precision()\n"
        "assert Path('/dev/nvidiactl').exists() or not {'torch', 'open_clip'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
