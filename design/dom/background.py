"""A box's background layers → paints: colours, gradients and images, each where CSS puts it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from urllib.parse import urljoin

from design.dom import css
from design.dom.items import Findings, Slot
from design.dom.slots import image_slot, rect_of, slot_name
from design.dom.snapshot import Box
from design.tree import Fit, Linear, Paint, Radial, SlotPaint, Stop

MAX_LAYERS = 8


@dataclass(frozen=True, slots=True)
class _Area:
    """Where a layer is positioned: from the layer box's padding edge, and how large the area is."""

    x: float
    y: float
    width: float
    height: float


def fills_of(box: Box, found: Findings) -> tuple[Paint, ...]:
    """Background layers, the lowest first. A background clipped to text is not a fill."""
    if box.css("background-clip") == "text":
        return ()
    fills: list[Paint] = []
    if solid := css.color(box.css("background-color")):
        fills.append(solid)
    image = box.css("background-image")
    if image and image != "none":
        layers = css.split(image)[:MAX_LAYERS]
        for i in reversed(range(len(layers))):
            if layers[i] != "none" and (paint := _layer(box, layers[i], i, found)) is not None:
                fills.append(paint)
    return tuple(fills)


def _layer(box: Box, image: str, index: int, found: Findings) -> Paint | None:
    def part(name: str, default: str) -> str:
        values = css.split(box.css(name))
        return values[index % len(values)] if values else default

    fixed = part("background-attachment", "scroll") == "fixed" and found.viewport[0] > 0
    area = _area(box, found, fixed)
    size, repeat = part("background-size", "auto"), part("background-repeat", "repeat")
    place = part("background-position", "0% 0%")
    address = css.url(image)
    if not address:
        return _gradient(box, image, area, (size, repeat, place), found, fixed=fixed)
    if not fixed and size in ("cover", "contain") and (size == "cover" or repeat == "no-repeat"):
        x, y = css.position(place, 100.0, 100.0)
        return SlotPaint(image_slot(box, address, found, "bg"), "cover" if size == "cover" else "contain", x, y)
    slot = image_slot(box, address, found, "bg")
    own = _own_size(address, found)
    width, height = _drawn(size, area, own)
    if not fixed and abs(width - area.width) < 0.5 and abs(height - area.height) < 0.5:
        return SlotPaint(slot, "fill")
    x, y = _offset(place, area, width or own[0], height or own[1])
    explicit = size not in ("auto", "auto auto")
    if fixed and size == "cover":
        repeat = "no-repeat"  # pictures of whole pages show it in the first screen alone
    return SlotPaint(
        slot,
        "none" if repeat == "no-repeat" else "tile",
        area.x + x,
        area.y + y,
        width if explicit else 0.0,
        height if explicit else 0.0,
    )


def _area(box: Box, found: Findings, fixed: bool) -> _Area:
    top, right, bottom, left = (box.px(f"border-{side}-width") for side in ("top", "right", "bottom", "left"))
    if fixed:
        return _Area(-box.x - left, -box.y - top, *found.viewport)
    return _Area(0.0, 0.0, max(0.0, box.width - left - right), max(0.0, box.height - top - bottom))


def _own_size(address: str, found: Findings) -> tuple[float, float]:
    asset = found.assets.get(urljoin(found.base, address))
    own = (asset.get("width"), asset.get("height")) if isinstance(asset, dict) else (None, None)
    width, height = (float(v) if isinstance(v, int | float) else 0.0 for v in own)
    return width, height


def _drawn(size: str, area: _Area, own: tuple[float, float]) -> tuple[float, float]:
    """The size that one tile is drawn in; 0 where only the image itself would tell."""
    if size in ("cover", "contain"):
        if not all(own):
            return area.width, area.height
        pick = max if size == "cover" else min
        scale = pick(area.width / own[0], area.height / own[1])
        return own[0] * scale, own[1] * scale
    words = [*size.split(), "auto"][:2]
    width, height = (css.length(w, whole) or 0.0 for w, whole in zip(words, (area.width, area.height), strict=True))
    if not width and height and own[1]:
        width = own[0] * height / own[1]
    if not height and width and own[0]:
        height = own[1] * width / own[0]
    return (width, height) if width or height else own


def _offset(place: str, area: _Area, width: float, height: float) -> tuple[float, float]:
    return css.position(place, area.width - width, area.height - height)


def _gradient(
    box: Box, image: str, area: _Area, how: tuple[str, str, str], found: Findings, *, fixed: bool
) -> Paint | None:
    size, repeat, place = how
    width, height = _drawn(size, area, (0.0, 0.0))
    width, height = width or area.width, height or area.height
    paint = css.gradient(image, round(width, 2), round(height, 2))
    if paint is None:
        found.note(f"background {image.partition('(')[0][:40]} is left out")
        return None
    whole = abs(width - area.width) < 0.5 and abs(height - area.height) < 0.5
    again = image.startswith("repeating")
    if (whole and not again and not fixed) or not isinstance(paint, Linear | Radial):
        return paint
    if width < 0.05 or height < 0.05:
        return None
    source = _drawing(paint, width, height, again)
    name = found.by_source.get(source)
    if name is None:
        name = slot_name("pattern", found)
        found.slots[name] = Slot(name, "svg", rect_of(box), svg=source)
        found.by_source[source] = name
    x, y = _offset(place, area, width, height)
    fit: Fit = "none" if fixed or repeat == "no-repeat" else "tile"
    return SlotPaint(name, fit, area.x + x, area.y + y, width, height)


def _drawing(paint: Linear | Radial, width: float, height: float, again: bool) -> str:
    """One tile of a gradient as SVG: what the tree's own gradients cannot say (a size, a repetition)."""
    method = ' spreadMethod="repeat"' if again else ""
    first, last = paint.stops[0].at, paint.stops[-1].at
    span = (last - first) or 1.0
    if not again:
        first, span = 0.0, 1.0
    stops = "".join(_stop(stop, (stop.at - first) / span) for stop in paint.stops)
    if isinstance(paint, Linear):
        x1, y1, x2, y2 = css.line_of(paint.angle, width, height)
        dx, dy = x2 - x1, y2 - y1
        x1, y1, x2, y2 = x1 + dx * first, y1 + dy * first, x1 + dx * (first + span), y1 + dy * (first + span)
        shape = f'linearGradient id="g" gradientUnits="userSpaceOnUse" x1="{x1:.3f}" y1="{y1:.3f}"'
        opening = f'<{shape} x2="{x2:.3f}" y2="{y2:.3f}"{method}>{stops}</linearGradient>'
    else:
        cx, cy, rx, ry = (
            paint.cx * width / 100,
            paint.cy * height / 100,
            paint.rx * width / 100,
            paint.ry * height / 100,
        )
        scale = f"translate({cx:.3f} {cy:.3f}) scale({rx:.3f} {ry:.3f})"
        shape = f'radialGradient id="g" gradientUnits="userSpaceOnUse" cx="0" cy="0" r="1" gradientTransform="{scale}"'
        opening = f"<{shape}{method}>{stops}</radialGradient>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}"'
        f' viewBox="0 0 {width:g} {height:g}" preserveAspectRatio="none"><defs>{opening}</defs>'
        f'<rect width="{width:g}" height="{height:g}" fill="url(#g)"/></svg>'
    )


def _stop(stop: Stop, at: float) -> str:
    color = stop.color.color
    alpha = f' stop-opacity="{int(color[7:9], 16) / 255:.4f}"' if len(color) == 9 else ""
    return f'<stop offset="{at:.4f}" stop-color="{escape(color[:7])}"{alpha}/>'
