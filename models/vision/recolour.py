"""Gives a retrieved design the colours of the picture it was retrieved for, and keeps its text legible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from design.notation import parse
from design.tree import Design, Gradient, Node, Paint, Solid
from models.images import decode, fit
from models.vision.oklab import Floats, contrast, to_oklab, to_rgb

LEGIBLE = 4.5  # WCAG AA for body text
CHROMATIC = 0.05  # OKLab chroma from which a colour reads as a colour
COLOURS = 10
PASSES = 6
SIDE = 96

Rgb = NDArray[np.uint8]


@dataclass(frozen=True)
class PictureColours:
    """A picture's colours in OKLab (n, 3), largest share first."""

    lab: Floats
    shares: Floats

    @property
    def ground(self) -> Floats:
        return np.asarray(self.lab[0])

    @property
    def accent(self) -> Floats:
        """What stands out: the most chromatic colour, small areas counting a little less."""
        chroma = np.hypot(self.lab[:, 1], self.lab[:, 2])
        return np.asarray(self.lab[int((chroma * self.shares**0.15).argmax())])


def picture_colours(image: Image.Image) -> PictureColours:
    """Up to ten colours of a picture, by median cut."""
    small = Image.fromarray(fit(image, SIDE, SIDE)).quantize(
        COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
    )
    counts = sorted(small.getcolors() or [], reverse=True)
    palette = np.asarray(small.getpalette() or [], np.uint8).reshape(-1, 3)
    numbers = [number for _, number in counts if isinstance(number, int)]
    shares = np.asarray([count for count, _ in counts], np.float64)
    return PictureColours(to_oklab(palette[numbers]), shares / shares.sum())


def recolour(design: Design | str, image: Path) -> Design:
    """The design with its palette tokens in the picture's colours; its tree and its literal colours stay.

    The token that most of the text stands on takes the picture's ground. Lightness keeps its order, or reverses it
    where one of the two is light and the other dark; colourful tokens take the accent's hue. No text that had a
    contrast of 4.5 : 1 gets less, and no other text less than it had; where that cannot be, the design stays as it was.
    Raises ImageError or a design.errors error where either cannot be read.
    """
    tree = parse(design) if isinstance(design, str) else design
    if not tree.palette:
        return tree
    colours = picture_colours(decode(Path(image).read_bytes(), str(image)))
    old = {name: _rgb(value) for name, value in tree.palette}
    pairs = sorted(set(_text_pairs(tree)))
    wanted = {pair: min(LEGIBLE, contrast(_resolve(pair[0], old), _resolve(pair[1], old))) for pair in pairs}
    new = _mapped(old, _ground_token(tree), colours)
    for _ in range(PASSES):
        failing = [pair for pair in pairs if _contrast(pair, new) < wanted[pair]]
        if not failing:
            alphas = {name: value[7:] for name, value in tree.palette}
            return replace(tree, palette=tuple((name, _hex(rgb) + alphas[name]) for name, rgb in new.items()))
        for token in sorted({pair[0][1:] for pair in failing if pair[0].startswith("$")}):
            against = [(_resolve(ground, new), wanted[text, ground]) for text, ground in pairs if text == f"${token}"]
            new[token] = _made_legible(new[token], against)
    return tree


