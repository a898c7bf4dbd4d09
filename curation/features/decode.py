"""decode: hostile bytes to upright RGB pixels, or to a typed reason; limits come before any pixel is decoded.

Pillow reads headers and all formats. The pixels of plain PNG files, which most screenshots are, come from libvips where
it is installed: the same bytes in half the time (docs/decisions.md has the table).
"""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from PIL import Image

from curation.features.base import Feature, Item, Row, ValueProblem

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF", "BMP", "MPO")
MAX_BYTES = 64 << 20
MAX_PIXELS = 120_000_000
ANALYSIS_WIDTH = 360  # px a phone screen is looked at with; twice that for anything wider
TURNS = {  # EXIF orientation → how to set the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
PLAIN_CHUNKS = {
    b"IHDR",
    b"IDAT",
    b"IEND",
    b"PLTE",
    b"sRGB",
    b"gAMA",
    b"cHRM",
    b"iCCP",
    b"sBIT",
    b"pHYs",
    b"tIME",
    b"bKGD",
}
MAX_CHUNKS = 20_000
OPAQUE = 0xFF000000  # the least RGBA pixel, as a little-endian number, that hides what is under it
MANY = 8  # an eighth of a picture
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


@dataclass(frozen=True)
class Decoded:
    """An upright picture over white, with what its file said. `small` is what the cheap features look at.

    `pixels` has mode RGB, or RGBX: the same colours with a fourth byte that means nothing, as some decoders give them.
    Scaling that needs no copy of the whole; `image` is always RGB.
    """

    pixels: Image.Image
    format: str
    mode: str
    has_alpha: bool
    frames: int
    orientation: int
    wide: bool = False

    @property
    def size(self) -> tuple[int, int]:
        return self.pixels.size

    @cached_property
    def image(self) -> Image.Image:
        """The whole picture in RGB."""
        return self.pixels if self.pixels.mode == "RGB" else self.pixels.convert("RGB")

    @cached_property
    def small(self) -> Image.Image:
        """RGB, at most 360 px wide (720 for pictures wider than tall or long pages): box-reduced, then bilinear."""
        width, height = self.size
        target = min(width, ANALYSIS_WIDTH * (2 if self.wide or width > height else 1))
        size = (target, max(1, round(height * target / width)))
        return self.pixels.resize(size, Image.Resampling.BOX).convert("RGB")

    @cached_property
    def grey(self) -> np.ndarray:
        """Luminance of `small`, uint8, height × width."""
        return np.asarray(self.small.convert("L"))


def decode_image(
    data: bytes,
    *,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
    wide: bool = False,
    longest: int | None = None,
) -> Decoded:
    """The first frame, turned by its EXIF tag, over white, in RGB.

    With `longest` a JPEG is decoded at the smallest of its own scales whose longer side is no less. No feature asks for
    that, for values must not depend on who shared the picture.
    Raises ValueProblem of kind empty, too_many_bytes, not_an_image, too_many_pixels, truncated or corrupt.
    """
    if not data:
        raise ValueProblem("empty", "the file has no bytes")
    if len(data) > max_bytes:
        raise ValueProblem("too_many_bytes", f"{len(data)} bytes, {max_bytes} are allowed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            source = Image.open(io.BytesIO(data), formats=FORMATS)
        except Image.DecompressionBombError:
            raise ValueProblem("too_many_pixels", f"more than {max_pixels} pixels are declared") from None
        except Exception:  # UnidentifiedImageError, RuntimeError of libavif and what else a header may bring about
            raise ValueProblem(*_unopened(data)) from None
        width, height = source.size
        if width * height > max_pixels:
            raise ValueProblem("too_many_pixels", f"{width}×{height}, {max_pixels} pixels are allowed")
        try:
            if longest is not None and source.format == "JPEG" and (long := max(width, height)) > longest:
                source.draft(None, (-(-width * longest // long), -(-height * longest // long)))
            return _decoded(source, data, wide)
        except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, OverflowError, MemoryError) as error:
            raise ValueProblem(_kind(error), str(error)) from None
        except Exception as error:  # struct.error, zlib.error and what else a decoder may throw at hostile bytes
            raise ValueProblem("corrupt", f"{type(error).__name__}: {error}") from None


def _decoded(source: Image.Image, data: bytes, wide: bool) -> Decoded:
    format_, mode = (source.format or "").lower(), source.mode
    image, has_alpha, orientation = _by_vips(data) if format_ == "png" else None, mode == "RGBA", 1
    if image is None:
        source.load()
        has_alpha = "A" in source.getbands() or "transparency" in source.info
        orientation = _orientation(source)
        image = _rgb(source, has_alpha)
    if (turn := TURNS.get(orientation)) is not None:
        image = image.transpose(turn)
    return Decoded(
        pixels=image,
        format="jpeg" if format_ == "mpo" else format_,
        mode=mode,
        has_alpha=has_alpha,
        frames=int(getattr(source, "n_frames", 1)),
        orientation=orientation,
        wide=wide,
    )


def _rgb(source: Image.Image, has_alpha: bool) -> Image.Image:
    """Eight bits a channel, what is transparent over white."""
    if source.mode.startswith(("I", "F")):
        return Image.fromarray(_eight_bit(np.asarray(source)), "L").convert("RGB")
    if not has_alpha:
        done = source.format == "JPEG" and source.mode == "RGB"  # of one frame, which nobody will seek away
        return source if done else source.convert("RGB")
    over = source.convert("RGBA")
    if over.getchannel("A").getextrema() == (255, 255):
        return over.convert("RGB")
    white = Image.new("RGB", over.size, "white")
    white.paste(over, mask=over)
    return white


def _by_vips(data: bytes) -> Image.Image | None:
    """The pixels of a plain PNG by libvips, RGB or RGBX; None where that is missing or the file not plain and whole."""
    vips = _vips()
    if vips is None or not plain_png(data):
        return None
    try:
        source = vips.Image.new_from_buffer(data, "", access="sequential", fail_on="error")
        if source.format != "uchar" or source.bands not in (3, 4):
            return None
        clear = source.bands == 4
        pixels, size = (source if clear else source.bandjoin(255)).write_to_memory(), (source.width, source.height)
    except vips.Error:
        return None
    if clear and not _over_white(np.frombuffer(pixels, "<u4")):
        return _rgb(Image.frombuffer("RGBA", size, pixels, "raw", "RGBA", 0, 1), True)
    return Image.frombuffer("RGBX", size, pixels, "raw", "RGBX", 0, 1)  # no copy


def _over_white(pixels: np.ndarray) -> bool:
    """Lay RGBA pixels over white in place where they are few, as round corners are; False where they are many."""
    clear = np.flatnonzero(pixels < OPAQUE)
    if len(clear) * MANY > len(pixels):
        return False
    if len(clear):
        strip = Image.frombuffer("RGBA", (len(clear), 1), pixels[clear].tobytes(), "raw", "RGBA", 0, 1)
        pixels[clear] = np.frombuffer(_rgb(strip, True).convert("RGBX").tobytes(), "<u4")
    return True


def plain_png(data: bytes) -> bool:
    """Whether a PNG is of 8 bits, RGB or RGBA, not interlaced, of one frame, and says nothing that turns its pixels."""
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[8:16] != b"\0\0\0\rIHDR" or len(data) < 33:
        return False
    depth, colour, _, _, interlaced = data[24:29]
    if depth != 8 or colour not in (2, 6) or interlaced:
        return False
    at = 8
    for _ in range(MAX_CHUNKS):
        if at + 12 > len(data):
            return False
        (length,), kind = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        if kind == b"IEND":
            return True
        if kind not in PLAIN_CHUNKS and not (kind == b"tEXt" and data[at + 8 : at + 17] == b"Software\0"):
            return False
        at += 12 + length
    return False


@cache
def _vips() -> Any:
    """pyvips, one thread a picture since the engine decodes several at a time; None where it is not installed."""
    try:
        import pyvips
    except (ImportError, OSError):
        return None
    pyvips.concurrency_set(1)
    pyvips.cache_set_max(0)
    return pyvips


def _eight_bit(values: np.ndarray) -> np.ndarray:
    """16-bit greys keep their upper byte; other deep modes are stretched to their own range."""
    if values.dtype == np.uint16 or (values.dtype == np.int32 and 255 < values.max(initial=0) < 65536):
        return (values.astype(np.int64) >> 8).astype(np.uint8)
    return np.clip(values, 0, 255).astype(np.uint8)


def _orientation(source: Image.Image) -> int:
    try:
        value = int(source.getexif().get(0x0112, 1))
    except Exception:  # a broken EXIF block spoils the turn, not the picture
        return 1
    return value if 1 <= value <= 8 else 1


def _kind(error: BaseException) -> str:
    text = str(error).lower()
    return "truncated" if "truncated" in text or isinstance(error, EOFError) else "corrupt"


def _unopened(data: bytes) -> tuple[str, str]:
    signatures = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"BM")
    if data.startswith(signatures) or data[4:8] == b"ftyp":
        return ("truncated" if len(data) < 1024 else "corrupt"), "its signature is an image's, its header is not"
    return "not_an_image", f"{len(data)} bytes that are none of {', '.join(FORMATS[:-1])}"


class Decode(Feature):
    """What the file holds, as decoded: format, size after the EXIF turn, mode, alpha, frames."""

    name: ClassVar[str] = "decode"
    needs: ClassVar[tuple[str, ...]] = ("image",)
    offers: ClassVar[str] = "format, size after the EXIF turn, mode, alpha and frames of the file"

    @property
    def schema(self) -> pa.Schema:
        return pa.schema(
            [
                ("decoded_format", pa.string()),
                ("decoded_width", pa.int32()),
                ("decoded_height", pa.int32()),
                ("aspect", pa.float32()),
                ("mode", pa.string()),
                ("has_alpha", pa.bool_()),
                ("frames", pa.int32()),
                ("orientation", pa.int32()),
            ]
        )

    def prepare(self, item: Item) -> Row:
        assert item.decoded is not None
        width, height = item.decoded.size
        return {
            "decoded_format": item.decoded.format,
            "decoded_width": width,
            "decoded_height": height,
            "aspect": round(height / width, 4),
            "mode": item.decoded.mode,
            "has_alpha": item.decoded.has_alpha,
            "frames": item.decoded.frames,
            "orientation": item.decoded.orientation,
        }
