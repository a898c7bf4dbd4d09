"""Parts of a screen as HTML: each takes an app, a Random and its own words, and gives what stands in the flow.

A part is named in `domains.yaml`: `rows cover songs`, `chart line`, `settings`. What is written is escaped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from random import Random

from models.encoder.drawn.shapes import ICONS, bar_chart, icon, line_chart, map_of, ring, scene
from models.encoder.drawn.theme import Theme, hsl


@dataclass(frozen=True)
class App:
    """What a screen is drawn of: its looks, its name, and the words of its kind by list."""

    theme: Theme
    name: str
    words: dict[str, list[str]]
    icons: tuple[str, ...]

    def some(self, random: Random, names: str, count: int) -> list[str]:
        """`count` words of a list, none twice while there are enough."""
        known = self.words.get(names) or [names.replace("_", " ")]
        found = random.sample(known, min(count, len(known)))
        return [escape(word) for word in found + random.choices(known, k=max(0, count - len(found)))]


Part = Callable[[App, Random, list[str]], str]
PARTS: dict[str, Part] = {}
TRAILS = ("12:40", "2.4 MB", "3", "98%", "$12.50", "Mon", "4:05", "5 km", "›", "2h ago", "")
COLOURS = 12


def part(function: Part) -> Part:
    PARTS[function.__name__] = function
    return function


def _lead(app: App, random: Random, kind: str) -> str:
    theme, colour = app.theme, hsl(random.random(), 0.5, 0.5)
    if kind == "avatar":
        return f'<div style="width:40px;height:40px;border-radius:50%;background:{colour};color:#fff;display:grid;place-items:center;flex:none">{random.choice("ABCDEFGHJKLMNPRST")}</div>'
    if kind in ("cover", "face", "thumb"):
        round_ = "50%" if kind == "face" else f"{min(8, theme.radius)}px"
        wide = 88 if kind == "thumb" else 48
        return f'<div style="width:{wide}px;border-radius:{round_};overflow:hidden;flex:none">{scene(random, wide, 50 if kind == "thumb" else 48)}</div>'
    if kind == "check":
        done = random.random() < 0.4
        shape = random.choice(("50%", "4px"))
        return f'<div style="width:22px;height:22px;border:2px solid {theme.accent};border-radius:{shape};background:{theme.accent if done else "none"};flex:none"></div>'
    if kind == "dot":
        return f'<div style="width:14px;height:44px;border-radius:7px;background:{colour};flex:none"></div>'
    if kind == "app":
        return f'<div style="width:44px;height:44px;border-radius:{random.choice((10, 22))}px;background:{colour};display:grid;place-items:center;flex:none">{icon(random.choice(list(ICONS)), "#fff", 24)}</div>'
    if kind == "number":
        return f'<div class="big b a" style="width:44px;flex:none">{random.randint(1, 99)}</div>'
    if kind == "none":
        return ""
    name = kind if kind in ICONS else random.choice(app.icons)
    return f'<div style="flex:none">{icon(name, theme.accent if random.random() < 0.5 else theme.quiet, 24, theme.filled_icons)}</div>'


def _switch(app: App, random: Random) -> str:
    on = random.random() < 0.55
    theme = app.theme
    return f'<div style="width:44px;height:24px;border-radius:12px;background:{theme.accent if on else theme.quiet};flex:none;padding:3px;display:flex;justify-content:{"flex-end" if on else "flex-start"}"><div style="width:18px;height:18px;border-radius:50%;background:#fff"></div></div>'


@part
def rows(app: App, random: Random, words: list[str]) -> str:
    """LEAD LIST [TRAIL] [COUNT]: a list; TRAIL is switch, play, dots, number or none."""
    lead, names = words[0], words[1]
    trail = words[2] if len(words) > 2 else random.choice(("text", "dots", "none"))
    count = int(words[3]) if len(words) > 3 else 11
    under = random.random() < 0.7
    boxed = " card" if app.theme.cards else ""
    found = ""
    for title, sub in zip(app.some(random, names, count), app.some(random, "sub", count), strict=True):
        tail = {"switch": _switch(app, random), "dots": icon("dots", app.theme.quiet), "play": icon("play", app.theme.accent), "none": "", "check": _lead(app, random, "check"), "number": f"<b>{random.randint(1, 900)}</b>"}.get(trail)  # fmt: skip
        tail = f'<span class="q sm">{random.choice(TRAILS)}</span>' if tail is None else tail
        second = f'<div class="q sm e">{sub}</div>' if under else ""
        found += f'<div class="row{boxed}">{_lead(app, random, lead)}<div class="g"><div class="e">{title}</div>{second}</div>{tail}</div>'
    return found


@part
def chips(app: App, random: Random, words: list[str]) -> str:
    """LIST: filters in a row."""
    made = "".join(
        f'<span class="chip sm{" on" if not number else ""}">{word}</span>'
        for number, word in enumerate(app.some(random, words[0], 6))
    )
    return f'<div style="display:flex;gap:8px;padding:8px 14px;overflow:hidden">{made}</div>'


@part
def pictures(app: App, random: Random, words: list[str]) -> str:
    """COLUMNS [LIST]: a grid of photographs, with captions of a list."""
    columns = int(words[0])
    high = {2: random.choice((110, 190, 240)), 3: 112, 4: 84, 1: 190}.get(columns, 90)
    names = app.some(random, words[1], 16) if len(words) > 1 else [""] * 30
    cells = "".join(
        f'<div><div style="border-radius:{min(14, app.theme.radius)}px;overflow:hidden">{scene(random, 340 // columns, high)}</div>{f"<div class=sm>{name}</div>" if name else ""}</div>'
        for name in names
    )
    return f'<div class="grid" style="grid-template-columns:repeat({columns},1fr);gap:{random.choice((2, 6, 10))}px">{cells}</div>'


@part
def notes(app: App, random: Random, words: list[str]) -> str:
    """LIST: coloured cards of text in two columns."""
    tones = random.random() < 0.6
    sides = ["", ""]
    for number, title in enumerate(app.some(random, words[0], 10)):
        lines = "".join(f'<div class="sm">{line}</div>' for line in app.some(random, "sub", random.randint(1, 5)))
        ground = (
            hsl(random.choice((0.13, 0.33, 0.55, 0.9, 0.05)), 0.6, 0.26 if app.theme.dark else 0.85)
            if tones
            else app.theme.surface
        )
        sides[number % 2] += (
            f'<div style="background:{ground};border-radius:{app.theme.radius}px;padding:12px;margin-bottom:8px"><div class="b">{title}</div>{lines}</div>'
        )
    return f'<div style="display:flex;gap:8px;padding:10px"><div class="g">{sides[0]}</div><div class="g">{sides[1]}</div></div>'


@part
def chart(app: App, random: Random, words: list[str]) -> str:
    """line, bars, pie, ring or heat, [LIST] its title."""
    kind, title = words[0], app.some(random, words[1], 1)[0] if len(words) > 1 else ""
    theme = app.theme
    if kind == "line":
        inner = line_chart(random, theme, series=random.choice((1, 1, 2, 3)))
    elif kind == "bars":
        inner = bar_chart(random, theme, random.choice((7, 7, 12, 24)))
    elif kind == "pie":
        inner = ring(random, theme, 170, 1, f'<div class="b">{random.choice(TRAILS)}</div>', parts=random.randint(3, 6))
    elif kind == "heat":
        cells = "".join(
            f'<div style="aspect-ratio:1;border-radius:3px;background:{theme.accent};opacity:{random.choice((0.12, 0.12, 0.4, 0.7, 1))}"></div>'
            for _ in range(90)
        )
        inner = f'<div style="display:grid;grid-template-columns:repeat(15,1fr);gap:3px">{cells}</div>'
    else:
        inner = ring(
            random,
            theme,
            random.choice((150, 200)),
            random.uniform(0.3, 0.95),
            f'<div style="font-size:30px" class="b">{random.randint(2, 99)}</div><div class="q sm">{title}</div>',
        )
        return inner
    return f'<div class="card"><div class="b" style="margin-bottom:8px">{title}</div>{inner}</div>'


@part
def tiles(app: App, random: Random, words: list[str]) -> str:
    """LIST: a dashboard's boxes with an icon and a number."""
    cells = "".join(
        f'<div style="background:{app.theme.surface};border-radius:{app.theme.radius}px;padding:12px">{icon(random.choice(app.icons), app.theme.accent)}<div class="big b">{random.choice(TRAILS[1:9])}</div><div class="q sm e">{name}</div></div>'
        for name in app.some(random, words[0], random.choice((4, 6)))
    )
    return (
        f'<div class="grid" style="grid-template-columns:repeat({random.choice((2, 2, 3))},1fr);gap:10px">{cells}</div>'
    )


