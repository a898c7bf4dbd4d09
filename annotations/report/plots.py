"""Plots as rows of HTML: a name, a track with a dot and its interval, the number. They reflow where a picture cannot.

All text is escaped here; values and texts come from labels, which are anybody's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

MARKS = ("", "keep", "reject", "doubt")


@dataclass(frozen=True)
class Line:
    """A threshold that is drawn through all tracks and named above them, to its right or its left."""

    at: float
    name: str
    leftwards: bool = False


@dataclass(frozen=True)
class Dot:
    """A row: `value` with its interval; `other` is a second, hollow dot to compare with."""

    name: str
    value: float
    low: float = math.nan
    high: float = math.nan
    said: str = ""
    about: str = ""
    mark: str = ""
    other: float = math.nan


def dots(rows: Sequence[Dot], low: float, high: float, lines: Sequence[Line] = (), *, label: str) -> str:
    """Rows on one scale from low to high; what lies beyond is drawn at the edge. `label` is for who cannot see it."""
    if not rows:
        return ""
    span = high - low

    def place(value: float) -> float:
        return 100 * (min(max(value, low), high) - low) / span

    def name_of(line: Line) -> str:
        side = " leftwards" if line.leftwards or place(line.at) > 85 else ""
        return f'<span class="mark-name{side}" style="left:{place(line.at):.2f}%">{escape(line.name)}</span>'

    heads = "".join(name_of(line) for line in lines)
    rules = "".join(f'<i class="rule" style="left:{place(line.at):.2f}%"></i>' for line in lines)
    parts = [f'<div class="dots" role="table" aria-label="{escape(label)}">']
    parts.append(f'<div class="dots-head" aria-hidden="true"><span></span><div class="names">{heads}</div></div>')
    for row in rows:
        mark = row.mark if row.mark in MARKS else ""
        inner = rules
        if math.isfinite(row.low) and math.isfinite(row.high):
            left, width = place(row.low), place(row.high) - place(row.low)
            inner += f'<i class="range {mark}" style="left:{left:.2f}%;width:{max(width, 0.3):.2f}%"></i>'
        if math.isfinite(row.other) and math.isfinite(row.value):
            a, b = sorted((place(row.other), place(row.value)))
            inner += f'<i class="between" style="left:{a:.2f}%;width:{b - a:.2f}%"></i>'
            inner += f'<i class="dot hollow" style="left:{place(row.other):.2f}%"></i>'
        if math.isfinite(row.value):
            inner += f'<i class="dot {mark}" style="left:{place(row.value):.2f}%"></i>'
        about = f'<span class="quiet small">{escape(row.about)}</span>' if row.about else ""
        parts.append(
            f'<div class="dots-row" role="row">'
            f'<span class="dots-name" role="rowheader">{escape(row.name)}{about}</span>'
            f'<div class="track" role="presentation">{inner}</div>'
            f'<span class="dots-said {mark}" role="cell">{escape(row.said)}</span></div>'
        )
    parts.append("</div>")
    return "".join(parts)


def bars(counts: Sequence[tuple[str, float]], *, label: str) -> str:
    """Upright bars with their numbers above and names below."""
    most = max((count for _, count in counts), default=0) or 1
    columns = "".join(
        f'<div class="bar"><b>{count:,.0f}</b><i style="height:{100 * count / most:.1f}%"></i>'
        f"<span>{escape(name)}</span></div>"
        for name, count in counts
    )
    return f'<div class="bars" role="img" aria-label="{escape(label)}">{columns}</div>'


def number(value: float, digits: int = 2) -> str:
    """A number with a true minus sign; a dash for none."""
    return "–" if not math.isfinite(value) else f"{value:.{digits}f}".replace("-", "−")


def interval(low: float, high: float, digits: int = 2) -> str:
    """`0.61 to 0.80`, or nothing."""
    known = math.isfinite(low) and math.isfinite(high)
    return f"{number(low, digits)} to {number(high, digits)}" if known else ""
