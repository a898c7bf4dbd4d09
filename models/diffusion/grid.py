"""A grid of variants on paper: whole pictures at one scale, each with a label below. PIL only."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

PAPER, LINE, INK, INK_2 = "#FBFAF7", "#E7E4DC", "#17161A", "#5E5B66"
MARGIN, GAP, LABEL_GAP = 48, 24, 8
TITLE_SIZE, LABEL_SIZE = 20, 14
CELL = 288  # the longer side of a small picture on the grid; larger ones stay as they are up to MAX_CELL
MAX_CELL = 512


def draw_grid(pictures: Sequence[Image.Image], labels: Sequence[str], title: str) -> Image.Image:
    """Pictures of one size in rows of at most four, the title above, labels below."""
    width, height = _cell(pictures[0])
    columns = min(len(pictures), 4 if len(pictures) != 9 else 3)
    rows = math.ceil(len(pictures) / columns)
    label_height = LABEL_GAP + LABEL_SIZE + 4
    title_height = TITLE_SIZE + GAP
    sheet_width = max(2 * MARGIN + columns * width + (columns - 1) * GAP, 480)
    sheet_height = 2 * MARGIN + title_height + rows * (height + label_height) + (rows - 1) * GAP
    sheet = Image.new("RGB", (sheet_width, sheet_height), PAPER)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(TITLE_SIZE)
    pen.text((MARGIN, MARGIN), _shortened(title, font, sheet_width - 2 * MARGIN), INK, font, anchor="lt")
    small = ImageFont.load_default(LABEL_SIZE)
    for number, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        row, column = divmod(number, columns)
        left = MARGIN + column * (width + GAP)
        top = MARGIN + title_height + row * (height + label_height + GAP)
        sheet.paste(picture.convert("RGB").resize((width, height), Image.Resampling.BICUBIC), (left, top))
        pen.rectangle((left - 1, top - 1, left + width, top + height), outline=LINE)
        pen.text((left, top + height + LABEL_GAP), _shortened(label, small, width), INK_2, small, anchor="lt")
    return sheet


def _cell(picture: Image.Image) -> tuple[int, int]:
    longer = max(picture.size)
    scale = max(CELL, min(longer, MAX_CELL)) / longer
    return max(1, round(picture.width * scale)), max(1, round(picture.height * scale))


def _shortened(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: int) -> str:
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(text + "…") > room:
        text = text[:-1]
    return text.rstrip() + "…"
