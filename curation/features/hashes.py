"""hashes: of the bytes, of the pixels, and a 256-bit perceptual hash that a phone's clock does not change."""

from __future__ import annotations

import hashlib
from typing import ClassVar

import numpy as np
import pyarrow as pa
from PIL import Image

from crawlers.captures import Capture
from curation.features.base import Feature, Item, Params, Row
from curation.features.decode import Decoded

HASH_SIDE = 16
THUMB_SIDE = 48
STRIP = 1024


class HashParams(Params):
    """`status_bar` is the share of a phone screenshot's height that the hash does not look at."""

    status_bar: float = 0.035


class Hashes(Feature):
    """`phash` is the DCT hash of Zauner 2010 (as in imagehash) at 16×16 bits, as 64 hex digits, row by row."""

    name: ClassVar[str] = "hashes"
    needs: ClassVar[tuple[str, ...]] = ("image",)
    parameters: ClassVar[type[Params]] = HashParams
    params: HashParams

    @property
    def schema(self) -> pa.Schema:
        return pa.schema(
            [
                ("bytes_sha256", pa.string()),
                ("pixels_sha256", pa.string()),
                ("phash", pa.string()),
                ("_thumb", pa.binary()),
            ]
        )

    def prepare(self, item: Item) -> Row:
        assert item.decoded is not None
        view = below_status_bar(item.decoded, item.capture, self.params.status_bar)
        return {
            "bytes_sha256": hashlib.sha256(item.data).hexdigest(),
            "pixels_sha256": pixels_sha256(item.decoded.image),
            "phash": phash(view),
            "_thumb": view.resize((THUMB_SIDE, THUMB_SIDE), Image.Resampling.BOX).tobytes(),
        }


def pixels_sha256(image: Image.Image) -> str:
    """Of mode, shape and pixels, so that pictures of other shapes with equal bytes differ."""
    digest = hashlib.sha256(f"{image.mode} {image.width}x{image.height}\n".encode())
    for top in range(0, image.height, STRIP):  # strips, so that a long page is not copied whole
        digest.update(image.crop((0, top, image.width, min(image.height, top + STRIP))).tobytes())
    return digest.hexdigest()


def below_status_bar(decoded: Decoded, capture: Capture, share: float) -> Image.Image:
    """The small grey picture; of a phone's store screenshot, without the strip that holds clock and battery."""
    grey = decoded.small.convert("L")
    phone = capture.view.kind == "listing" and capture.view.form_factor == "phone" and grey.height > 1.5 * grey.width
    return grey.crop((0, round(grey.height * share), grey.width, grey.height)) if phone else grey


def phash(grey: Image.Image) -> str:
    """64 hex digits: the signs about their median of the 16×16 lowest frequencies of the picture at 64×64."""
    from scipy.fft import dctn

    side = HASH_SIDE * 4
    pixels = np.asarray(grey.resize((side, side), Image.Resampling.LANCZOS), dtype=np.float64)
    low = dctn(pixels, type=2)[:HASH_SIDE, :HASH_SIDE]
    return np.packbits(low > np.median(low)).tobytes().hex()