@part
def big(app: App, random: Random, words: list[str]) -> str:
    """LIST LIST: something large in the middle with a line below."""
    size = random.choice((44, 60, 76))
    return f'<div class="mid"><div style="font-size:{size}px;line-height:1.1;font-weight:{random.choice((300, 700))}">{app.some(random, words[0], 1)[0]}</div><div class="q">{app.some(random, words[1], 1)[0] if len(words) > 1 else ""}</div></div>'


@part
def map(app: App, random: Random, words: list[str]) -> str:
    """[route] [pins]: a map; a sheet may follow it."""
    height = random.choice((420, 560, 700))
    return map_of(random, app.theme, height, "route" in words, random.randint(2, 8) if "pins" in words else 1)


@part
def month(app: App, random: Random, words: list[str]) -> str:
    """A month's days, some with events of a list."""
    tall = random.random() < 0.5
    cells = "".join(f'<div class="sm q" style="text-align:center">{day}</div>' for day in "MTWTFSS")
    for day in range(35):
        mark = "".join(
            f'<div style="height:{14 if tall else 5}px;border-radius:3px;background:{hsl(random.random(), 0.5, 0.55)};font-size:8px;overflow:hidden;color:#fff;margin-top:2px">{app.some(random, words[0], 1)[0] if tall else ""}</div>'
            for _ in range(random.choice((0, 0, 1, 2)))
        )
        today = f"background:{app.theme.accent};color:{app.theme.on_accent};border-radius:50%" if day == 16 else ""
        cells += f'<div style="height:{84 if tall else 46}px;border-top:1px solid {app.theme.quiet}44"><div style="text-align:center;width:24px;margin:auto;{today}">{(day + 27) % 30 + 1}</div>{mark}</div>'
    return f'<div class="mid b big" style="padding:8px">{random.choice(("January", "April", "June", "October"))} 20{random.randint(19, 26)}</div><div style="display:grid;grid-template-columns:repeat(7,1fr);padding:0 8px">{cells}</div>'


