"""How a box is painted: fills, strokes, radii, shadows and effects, and the slots that images go to."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from design.dom import css
from design.dom.items import Findings, Slot
from design.dom.snapshot import Box
from design.tree import FITS, Fit, Paint, Shadow, Sides, SlotPaint, Solid, Stroke, sides

MAX_DATA_URL = 512 << 10
_SIDES = ("top", "right", "bottom", "left")
_CORNERS = ("top-left", "top-right", "bottom-right", "bottom-left")
_BLUR = re.compile(r"blur\(([\d.]+)px\)")


def look(box: Box, found: Findings) -> dict[str, Any]:
    """The Node attributes of a box's own paint; empty where it has none."""
    result: dict[str, Any] = {}
    if fills := fills_of(box, found):
        result["fills"] = fills
    if strokes := strokes_of(box):
        result["strokes"] = strokes
    if (radii := radii_of(box)) != (0, 0, 0, 0):
        result["radii"] = radii
    shadow = box.css("box-shadow")
    if shadow and shadow != "none":
        result["shadows"] = tuple(reversed(css.shadows(shadow)))
    effects(box, result, found)
    return result


def effects(box: Box, result: dict[str, Any], found: Findings) -> None:
    opacity = box.css("opacity")
    if opacity and opacity != "1":
        result["opacity"] = number(opacity, 1.0)
    for name, key in (("filter", "blur"), ("backdrop-filter", "backdrop")):
        value = box.css(name)
        if value and value != "none":
            if match := _BLUR.search(value):
                result[key] = number(match[1], 0.0)
            else:
                found.note(f"{name} {value.partition('(')[0]} is left out")
    if box.css("mix-blend-mode") not in ("", "normal"):
        found.note(f"mix-blend-mode {box.css('mix-blend-mode')} is left out")
    if box.css("clip-path") not in ("", "none"):
        found.note("clip-path is left out")
    if box.css("transform").startswith("matrix(") and not box.css("transform").startswith("matrix(1, 0, 0, 1,"):
        found.note("a rotation or scale is kept as its bounds")


def number(text: str, default: float) -> float:
    try:
        value = float(text)
    except ValueError:
        return default
    return value if value == value else default


def fills_of(box: Box, found: Findings) -> tuple[Paint, ...]:
    """Background layers, the lowest first. A background clipped to text is not a fill."""
    if box.css("background-clip") == "text":
        return ()
    fills: list[Paint] = []
    if solid := css.color(box.css("background-color")):
        fills.append(solid)
    image = box.css("background-image")
    if image and image != "none":
        layers = css.split(image)[:8]
        for i in reversed(range(len(layers))):
            paint = _layer(box, layers[i], i, found)
            if paint is not None:
                fills.append(paint)
    return tuple(fills)


def _layer(box: Box, image: str, index: int, found: Findings) -> Paint | None:
    address = css.url(image)
    if not address:
        paint = css.gradient(image, round(box.width, 2), round(box.height, 2))
        if paint is None:
            found.note(f"background {image.partition('(')[0][:40]} is left out")
        return paint
    slot = image_slot(box, address, found, "bg")

    def part(name: str) -> str:
        values = css.split(box.css(name))
        return values[index % len(values)] if values else ""

    size, repeat = part("background-size") or "auto", part("background-repeat") or "repeat"
    place = part("background-position") or "0% 0%"
    if size in ("cover", "contain") and (size == "cover" or repeat == "no-repeat"):
        return SlotPaint(slot, "cover" if size == "cover" else "contain", *_percent(place))
    words = [*size.split(), "auto"][:2]
    width, height = (css.length(w, whole) or 0.0 for w, whole in zip(words, (box.width, box.height), strict=True))
    if abs(width - box.width) < 0.5 and abs(height - box.height) < 0.5:
        return SlotPaint(slot, "fill")
    x, y = _offset(place, box, width, height, address, found)
    return SlotPaint(slot, "none" if repeat == "no-repeat" else "tile", x, y, width, height)


def _percent(place: str) -> tuple[float, float]:
    x, y = css.position(place, 100.0, 100.0)
    return x, y


def _offset(place: str, box: Box, width: float, height: float, address: str, found: Findings) -> tuple[float, float]:
    asset = found.assets.get(urljoin(found.base, address))
    own = (asset.get("width"), asset.get("height")) if isinstance(asset, dict) else (None, None)
    own_width, own_height = (float(v) if isinstance(v, int | float) else 0.0 for v in own)
    if not width and height and own_height:
        width = own_width * height / own_height
    if not height and width and own_width:
        height = own_height * width / own_width
    border = [box.px(f"border-{side}-width") for side in ("left", "top")]
    return css.position(
        place, box.width - (width or own_width) - 2 * border[0], box.height - (height or own_height) - 2 * border[1]
    )


