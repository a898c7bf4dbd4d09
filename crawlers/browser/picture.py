"""Screenshots by CDP: PNG bytes of a page's fold or of its whole length.

CDP takes a clip beyond the viewport without resizing it, so a 100vh hero keeps its height, and it waits for no font.
`optimizeForSpeed` halves the time of a full-page picture for the same pixels and 25 % more bytes.
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass

from playwright.async_api import CDPSession

SCREENSHOT_SECONDS = 20.0
MAX_PIXELS = 120_000_000


@dataclass(frozen=True)
class Geometry:
    """What a page measures, in CSS pixels of its layout. `zoom` < 1 where a phone shrinks it."""

    width: int
    height: int
    fold_width: int
    fold_height: int
    zoom: float


async def measure(cdp: CDPSession, viewport_width: int) -> Geometry:
    """The scrollable size and the layout viewport of a page."""
    answer = await asyncio.wait_for(cdp.send("Page.getLayoutMetrics"), SCREENSHOT_SECONDS)
    content, layout = answer["cssContentSize"], answer["cssLayoutViewport"]
    fold_width, fold_height = int(layout["clientWidth"]), int(layout["clientHeight"])
    zoom = min(1.0, viewport_width / fold_width) if fold_width else 1.0
    height = max(fold_height, int(content["height"]))
    return Geometry(max(fold_width, int(content["width"])), height, fold_width, fold_height, zoom)


async def screenshot(cdp: CDPSession, width: int, height: int, scale: float) -> bytes:
    """The PNG of the page's top left `width` × `height` CSS pixels, `scale` image pixels to one of them."""
    if width * height * scale * scale > MAX_PIXELS:
        height = max(1, int(MAX_PIXELS / (width * scale * scale)))
    answer = await asyncio.wait_for(
        cdp.send(
            "Page.captureScreenshot",
            {
                "format": "png",
                "captureBeyondViewport": True,
                "optimizeForSpeed": True,
                "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": scale},
            },
        ),
        SCREENSHOT_SECONDS,
    )
    return base64.b64decode(answer["data"])
