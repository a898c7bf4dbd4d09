"""What PNG and JPEG decoders cost: each to the whole picture in RGB, and JPEG's own scaled decoding besides."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from PIL import Image

ROUNDS = 2


def milliseconds(work: Callable[[Any], object], values: Iterable[Any]) -> float:
    """Processor milliseconds a value, for each the best of some rounds: the work counts, not who disturbed it."""
    taken = []
    for value in values:
        rounds = []
        for _ in range(ROUNDS):
            before = time.process_time()
            work(value)
            rounds.append(time.process_time() - before)
        taken.append(min(rounds))
    return 1000 * sum(taken) / len(taken)


def cheapest(found: dict[str, float]) -> str:
    return min(found, key=lambda name: found[name])


def by_pillow(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def by_pillow_scaled(data: bytes) -> Image.Image:
    """Down to no less than 224 px on each side, by powers of two, before the inverse DCT."""
    picture = Image.open(io.BytesIO(data))
    picture.draft("RGB", (224, 224))
    return picture.convert("RGB")


def by_opencv(data: bytes) -> Any:
    import cv2

    cv2.setNumThreads(1)
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def by_torchvision(data: bytes) -> Any:
    import torch
    from torchvision.io import ImageReadMode, decode_image

    return decode_image(torch.frombuffer(bytearray(data), dtype=torch.uint8), ImageReadMode.RGB)


def by_libvips(data: bytes) -> Any:
    import pyvips

    pyvips.concurrency_set(1)
    return pyvips.Image.new_from_buffer(data, "", access="sequential").write_to_memory()


WHOLE = {"Pillow": by_pillow, "OpenCV": by_opencv, "torchvision": by_torchvision, "libvips": by_libvips}
DECODERS: dict[str, dict[str, Callable[[bytes], Any]]] = {
    "png": WHOLE,
    "jpeg": WHOLE | {"Pillow, scaled": by_pillow_scaled},
}
