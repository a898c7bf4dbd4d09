"""What a captioning model is shown: the first screen of a picture, no larger than it can use."""

from __future__ import annotations

import io

from PIL import Image

TALLEST = 2.2  # height of the first screen in widths: phones are that tall, pages go on


def first_screen(image: Image.Image, side: int) -> Image.Image:
    """The upper part of an RGB picture, at most `side` px on its longer side."""
    height = min(image.height, round(TALLEST * image.width)) if image.height > image.width else image.height
    scale = min(1.0, side / max(image.width, height))
    size = (max(1, round(image.width * scale)), max(1, round(height * scale)))
    box = (0, 0, image.width, height)
    return image.resize(size, Image.Resampling.BICUBIC, box=box, reducing_gap=3.0)


def jpeg(image: Image.Image) -> bytes:
    """As JPEG: what every endpoint reads, at a tenth of a PNG's bytes."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88)
    return out.getvalue()