@part
def agenda(app: App, random: Random, words: list[str]) -> str:
    """LIST: hours of a day with blocks."""
    found = ""
    for hour, title in zip(range(8, 20), app.some(random, words[0], 12), strict=True):
        block = (
            f'<div style="background:{hsl(random.random(), 0.45, 0.5)};color:#fff;border-radius:6px;padding:4px 8px;height:{random.choice((30, 52))}px" class="sm">{title}</div>'
            if random.random() < 0.5
            else ""
        )
        found += f'<div style="display:flex;gap:10px;height:58px;border-top:1px solid {app.theme.quiet}44;padding:0 12px"><span class="q sm">{hour}:00</span><div class="g">{block}</div></div>'
    return found


@part
def keys(app: App, random: Random, words: list[str]) -> str:
    """calculator, dial, pin or letters: keys to press."""
    theme, kind = app.theme, words[0]
    if kind == "letters":
        lines = ("1234567890", "qwertyuiop", "asdfghjkl", "⇧zxcvbnm⌫", "?,␣.⏎")
        made = "".join(
            '<div style="display:flex;gap:4px;justify-content:center;margin:5px 4px">'
            + "".join(
                f'<div style="flex:{4 if key == "␣" else 1};height:44px;border-radius:{min(8, theme.radius)}px;background:{theme.ground};display:grid;place-items:center">{"" if key == "␣" else key}</div>'
                for key in line
            )
            + "</div>"
            for line in lines
        )
        return f'<div style="position:absolute;left:0;right:0;bottom:0;background:{theme.surface};padding:6px 0 14px">{made}</div>'
    faces = {"calculator": "C()÷789×456−123+0.±=", "dial": "123456789*0#", "pin": "123456789 0⌫"}[kind]
    columns = 4 if kind == "calculator" else 3
    shape = random.choice(("50%", f"{theme.radius}px"))
    made = "".join(
        f'<div style="aspect-ratio:{1 if shape == "50%" else 1.4};border-radius:{shape};background:{theme.accent if face in "÷×−+=" else theme.surface};color:{theme.on_accent if face in "÷×−+=" else theme.ink};display:grid;place-items:center;font-size:24px">{face}</div>'
        for face in faces
    )
    return f'<div style="position:absolute;left:14px;right:14px;bottom:24px;display:grid;grid-template-columns:repeat({columns},1fr);gap:10px">{made}</div>'


