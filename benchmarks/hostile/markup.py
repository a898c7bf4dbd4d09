"""The pages that hazards are made of: plain ones, and the means to build them."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache

from PIL import Image

from benchmarks.hostile.hazard import Check, Colour, Hazard
from benchmarks.hostile.server import Reply, Route, Site

WORDS = (
    "<p>We make chairs of oak and ash, one at a time, in a small workshop near the river, and mend them for life.</p>"
)
RED, GREEN, BLUE, YELLOW = (220, 40, 40), (30, 160, 70), (40, 80, 220), (230, 200, 40)
WHITE = (255, 255, 255)
TOP = "<style>body{margin:0} h1,p{margin:0;height:50px;overflow:hidden}</style>"  # blocks begin at y = 100


def page(body: str = "", *, head: str = "", title: str = "A workshop", status: int = 200, **headers: str) -> Reply:
    """A page with a few words of its own; headers with _ for -."""
    text = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>{head}</head><body>'
    text += f"<h1>{title}</h1>{WORDS}{body}</body></html>"
    return Reply(text.encode(), status, {name.replace("_", "-"): value for name, value in headers.items()})


def bare(text: str, **headers: str) -> Reply:
    """A page of exactly this text."""
    return Reply(text.encode(), 200, {name.replace("_", "-"): value for name, value in headers.items()})


def script(code: str) -> str:
    return f"<script>{code}</script>"


def css(colour: Colour) -> str:
    return f"rgb{colour}".replace(" ", "")


def block(colour: Colour, height: int = 200, more: str = "", inside: str = "") -> str:
    """A full-width block of one colour, at the left edge."""
    return f'<div style="background:{css(colour)};height:{height}px;{more}">{inside}</div>'


def picture(
    colour: Colour = BLUE, size: tuple[int, int] = (120, 80), format: str = "PNG", noise: bool = False
) -> bytes:
    """An image of one colour; with `noise` one that does not compress."""
    out = io.BytesIO()
    image = Image.effect_noise(size, 80).convert("RGB") if noise else Image.new("RGB", size, colour)
    image.save(out, format)
    return out.getvalue()


def image(data: bytes, kind: str = "image/png", **headers: str) -> Reply:
    return Reply(
        data, 200, {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    )


@cache
def png_bomb(side: int) -> bytes:
    """A whole PNG of side × side black pixels: a thousand times smaller than what it unpacks to."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = b"\0" * (1 + side // 8)
    body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@cache
def gzip_bomb(mebibytes: int, piece: bytes = b"\0") -> bytes:
    """Gzip that unpacks to so many MiB of the same few bytes; packed once, and repeated as it is."""
    whole = (piece * ((1 << 20) // len(piece) + 1))[: 1 << 20]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(whole) + packer.flush(zlib.Z_FULL_FLUSH)
    check = 0
    for _ in range(mebibytes):
        check = zlib.crc32(whole, check)
    end = b"\3\0" + struct.pack("<II", check, (mebibytes << 20) & 0xFFFFFFFF)
    return b"\x1f\x8b\x08\0\0\0\0\0\2\xff" + packed * mebibytes + end


def hazard(
    name: str,
    expect: str | tuple[str, ...],
    seconds: float,
    front: Route,
    *,
    check: Check | None = None,
    start: str = "/",
    more: Site | None = None,
) -> Hazard:
    """A hazard with a host of its own, named for it: `front` answers its seed, `more` its other paths."""
    host = host_named(name)
    site: Site = {start.partition("?")[0]: front, **(more or {})}
    return Hazard(name, expect, seconds, {host: site}, (f"http://{host}{start}",), check=check)


def host_named(name: str) -> str:
    """`Endless CSS, twice` → endless-css-twice.test."""
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())[:60].rstrip("-") + ".test"
