"""The DOM snapshot of docs/contracts.md (`gesso-dom/1`): taken by CDP, freed of what varies, packed.

Measured with Chromium 156: `bounds` are CSS pixels of the layout at any emulated device pixel ratio, hence scale 1.
"""

from __future__ import annotations

import asyncio
import gzip
import inspect
import json
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import CDPSession

FORMAT = "gesso-dom/1"
SCALE = 1
SNAPSHOT_SECONDS = 20.0
MAX_RAW_BYTES = 64 << 20

COMPUTED_STYLES = (
    *("display", "position", "top", "right", "bottom", "left", "z-index", "box-sizing"),
    *("width", "height", "min-width", "max-width", "min-height", "max-height", "aspect-ratio"),
    *("margin-top", "margin-right", "margin-bottom", "margin-left"),
    *("padding-top", "padding-right", "padding-bottom", "padding-left"),
    *("border-top-width", "border-right-width", "border-bottom-width", "border-left-width"),
    *("border-top-style", "border-right-style", "border-bottom-style", "border-left-style"),
    *("border-top-color", "border-right-color", "border-bottom-color", "border-left-color"),
    *("border-top-left-radius", "border-top-right-radius"),
    *("border-bottom-right-radius", "border-bottom-left-radius"),
    *("flex-direction", "flex-wrap", "flex-grow", "flex-shrink", "flex-basis", "order", "row-gap", "column-gap"),
    *("align-items", "align-self", "align-content", "justify-content"),
    *("grid-template-columns", "grid-template-rows", "grid-auto-flow"),
    *("grid-column-start", "grid-column-end", "grid-row-start", "grid-row-end"),
    *("background-color", "background-image", "background-size", "background-position", "background-repeat"),
    "background-clip",
    *("box-shadow", "opacity", "visibility"),
    *("transform", "transform-origin", "filter", "backdrop-filter", "mix-blend-mode", "clip-path", "mask-image"),
    *("overflow-x", "overflow-y", "object-fit", "object-position"),
    *("color", "font-family", "font-size", "font-weight", "font-style"),
    *("line-height", "letter-spacing", "text-align", "text-indent", "text-transform"),
    *("text-decoration-line", "text-decoration-color"),
    *("text-shadow", "text-overflow", "white-space", "vertical-align"),
    *("-webkit-line-clamp", "-webkit-text-fill-color", "direction"),
    *("list-style-type", "content"),
    *("fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity", "stroke-linecap"),
    *("stroke-linejoin", "stroke-dasharray", "stop-color", "stop-opacity", "color-scheme", "float", "clip"),
    *("background-attachment", "background-origin"),
    *("outline-width", "outline-style", "outline-color", "outline-offset"),
    *("rotate", "scale", "translate", "text-decoration-style", "word-spacing", "border-image-source", "appearance"),
    *("accent-color", "writing-mode", "justify-items", "justify-self", "border-spacing", "border-collapse", "zoom"),
)


@dataclass
class Surroundings:
    """What goes beside the tree in a snapshot file."""

    url: str
    title: str
    lang: str
    viewport: dict[str, float]
    theme: str
    page: dict[str, int]
    assets: dict[str, dict[str, Any]] = field(default_factory=dict)
    fonts: list[dict[str, Any]] = field(default_factory=list)
    media: dict[str, Any] = field(default_factory=dict)


async def take_snapshot(cdp: CDPSession) -> dict[str, Any]:
    """Ask CDP for the tree with layout, paint order and computed styles. Raises Error or TimeoutError."""
    answer: dict[str, Any] = await asyncio.wait_for(
        _send_plainly(
            cdp,
            "DOMSnapshot.captureSnapshot",
            {
                "computedStyles": list(COMPUTED_STYLES),
                "includePaintOrder": True,
                "includeDOMRects": True,
                "includeBlendedBackgroundColors": False,
            },
        ),
        SNAPSHOT_SECONDS,
    )
    return answer


def _send_plainly(cdp: CDPSession, method: str, parameters: dict[str, Any]) -> Awaitable[Any]:
    """As `cdp.send`, past the public object where that can be: it looks through every number of an answer for handles,
    and a snapshot has a million numbers. The object behind it is Playwright's own affair, so its shape is asked."""
    inner: Any = getattr(cdp, "_impl_obj", None)
    names = tuple(inspect.signature(inner.send).parameters) if inner is not None else ()
    if names == ("method", "params"):
        return inner.send(method, parameters)
    if names == ("method", "params", "timeout"):
        return inner.send(method, parameters, SNAPSHOT_SECONDS * 1000)
    return cdp.send(method, parameters)


def pack_snapshot(snapshot: dict[str, Any], around: Surroundings) -> bytes | None:
    """The file's bytes: the same for the same input. None where it would be larger than 64 MB unpacked."""
    _steady(snapshot)
    whole = {
        "format": FORMAT,
        "url": around.url,
        "title": around.title,
        "lang": around.lang,
        "viewport": around.viewport,
        "theme": around.theme,
        "page": around.page,
        "scale": SCALE,
        "computed_styles": list(COMPUTED_STYLES),
        "snapshot": snapshot,
        "assets": dict(sorted(around.assets.items())),
        "fonts": around.fonts,
        "media": around.media,
    }
    raw = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    if len(raw) > MAX_RAW_BYTES:
        return None
    return gzip.compress(raw, compresslevel=6, mtime=0)


def _steady(snapshot: dict[str, Any]) -> None:
    """Replace what names the browser's own objects, and so differs from run to run, by running numbers."""
    strings = snapshot.get("strings", [])
    for number, document in enumerate(snapshot.get("documents", [])):
        nodes = document.get("nodes", {})
        if "backendNodeId" in nodes:
            nodes["backendNodeId"] = list(range(1, len(nodes["backendNodeId"]) + 1))
        frame = document.get("frameId", -1)
        if isinstance(frame, int) and 0 <= frame < len(strings):
            strings[frame] = f"frame-{number}"
