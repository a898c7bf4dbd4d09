"""Inline SVG: icons, photographs that are none, charts and boards. Pure functions of a Random and a theme."""

from __future__ import annotations

import math
from random import Random

from models.encoder.drawn.theme import Theme, hsl

ICONS = {
    "menu": "M3 6h18M3 12h18M3 18h18", "back": "M20 12H5M11 5l-7 7 7 7", "dots": "M12 5v.1M12 12v.1M12 19v.1",
    "search": "M10 4a6 6 0 1 1 0 12 6 6 0 0 1 0-12M15 15l6 6", "plus": "M12 4v16M4 12h16", "check": "M4 13l5 5L20 6",
    "heart": "M12 20S3 14 3 8.500A4.500 4.500 0 0 1 12 7a4.500 4.500 0 0 1 9 1.500C21 14 12 20 12 20z",
    "star": "M12 3l2.700 6 6.300.600-4.800 4.200 1.500 6.200L12 16.700 6.300 20l1.500-6.200L3 9.600 9.300 9z",
    "home": "M3 11l9-8 9 8v10h-6v-6H9v6H3z", "bell": "M6 17V11a6 6 0 0 1 12 0v6l2 2H4zM10 21h4",
    "gear": "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8M12 2v4M12 18v4M2 12h4M18 12h4M5 5l3 3M16 16l3 3M5 19l3-3M16 8l3-3",
    "play": "M7 4l13 8-13 8z", "pause": "M7 4h3v16H7zM14 4h3v16h-3z", "next": "M5 5l10 7-10 7zM18 5v14",
    "previous": "M19 5L9 12l10 7zM6 5v14", "person": "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8M4 21c0-9 16-9 16 0z",
    "folder": "M3 6h7l2 3h9v11H3z", "file": "M6 3h9l4 4v14H6zM15 3v4h4", "mail": "M3 6h18v12H3zM3 6l9 7 9-7",
    "lock": "M6 11h12v10H6zM8 11V7a4 4 0 0 1 8 0v4", "key": "M8 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8M12 12h9M18 12v4",
    "pin": "M12 22s7-8 7-13a7 7 0 0 0-14 0c0 5 7 13 7 13zM12 7a2 2 0 1 1 0 4 2 2 0 0 1 0-4",
    "clock": "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18M12 7v5l4 3", "calendar": "M4 6h16v15H4zM4 11h16M8 3v5M16 3v5",
    "chart": "M4 20V10M10 20V4M16 20v-7M21 20H3", "chat": "M3 4h18v12H9l-5 5v-5H3z", "phone": "M5 3h4l2 6-3 2c1 3 3 5 6 6l2-3 5 2v4C12 22 3 12 5 3z",
    "camera": "M3 7h5l2-3h4l2 3h5v13H3zM12 9a4 4 0 1 1 0 8 4 4 0 0 1 0-8", "image": "M3 4h18v16H3zM3 17l6-6 5 5 3-3 4 4",
    "music": "M9 18V5l11-2v13M6 15a3 3 0 1 1 0 6 3 3 0 0 1 0-6M17 13a3 3 0 1 1 0 6 3 3 0 0 1 0-6", "book": "M4 4h7v16H4zM13 4h7v16h-7z",
    "download": "M12 3v12M6 10l6 6 6-6M4 21h16", "upload": "M12 16V4M6 9l6-6 6 6M4 21h16", "share": "M6 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6M18 3a3 3 0 1 1 0 6M18 15a3 3 0 1 1 0 6M8 11l8-5M8 13l8 5",
    "bolt": "M13 2L5 14h6l-1 8 9-13h-6z", "wifi": "M3 9c6-5 12-5 18 0M6 13c4-3 8-3 12 0M9 17c2-1 4-1 6 0M12 20v.1",
    "shield": "M12 2l8 3v7c0 5-4 8-8 10-4-2-8-5-8-10V5z", "trash": "M5 7h14l-1 14H6zM3 7h18M9 3h6v4H9z", "edit": "M4 20l1-5L16 4l4 4L9 19z",
    "leaf": "M4 20C4 8 12 4 20 4c0 8-4 16-16 16zM4 20l9-9", "cart": "M3 4h3l2 11h10l3-8H7M9 20v.1M17 20v.1", "tag": "M3 3h8l10 10-8 8L3 11zM7 7v.1",
    "mic": "M9 4a3 3 0 0 1 6 0v7a3 3 0 0 1-6 0zM5 11a7 7 0 0 0 14 0M12 18v4", "sun": "M12 7a5 5 0 1 1 0 10 5 5 0 0 1 0-10M12 1v3M12 20v3M1 12h3M20 12h3M4 4l2 2M18 18l2 2M4 20l2-2M18 6l2-2",
    "cloud": "M6 19a5 5 0 0 1 0-10 7 7 0 0 1 13 2 4 4 0 0 1-1 8z", "run": "M14 3v.1M9 21l3-6-3-3 3-5 4 3 3 1M12 15l4 6M6 12l3-3", "food": "M6 3v7a3 3 0 0 0 3 0V3M7 10v11M17 3c-3 2-3 8 0 9v9",
}  # fmt: skip
SOLID = frozenset(
    {
        "heart",
        "star",
        "home",
        "play",
        "pause",
        "person",
        "folder",
        "pin",
        "bolt",
        "shield",
        "cloud",
        "leaf",
        "chat",
        "bell",
    }
)


