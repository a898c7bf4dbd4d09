"""A grid of captures: screens shown whole in rows of equal height. As notebook output, page or PNG."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING

from curation.tokens import SHEET, Theme, colours, scoped

if TYPE_CHECKING:
    from PIL import Image

ROW = 240  # CSS px a screen is high; its picture has twice as many, for dense displays
WIDEST = 3.2  # width / height from which a picture is reduced further, so that it fits into a column
FEW = 3  # groups of so many stand beside each other
MARKS = ("keep", "reject", "doubt")
STYLE = """
.gesso { color: var(--ink); font: 400 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif;
  font-variant-numeric: tabular-nums; }
.gesso h3 { font-size: 16px; line-height: 1.2; font-weight: 600; margin: 16px 0 8px; }
.gesso .quiet { color: var(--ink-2); }
.gesso .keep { color: var(--keep); } .gesso .reject { color: var(--reject); } .gesso .doubt { color: var(--doubt); }
.gesso .shots { display: flex; flex-wrap: wrap; gap: 24px 16px; align-items: flex-start; margin: 8px 0 24px; }
.gesso .few { display: inline-block; vertical-align: top; margin-right: 32px; }
.gesso figure { margin: 0; max-width: 100%; min-width: min(160px, 100%); }
.gesso figure img, .gesso .none { display: block; height: 240px; max-width: 100%; object-fit: contain;
  background: var(--surface); border: 1px solid var(--line); border-radius: 6px; box-sizing: border-box; }
.gesso .none { width: 160px; padding: 12px; color: var(--ink-2); font-size: 12px; overflow: hidden; }
.gesso figcaption { font-size: 12px; max-width: max(160px, 100%); width: min-content; min-width: 100%;
  padding-top: 4px; overflow-wrap: anywhere; }
.gesso figcaption span { display: block; }
.gesso table { border-collapse: collapse; margin: 8px 0; font-size: 14px; background: none; }
.gesso th, .gesso td { text-align: left; padding: 4px 16px 4px 0; border: 0; border-bottom: 1px solid var(--line);
  background: none; color: inherit; font-weight: 400; vertical-align: top; }
.gesso th { color: var(--ink-2); } .gesso td.n, .gesso th.n { text-align: right; }
"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">
<title>{title}</title><link rel="icon" href="data:,">
<style>{style}
main {{ max-width: 1440px; margin: 0 auto; padding: 32px 24px; }}
</style></head>
<body><main class="gesso"><h1>{title}</h1>
{body}
</main></body></html>
"""


def page(title: str, body: str) -> str:
    """A whole document around HTML that is safe already. No script runs in it and nothing is fetched."""
    return PAGE.format(title=escape(title), style=SHEET.read_text(encoding="utf-8") + STYLE, body=body)


def notebook(body: str) -> str:
    """HTML for one cell's output, with the tokens in its own scope."""
    return f'<style>{scoped(".gesso")}{STYLE}</style><div class="gesso">{body}</div>'


@dataclass(frozen=True)
class Cell:
    """One capture. `picture` is None where it could not be decoded; `lines` stand below it, the first one strongest."""

    capture_id: str
    picture: Image.Image | None
    lines: tuple[str, ...] = ()
    mark: str = ""

    @cached_property
    def thumbnail(self) -> Image.Image | None:
        """RGB, as high as two rows' pixels or smaller, made once."""
        from PIL import Image

        if self.picture is None:
            return None
        width, height = self.picture.size
        scale = min(1.0, 2 * ROW / height, 2 * ROW * WIDEST / width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        return self.picture.convert("RGB").resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)

    def html(self) -> str:
        image = self.thumbnail
        first, *rest = self.lines or (self.capture_id,)
        mark = f' class="{self.mark}"' if self.mark in MARKS else ""
        facts = f"<span{mark}>{escape(first)}</span>" + "".join(f'<span class="quiet">{escape(t)}</span>' for t in rest)
        if image is None:
            shown = '<div class="none">no picture: it could not be read</div>'
        else:
            out = io.BytesIO()
            image.save(out, "WEBP", quality=72, method=2)
            data = base64.b64encode(out.getvalue()).decode()
            width = max(1, round(image.width * ROW / image.height)) if image.height >= 2 else image.width
            shown = (
                f'<img loading="lazy" decoding="async" width="{width}" height="{ROW}" '
                f'alt="{escape(first)}" title="{escape(self.capture_id)}" src="data:image/webp;base64,{data}">'
            )
        return f"<figure>{shown}<figcaption>{facts}</figcaption></figure>"


@dataclass(frozen=True)
class Group:
    """Captures that belong together: search results, or the two of a pair."""

    cells: tuple[Cell, ...]
    title: str = ""


@dataclass(frozen=True, repr=False)
class Grid:
    """Groups of captures below a title. Shows itself in notebooks; `page()` is a document and `png()` a picture."""

    groups: tuple[Group, ...]
    title: str = ""
    note: str = ""

    def __len__(self) -> int:
        return sum(len(group.cells) for group in self.groups)

    def __repr__(self) -> str:
        return f"<Grid {self.title!r} of {len(self)} screens>"

    def body(self) -> str:
        """The grid as HTML without styles; all texts escaped."""
        parts = [f'<p class="quiet">{escape(self.note)}</p>'] if self.note else []
        for group in self.groups:
            few = len(self.groups) > 1 and len(group.cells) <= FEW
            title = f"<h3>{escape(group.title)}</h3>" if group.title else ""
            shots = f'<div class="shots">{"".join(cell.html() for cell in group.cells)}</div>'
            parts.append(f"<section{' class=few' if few else ''}>{title}{shots}</section>")
        return "\n".join(parts) if len(self) else f'{"".join(parts)}<p class="quiet">Nothing to show.</p>'

    def page(self) -> str:
        return page(self.title, self.body())

    def _repr_html_(self) -> str:
        head = f"<h3>{escape(self.title)}</h3>" if self.title else ""
        return notebook(head + self.body())

    def png(self, width: int = 1600, theme: Theme = "light") -> Image.Image:
        """One RGB picture `width` px wide: the same rows, with up to three lines below each screen."""
        from curation.grid_picture import draw

        return draw(self, width, colours(theme))
