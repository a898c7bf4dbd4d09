"""Writes small SavedModels in TensorFlow's form, so that the reader is tested against bytes of known content."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from curation.heads.head import Dense


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def bundle(tensors: dict[str, np.ndarray]) -> tuple[bytes, bytes]:
    """Index and data of a checkpoint of float32 tensors: one block, keys sharing their beginnings."""
    data, rows = b"", [(b"", field(1, 1))]
    for name, given in sorted(tensors.items()):
        value = given.astype("<f4")
        shape = b"".join(field(2, field(1, size)) for size in value.shape)
        rows.append((name.encode(), field(1, 1) + field(2, shape) + field(4, len(data)) + field(5, value.nbytes)))
        data += value.tobytes()
    first = block(rows)
    second = block([(rows[-1][0] + b"~", varint(0) + varint(len(first) - 5))])
    footer = varint(0) + varint(0) + varint(len(first)) + varint(len(second) - 5)
    return first + second + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57), data


def block(rows: list[tuple[bytes, bytes]]) -> bytes:
    out, before = b"", b""
    for key, value in rows:
        shared = next(
            (n for n, (a, b) in enumerate(zip(key, before, strict=False)) if a != b), min(len(key), len(before))
        )
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    return out + struct.pack("<II", 0, 1) + b"\0" + bytes(4)


def saved_model(path: Path, mean: np.ndarray, variance: np.ndarray, layers: list[Dense]) -> Path:
    """Normalization, then Dense layers with their activations as layers of their own, as AutoKeras writes them."""
    configs: list[tuple[str, dict[str, Any]]] = [("InputLayer", {}), ("Normalization", {})]
    tensors = {"layer_with_weights-0/mean": mean, "layer_with_weights-0/variance": variance}
    for number, layer in enumerate(layers, 1):
        configs += [("Dense", {"activation": "linear"}), ("Activation", {"activation": layer.activation})]
        tensors[f"layer_with_weights-{number}/kernel"] = layer.weight
        tensors[f"layer_with_weights-{number}/bias"] = layer.bias
    listed = [
        {"class_name": kind, "config": config, "name": str(n), "inbound_nodes": [[[str(n - 1), 0, 0, {}]]] if n else []}
        for n, (kind, config) in enumerate(configs)
    ]
    metadata = json.dumps({"config": {"layers": listed}}).encode()
    index, data = bundle({f"{name}/.ATTRIBUTES/VARIABLE_VALUE": value for name, value in tensors.items()})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model/keras_metadata.pb", field(1, field(3, b"root") + field(5, metadata)))
        archive.writestr("model/variables/variables.index", index)
        archive.writestr("model/variables/variables.data-00000-of-00001", data)
    return path