def icon(name: str, colour: str, size: int = 22, solid: bool = False) -> str:
    fill = colour if solid and name in SOLID else "none"
    return (
        f'<svg width="{size}" height="{size}" viewBox="0 0 24 24" fill="{fill}" stroke="{colour}" stroke-width="2" '
        f'stroke-linecap="round" stroke-linejoin="round"><path d="{ICONS[name]}"/></svg>'
    )


def scene(random: Random, width: int, height: int) -> str:
    """What stands where a photograph would: land and sky, a face, a plate, a shape, or noise of colours."""
    kind, hue = random.choice(("land", "land", "sea", "face", "plate", "city", "blobs", "flower")), random.random()
    sky = f"{hsl(hue, 0.6, random.uniform(0.3, 0.8))},{hsl(hue + random.uniform(-0.15, 0.15), 0.6, random.uniform(0.5, 0.9))}"
    inner = ""
    if kind in ("land", "sea"):
        for number in range(3):
            level = height * (0.45 + 0.18 * number)
            peaks = [
                f"{x},{level + random.uniform(-0.16, 0.08) * height:.0f}"
                for x in range(0, width + 40, max(16, width // 6))
            ]
            tone = hsl(hue + 0.35 if kind == "land" else hue + 0.05, 0.45, 0.5 - 0.14 * number)
            inner += f'<polygon points="0,{height} {" ".join(peaks)} {width},{height}" fill="{tone}"/>'
        inner += f'<circle cx="{random.uniform(0.2, 0.8) * width:.0f}" cy="{0.22 * height:.0f}" r="{0.08 * height:.0f}" fill="#fff8"/>'
    elif kind == "face":
        skin = hsl(0.07, 0.5, random.uniform(0.3, 0.8))
        inner = f'<ellipse cx="50%" cy="105%" rx="42%" ry="40%" fill="{hsl(hue + 0.4, 0.6, 0.4)}"/><ellipse cx="50%" cy="45%" rx="20%" ry="27%" fill="{skin}"/><path d="M{width * 0.3:.0f} {height * 0.42:.0f}a{width * 0.2:.0f} {height * 0.26:.0f} 0 0 1 {width * 0.4:.0f} 0z" fill="{hsl(0.08, 0.5, random.uniform(0.08, 0.4))}"/>'
    elif kind == "plate":
        inner = '<ellipse cx="50%" cy="55%" rx="40%" ry="36%" fill="#fffe"/>' + "".join(
            f'<circle cx="{random.uniform(32, 68):.0f}%" cy="{random.uniform(38, 70):.0f}%" r="{random.uniform(0.06, 0.14) * height:.0f}" fill="{hsl(random.choice((0.02, 0.1, 0.28)), 0.75, random.uniform(0.35, 0.6))}"/>'
            for _ in range(7)
        )
    elif kind == "city":
        x = 0.0
        while x < width:
            wide, tall = random.uniform(0.06, 0.16) * width, random.uniform(0.25, 0.75) * height
            inner += f'<rect x="{x:.0f}" y="{height - tall:.0f}" width="{wide:.0f}" height="{tall:.0f}" fill="{hsl(hue + 0.5, 0.2, random.uniform(0.12, 0.4))}"/>'
            x += wide
    elif kind == "flower":
        for turn in range(9):
            angle = turn * math.tau / 9
            inner += f'<circle cx="{50 + 18 * math.cos(angle):.0f}%" cy="{50 + 18 * math.sin(angle):.0f}%" r="{0.14 * height:.0f}" fill="{hsl(hue + 0.5, 0.8, 0.6)}"/>'
        inner += f'<circle cx="50%" cy="50%" r="{0.1 * height:.0f}" fill="{hsl(0.13, 0.9, 0.5)}"/>'
    else:
        for _ in range(8):
            inner += f'<circle cx="{random.uniform(0, 100):.0f}%" cy="{random.uniform(0, 100):.0f}%" r="{random.uniform(0.1, 0.4) * height:.0f}" fill="{hsl(hue + random.uniform(-0.3, 0.3), 0.7, random.uniform(0.3, 0.8))}" opacity=".7"/>'
    return f'<div style="width:100%;height:{height}px;background:linear-gradient({sky});overflow:hidden"><svg width="100%" height="{height}" viewBox="0 0 {width} {height}" preserveAspectRatio="xMidYMid slice">{inner}</svg></div>'


def line_chart(random: Random, theme: Theme, width: int = 320, height: int = 130, series: int = 1) -> str:
    made = ""
    for number in range(series):
        level, points = random.uniform(0.3, 0.7), []
        for step in range(24):
            level = min(0.95, max(0.05, level + random.uniform(-0.14, 0.14)))
            points.append(f"{step * width / 23:.0f},{height * (1 - level):.0f}")
        colour = theme.accent if not number else hsl(theme.hue + 0.33 * number, 0.6, 0.55)
        if not number:
            made += f'<polygon points="0,{height} {" ".join(points)} {width},{height}" fill="{colour}" opacity=".2"/>'
        made += f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="3"/>'
    grid = "".join(
        f'<path d="M0 {height * part / 4:.0f}H{width}" stroke="{theme.quiet}" opacity=".3"/>' for part in range(5)
    )
    return f'<svg width="{width}" height="{height}">{grid}{made}</svg>'


def bar_chart(random: Random, theme: Theme, bars: int = 7, width: int = 320, height: int = 130) -> str:
    step = width / bars
    made = "".join(
        f'<rect x="{number * step + step * 0.15:.0f}" y="{height - tall:.0f}" width="{step * 0.7:.0f}" height="{tall:.0f}" rx="{min(theme.radius, 8)}" fill="{theme.accent}" opacity="{random.choice((1, 1, 0.55))}"/>'
        for number, tall in enumerate(random.uniform(0.1, 0.95) * height for _ in range(bars))
    )
    return f'<svg width="{width}" height="{height}">{made}</svg>'


def ring(random: Random, theme: Theme, size: int, share: float, inner: str, parts: int = 1) -> str:
    """A ring filled to `share`, or split in `parts`, with something written in it."""
    radius, made, start = size * 0.42, "", 0.0
    around = math.tau * radius
    shares = [share] if parts == 1 else [random.uniform(0.2, 1) for _ in range(parts)]
    total = 1.0 if parts == 1 else sum(shares)
    for number, value in enumerate(shares):
        colour = theme.accent if not number else hsl(theme.hue + number / parts, 0.55, 0.55)
        made += f'<circle cx="{size / 2}" cy="{size / 2}" r="{radius}" fill="none" stroke="{colour}" stroke-width="{size * 0.1:.0f}" stroke-dasharray="{around * value / total:.1f} {around:.1f}" transform="rotate({-90 + 360 * start / total:.0f} {size / 2} {size / 2})"/>'
        start += value
    ground = f'<circle cx="{size / 2}" cy="{size / 2}" r="{radius}" fill="none" stroke="{theme.quiet}" stroke-width="{size * 0.1:.0f}" opacity=".25"/>'
    return f'<div style="position:relative;width:{size}px;height:{size}px;margin:12px auto"><svg width="{size}" height="{size}">{ground}{made}</svg><div style="position:absolute;inset:0;display:grid;place-items:center;align-content:center;text-align:center">{inner}</div></div>'


def map_of(random: Random, theme: Theme, height: int, route: bool, pins: int) -> str:
    night = theme.dark and random.random() < 0.5
    land, road, park, water = (
        ("#1d2733", "#3a4756", "#1f3a2c", "#14314d") if night else ("#eeeae0", "#ffffff", "#c4e0b0", "#a5cdeb")
    )
    made = f'<rect width="360" height="{height}" fill="{land}"/>'
    for _ in range(4):
        made += f'<ellipse cx="{random.uniform(0, 360):.0f}" cy="{random.uniform(0, height):.0f}" rx="{random.uniform(30, 90):.0f}" ry="{random.uniform(20, 70):.0f}" fill="{park}"/>'
    made += f'<path d="M{random.uniform(-20, 120):.0f} -10 C {random.uniform(0, 360):.0f} {height * 0.3:.0f} {random.uniform(0, 360):.0f} {height * 0.6:.0f} {random.uniform(100, 380):.0f} {height + 10}" stroke="{water}" stroke-width="{random.uniform(14, 40):.0f}" fill="none"/>'
    for _ in range(9):
        a, b = (random.uniform(0, 360), random.uniform(0, height)), random.uniform(-0.6, 0.6)
        upright = random.random() < 0.5
        ends = (
            (a[0] - 400 * b, a[1] - 900, a[0] + 400 * b, a[1] + 900)
            if upright
            else (a[0] - 500, a[1] - 400 * b, a[0] + 500, a[1] + 400 * b)
        )
        x0, y0, x1, y1 = ends
        made += f'<path d="M{x0:.0f} {y0:.0f}L{x1:.0f} {y1:.0f}" stroke="{road}" stroke-width="{random.choice((3, 4, 9))}"/>'
    if route:
        points = " ".join(
            f"{40 + 36 * step + random.uniform(-16, 16):.0f},{height * (0.8 - 0.07 * step) + random.uniform(-20, 20):.0f}"
            for step in range(9)
        )
        made += f'<polyline points="{points}" fill="none" stroke="{theme.accent}" stroke-width="6" stroke-linejoin="round"/>'
    for _ in range(pins):
        x, y = random.uniform(30, 330), random.uniform(40, height - 40)
        made += f'<path d="M{x:.0f} {y:.0f}c-16-20-12-34 0-34s16 14 0 34z" fill="{hsl(random.random(), 0.8, 0.5)}"/>'
    return f'<svg width="360" height="{height}">{made}</svg>'