def _mapped(old: Mapping[str, Rgb], ground_token: str | None, colours: PictureColours) -> dict[str, Rgb]:
    """Each token's new colour before legibility is looked at."""
    lab = {name: to_oklab(rgb) for name, rgb in old.items()}
    levels = [float(value[0]) for value in lab.values()]
    ground = lab[ground_token] if ground_token else max(lab.values(), key=lambda value: float(value[0]))
    reverse = (ground[0] > 0.5) != (colours.ground[0] > 0.5)
    dark, light = float(colours.lab[:, 0].min()), float(colours.lab[:, 0].max())
    if light - dark < 0.5:  # a flat picture would make a flat design: let it reach further out
        dark, light = min(dark, max(0.0, light - 0.75)), max(light, min(1.0, dark + 0.75))
    ends = (light, dark) if reverse else (dark, light)
    source = [min(*levels, float(ground[0]) - 1e-6), float(ground[0]), max(*levels, float(ground[0]) + 1e-6)]
    target = [ends[0], float(colours.ground[0]), ends[1]]
    accent = colours.accent
    new = {}
    for name, value in lab.items():
        level = float(np.interp(value[0], source, target))
        chroma = float(np.hypot(value[1], value[2]))
        if chroma >= CHROMATIC and float(np.hypot(accent[1], accent[2])) >= CHROMATIC / 2:
            tint = accent[1:] / np.hypot(accent[1], accent[2]) * chroma
        else:
            tint = colours.lab[int(np.abs(colours.lab[:, 0] - level).argmin()), 1:] * 0.6
        new[name] = to_rgb(np.array([level, *tint]))
    return new


def _made_legible(rgb: Rgb, against: list[tuple[Rgb, float]]) -> Rgb:
    """The colour with the lightness nearest to its own that satisfies every ground, or the best there is."""
    lab = to_oklab(rgb)
    best, best_key = rgb, (float("inf"), float("inf"))
    for level in np.linspace(0, 1, 81):
        candidate = to_rgb(np.array([level, *lab[1:]]))
        short = max(0.0, *(need - contrast(candidate, ground) for ground, need in against))
        key = (round(short, 4), abs(float(level - lab[0])))
        if key < best_key:
            best, best_key = candidate, key
    return best


def _solid(paint: Paint | None) -> str | None:
    """A paint as one opaque colour, `$token` or `#rrggbb`; None where it has none."""
    if isinstance(paint, Gradient):
        paint = paint.stops[0].color
    if not isinstance(paint, Solid) or paint.alpha < 0.9:
        return None
    if len(paint.color) == 9 and paint.color.startswith("#"):
        return paint.color[:7] if int(paint.color[7:], 16) >= 230 else None
    return paint.color


def _visible(node: Node, ground: str) -> str:
    """What the node's children stand on: its topmost opaque fill, or what it stands on itself."""
    return next((colour for fill in node.fills if (colour := _solid(fill))), ground)


def _walk(design: Design) -> Iterator[tuple[Node, str]]:
    stack = [(root, "#ffffff") for root in design.roots]
    while stack:
        node, ground = stack.pop()
        yield node, ground
        below = ground if node.kind == "t" else _visible(node, ground)
        stack.extend((child, below) for child in node.children)


def _text_pairs(design: Design) -> Iterator[tuple[str, str]]:
    """(text colour, ground) of every stretch of text, where both are plain colours and a token is among them."""
    for node, ground in _walk(design):
        if node.kind != "t":
            continue
        own = _solid(node.fills[0]) if node.fills else None
        for colour in [own, *(_solid(run.paint) for run in node.runs)]:
            if colour and ("$" in colour or "$" in ground):
                yield colour, ground


def _ground_token(design: Design) -> str | None:
    """The token that most of the text stands on."""
    counts: dict[str, int] = {}
    for node, ground in _walk(design):
        if node.kind == "t" and ground.startswith("$"):
            counts[ground[1:]] = counts.get(ground[1:], 0) + 1
    return max(sorted(counts), key=lambda name: counts[name]) if counts else None


def _rgb(value: str) -> Rgb:
    return np.frombuffer(bytes.fromhex(value[1:7]), np.uint8)


def _hex(rgb: Rgb) -> str:
    return "#" + bytes(int(part) for part in rgb).hex()


def _resolve(colour: str, tokens: Mapping[str, Rgb]) -> Rgb:
    return tokens.get(colour[1:], _rgb("#000000")) if colour.startswith("$") else _rgb(colour)


def _contrast(pair: tuple[str, str], tokens: Mapping[str, Rgb]) -> float:
    return contrast(_resolve(pair[0], tokens), _resolve(pair[1], tokens))
