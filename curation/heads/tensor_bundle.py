"""TensorFlow's checkpoint format, read without TensorFlow: an SSTable of names over one file of raw tensors.

The table is LevelDB's (blocks of prefix-compressed keys, a footer with a magic number); its values are BundleEntryProto
messages (tensorflow/core/protobuf/tensor_bundle.proto). Uncompressed blocks and one shard are what small models have.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator

import numpy as np

from curation.heads.head import HeadError

MAGIC = 0xDB4775248B80FB57
FOOTER = 48
TYPES = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8", 19: "<f2"}  # tensorflow.DataType
MAX_TENSORS = 4096
Field = tuple[int, int | bytes]


def read_bundle(index: bytes, data: bytes) -> dict[str, np.ndarray]:
    """Name → array of every numeric tensor. Raises HeadError for bytes that are no such checkpoint."""
    try:
        return dict(_tensors(index, data))
    except (IndexError, struct.error, UnicodeDecodeError, ValueError, TypeError, OverflowError) as error:
        raise HeadError(f"it is no whole TensorFlow checkpoint ({type(error).__name__}: {error})") from None


def fields(message: bytes) -> Iterator[Field]:
    """Number and value of each field of a protobuf message: an int, or bytes for what has a length.

    Raises IndexError or ValueError for what is none.
    """
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield tag >> 3, value
            continue
        size = {1: 8, 5: 4}.get(kind)
        if kind == 2:
            size, at = _varint(message, at)
        if size is None or at + size > len(message):
            raise ValueError("a protobuf field that does not end")
        yield tag >> 3, message[at : at + size] if kind == 2 else int.from_bytes(message[at : at + size], "little")
        at += size


def _tensors(index: bytes, data: bytes) -> Iterator[tuple[str, np.ndarray]]:
    if len(index) < FOOTER or struct.unpack("<Q", index[-8:])[0] != MAGIC:
        raise HeadError("its index has not the magic number of a TensorFlow checkpoint")
    _, at = _handle(index[-FOOTER:], 0)  # of the meta index, which is empty
    (start, size), _ = _handle(index[-FOOTER:], at)
    for _, where in _block(index, start, size):
        block, _ = _handle(where, 0)
        for number, (key, value) in enumerate(_block(index, *block)):
            if number >= MAX_TENSORS:
                raise HeadError(f"it has more than {MAX_TENSORS} tensors: that is no head")
            if key and (array := _array(value, data)) is not None:
                yield key.decode(), array


def _array(entry: bytes, data: bytes) -> np.ndarray | None:
    """The tensor of a BundleEntryProto; None for types that hold no numbers."""
    kind, shape, offset, size = 0, [], 0, 0
    for number, value in fields(entry):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number == 2 and isinstance(value, bytes):
            shape = [_dimension(dim) for n, dim in fields(value) if n == 2 and isinstance(dim, bytes)]
        elif number == 3 and value:
            raise HeadError("its tensors lie in several files: merge them into one")
        elif number == 4 and isinstance(value, int):
            offset = value
        elif number == 5 and isinstance(value, int):
            size = value
    if kind not in TYPES:
        return None
    dtype = np.dtype(TYPES[kind])
    if size != math.prod(shape) * dtype.itemsize or offset + size > len(data):
        raise ValueError("a tensor of another size than its shape, or beyond the end of the data")
    return np.frombuffer(data, dtype, math.prod(shape), offset).reshape(shape)


def _dimension(message: bytes) -> int:
    return next((value for number, value in fields(message) if number == 1 and isinstance(value, int)), 0)


def _block(table: bytes, start: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a block; the byte behind it says how it is compressed."""
    if start + size >= len(table):
        raise ValueError("a block beyond the end of the table")
    if table[start + size] != 0:
        raise HeadError("its index is compressed, which small checkpoints are not: save it anew")
    block = table[start : start + size]
    (restarts,) = struct.unpack("<I", block[-4:])
    end, at, key = size - 4 - 4 * restarts, 0, b""
    while at < end:
        shared, at = _varint(block, at)
        fresh, at = _varint(block, at)
        length, at = _varint(block, at)
        if shared > len(key) or at + fresh + length > end:
            raise ValueError("an entry that does not end")
        key = key[:shared] + block[at : at + fresh]
        yield key, block[at + fresh : at + fresh + length]
        at += fresh + length


def _handle(data: bytes, at: int) -> tuple[tuple[int, int], int]:
    offset, at = _varint(data, at)
    size, at = _varint(data, at)
    return (offset, size), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number of more than 64 bits")
