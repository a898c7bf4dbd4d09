"""Computed CSS values → paints, shadows and lengths. Unknown values read as None; nothing here raises."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from design.tree import Conic, Linear, Paint, Radial, Shadow, Solid, Stop

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?%?", re.IGNORECASE)
_COLOR = re.compile(
    r"(?:rgba?|color|oklab|oklch|lab|lch|hsla?|hwb)\([^()]*\)|#[0-9a-fA-F]{3,8}\b|\btransparent\b|\bcurrentcolor\b"
)
_LENGTH = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?(px|%|deg|turn|rad|grad)?")
_SIDES = {"top": 0.0, "right": 90.0, "bottom": 180.0, "left": 270.0}
_TURNS = {"deg": 1.0, "turn": 360.0, "rad": 180 / math.pi, "grad": 0.9}
_ANGLE = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+))(deg|turn|rad|grad)\b")


def split(text: str, separator: str = ",") -> list[str]:
    """Parts between separators that stand outside brackets and quotes."""
    parts, depth, quote, start = [], 0, "", 0
    for i, c in enumerate(text):
        if quote:
            quote = "" if c == quote else quote
        elif c in "\"'":
            quote = c
        elif c == "(":
            depth += 1
        elif c == ")":
            depth -= 1
        elif c == separator and depth <= 0:
            parts.append(text[start:i].strip())
            start = i + 1
    parts.append(text[start:].strip())
    return [part for part in parts if part]


@lru_cache(maxsize=4096)
def color(value: str) -> Solid | None:
    """A colour that can be seen, or None: transparent, unknown."""
    value = value.strip()
    if not value or value in ("transparent", "currentcolor", "none", "auto"):
        return None
    if value.startswith("#"):
        digits = value[1:]
        return Solid(value) if len(digits) in (3, 4, 6, 8) and re.fullmatch("[0-9a-fA-F]+", digits) else None
    name, _, rest = value.partition("(")
    numbers = _numbers(rest)
    if len(numbers) < 3:
        return None
    alpha = min(1.0, max(0.0, numbers[3][0])) if len(numbers) > 3 else 1.0
    values = [n for n, _ in numbers[:3]]
    percent = [p for _, p in numbers[:3]]
    if name in ("rgb", "rgba"):
        rgb = [v if p else v / 255 for v, p in zip(values, percent, strict=True)]
    elif name == "color":
        rgb = values
    elif name in ("oklab", "oklch"):
        rgb = _oklab(values, polar=name == "oklch")
    elif name in ("lab", "lch"):
        rgb = _lab(values, polar=name == "lch", percent=percent[0])
    else:
        return None
    if alpha <= 0:
        return None
    r, g, b = (round(min(1.0, max(0.0, v)) * 255) for v in rgb)
    return Solid(f"#{r:02x}{g:02x}{b:02x}", alpha)


def _numbers(text: str) -> list[tuple[float, bool]]:
    found = []
    for match in _NUMBER.findall(text.replace("none", "0")):
        percent = match.endswith("%")
        number = float(match.rstrip("%"))
        if not math.isfinite(number):
            return []
        found.append((number / 100 if percent else number, percent))
    return found


def _oklab(values: list[float], *, polar: bool) -> list[float]:
    light, a, b = values
    if polar:
        a, b = a * math.cos(math.radians(b)), a * math.sin(math.radians(b))
    l_ = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m_ = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s_ = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return [
        _gamma(4.0767416621 * l_ - 3.3077115913 * m_ + 0.2309699292 * s_),
        _gamma(-1.2684380046 * l_ + 2.6097574011 * m_ - 0.3413193965 * s_),
        _gamma(-0.0041960863 * l_ - 0.7034186147 * m_ + 1.7076147010 * s_),
    ]


def _lab(values: list[float], *, polar: bool, percent: bool) -> list[float]:
    light, a, b = values
    light = light * 100 if percent else light
    if polar:
        a, b = a * math.cos(math.radians(b)), a * math.sin(math.radians(b))
    fy = (light + 16) / 116
    x, y, z = (_unlab(f) * w for f, w in ((fy + a / 500, 0.96422), (fy, 1.0), (fy - b / 200, 0.82521)))
    return [  # from the D50 white point
        _gamma(3.1341359569 * x - 1.6173863321 * y - 0.4906619460 * z),
        _gamma(-0.9787954765 * x + 1.9162543773 * y + 0.0334427311 * z),
        _gamma(0.0719553680 * x - 0.2289768264 * y + 1.4053860351 * z),
    ]


def _unlab(f: float) -> float:
    return f**3 if f > 6 / 29 else (f - 4 / 29) * 3 * (6 / 29) ** 2


def _gamma(v: float) -> float:
    return 12.92 * v if v <= 0.0031308 else 1.055 * min(v, 8.0) ** (1 / 2.4) - 0.055


def length(text: str, whole: float) -> float | None:
    """`12px`, `50%` (of `whole`) or `0`; None for anything else."""
    match = _LENGTH.fullmatch(text.strip())
    if not match or match[1] not in (None, "px", "%"):
        return None
    value = float(text.strip().rstrip("px%"))
    if not math.isfinite(value):
        return None
    return value * whole / 100 if match[1] == "%" else value


@lru_cache(maxsize=1024)
def gradient(value: str, width: float, height: float) -> Paint | None:
    """A linear or radial gradient as it falls on a box of that size; None for other kinds and broken ones."""
    name, _, rest = value.partition("(")
    if not rest.endswith(")"):
        return None
    parts = split(rest[:-1])
    if not parts:
        return None
    first_is_stop = bool(_COLOR.match(parts[0]))
    head, stops = ("", parts) if first_is_stop else (parts[0], parts[1:])
    if name in ("linear-gradient", "repeating-linear-gradient", "-webkit-linear-gradient"):
        angle = _angle(head, width, height)
        run = abs(width * math.sin(math.radians(angle))) + abs(height * math.cos(math.radians(angle)))
        found = _stops(stops, run)
        return Linear(angle, found) if found else None
    if name in ("radial-gradient", "repeating-radial-gradient"):
        cx, cy, rx, ry = _ellipse(head, width, height)
        found = _stops(stops, rx)
        if not found or not width or not height:
            return None
        return Radial(cx / width * 100, cy / height * 100, rx / width * 100, ry / height * 100, found)
    if name == "conic-gradient":
        return _conic(head, stops, width, height)
    return None


def _conic(head: str, stops: list[str], width: float, height: float) -> Paint | None:
    turned, _, place = head.partition("at ")
    cx, cy = position(place.strip() or "center", width, height)
    angle = _angle(turned.replace("from", "").strip() or "0deg", width, height)
    found = _stops([_ANGLE.sub(lambda m: f"{float(m[1]) * _TURNS[m[2]] / 3.6:.4f}%", stop) for stop in stops], 100.0)
    if not found or not width or not height:
        return None
    return Conic(angle, cx / width * 100, cy / height * 100, found)


def line_of(angle: float, width: float, height: float) -> tuple[float, float, float, float]:
    """The ends x1, y1, x2, y2 of a linear gradient's line in a box of that size."""
    turn = math.radians(angle)
    half = (abs(width * math.sin(turn)) + abs(height * math.cos(turn))) / 2
    dx, dy = math.sin(turn) * half, -math.cos(turn) * half
    return width / 2 - dx, height / 2 - dy, width / 2 + dx, height / 2 + dy


