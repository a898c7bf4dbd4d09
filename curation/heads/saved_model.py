"""A Keras model of dense layers in TensorFlow's SavedModel form, zipped or as a folder: layers from its metadata.

Only the list of layers (keras_metadata.pb) and the variables are read; the graph (saved_model.pb) is neither needed
nor run. Columns that AutoKeras calls categorical pass as they are: the published heads have no categories in them.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from curation.heads.head import Activation, Dense, HeadError
from curation.heads.tensor_bundle import fields, read_bundle

WANTED = ("keras_metadata.pb", "variables/variables.index", "variables/variables.data-00000-of-00001")
MAX_FILES = 256
MAX_BYTES = 256 << 20  # of a file, unpacked
MAX_NORMALISED = 4096
EPSILON = 1e-7  # Keras' least standard deviation in Normalization
PASSING = ("InputLayer", "Custom>MultiCategoryEncoding", "Dropout")
ACTIVATIONS: dict[str, Activation] = {
    "linear": "none", "relu": "relu", "gelu": "gelu", "tanh": "tanh", "sigmoid": "sigmoid", "softmax": "softmax"
}  # fmt: skip


def read_saved_model(path: Path) -> list[Dense]:
    """The layers of a zip or folder. Raises HeadError for what is none, is too large, or has other layers."""
    metadata, index, data = _from_zip(path) if path.is_file() else _from_folder(path)
    return _layers(_network(metadata), read_bundle(index, data))


def _from_zip(path: Path) -> list[bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MAX_FILES:
                raise HeadError(f"it has {len(members)} files, {MAX_FILES} are allowed")
            return [_unpacked(archive, members, name) for name in WANTED]
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError, ValueError, zlib.error) as error:
        raise HeadError(f"it is no whole zip file ({type(error).__name__}: {error})") from None


def _unpacked(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], name: str) -> bytes:
    """The one member of that name in whichever folder; its stated size is a claim, so reading is limited, too."""
    tail = PurePosixPath(name).parts
    found = [m for m in members if PurePosixPath(m.filename).parts[-len(tail) :] == tail]
    if len(found) != 1:
        raise HeadError(f"it has {len(found)} files {name}: a zipped SavedModel has one")
    if found[0].file_size > MAX_BYTES:
        raise HeadError(f"{name} has {found[0].file_size} bytes, {MAX_BYTES} are allowed")
    with archive.open(found[0]) as member:
        content = member.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise HeadError(f"{name} unpacks to more than {MAX_BYTES} bytes")
    return content


def _from_folder(path: Path) -> list[bytes]:
    try:
        if large := [name for name in WANTED if (path / name).stat().st_size > MAX_BYTES]:
            raise HeadError(f"{large[0]} has more than {MAX_BYTES} bytes")
        return [(path / name).read_bytes() for name in WANTED]
    except OSError as error:
        raise HeadError(f"it lacks a part of a SavedModel ({error.filename})") from None


def _network(metadata: bytes) -> list[dict[str, Any]]:
    """The layers' configs: the JSON of the node `root` in a SavedMetadata message (keras/protobuf)."""
    try:
        for number, node in fields(metadata):
            parts = dict(fields(node)) if number == 1 and isinstance(node, bytes) else {}
            text = parts.get(5)
            if parts.get(3) == b"root" and isinstance(text, bytes):
                return list(json.loads(text)["config"]["layers"])
    except (ValueError, IndexError, KeyError, TypeError, RecursionError) as error:
        raise HeadError(f"its keras_metadata.pb cannot be read ({type(error).__name__})") from None
    raise HeadError("its keras_metadata.pb names no layers: it is no Keras model of layers in a row")


def _layers(configs: list[dict[str, Any]], tensors: dict[str, np.ndarray]) -> list[Dense]:
    names = [name.split("/")[0] for name in tensors if name.startswith("layer_with_weights-")]
    weighted = iter(sorted(set(names), key=lambda name: int(name.rpartition("-")[2])))
    found: list[Dense] = []
    before = None
    try:
        for layer in configs:
            kind, config = layer["class_name"], layer["config"]
            if before is not None and [[[before, 0, 0, {}]]] != layer["inbound_nodes"]:
                raise HeadError(
                    f"its layer {layer['name']!r} does not follow {before!r}: only layers in a row are read"
                )
            before = layer["name"]
            if kind == "Dense":
                found.append(_dense(config, tensors, _own(weighted, tensors, "kernel")))
            elif kind == "Normalization":
                found.append(_normalization(tensors, _own(weighted, tensors, "mean")))
            elif kind in ("ReLU", "Activation") and found:
                name = "relu" if kind == "ReLU" else config["activation"]
                if kind == "ReLU" and (config.get("max_value") is not None or config.get("negative_slope")):
                    raise HeadError("its ReLU is capped or leaky, which is not read")
                found[-1] = Dense(found[-1].weight, found[-1].bias, ACTIVATIONS[name])
            elif kind not in PASSING:
                raise HeadError(f"its layer {kind} is none of Dense, Normalization, ReLU, Activation, Dropout")
    except (KeyError, TypeError, StopIteration, ValueError) as error:
        raise HeadError(f"its layers and its variables do not agree ({type(error).__name__}: {error})") from None
    return found


def _own(weighted: Any, tensors: dict[str, np.ndarray], variable: str) -> str:
    """The next layer that has the variable; those of encodings are passed over."""
    return next(name for name in weighted if _key(name, variable) in tensors)


def _dense(config: dict[str, Any], tensors: dict[str, np.ndarray], name: str) -> Dense:
    kernel = tensors[_key(name, "kernel")]
    bias = tensors.get(_key(name, "bias"), np.zeros(kernel.shape[-1]))
    return Dense(kernel, bias, ACTIVATIONS[config["activation"]])


def _normalization(tensors: dict[str, np.ndarray], name: str) -> Dense:
    mean, variance = (np.asarray(tensors[_key(name, part)], np.float64) for part in ("mean", "variance"))
    if mean.ndim != 1 or mean.size > MAX_NORMALISED:
        raise HeadError(f"its normalisation is over {mean.shape}, not over one row of an embedding")
    deviation = np.maximum(np.sqrt(np.maximum(variance, 0)), EPSILON)
    return Dense(np.diag(1 / deviation), -mean / deviation)


def _key(name: str, variable: str) -> str:
    return f"{name}/{variable}/.ATTRIBUTES/VARIABLE_VALUE"
