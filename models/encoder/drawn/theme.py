"""An app's looks, held over all its screens: colours, corners, type, density, and what frames a screen. Pure."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from random import Random

FONTS = ("Liberation Sans", "DejaVu Sans", "Liberation Sans Narrow", "DejaVu Sans Condensed", "Liberation Serif")
MONO = "Liberation Mono"
FONT_WEIGHTS = (8, 6, 2, 2, 1)


def hsl(hue: float, saturation: float, lightness: float) -> str:
    """`#rrggbb` of a hue in turns, saturation and lightness from 0 to 1."""
    parts = colorsys.hls_to_rgb(hue % 1, max(0.0, min(1.0, lightness)), max(0.0, min(1.0, saturation)))
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)


@dataclass(frozen=True)
class Theme:
    """Colours as `#rrggbb`, lengths in CSS px."""

    hue: float
    dark: bool
    ground: str
    surface: str
    ink: str
    quiet: str
    accent: str
    on_accent: str
    bar: str
    on_bar: str
    radius: int
    font: str
    row: int
    size: float
    chrome: str  # bottom, tabs, drawer, none
    cards: bool
    filled_icons: bool

    def css(self) -> str:
        """What all parts are styled by."""
        return (
            f"*{{box-sizing:border-box;margin:0}}body{{background:{self.ground};color:{self.ink};"
            f"font:{self.size}px/1.35 '{self.font}',sans-serif;width:360px;overflow:hidden}}"
            f"#s{{position:relative;width:360px;height:var(--h);overflow:hidden;background:{self.ground}}}"
            f".q{{color:{self.quiet}}}.a{{color:{self.accent}}}.sm{{font-size:.82em}}.b{{font-weight:bold}}"
            f".big{{font-size:1.5em}}.row{{display:flex;align-items:center;gap:14px;min-height:{self.row}px;"
            f"padding:6px 16px}}.g{{flex:1;min-width:0}}.e{{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}}"
            f".card{{background:{self.surface};border-radius:{self.radius}px;padding:12px;margin:8px 12px}}"
            f".btn{{background:{self.accent};color:{self.on_accent};border-radius:{min(self.radius, 24)}px;padding:9px 18px;"
            "display:inline-block;text-align:center}"
            f".chip{{border:1px solid {self.quiet};border-radius:{min(self.radius, 16)}px;padding:4px 12px;white-space:nowrap}}"
            f".chip.on{{background:{self.accent};color:{self.on_accent};border-color:transparent}}"
            f".fab{{position:absolute;right:18px;bottom:86px;width:56px;height:56px;border-radius:{max(16, self.radius)}px;"
            f"background:{self.accent};color:{self.on_accent};display:grid;place-items:center;font-size:26px;"
            "box-shadow:0 3px 8px #0006}"
            f".nav{{position:absolute;left:0;right:0;bottom:0;height:68px;background:{self.surface};display:flex}}"
            ".nav div{flex:1;display:grid;place-items:center;align-content:center;font-size:11px;gap:4px}"
            f".bar{{background:{self.bar};color:{self.on_bar};min-height:56px;display:flex;align-items:center;gap:18px;"
            "padding:0 16px;font-size:1.3em}.grid{display:grid;gap:6px;padding:6px 10px}"
            ".mid{text-align:center;padding:18px}.sheet{position:absolute;left:24px;right:24px;top:30%;padding:20px;"
            f"background:{self.surface};border-radius:{max(4, self.radius)}px;box-shadow:0 8px 30px #0008}}"
            f".mono{{font-family:'{MONO}',monospace;font-size:.86em;white-space:pre}}svg{{display:block}}"
        )


def make_theme(random: Random, mood: str = "") -> Theme:
    """Looks by chance; `mood` may ask for `dark`."""
    hue = random.random()
    dark = random.random() < (0.8 if mood == "dark" else 0.38)
    black = dark and random.random() < 0.35
    tint = random.choice((0.0, 0.0, 0.15, 0.35))
    strength = random.uniform(0.3, 0.95)
    accent = hsl(hue, strength, random.uniform(0.62, 0.8) if dark else random.uniform(0.3, 0.52))
    ground = "#000000" if black else hsl(hue, tint, random.uniform(0.06, 0.14) if dark else random.uniform(0.94, 1.0))
    surface = hsl(hue, tint + 0.05, random.uniform(0.14, 0.2) if dark else random.uniform(0.88, 0.97))
    ink = hsl(hue, 0.08, random.uniform(0.86, 0.97) if dark else random.uniform(0.05, 0.16))
    coloured = random.random() < 0.35
    bar = accent if coloured else (surface if random.random() < 0.3 else ground)
    on_accent = hsl(hue, 0.2, 0.08 if dark else 0.98)
    return Theme(
        hue=hue,
        dark=dark,
        ground=ground,
        surface=surface,
        ink=ink,
        quiet=hsl(hue, 0.06, 0.6 if dark else 0.45),
        accent=accent,
        on_accent=on_accent,
        bar=bar,
        on_bar=on_accent if coloured else ink,
        radius=random.choice((0, 4, 8, 12, 16, 24)),
        font=random.choices(FONTS, FONT_WEIGHTS)[0],
        row=random.choice((44, 52, 56, 64, 72)),
        size=random.choice((13, 14, 14, 15, 16)),
        chrome=random.choice(("bottom", "bottom", "tabs", "drawer", "none")),
        cards=random.random() < 0.4,
        filled_icons=random.random() < 0.5,
    )