def _angle(head: str, width: float, height: float) -> float:
    match = _LENGTH.match(head)
    if match and match[1] in ("deg", "turn", "rad", "grad"):
        value = float(match[0][: -len(match[1])]) * _TURNS[match[1]]
        return value % 360 if math.isfinite(value) else 180.0
    sides = [word for word in head.split() if word in _SIDES]
    if len(sides) == 1:
        return _SIDES[sides[0]]
    if len(sides) == 2 and width and height:
        up = (
            math.degrees(math.atan2(height, width)) if "top" in sides else 180 - math.degrees(math.atan2(height, width))
        )
        return up if "right" in sides else 360 - up
    return 180.0


def _ellipse(head: str, width: float, height: float) -> tuple[float, float, float, float]:
    shape, _, place = head.partition("at ")
    words = place.split() or ["center"]
    cx, cy = position(" ".join(words), width, height)
    dx, dy = (abs(cx), abs(width - cx)), (abs(cy), abs(height - cy))
    sizes = [v for word in shape.split() if (v := length(word, width)) is not None]
    if "circle" in shape or len(sizes) == 1:
        if sizes:
            radius = sizes[0]
        elif "closest-side" in shape:
            radius = min(*dx, *dy)
        elif "farthest-side" in shape:
            radius = max(*dx, *dy)
        else:
            radius = math.hypot((min if "closest" in shape else max)(dx), (min if "closest" in shape else max)(dy))
        return cx, cy, max(radius, 0.01), max(radius, 0.01)
    if len(sizes) == 2:
        return cx, cy, max(sizes[0], 0.01), max(sizes[1], 0.01)
    pick = min if "closest" in shape else max
    reach = 1.0 if "-side" in shape else math.sqrt(2)
    return cx, cy, max(pick(dx) * reach, 0.01), max(pick(dy) * reach, 0.01)


