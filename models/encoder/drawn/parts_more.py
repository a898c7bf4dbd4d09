"""More parts of a screen: games, text, clocks, and what single kinds of apps are known by."""

from __future__ import annotations

import math
from random import Random

from models.encoder.drawn.parts import App, part
from models.encoder.drawn.shapes import ICONS, icon, scene
from models.encoder.drawn.theme import hsl

CHESS = "♜♞♝♛♚♝♞♜♟♟♟♟♟♟♟♟"


@part
def board(app: App, random: Random, words: list[str]) -> str:
    """sudoku, chess, mines, cards, blocks, letters, slide or hex: a game in play."""
    theme, kind = app.theme, words[0]
    if kind == "cards":
        made = ""
        for number in range(21):
            red = random.random() < 0.5
            made += f'<div style="position:absolute;left:{14 + (number % 7) * 48}px;top:{60 + (number // 7) * 38 + (number % 7) * 6}px;width:44px;height:64px;border-radius:5px;background:#fff;border:1px solid #888;color:{"#c00" if red else "#111"};padding:2px 5px">{random.choice("A23456789JQK")}{random.choice("♥♦") if red else random.choice("♠♣")}</div>'
        return f'<div style="position:relative;height:520px;background:{hsl(random.choice((0.36, 0.36, 0.6)), 0.5, 0.28)}">{made}</div>'
    if kind == "hex":
        dots = "".join(
            f'<circle cx="{40 + 280 * random.random():.0f}" cy="{40 + 360 * random.random():.0f}" r="11" fill="{hsl(random.choice((0.0, 0.6, 0.33)), 0.7, 0.5)}"/>'
            for _ in range(30)
        )
        ground = "".join(
            f'<circle cx="{30 + x * 25 + (y % 2) * 12}" cy="{30 + y * 24}" r="8" fill="none" stroke="{theme.quiet}"/>'
            for x in range(13)
            for y in range(17)
        )
        return f'<svg width="360" height="450">{ground}{dots}</svg>'
    side = {"sudoku": 9, "chess": 8, "mines": 10, "blocks": 10, "letters": 6, "slide": 4}[kind]
    cells = ""
    for number in range(side * side * (2 if kind == "blocks" else 1)):
        x, y = number % side, number // side
        ground, face, ink = theme.surface, "", theme.ink
        if kind == "sudoku":
            face = str(random.randint(1, 9)) if random.random() < 0.45 else ""
            ink = theme.accent if random.random() < 0.3 else theme.ink
            ground = theme.surface if (x // 3 + y // 3) % 2 else theme.ground
        elif kind == "chess":
            ground = hsl(theme.hue, 0.35, 0.45 if (x + y) % 2 else 0.8)
            piece = y < 2 or y > 5
            face, ink = (
                (CHESS[(y if y < 2 else 7 - y) * 8 + x] if piece and random.random() < 0.85 else ""),
                "#fff" if y > 5 else "#111",
            )
        elif kind == "mines":
            opened = random.random() < 0.5
            ground = theme.ground if opened else theme.accent
            face = random.choice(("", "", "1", "1", "2", "3")) if opened else random.choice(("", "", "", "⚑"))
        elif kind == "blocks":
            ground = hsl(random.random(), 0.7, 0.5) if y > 12 and random.random() < 0.7 else theme.ground
        elif kind == "letters":
            face = random.choice("ABCDEFGHIKLMNOPRSTUW") if y < 4 else ""
            ground = random.choice(("#538d4e", "#b59f3b", "#3a3a3c", theme.surface)) if y < 4 else theme.surface
        else:
            value = random.choice((0, 0, 2, 4, 8, 16, 32, 64, 128))
            face, ground = str(value or ""), hsl(0.11, 0.6, 0.9 - 0.05 * value.bit_length()) if value else theme.surface
        gap = f"outline:1px solid {theme.quiet}66"
        cells += f'<div style="aspect-ratio:1;background:{ground};color:{ink};display:grid;place-items:center;font-size:{190 // side}px;{gap}">{face}</div>'
    wide = 200 if kind == "blocks" else 330
    keys = (
        ""
        if kind != "sudoku"
        else '<div style="display:flex;justify-content:space-around;padding:24px;font-size:24px" class="a">'
        + "".join(f"<span>{n}</span>" for n in range(1, 10))
        + "</div>"
    )
    return f'<div style="display:grid;grid-template-columns:repeat({side},1fr);width:{wide}px;margin:24px auto">{cells}</div>{keys}'


@part
def prose(app: App, random: Random, words: list[str]) -> str:
    """[serif] [picture]: running text with a heading."""
    face = "font-family:'DejaVu Serif',serif;" if "serif" in words or random.random() < 0.4 else ""
    top = scene(random, 324, 170) if "picture" in words else ""
    body = ""
    for _ in range(6):
        line = " ".join(app.some(random, "prose", random.randint(12, 40)))
        body += (
            f'<p style="margin-bottom:12px;text-align:{random.choice(("left", "justify"))}">{line.capitalize()}.</p>'
        )
    return f'<div style="padding:16px 18px;{face}">{top}<div class="big b" style="margin:10px 0">{app.some(random, "titles", 1)[0]}</div>{body}</div>'


@part
def listing(app: App, random: Random, words: list[str]) -> str:
    """code, shell or markup: monospaced lines in colours."""
    kind, found = words[0], ""
    tones = ["#c678dd", "#98c379", "#e5c07b", "#61afef", "#e06c75"]
    for number in range(34):
        indent = "  " * random.choice((0, 0, 1, 1, 2, 3))
        if kind == "shell":
            text = (
                f'<span style="color:#5f5">user@host:~$</span> {random.choice(("ls -la", "git pull", "ssh server", "top", "cat log.txt", "make"))}'
                if random.random() < 0.3
                else random.choice(
                    (
                        "drwxr-xr-x 2 root root 4096",
                        "-rw-r--r-- 1 user user 220",
                        "Already up to date.",
                        "64 bytes from 10.0.0.1: time=12 ms",
                        "total 48",
                    )
                )
            )
        else:
            parts = random.choices(
                (
                    "def",
                    "return",
                    "import",
                    "value",
                    "= 42",
                    '"text"',
                    "if",
                    "else:",
                    "list()",
                    "// note",
                    "{",
                    "}",
                    "for",
                    "name",
                    "&lt;div&gt;",
                    "# Heading",
                    "- item",
                ),
                k=random.randint(1, 5),
            )
            text = f'<span class="q">{number + 1:3} </span>{indent}' + " ".join(
                f'<span style="color:{random.choice(tones)}">{word}</span>' for word in parts
            )
        found += text + "\n"
    dark = kind == "shell" or random.random() < 0.6
    return f'<div class="mono" style="background:{"#111" if dark else app.theme.surface};color:{"#ddd" if dark else app.theme.ink};padding:12px;height:640px;line-height:1.5">{found}</div>'


@part
def clock(app: App, random: Random, words: list[str]) -> str:
    """analog, digital or countdown."""
    theme, kind = app.theme, words[0]
    if kind == "digital":
        return f'<div class="mid" style="padding:50px 0;font-size:{random.choice((64, 84))}px;font-weight:{random.choice((200, 700))}">{random.randint(0, 23):02}:{random.randint(0, 59):02}</div>'
    size = random.choice((220, 280))
    middle, marks = size / 2, ""
    for step in range(12 if kind == "analog" else 60):
        angle = math.tau * step / (12 if kind == "analog" else 60)
        far, near = middle * 0.92, middle * 0.82
        marks += f'<path d="M{middle + near * math.sin(angle):.1f} {middle - near * math.cos(angle):.1f}L{middle + far * math.sin(angle):.1f} {middle - far * math.cos(angle):.1f}" stroke="{theme.ink}" stroke-width="3"/>'
    inner = ""
    if kind == "analog":
        for reach, wide in ((0.5, 7), (0.75, 5)):
            angle = random.uniform(0, math.tau)
            inner += f'<path d="M{middle} {middle}L{middle + reach * middle * math.sin(angle):.0f} {middle - reach * middle * math.cos(angle):.0f}" stroke="{theme.accent}" stroke-width="{wide}" stroke-linecap="round"/>'
    else:
        around = math.tau * middle * 0.7
        inner = f'<circle cx="{middle}" cy="{middle}" r="{middle * 0.7}" fill="none" stroke="{theme.accent}" stroke-width="12" stroke-dasharray="{around * random.uniform(0.2, 0.9):.0f} {around:.0f}" transform="rotate(-90 {middle} {middle})"/><text x="50%" y="54%" text-anchor="middle" font-size="44" fill="{theme.ink}">{random.randint(1, 59)}:{random.randint(0, 59):02}</text>'
    buttons = f'<div style="display:flex;gap:18px;justify-content:center;padding:26px">{"".join(f"<span class=btn>{word}</span>" for word in random.choice((("Start", "Reset"), ("Pause", "Lap"), ("Stop", "Skip"))))}</div>'
    return f'<div style="display:grid;place-items:center;padding-top:40px"><svg width="{size}" height="{size}">{marks}{inner}</svg></div>{buttons if kind != "analog" else ""}'


@part
def dial(app: App, random: Random, words: list[str]) -> str:
    """compass, gauge or level: an instrument with a hand."""
    theme, kind = app.theme, words[0]
    marks = "".join(
        f'<path d="M150 {18 if step % 9 else 10}V30" stroke="{theme.ink}" stroke-width="2" transform="rotate({step * 5} 150 150)"/>'
        for step in range(72)
        if kind == "compass" or not 26 < step < 46
    )
    face = (
        "".join(
            f'<text x="150" y="58" font-size="26" text-anchor="middle" fill="{theme.accent if letter == "N" else theme.ink}" transform="rotate({turn} 150 150)">{letter}</text>'
            for letter, turn in zip("NESW", (0, 90, 180, 270), strict=True)
        )
        if kind == "compass"
        else ""
    )
    turn = random.uniform(-120, 120)
    hand = f'<path d="M150 60L158 150H142z" fill="{theme.accent}" transform="rotate({turn:.0f} 150 150)"/>'
    return f'<div style="display:grid;place-items:center;padding-top:30px"><svg width="300" height="300">{marks}{face}{hand}<text x="150" y="210" font-size="34" text-anchor="middle" fill="{theme.ink}">{app.some(random, words[1], 1)[0] if len(words) > 1 else random.randint(0, 359)}</text></svg></div>'


@part
def launcher(app: App, random: Random, words: list[str]) -> str:
    """icons or words: a home screen over a wallpaper, or a black one of words."""
    if words[0] == "words":
        lines = "".join(
            f'<div style="padding:12px 28px;font-size:23px">{name}</div>' for name in app.some(random, "apps", 9)
        )
        return f'<div style="padding-top:90px"><div style="font-size:54px;padding:0 28px 40px">{random.randint(1, 12)}:{random.randint(0, 59):02}</div>{lines}</div>'
    cells = "".join(
        f'<div style="text-align:center;color:#fff;font-size:10px"><div style="width:52px;height:52px;margin:auto;border-radius:{min(26, app.theme.radius + 6)}px;background:{hsl(random.random(), 0.6, 0.5)};display:grid;place-items:center">{icon(random.choice(list(ICONS)), "#fff", 28)}</div>{name}</div>'
        for name in app.some(random, "apps", 20)
    )
    return f'<div style="position:absolute;inset:0">{scene(random, 360, 800)}</div><div style="position:absolute;left:10px;right:10px;bottom:40px;display:grid;grid-template-columns:repeat(4,1fr);gap:22px 6px">{cells}</div>'


@part
def viewfinder(app: App, random: Random, words: list[str]) -> str:
    """A camera's view with its shutter; `scan` has corners instead."""
    over = (
        '<div style="position:absolute;left:70px;top:240px;width:220px;height:220px;border:4px solid #fff;border-radius:18px"></div>'
        if "scan" in words
        else '<div style="position:absolute;bottom:40px;left:144px;width:72px;height:72px;border-radius:50%;background:#fff;border:5px solid #999"></div>'
    )
    return f'<div style="position:absolute;inset:0">{scene(random, 360, 800)}</div><div style="position:absolute;left:0;right:0;bottom:0;height:150px;background:#000a"></div>{over}'


@part
def table(app: App, random: Random, words: list[str]) -> str:
    """LIST: rows of figures in columns."""
    head = "".join(f"<th>{name}</th>" for name in app.some(random, "headings", 3))
    body = "".join(
        f'<tr><td>{name}</td><td>{random.randint(1, 999)}</td><td class="a">{random.uniform(0, 99):.1f}</td></tr>'
        for name in app.some(random, words[0], 14)
    )
    return f'<table style="width:100%;border-spacing:0 12px;padding:0 14px;text-align:left"><tr class="q sm">{head}</tr>{body}</table>'


@part
def weather(app: App, random: Random, words: list[str]) -> str:
    """The day's sky, hours and days."""
    sky, name = (
        hsl(random.choice((0.58, 0.6, 0.65, 0.08)), random.uniform(0.3, 0.8), random.uniform(0.2, 0.7)),
        random.choice(("sun", "cloud", "bolt")),
    )
    hours = "".join(
        f'<div style="text-align:center;flex:1" class="sm">{hour}<div style="display:grid;place-items:center;padding:6px">{icon(random.choice(("sun", "cloud")), "#fff", 22)}</div>{random.randint(-5, 33)}°</div>'
        for hour in ("Now", "14", "15", "16", "17", "18")
    )
    days = "".join(
        f'<div class="row" style="min-height:44px"><span class="g">{day}</span>{icon(random.choice(("sun", "cloud", "bolt")), "#fff", 20)}<span>{random.randint(-3, 12)}° / {random.randint(13, 34)}°</span></div>'
        for day in ("Mon", "Tue", "Wed", "Thu", "Fri")
    )
    return f'<div style="position:absolute;inset:0;background:linear-gradient({sky},{app.theme.ground});color:#fff;padding-top:70px"><div class="mid"><div>{app.some(random, "cities", 1)[0]}</div><div style="display:grid;place-items:center;padding:12px">{icon(name, "#fff", 96, True)}</div><div style="font-size:76px;font-weight:200">{random.randint(-8, 35)}°</div></div><div style="display:flex;background:#0002;margin:8px 12px;padding:10px;border-radius:14px">{hours}</div><div style="background:#0002;margin:8px 12px;border-radius:14px">{days}</div></div>'


@part
def piano(app: App, random: Random, words: list[str]) -> str:
    """piano or strings: an instrument."""
    if words[0] == "strings":
        lines = "".join(
            f'<path d="M20 {60 + 50 * number}H340" stroke="{app.theme.ink}" stroke-width="{1 + number * 0.6:.1f}"/>'
            for number in range(6)
        )
        dots = "".join(
            f'<circle cx="{random.randint(50, 320)}" cy="{60 + 50 * random.randint(0, 5)}" r="14" fill="{app.theme.accent}"/>'
            for _ in range(5)
        )
        return f'<svg width="360" height="380">{lines}{dots}</svg>'
    white = "".join(
        f'<rect x="{number * 45}" y="0" width="44" height="300" fill="#fff" stroke="#555"/>' for number in range(8)
    )
    black = "".join(
        f'<rect x="{number * 45 + 31}" y="0" width="26" height="180" fill="#111"/>' for number in (0, 1, 3, 4, 5)
    )
    return f'<svg width="360" height="300" style="margin-top:60px">{white}{black}</svg>'


@part
def remote(app: App, random: Random, words: list[str]) -> str:
    """A remote control's buttons."""
    cells = "".join(
        f'<div style="width:76px;height:76px;border-radius:{random.choice((38, 16))}px;background:{app.theme.surface};display:grid;place-items:center">{icon(random.choice(("play", "home", "back", "plus", "menu", "bell", "mic", "next", "previous", "search")), app.theme.accent, 28)}</div>'
        for _ in range(15)
    )
    return f'<div style="display:grid;grid-template-columns:repeat(3,76px);gap:24px;justify-content:center;padding:30px">{cells}</div>'


@part
def comic(app: App, random: Random, words: list[str]) -> str:
    """Panels in black and white."""
    cells = "".join(
        f'<div style="border:3px solid #111;filter:grayscale(1) contrast(1.6);grid-column:span {random.choice((1, 1, 2))}">{scene(random, 170, random.choice((120, 180)))}</div>'
        for _ in range(8)
    )
    return f'<div style="background:#fff;display:grid;grid-template-columns:1fr 1fr;gap:8px;padding:10px">{cells}</div>'


@part
def sky(app: App, random: Random, words: list[str]) -> str:
    """Stars and what they are called."""
    stars = "".join(
        f'<circle cx="{random.uniform(0, 360):.0f}" cy="{random.uniform(0, 700):.0f}" r="{random.choice((0.8, 1, 1.4, 2.6))}" fill="#fff"/>'
        for _ in range(160)
    )
    lines = "".join(
        f'<path d="M{random.uniform(0, 360):.0f} {random.uniform(0, 700):.0f}l{random.uniform(-80, 80):.0f} {random.uniform(-80, 80):.0f}l{random.uniform(-60, 60):.0f} {random.uniform(-60, 60):.0f}" fill="none" stroke="#8af"/>'
        for _ in range(8)
    )
    return f'<svg width="360" height="700" style="background:#050a1c">{stars}{lines}</svg>'
