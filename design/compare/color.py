"""How far two sRGB colours lie apart to the eye: CIEDE2000."""

from __future__ import annotations

import math
from functools import lru_cache

Rgb = tuple[int, int, int]


@lru_cache(maxsize=16_384)
def delta_e(a: Rgb, b: Rgb) -> float:
    """CIEDE2000 of two sRGB colours (0…255 each), D65. Source: Sharma, Wu and Dalal 2005."""
    (l1, a1, b1), (l2, a2, b2) = _lab(a), _lab(b)
    mean_c = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    g = 0.5 * (1 - math.sqrt(mean_c**7 / (mean_c**7 + 25**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = math.degrees(math.atan2(b1, a1)) % 360, math.degrees(math.atan2(b2, a2)) % 360
    dh, mean_h = h2 - h1, h1 + h2
    if c1 * c2:
        if abs(h1 - h2) > 180:
            dh += 360 if h2 <= h1 else -360
            mean_h += 360 if mean_h < 360 else -360
        mean_h /= 2
    else:
        dh = 0.0
    d_l, d_c, d_h = l2 - l1, c2 - c1, 2 * math.sqrt(c1 * c2) * math.sin(math.radians(dh / 2))
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * math.cos(math.radians(mean_h - 30))
        + 0.24 * math.cos(math.radians(2 * mean_h))
        + 0.32 * math.cos(math.radians(3 * mean_h + 6))
        - 0.20 * math.cos(math.radians(4 * mean_h - 63))
    )
    s_l = 1 + 0.015 * (mean_l - 50) ** 2 / math.sqrt(20 + (mean_l - 50) ** 2)
    s_c, s_h = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * t
    turn = 30 * math.exp(-(((mean_h - 275) / 25) ** 2))
    r_t = -2 * math.sqrt(mean_c**7 / (mean_c**7 + 25**7)) * math.sin(math.radians(2 * turn))
    parts = d_l / s_l, d_c / s_c, d_h / s_h
    return math.sqrt(max(0.0, sum(p * p for p in parts) + r_t * parts[1] * parts[2]))


@lru_cache(maxsize=4096)
def _lab(rgb: Rgb) -> tuple[float, float, float]:
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in rgb))
    x = (0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047
    y = 0.2126729 * r + 0.7151522 * g + 0.0721750 * b
    z = (0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883
    fx, fy, fz = (v ** (1 / 3) if v > (6 / 29) ** 3 else v * (29 / 6) ** 2 / 3 + 4 / 29 for v in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
