"""Paints, borders, shadows and pictures in Penpot's terms."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from PIL import Image

from design.to.layout import Rect
from design.to.safe import safe_svg
from design.tree import Conic, Linear, Paint, Radial, Shadow, SlotPaint, Solid, Stop, Stroke

_EXTENSIONS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/svg+xml": ".svg",
}
_DATA = re.compile(r"data:(image/[a-z+]+)((?:;[a-z0-9=-]+)*),", re.IGNORECASE)
_PLACE = {"inside": "inner", "center": "center", "outside": "outer"}
_CREATED = "2025-01-01T00:00:00Z"  # the format wants a moment; a file of one design is always the same
MAX_PICTURE = 50_000_000


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as its file will be: `size` in px."""

    id: str
    name: str
    mime: str
    data: bytes
    width: int
    height: int


class PictureFiles:
    """The pictures of slots, as far as they are here; those that are used become files."""

    def __init__(self, slots: Mapping[str, str], make_id: Callable[[str], str]) -> None:
        self.slots, self.make_id = slots, make_id
        self.used: dict[str, Picture | None] = {}

    def get(self, slot: str) -> Picture | None:
        if slot not in self.used:
            self.used[slot] = self._read(slot, self.slots.get(slot, ""))
        return self.used[slot]

    def _read(self, slot: str, source: str) -> Picture | None:
        if source.lstrip()[:1] == "<":
            drawing = safe_svg(source)
            data, mime = (drawing or "").encode(), "image/svg+xml"
        elif match := _DATA.match(source):
            mime = match[1].lower()
            body = source[match.end() :]
            try:
                data = base64.b64decode(body) if ";base64" in match[2] else unquote_to_bytes(body)
            except (ValueError, binascii.Error):
                return None
            if mime == "image/svg+xml":
                data = (safe_svg(data.decode("utf-8", "replace")) or "").encode()
        else:
            return None
        if mime not in _EXTENSIONS or not data or len(data) > MAX_PICTURE:
            return None
        size = (512, 512) if mime == "image/svg+xml" else _size(data)
        return Picture(self.make_id(f"picture {slot}"), slot, mime, data, *size) if size else None

    def entries(self, base: str) -> list[tuple[str, bytes]]:
        """Two JSON files and the picture itself, for each that was used."""
        found: list[tuple[str, bytes]] = []
        for picture in self.used.values():
            if picture is None:
                continue
            object_id = self.make_id(f"object {picture.id}")
            media = {
                "id": picture.id, "name": picture.name, "width": picture.width, "height": picture.height,
                "mtype": picture.mime, "mediaId": object_id, "isLocal": True, "createdAt": _CREATED,
            }  # fmt: skip
            stored = {
                "id": object_id, "size": len(picture.data), "contentType": picture.mime, "bucket": "file-media-object",
                "hash": "blake2b:" + hashlib.blake2b(picture.data, digest_size=32).hexdigest(),
            }  # fmt: skip
            found.append((f"{base}/media/{picture.id}.json", json.dumps(media, indent=1).encode()))
            found.append((f"objects/{object_id}.json", json.dumps(stored, indent=1).encode()))
            found.append((f"objects/{object_id}{_EXTENSIONS[picture.mime]}", picture.data))
        return found


def _size(data: bytes) -> tuple[int, int] | None:
    """Width and height by the header alone."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except Exception:  # a hostile picture may raise anything
        return None


class Ink:
    """Compiles paints against a palette whose colours are in the file's library, by `ids`."""

    def __init__(self, palette: dict[str, str], ids: dict[str, str], file: str, pictures: PictureFiles) -> None:
        self.palette, self.ids, self.file, self.pictures = palette, ids, file, pictures

    def library(self) -> list[dict[str, Any]]:
        found = []
        for name, color in self.palette.items():
            rgb, alpha = _split(Solid(color))
            found.append({"id": self.ids[name], "name": name, "color": rgb, "opacity": alpha})
        return found

    def solid(self, solid: Solid) -> tuple[str, float]:
        color = self.palette.get(solid.color[1:], "#888888") if solid.color.startswith("$") else solid.color
        return _split(Solid(color, solid.alpha))

    def fill(self, paint: Paint, rect: Rect) -> dict[str, Any] | None:
        if isinstance(paint, SlotPaint):
            picture = self.pictures.get(paint.slot)
            if picture is None:
                return {"fillColor": "#D9D7D0", "fillOpacity": paint.alpha}
            image = {"id": picture.id, "name": picture.name, "mtype": picture.mime, "width": picture.width}
            image |= {"height": picture.height, "keepAspectRatio": paint.fit != "fill"}
            return {"fillImage": image, "fillOpacity": paint.alpha}
        if isinstance(paint, Linear | Radial):
            return {"fillColorGradient": self.gradient(paint, rect), "fillOpacity": 1}
        solid = paint.stops[0].color if isinstance(paint, Conic) else paint
        color, alpha = self.solid(solid)
        found: dict[str, Any] = {"fillColor": color, "fillOpacity": alpha}
        name = solid.color[1:]
        if solid.color.startswith("$") and name in self.ids:
            found |= {"fillColorRefId": self.ids[name], "fillColorRefFile": self.file}
        return found

    def gradient(self, paint: Linear | Radial, rect: Rect) -> dict[str, Any]:
        """Ends in shares of the box."""
        if isinstance(paint, Linear):
            angle = math.radians(paint.angle)
            dx, dy = math.sin(angle), -math.cos(angle)
            width, height = max(0.01, rect.width), max(0.01, rect.height)
            half = (abs(width * dx) + abs(height * dy)) / 2
            x, y = dx * half / width, dy * half / height
            ends = {"startX": 0.5 - x, "startY": 0.5 - y, "endX": 0.5 + x, "endY": 0.5 + y, "width": 1}
            kind = "linear"
        else:
            cx, cy = paint.cx / 100, paint.cy / 100
            ends = {"startX": cx, "startY": cy, "endX": cx, "endY": cy + paint.ry / 100, "width": paint.rx / paint.ry}
            kind = "radial"
        ends = {name: round(value, 4) + 0.0 for name, value in ends.items()}
        return {"type": kind, **ends, "stops": [self._stop(stop) for stop in paint.stops]}

    def _stop(self, stop: Stop) -> dict[str, Any]:
        color, alpha = self.solid(stop.color)
        return {"color": color, "opacity": alpha, "offset": min(1.0, max(0.0, stop.at))}

    def stroke(self, stroke: Stroke) -> dict[str, Any]:
        paint = stroke.paint
        grey = Solid("#888888") if isinstance(paint, SlotPaint) else None
        solid = paint if isinstance(paint, Solid) else grey or paint.stops[0].color  # type: ignore[union-attr]
        color, alpha = self.solid(solid)
        return {
            "strokeColor": color, "strokeOpacity": alpha, "strokeWidth": stroke.widths[0], "strokeStyle": stroke.dash,
            "strokeAlignment": _PLACE[stroke.place],
        }  # fmt: skip

    def shadow(self, shadow: Shadow, key: str) -> dict[str, Any]:
        color, alpha = self.solid(shadow.color)
        return {
            "id": key, "style": "inner-shadow" if shadow.inner else "drop-shadow", "offsetX": shadow.x, "hidden": False,
            "offsetY": shadow.y, "blur": shadow.blur, "spread": shadow.spread,
            "color": {"color": color, "opacity": alpha},
        }  # fmt: skip


def _split(solid: Solid) -> tuple[str, float]:
    alpha = int(solid.color[7:], 16) / 255 if len(solid.color) == 9 else 1.0
    return solid.color[:7], round(alpha, 4)
