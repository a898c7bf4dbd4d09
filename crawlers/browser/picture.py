"""Screenshots by CDP: PNG bytes of a page's whole length, and the fold as the first rows of it.

CDP takes a clip beyond the viewport without resizing it, so a 100vh hero keeps its height, and it waits for no font.
`optimizeForSpeed` halves the time of a full-page picture for the same pixels and 25 % more bytes. The fold is cut from
the whole: the same pixels as a picture of its own (compared on the corpus) for a fraction of the browser's time.
"""

from __future__ import annotations

import asyncio
import base64
import io
import struct
import zlib
from dataclasses import dataclass

from isal import isal_zlib
from PIL import Image as Pillow
from playwright.async_api import CDPSession

SCREENSHOT_SECONDS = 20.0
MAX_PIXELS = 120_000_000
SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}  # by PNG colour type


@dataclass(frozen=True)
class Geometry:
    """What a page measures, in CSS pixels of its layout. `zoom` < 1 where a phone shrinks it.

    Pictures are as wide as the layout's window: what a page has to the right of it is seen by those who scroll there.
    """

    height: int
    fold_width: int
    fold_height: int
    zoom: float

    def beyond(self, height: int) -> bool:
        """Whether a picture of that height shows more than the window does."""
        return height > self.fold_height or self.zoom != 1


async def measure(cdp: CDPSession, viewport_width: int) -> Geometry:
    """The scrollable size and the layout viewport of a page."""
    answer = await asyncio.wait_for(cdp.send("Page.getLayoutMetrics"), SCREENSHOT_SECONDS)
    content, layout = answer["cssContentSize"], answer["cssLayoutViewport"]
    fold_width, fold_height = int(layout["clientWidth"]), int(layout["clientHeight"])
    zoom = min(1.0, viewport_width / fold_width) if fold_width else 1.0
    height = max(fold_height, int(content["height"]))
    return Geometry(height, fold_width, fold_height, zoom)


async def screenshot(
    cdp: CDPSession, width: int, height: int, scale: float, *, dpr: float = 1, beyond: bool = True
) -> bytes:
    """The PNG of the page's top left `width` × `height` CSS pixels, `scale` × `dpr` image pixels to one of them.

    `dpr` is the pixel ratio that this very CDP session emulates, if it does: Chromium multiplies the two. `beyond` asks
    for what the window does not show, and is for that alone: Chromium then takes a phone for a thing with a mouse.
    """
    ratio = scale * dpr
    if width * height * ratio * ratio > MAX_PIXELS:
        height = max(1, int(MAX_PIXELS / (width * ratio * ratio)))
    answer = await asyncio.wait_for(
        cdp.send(
            "Page.captureScreenshot",
            {
                "format": "png",
                "captureBeyondViewport": beyond,
                "optimizeForSpeed": True,
                "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": scale},
            },
        ),
        SCREENSHOT_SECONDS,
    )
    return await asyncio.to_thread(base64.b64decode, answer["data"])


def png_size(png: bytes) -> tuple[int, int]:
    """Width and height that a PNG's header states."""
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def top_rows(png: bytes, rows: int) -> bytes:
    """The PNG of the first `rows` rows, pixels untouched: a row's filter looks up, never down, so none is decoded.

    For what Chromium writes: 8 bits a channel, not interlaced. Raises ValueError for another PNG.
    """
    width, height = png_size(png)
    depth, colour, _, _, interlace = png[24:29].ljust(5, b"\0")
    if png[:8] != SIGNATURE or depth != 8 or interlace or colour not in CHANNELS:
        raise ValueError("not a PNG of 8 bits a channel without interlace")
    if rows < 1:
        raise ValueError("a picture has one row at least")
    if rows >= height:
        return png
    try:
        return _top_rows(png, width, rows, CHANNELS[colour])
    except (struct.error, isal_zlib.error):  # type: ignore[misc]  # its stub takes the class for one of them
        raise ValueError("a PNG that is damaged") from None


def _top_rows(png: bytes, width: int, rows: int, channels: int) -> bytes:
    wanted = rows * (1 + width * channels)
    inflate = isal_zlib.decompressobj()
    parts: list[bytes] = []
    have, at = 0, 8
    while have < wanted:
        (length,) = struct.unpack_from(">I", png, at)
        kind = png[at + 4 : at + 8]
        if kind == b"IDAT":
            part = inflate.decompress(png[at + 8 : at + 8 + length], wanted - have)
            parts.append(part)
            have += len(part)
        elif kind in (b"IEND", b"tRNS"):
            raise ValueError(f"a PNG with {kind.decode()} before its picture is complete")
        at += 12 + length
    header = struct.pack(">II", width, rows) + png[24:29]
    body = isal_zlib.compress(b"".join(parts), 1)
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def cut(png: bytes, boxes: list[tuple[int, int, int, int]]) -> list[bytes]:
    """PNGs of the given boxes (left, top, right, bottom in pixels), from one decode."""
    with Pillow.open(io.BytesIO(png)) as image:
        whole = image.convert("RGB")
    cuts = []
    for box in boxes:
        out = io.BytesIO()
        whole.crop(box).save(out, "PNG", compress_level=1)
        cuts.append(out.getvalue())
    return cuts


def is_flat(png: bytes) -> bool:
    """Whether a PNG shows one colour, give or take what no eye sees."""
    with Pillow.open(io.BytesIO(png)) as image:
        return all(high - low < 8 for low, high in image.convert("RGB").getextrema())  # type: ignore[misc]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