@part
def bubbles(app: App, random: Random, words: list[str]) -> str:
    """LIST: a conversation."""
    found = ""
    for line in app.some(random, words[0], 9):
        mine = random.random() < 0.5
        body = scene(random, 180, 110) if random.random() < 0.12 else line
        colours = (
            f"background:{app.theme.accent};color:{app.theme.on_accent}" if mine else f"background:{app.theme.surface}"
        )
        found += f'<div style="display:flex;justify-content:{"flex-end" if mine else "flex-start"};padding:4px 12px"><div style="max-width:75%;min-width:60px;border-radius:16px;padding:9px 13px;{colours}">{body}</div></div>'
    box = f'<div style="position:absolute;left:10px;right:10px;bottom:12px;height:46px;border-radius:23px;background:{app.theme.surface};padding:12px 18px" class="q">Message</div>'
    return found + box


@part
def player(app: App, random: Random, words: list[str]) -> str:
    """LIST: a large cover, what is played, and its buttons."""
    theme = app.theme
    side = random.choice((240, 290, 340))
    buttons = "".join(
        icon(name, theme.ink, size, True) for name, size in (("previous", 30), ("pause", 48), ("next", 30))
    )
    return (
        f'<div class="mid"><div style="width:{side}px;margin:auto;border-radius:{theme.radius}px;overflow:hidden">{scene(random, side, side)}</div></div>'
        f'<div class="mid" style="padding:2px"><div class="big b">{app.some(random, words[0], 1)[0]}</div><div class="q">{app.some(random, "sub", 1)[0]}</div></div>'
        f'<div style="margin:18px 26px;height:5px;border-radius:3px;background:{theme.quiet}66"><div style="width:{random.randint(10, 80)}%;height:5px;background:{theme.accent}"></div></div>'
        f'<div style="display:flex;justify-content:center;gap:38px;align-items:center;padding:10px">{buttons}</div>'
    )


@part
def wave(app: App, random: Random, words: list[str]) -> str:
    """A sound's wave."""
    made = "".join(
        f'<div style="width:4px;height:{random.randint(6, 150)}px;background:{app.theme.accent};border-radius:2px"></div>'
        for _ in range(46)
    )
    return f'<div style="display:flex;gap:3px;align-items:center;justify-content:center;height:240px">{made}</div>'