def position(value: str, width: float, height: float) -> tuple[float, float]:
    """A CSS position as pixels from the box's corner."""
    names = {"left": "0%", "right": "100%", "top": "0%", "bottom": "100%", "center": "50%"}
    words = value.split()
    if len(words) == 2 and (words[0] in ("top", "bottom") or words[1] in ("left", "right")):
        words.reverse()
    if len(words) == 1:
        words = ["center", words[0]] if words[0] in ("top", "bottom") else [words[0], "center"]
    words = [names.get(word, word) for word in words[:2]] or ["50%", "50%"]
    x, y = length(words[0], width), length(words[-1], height)
    return (width / 2 if x is None else x), (height / 2 if y is None else y)


def _stops(parts: list[str], run: float) -> tuple[Stop, ...]:
    found: list[tuple[Solid, float | None]] = []
    for part in parts[:64]:
        match = _COLOR.match(part)
        if not match:
            continue  # a colour hint
        solid = color(match[0]) or _clear(match[0])
        places = [
            v / run if run else 0.0 for word in part[match.end() :].split() if (v := length(word, run)) is not None
        ]
        found += [(solid, at) for at in places[:2]] or [(solid, None)]
    if len(found) == 1:
        found *= 2
    if len(found) < 2:
        return ()
    found = found[:64]
    ats: list[float | None] = [at for _, at in found]
    ats[0] = 0.0 if ats[0] is None else ats[0]
    ats[-1] = max(1.0, ats[0] or 0.0) if ats[-1] is None else ats[-1]
    filled: list[float] = []
    for i, at in enumerate(ats):
        if at is None:
            end = next(j for j in range(i, len(ats)) if ats[j] is not None)
            at = filled[-1] + (float(ats[end] or 0) - filled[-1]) / (end - i + 1)
        filled.append(max(at, filled[-1]) if filled else at)
    return tuple(Stop(solid, at) for (solid, _), at in zip(found, filled, strict=True))


def _clear(value: str) -> Solid:
    numbers = _numbers(value.partition("(")[2])
    if value.startswith("rgb") and len(numbers) >= 3:
        r, g, b = (round(min(255.0, max(0.0, n))) for n, _ in numbers[:3])
        return Solid(f"#{r:02x}{g:02x}{b:02x}00")
    return Solid("#00000000")


@lru_cache(maxsize=1024)
def shadows(value: str, *, of_text: bool = False) -> tuple[Shadow, ...]:
    """A computed box-shadow or text-shadow, the topmost first. A box hides a shadow that is exactly under it."""
    if not value or value == "none":
        return ()
    found = []
    for part in split(value)[:16]:
        match = _COLOR.search(part)
        solid = color(match[0]) if match else Solid("#000000")
        if solid is None:
            continue
        rest = part[: match.start()] + part[match.end() :] if match else part
        numbers = [v for word in rest.split() if (v := length(word, 0)) is not None] + [0.0] * 4
        x, y, blur, spread = numbers[:4]
        if not of_text and blur <= 0 and not spread and not x and not y:
            continue
        found.append(Shadow(x, y, blur, spread, solid, "inset" in rest))
    return tuple(found)


@lru_cache(maxsize=1024)
def url(value: str) -> str:
    """The address in `url("…")`, or ""."""
    if not value.startswith("url("):
        return ""
    return value[4:].rstrip(")").strip().strip("\"'").replace('\\"', '"')


def families(value: str) -> tuple[str, ...]:
    """The names of a font-family list, unquoted."""
    return tuple(part.strip("\"'") for part in split(value) if part.strip("\"'"))