def image_slot(box: Box, address: str, found: Findings, kind: str) -> str:
    """The slot of an image by its address: one slot a source; the rect is that of its first use."""
    absolute = address if address.startswith("data:") else urljoin(found.base, address)
    if absolute in found.by_source:
        return found.by_source[absolute]
    stem = kind
    if not absolute.startswith("data:"):
        stem = unquote(urlsplit(absolute).path).rsplit("/", 1)[-1].rsplit(".", 1)[0] or kind
    asset = found.assets.get(absolute)
    asset = asset if isinstance(asset, dict) else {}
    name = slot_name(stem, found)
    sha, form = asset.get("sha256"), asset.get("format")
    if absolute.startswith("data:") and len(absolute) > MAX_DATA_URL:
        found.note("an inlined image of more than 512 KB is left without source")
        absolute = ""
    safe = absolute.startswith(("http:", "https:", "data:image/"))
    found.slots[name] = Slot(
        name,
        "image",
        rect_of(box),
        url=absolute if safe else None,
        sha256=sha if isinstance(sha, str) else None,
        format=form if isinstance(form, str) else None,
    )
    found.by_source[absolute] = name
    return name


def slot_name(stem: str, found: Findings) -> str:
    """A free slot name like the given words."""
    base = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:40] or "image"
    name, i = base, 2
    while name in found.slots:
        name, i = f"{base}-{i}", i + 1
    return name


def rect_of(box: Box) -> tuple[float, float, float, float]:
    return round(box.x, 2), round(box.y, 2), round(box.width, 2), round(box.height, 2)


def image_fill(box: Box, found: Findings) -> SlotPaint:
    """What an img, canvas, video or iframe shows."""
    address = box.dom.source(box.node) or box.attribute("src") if box.tag == "IMG" else box.attribute("poster")
    if box.tag == "INPUT":
        address = box.attribute("src")
    if address:
        slot = image_slot(box, address, found, "image")
    else:
        slot = slot_name(box.tag, found)
        found.slots[slot] = Slot(slot, "image", rect_of(box))
        found.note(f"a {box.tag.lower()} is a slot without source")
    value = box.css("object-fit") or "fill"
    fit: Fit = "contain" if value == "scale-down" else next((f for f in FITS if f == value), "fill")
    x, y = _percent(box.css("object-position") or "50% 50%") if fit in ("cover", "contain") else (50.0, 50.0)
    if fit == "none":
        x = y = 0.0
    return SlotPaint(slot, fit, x, y)


def border_widths(box: Box) -> Sides:
    top, right, bottom, left = (
        0.0 if box.css(f"border-{side}-style") in ("", "none", "hidden") else box.px(f"border-{side}-width")
        for side in _SIDES
    )
    return top, right, bottom, left


def strokes_of(box: Box) -> tuple[Stroke, ...]:
    """Borders, one stroke for all sides of one colour and style."""
    widths = border_widths(box)
    if not any(widths):
        return ()
    groups: dict[tuple[Solid, str], list[float]] = {}
    for i, side in enumerate(_SIDES):
        solid = css.color(box.css(f"border-{side}-color"))
        if widths[i] <= 0 or solid is None:
            continue
        groups.setdefault((solid, box.css(f"border-{side}-style")), [0.0] * 4)[i] = widths[i]
    return tuple(
        Stroke(
            solid,
            sides((w[0], w[1], w[2], w[3])),
            "dashed" if style == "dashed" else "dotted" if style == "dotted" else "solid",
        )
        for (solid, style), w in groups.items()
    )


def radii_of(box: Box) -> Sides:
    """Corner radii in pixels, scaled down where two of them would overlap."""
    values = []
    for corner in _CORNERS:
        text = box.css(f"border-{corner}-radius")
        if not text or text == "0px":
            values.append(0.0)
            continue
        words = text.split()
        across, down = css.length(words[0], box.width) or 0.0, css.length(words[-1], box.height) or 0.0
        values.append(max(0.0, min(across, down)))
    tl, tr, br, bl = values
    largest = max(tl + tr, tr + br, br + bl, bl + tl)
    if largest <= 0:
        return 0.0, 0.0, 0.0, 0.0
    fit = [
        side / total
        for side, total in ((box.width, tl + tr), (box.width, bl + br), (box.height, tl + bl), (box.height, tr + br))
        if total
    ]
    scale = min(1.0, *fit) if fit else 1.0
    return tl * scale, tr * scale, br * scale, bl * scale


def text_shadows(box: Box) -> tuple[Shadow, ...]:
    value = box.css("text-shadow")
    return tuple(reversed(css.shadows(value, of_text=True))) if value and value != "none" else ()
