"""What bytes are, told from the bytes: images by Pillow's header parsers, fonts and SVG by their first bytes."""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from crawlers.errors import GessoError

FORMATS = {
    "PNG": "png",
    "JPEG": "jpeg",
    "WEBP": "webp",
    "GIF": "gif",
    "AVIF": "avif",
    "BMP": "bmp",
    "ICO": "ico",
    "MPO": "jpeg",
}
FONT_MAGIC = {b"wOF2": "woff2", b"wOFF": "woff", b"\0\1\0\0": "ttf", b"true": "ttf", b"OTTO": "otf", b"ttcf": "ttc"}
ORIENTATION, ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)  # of EXIF
MAX_IMAGE_BYTES = 32 << 20
MAX_IMAGE_PIXELS = 150_000_000
_SVG = re.compile(
    rb"^\s*(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<svg[\s>]", re.S | re.I
)


class NotAnImage(GessoError):
    """Bytes that are no image we read; `kind` is the failure kind to count it under."""

    def __init__(self, message: str, kind: str = "not_an_image") -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Sniffed:
    """A format's name, and pixels as they are stored, where it has them; `turned` ones are shown on their side."""

    format: str
    width: int | None = None
    height: int | None = None
    turned: bool = False


def sniff_image(data: bytes, *, max_bytes: int = MAX_IMAGE_BYTES, max_pixels: int = MAX_IMAGE_PIXELS) -> Sniffed:
    """Format and size of a raster image, from its header alone. Raises NotAnImage.

    The extension and the content type are not asked. Pixels are not decoded: a later reader may still find a cut file.
    """
    if not data:
        raise NotAnImage("no bytes", "empty")
    if len(data) > max_bytes:
        raise NotAnImage(f"{len(data)} bytes are more than the limit of {max_bytes}", "too_large")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=tuple(FORMATS)) as image:
                name, (width, height) = image.format or "", image.size
                turned = "exif" in image.info and image.getexif().get(ORIENTATION) in ON_ITS_SIDE
    except Image.DecompressionBombError:
        raise NotAnImage(f"more than {max_pixels} pixels", "too_large") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, KeyError, TypeError, IndexError, EOFError):
        raise NotAnImage(f"{len(data)} bytes that begin {data[:12]!r} are no image") from None
    except Exception as error:  # a header parser met with input its authors did not: struct.error, OverflowError …
        raise NotAnImage(f"an image header that cannot be read ({type(error).__name__})") from None
    if width < 1 or height < 1:
        raise NotAnImage(f"an image of {width}×{height} pixels")
    if width * height > max_pixels:
        raise NotAnImage(f"{width}×{height} pixels are more than the limit of {max_pixels}", "too_large")
    return Sniffed(FORMATS.get(name, name.lower()), width, height, turned)


def sniff_asset(data: bytes) -> Sniffed | None:
    """Format of something a page loaded, images, SVG and fonts; None for anything else."""
    font = FONT_MAGIC.get(data[:4])
    if font is not None:
        return Sniffed(font)
    if _SVG.match(data[:4096]):
        return Sniffed("svg")
    try:
        return sniff_image(data)
    except NotAnImage:
        return None


def check_whole(data: bytes, sniffed: Sniffed) -> None:
    """Raises NotAnImage, of kind truncated_image, where a PNG, JPEG, WebP or GIF ends before its own end mark.

    Told from the container alone: no pixel is decoded.
    """
    ends = {"png": _png_ends, "jpeg": _jpeg_ends, "webp": _webp_ends, "gif": _gif_ends}.get(sniffed.format)
    if ends is not None and not ends(data):
        raise NotAnImage(f"the {sniffed.format} is cut after {len(data)} bytes", "truncated_image")


def _png_ends(data: bytes) -> bool:
    at = 8
    while at + 12 <= len(data):
        if data[at + 4 : at + 8] == b"IEND":
            return True
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return False


def _jpeg_ends(data: bytes) -> bool:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xDA:  # the scan: what stands before it may hold a thumbnail with an end of its own
            return data.rfind(b"\xff\xd9", at) >= 0  # from the end, where it is
        at += 1 if marker == 0xFF else 2 if 0xD0 <= marker <= 0xD8 else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return False


def _webp_ends(data: bytes) -> bool:
    return int.from_bytes(data[4:8], "little") + 8 <= len(data)


def _gif_ends(data: bytes) -> bool:
    return data.rstrip(b"\0").endswith(b";")
