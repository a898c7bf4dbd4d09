"""A grid drawn as one picture, for terminals, chats and papers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from curation.grid import Cell, Grid

MARGIN, GAP, LEADING, LINES = 32, 20, 20, 3
HIGH = 300  # px a screen is high
NARROWEST = 150  # px of text below a narrow screen
MOST = 400  # captures in one picture

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def draw(grid: Grid, width: int, colour: dict[str, str]) -> Image.Image:
    """RGB, `width` px wide and as high as its rows. Captures beyond the first 400 are left out and counted."""
    width = max(width, 2 * MARGIN + NARROWEST)
    title, text = ImageFont.load_default(22), ImageFont.load_default(14)
    blocks: list[tuple[str, list[tuple[Cell, int]]]] = []
    left = MOST
    for group in grid.groups:
        cells = group.cells[:left]
        left -= len(cells)
        for index, row in enumerate(_rows(cells, width - 2 * MARGIN)):
            blocks.append((group.title if index == 0 else "", row))
    head = MARGIN + (40 if grid.title else 0)
    height = head + sum(_height(name) for name, _ in blocks) + MARGIN
    picture = Image.new("RGB", (width, height), colour["paper"])
    pen = ImageDraw.Draw(picture)
    if grid.title:
        omitted = len(grid) - MOST
        suffix = f" (the first {MOST})" if omitted > 0 else ""
        pen.text((MARGIN, MARGIN - 6), _fit(grid.title + suffix, title, width - 2 * MARGIN), colour["ink"], title)
    y = head
    for name, row in blocks:
        if name:
            pen.text((MARGIN, y), _fit(name, text, width - 2 * MARGIN), colour["ink"], text)
            y += LEADING + 8
        x = MARGIN
        for cell, room in row:
            _cell(picture, pen, cell, x, y, room, text, colour)
            x += room + GAP
        y += _height("")
    return picture


def _rows(cells: tuple[Cell, ...], room: int) -> Iterator[list[tuple[Cell, int]]]:
    """Cells with their width, broken where the next one would not fit."""
    row: list[tuple[Cell, int]] = []
    used = 0
    for cell in cells:
        image = cell.thumbnail
        wide = NARROWEST if image is None else min(room, max(NARROWEST, round(image.width * HIGH / image.height)))
        if row and used + GAP + wide > room:
            yield row
            row, used = [], 0
        used += wide + (GAP if row else 0)
        row.append((cell, wide))
    if row:
        yield row


def _height(title: str) -> int:
    return (LEADING + 8 if title else 0) + HIGH + 8 + LINES * LEADING + GAP


def _cell(
    picture: Image.Image,
    pen: ImageDraw.ImageDraw,
    cell: Cell,
    x: int,
    y: int,
    room: int,
    font: Font,
    colour: dict[str, str],
) -> None:
    image = cell.thumbnail
    if image is not None:
        scale = min(HIGH / image.height, room / image.width)
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        picture.paste(image.resize(size, Image.Resampling.LANCZOS), (x, y))
        pen.rectangle((x - 1, y - 1, x + size[0], y + size[1]), outline=colour["line"])
    else:
        pen.rectangle((x, y, x + room, y + HIGH), outline=colour["line"], fill=colour["surface"])
        pen.text((x + 12, y + 12), "no picture", colour["ink-2"], font)
    for index, line in enumerate((cell.lines or (cell.capture_id,))[:LINES]):
        ink = colour.get(cell.mark, colour["ink"]) if index == 0 else colour["ink-2"]
        pen.text((x, y + HIGH + 8 + index * LEADING), _fit(line, font, room), ink, font)


def _fit(text: str, font: Font, room: int) -> str:
    """One line that is not wider than `room` px."""
    text = " ".join(text.split())[:400]
    if font.getlength(text) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if font.getlength(text[:middle] + "…") <= room else (low, middle - 1)
    return text[:low].rstrip() + "…"