@part
def code(app: App, random: Random, words: list[str]) -> str:
    """qr or bar: a code to be read by a machine, on white."""
    if words[0] == "qr":
        cells = "".join(
            f'<rect x="{x}" y="{y}" width="1" height="1"/>'
            for x in range(25)
            for y in range(25)
            if random.random() < 0.48
        )
        eyes = "".join(
            f'<path d="M{x} {y}h7v7h-7z" fill="#fff"/><path d="M{x + 0.5} {y + 0.5}h6v6h-6z" fill="none" stroke="#000"/><path d="M{x + 2} {y + 2}h3v3h-3z"/>'
            for x, y in ((0, 0), (18, 0), (0, 18))
        )
        return f'<div style="background:#fff;width:250px;margin:40px auto;padding:18px;border-radius:12px"><svg width="214" height="214" viewBox="0 0 25 25">{cells}{eyes}</svg></div>'
    x, bars = 0.0, ""
    while x < 260:
        wide = random.choice((2, 2, 4, 6))
        bars += f'<rect x="{x}" width="{wide}" height="120"/>'
        x += wide + random.choice((2, 3, 5))
    return f'<div style="background:#fff;color:#000;width:310px;margin:24px auto;padding:22px;text-align:center"><svg width="264" height="120">{bars}</svg>{random.randint(10**11, 10**12)}</div>'


@part
def settings(app: App, random: Random, words: list[str]) -> str:
    """[LIST]: preferences under headings, many with a switch."""
    found = ""
    for heading in app.some(random, "headings", 3):
        found += f'<div class="a b sm" style="padding:16px 16px 4px">{heading}</div>'
        for name in app.some(random, words[0] if words else "options", 4):
            tail = _switch(app, random) if random.random() < 0.5 else ""
            lead = _lead(app, random, "icon") if random.random() < 0.5 else ""
            found += f'<div class="row">{lead}<div class="g"><div>{name}</div><div class="q sm e">{app.some(random, "states", 1)[0]}</div></div>{tail}</div>'
    return found


@part
def dialog(app: App, random: Random, words: list[str]) -> str:
    """LIST: a question over what stands below."""
    lines = "".join(
        f'<div class="row" style="padding:4px 0;min-height:40px">{_lead(app, random, "check")}<span>{line}</span></div>'
        for line in app.some(random, words[0], 4)
    )
    return f'<div style="position:absolute;inset:0;background:#0008"></div><div class="sheet"><div class="big">{app.some(random, words[0], 1)[0]}</div>{lines}<div style="text-align:right" class="a b">Cancel &nbsp; OK</div></div>'


@part
def form(app: App, random: Random, words: list[str]) -> str:
    """LIST: fields to fill in and a button."""
    boxed = random.random() < 0.5
    look = (
        f"border:1px solid {app.theme.quiet};border-radius:{min(8, app.theme.radius)}px"
        if boxed
        else f"border-bottom:1px solid {app.theme.quiet}"
    )
    made = "".join(
        f'<div style="margin:14px 18px;padding:8px 12px;{look}"><div class="a sm">{name}</div><div>{app.some(random, "sub", 1)[0] if random.random() < 0.6 else "&nbsp;"}</div></div>'
        for name in app.some(random, words[0], 6)
    )
    return f'{made}<div class="mid"><span class="btn" style="width:100%">{random.choice(("Save", "Continue", "Add", "Done", "Connect"))}</span></div>'


@part
def empty(app: App, random: Random, words: list[str]) -> str:
    """LIST: an icon and a line where nothing is yet."""
    return f'<div style="padding:150px 40px;text-align:center"><div style="display:inline-block">{icon(random.choice(app.icons), app.theme.accent, 110, True)}</div><div class="big" style="margin:18px">{app.some(random, words[0], 1)[0]}</div><span class="btn">{random.choice(("Get started", "Add", "Import", "Allow"))}</span></div>'


@part
def scenery(app: App, random: Random, words: list[str]) -> str:
    """A large picture, [HEIGHT] px high."""
    return scene(random, 360, int(words[0]) if words else 240)
