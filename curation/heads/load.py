"""Reading a head from a file: a PyTorch state dict, safetensors, or a SavedModel; writing one for others to read.

A state dict holds weights and not what lies between them, so activations and the scale of the input are stated by who
names the file, or stand in a safetensors file's metadata (`gesso.head`), as `write_head` puts them there.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

import numpy as np

from curation.heads.head import Activation, Dense, Head, HeadError, Input, chain
from curation.heads.saved_model import read_saved_model

MAX_BYTES = 256 << 20
METADATA = "gesso.head"
PICKLED = (".pth", ".pt", ".ckpt", ".bin")


def read_head(
    path: Path, *, input: Input | None = None, hidden: Activation | None = None, output: Activation | None = None
) -> Head:
    """The head in a file or SavedModel folder. `hidden` follows every layer but the last, `output` the last.

    What is None comes from the file, else it is `l2`, `none`, `none`. Raises HeadError, which names the path.
    """
    try:
        if not path.exists():
            raise HeadError("there is no such file")
        if path.is_dir() or path.suffix == ".zip":
            layers = read_saved_model(path)
            if hidden is not None:
                raise HeadError("a SavedModel states its own activations: leave `hidden` out")
            if output is not None:
                layers[-1:] = [Dense(last.weight, last.bias, output) for last in layers[-1:]]
            return chain(layers, input or "l2")
        if path.stat().st_size > MAX_BYTES:
            raise HeadError(f"it has more than {MAX_BYTES >> 20} MB: that is no head")
        if path.suffix == ".safetensors":
            tensors, said = _safetensors(path)
        elif path.suffix in PICKLED:
            tensors, said = _state_dict(path), {}
        else:
            raise HeadError(f"its ending is none of .safetensors, .zip, {', '.join(PICKLED)}")
        layers = _dense(tensors, hidden or said.get("hidden", "none"), output or said.get("output", "none"))
        return chain(layers, input or said.get("input", "l2"))
    except HeadError as error:
        raise HeadError(f"head {path}: {error}") from None


def weights_hash(path: Path) -> str:
    """sha256 of the file, or of a SavedModel folder's files; empty where there is none."""
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file())
        return hashlib.sha256("".join(weights_hash(p) for p in files).encode()).hexdigest()
    try:
        facts = path.stat()
    except OSError:
        return ""
    return _file_hash(path, facts.st_size, facts.st_mtime_ns)


def write_head(head: Head, path: Path, *, encoder: str = "", embedding: str = "", labels: Sequence[str] = ()) -> None:
    """Write safetensors that `read_head` reads back as it is; hidden layers share one activation.

    `encoder` and `embedding` say what it was trained on (a model's name, a feature's fingerprint), `labels` what its
    outputs stand for.
    """
    from safetensors.numpy import save_file

    between = {layer.activation for layer in head.layers[:-1]}
    if len(between) > 1:
        raise HeadError(f"hidden layers of {', '.join(sorted(between))}: one activation can be written")
    said = {"input": head.input, "output": head.layers[-1].activation, "hidden": next(iter(between), "none")}
    tensors = {}
    for number, layer in enumerate(head.layers):
        tensors[f"layers.{number}.weight"] = np.ascontiguousarray(layer.weight.T, np.float32)
        tensors[f"layers.{number}.bias"] = np.ascontiguousarray(layer.bias, np.float32)
    about: dict[str, Any] = said | {"encoder": encoder}
    about |= {"embedding": embedding} if embedding else {}
    about |= {"labels": list(labels)} if labels else {}
    save_file(tensors, path, metadata={METADATA: json.dumps(about, sort_keys=True)})
    path.chmod(0o644)  # safetensors writes for its owner alone


def stated(path: Path) -> dict[str, Any]:
    """What a safetensors head says of itself; nothing for other files. Raises HeadError for what is no head."""
    return _safetensors(path)[1] if path.suffix == ".safetensors" and path.is_file() else {}


def stated_encoder(path: Path) -> str:
    """The encoder that a safetensors head says it was trained on; empty where it says none."""
    return str(stated(path).get("encoder", ""))


@lru_cache(maxsize=64)
def _file_hash(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _safetensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            said = json.loads((file.metadata() or {}).get(METADATA, "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise HeadError(f"it is no safetensors file ({type(error).__name__}: {error})") from None
    kinds = {"input": get_args(Input), "hidden": get_args(Activation), "output": get_args(Activation)}
    if not isinstance(said, dict) or any(said.get(key, known[0]) not in known for key, known in kinds.items()):
        raise HeadError(f"its metadata {METADATA!r} says what no head can be")
    return tensors, said


def _state_dict(path: Path) -> dict[str, np.ndarray]:
    """Tensors by name, read by torch's weights-only reader once the archive is seen not to unpack to more."""
    import torch

    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if sum(member.file_size for member in archive.infolist()) > MAX_BYTES:
                    raise HeadError(f"it unpacks to more than {MAX_BYTES >> 20} MB: that is no head")
        state = torch.load(path, map_location="cpu", weights_only=True)
    except HeadError:
        raise
    except Exception as error:  # whatever the reader throws at hostile bytes
        raise HeadError(
            f"it is no state dict that can be read without running it ({type(error).__name__}): "
            "save one with torch.save(model.state_dict(), FILE)"
        ) from None
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict) or not all(isinstance(v, torch.Tensor) for v in state.values()):
        raise HeadError("it holds something else than tensors by name")
    return {str(name): value.to(torch.float32).numpy() for name, value in state.items()}


def _dense(tensors: dict[str, np.ndarray], hidden: Activation, output: Activation) -> list[Dense]:
    """Layers in the order of the numbers in their names; torch keeps weights as outputs × inputs."""
    names = sorted((n for n in tensors if n.rpartition(".")[2] == "weight"), key=_natural)
    biases = {name: f"{name.removesuffix('weight')}bias" for name in names}
    if strange := sorted(set(tensors) - set(names) - set(biases.values())):
        raise HeadError(f"it holds {strange[0]!r}, which is no weight or bias of a dense layer")
    if odd := [name for name in names if tensors[name].ndim != 2]:
        raise HeadError(f"its {odd[0]!r} of shape {tensors[odd[0]].shape} is no dense layer")
    found = []
    for name in names:
        weight = tensors[name].T
        bias = tensors.get(biases[name], np.zeros(weight.shape[1]))
        found.append(Dense(weight, bias, output if name == names[-1] else hidden))
    return found


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
