"""hashes: of the bytes, of the pixels, a 256-bit perceptual hash that a phone's clock does not change, and two small
pictures of the picture for `curation.relations`: a thumbnail to compare by, and a sketch to find candidates by.
"""

from __future__ import annotations

import hashlib
import io
from typing import ClassVar

import numpy as np
import pyarrow as pa
from PIL import Image

from crawlers.captures import Capture
from curation.features.base import Feature, Item, Params, Row
from curation.features.decode import Decoded

HASH_SIDE = 16
THUMB = (96, 144)  # width and height whatever the shape: two rows or more a line of text, on phones and desktops
SKETCH = (12, 16)  # cells across and down
SKETCH_BYTES = SKETCH[0] * SKETCH[1]
CUT = 0.03  # of a side, the rim that copies most often lack
STRIP = 1024


class HashParams(Params):
    """Shares of a phone screenshot's height that the hash does not look at: above, and below."""

    status_bar: float = 0.035
    navigation_bar: float = 0.03


class Hashes(Feature):
    """`phash` is the DCT hash of Zauner 2010 (as in imagehash) at 16×16 bits, as 64 hex digits, row by row.

    `_thumb` is a 96×144 WebP file. `_sketch` holds 16×12 bytes: how much stands where, the same in light and dark;
    `_sketch_cut` is that of the picture without its rim, by which a cut copy finds its original.
    """

    name: ClassVar[str] = "hashes"
    version: ClassVar[int] = 3
    needs: ClassVar[tuple[str, ...]] = ("image",)
    offers: ClassVar[str] = "hashes of bytes and pixels, 256-bit perceptual hash"
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
                ("_sketch", pa.binary(SKETCH_BYTES)),
                ("_sketch_cut", pa.binary(SKETCH_BYTES)),
            ]
        )

    def prepare(self, item: Item) -> Row:
        assert item.decoded is not None
        thumb = item.decoded.small.resize(THUMB, Image.Resampling.BILINEAR)
        return {
            "bytes_sha256": hashlib.sha256(item.data).hexdigest(),
            "pixels_sha256": pixels_sha256(item.decoded.image),
            "phash": phash(between_bars(item.decoded, item.capture, self.params)),
            "_thumb": webp(thumb),
            "_sketch": sketch(thumb),
            "_sketch_cut": sketch(thumb.resize(THUMB, Image.Resampling.BILINEAR, box=_without_rim(CUT))),
        }


def pixels_sha256(image: Image.Image) -> str:
    """Of mode, shape and pixels, so that pictures of other shapes with equal bytes differ."""
    digest = hashlib.sha256(f"{image.mode} {image.width}x{image.height}\n".encode())
    for top in range(0, image.height, STRIP):  # strips, so that a long page is not copied whole
        digest.update(image.crop((0, top, image.width, min(image.height, top + STRIP))).tobytes())
    return digest.hexdigest()


def between_bars(decoded: Decoded, capture: Capture, params: HashParams) -> Image.Image:
    """The small grey picture; of a phone's store screenshot, without the strips of clock and buttons."""
    grey = decoded.small.convert("L")
    phone = capture.view.kind == "listing" and capture.view.form_factor == "phone" and grey.height > 1.5 * grey.width
    top, bottom = (round(grey.height * share) for share in (params.status_bar, params.navigation_bar))
    return grey.crop((0, top, grey.width, grey.height - bottom)) if phone else grey


def webp(picture: Image.Image) -> bytes:
    """One to three KB, a grey level or two from the picture."""
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=80)
    return out.getvalue()


def _without_rim(share: float) -> tuple[float, float, float, float]:
    width, height = THUMB
    return width * share, height * share, width * (1 - share), height * (1 - share)


def sketch(thumb: Image.Image) -> bytes:
    """Edge strength of a 96×144 picture in 16×12 cells, its root scaled to length 1 and to bytes, row by row.

    Neighbouring cells share a little, so that a picture cut by some percent stays near.
    """
    from scipy.ndimage import gaussian_filter

    grey = np.asarray(thumb.convert("L"), dtype=np.float32)
    down, across = np.abs(np.diff(grey, axis=0, append=grey[-1:])), np.abs(np.diff(grey, axis=1, append=grey[:, -1:]))
    strength = gaussian_filter(down + across, 4.0, mode="constant")
    width, height = SKETCH
    cells = np.sqrt(strength.reshape(height, len(grey) // height, width, -1).mean((1, 3)))
    length = float(np.linalg.norm(cells))
    return np.clip(np.rint(cells * (800 / max(length, 1e-6))), 0, 255).astype(np.uint8).tobytes()


def phash(grey: Image.Image) -> str:
    """64 hex digits: the signs about their median of the 16×16 lowest frequencies of the picture at 64×64."""
    from scipy.fft import dctn

    side = HASH_SIDE * 4
    pixels = np.asarray(grey.resize((side, side), Image.Resampling.LANCZOS), dtype=np.float64)
    low = dctn(pixels, type=2)[:HASH_SIDE, :HASH_SIDE]
    return np.packbits(low > np.median(low)).tobytes().hex()
