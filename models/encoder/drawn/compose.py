"""An app's screens as HTML documents, and its row of texts, by a kind, a seed and a number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from random import Random
from typing import Any

import yaml

from models.encoder.drawn import parts_more  # noqa: F401 - registers its parts
from models.encoder.drawn.parts import PARTS, App
from models.encoder.drawn.shapes import icon
from models.encoder.drawn.texts import description_of, name_of, summary_of
from models.encoder.drawn.theme import Theme, hsl, make_theme

FRAMED = 0.33  # of the apps show their screens as stores do: in a device, under a line
SETTINGS = 0.25  # of the apps show their settings, which say little of an app's kind
PAGES = Path(__file__).with_name("domains.yaml")


@dataclass(frozen=True)
class Drawing:
    """One picture to be made: its document, its size in CSS px, and what it shows."""

    html: str
    width: int
    height: int
    hint: str


@dataclass(frozen=True)
class DrawnApp:
    app_id: str
    name: str
    summary: str
    description: str
    categories: tuple[str, ...]
    drawings: tuple[Drawing, ...]


@cache
def kinds() -> dict[str, Any]:
    """Every kind of app with its words, the shared ones among them."""
    read = yaml.safe_load(PAGES.read_text(encoding="utf-8"))
    return {name: kind | {"words": read["words"] | kind["words"]} for name, kind in read["kinds"].items()}


def draw(seed: int, number: int) -> DrawnApp:
    """The app of a number: kinds come in turn, all else is the seed's."""
    names = sorted(kinds())
    key = names[number % len(names)]
    kind, random = kinds()[key], Random(f"{seed},{number}")
    theme = make_theme(random, kind.get("mood", ""))
    name = name_of(random)
    app = App(theme, name, {k: [str(word) for word in v] for k, v in kind["words"].items()}, tuple(kind["icons"]))
    specs = [*kind["screens"], *(["settings: settings"] if random.random() < SETTINGS else [])]
    chosen = random.sample(specs, min(len(specs), random.choice((3, 4, 4, 5))))
    framed = random.random() < FRAMED
    drawings = []
    for spec in chosen:
        hint, _, body = spec.lstrip("!").partition(": ")
        shown = App(make_theme(Random(f"{seed},{number}"), "dark"), *app_rest(app)) if hint.startswith("dark") else app
        drawings.append(_screen(shown, random, hint, body, bare=spec.startswith("!"), framed=framed, kind=kind))
    hints = [drawing.hint for drawing in drawings]
    return DrawnApp(
        f"drawn.{key}.{number}",
        name,
        summary_of(kind, random),
        description_of(kind, name, hints, random),
        tuple(kind["categories"]),
        tuple(drawings),
    )


def app_rest(app: App) -> tuple[str, dict[str, list[str]], tuple[str, ...]]:
    """All of an app but its theme."""
    return app.name, app.words, app.icons


def _screen(
    app: App, random: Random, hint: str, body: str, *, bare: bool, framed: bool, kind: dict[str, Any]
) -> Drawing:
    theme, height = app.theme, random.choice((640, 720, 760, 780, 800))
    inner = "" if bare else _bar(app, random, hint)
    for piece in body.split("; "):
        name, *words = piece.split()
        inner += PARTS[name](app, random, words)
    if not bare and "keys" not in body:
        inner += _around(app, random)
    screen = f'<div id="s" style="--h:{height}px">{_status(theme)}{inner}</div>'
    if not framed:
        return Drawing(_document(theme, screen), 360, height, hint)
    line = escape(
        random.choice((hint.capitalize(), random.choice(kind["does"]), random.choice(kind["has"]).capitalize()))
    )
    ground = random.choice(
        (
            f"linear-gradient({hsl(theme.hue, 0.6, 0.35)},{hsl(theme.hue + 0.1, 0.7, 0.6)})",
            hsl(theme.hue, 0.5, 0.5),
            "#111",
            "#f4f1ea",
        )
    )
    ink = "#222" if ground == "#f4f1ea" else "#fff"
    tilt = random.choice((0, 0, 0, -6, 8))
    caption = f'<div style="font-size:{random.choice((30, 38))}px;font-weight:bold;color:{ink};padding:34px 26px;text-align:center;line-height:1.15">{line}</div>'
    device = f'<div style="width:360px;margin:0 auto;transform:scale(.86) rotate({tilt}deg);transform-origin:top center;border:9px solid #111;border-radius:34px;overflow:hidden">{screen}</div>'
    order = caption + device if random.random() < 0.8 else f'<div style="height:30px"></div>{device}{caption}'
    return Drawing(
        _document(theme, f'<div style="width:400px;height:820px;overflow:hidden;background:{ground}">{order}</div>'),
        400,
        820,
        hint,
    )


def _document(theme: Theme, body: str) -> str:
    return f'<!doctype html><meta charset="utf-8"><style>{theme.css()}</style><body style="width:auto">{body}</body>'


def _status(theme: Theme) -> str:
    return f'<div style="position:relative;z-index:2;height:24px;display:flex;justify-content:space-between;padding:4px 14px;font-size:11px;background:{theme.bar};color:{theme.on_bar}"><span>12:30</span><span>▲ ▮ 81%</span></div>'


def _bar(app: App, random: Random, hint: str) -> str:
    theme = app.theme
    title = escape(random.choice((app.name, hint.capitalize())))
    lead = "menu" if theme.chrome == "drawer" else random.choice(("back", "", ""))
    ends = "".join(icon(name, theme.on_bar) for name in random.choice((("search", "dots"), ("dots",), ("gear",), ())))
    return f'<div class="bar">{icon(lead, theme.on_bar) if lead else ""}<span class="g e">{title}</span>{ends}</div>'


def _around(app: App, random: Random) -> str:
    """What floats over a screen: the app's navigation, and often a button."""
    theme, made = app.theme, ""
    if theme.chrome == "bottom":
        names = [*app.icons, "home", "gear"][:4]
        made += (
            '<div class="nav">'
            + "".join(
                f'<div class="{"a b" if not n else "q"}">{icon(name, theme.accent if not n else theme.quiet, 24, theme.filled_icons)}{name.capitalize()}</div>'
                for n, name in enumerate(names)
            )
            + "</div>"
        )
    if random.random() < 0.4:
        made += f'<div class="fab">{icon(random.choice(("plus", "edit", *app.icons[:1])), theme.on_accent, 26)}</div>'
    return made
