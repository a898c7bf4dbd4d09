"""The comparison as a page: the answer first, then why, with the screens that came and went, then what shifted."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any

from curation.dataset.opened import cell_of
from curation.grid import Grid, Group, page

if TYPE_CHECKING:
    from curation.dataset import Dataset
    from curation.diff import Difference, Mix, Move, Shift

SCREENS = 6  # of each move
MOVES, SHIFTS, VALUES = 12, 20, 8
WIDE, HIGH = 220, 34  # CSS px of a quantile plot


def document(difference: Difference, before: Dataset, after: Dataset) -> str:
    """A whole HTML page without scripts; every text from recipes and pages is escaped."""
    d = difference
    parts = [
        f'<p style="font-size:20px"><strong class="keep">{d.came:,} came</strong>, '
        f'<strong class="reject">{d.went:,} went</strong>: {d.counts["before"]["kept"]:,} rows before, '
        f"{d.counts['after']['kept']:,} after.</p>"
    ]
    if d.same:
        parts.append('<p class="quiet">The two versions hold the same rows with the same values.</p>')
    parts += ["<h2>What came and went, and why</h2>" if d.moves else ""]
    parts += [_move(move, before, after) for move in d.moves[:MOVES]]
    if d.splits:
        rows = [(f"{move.before} → {move.after}", move.rows) for move in d.splits]
        parts += ["<h2>Rows in another split</h2>", '<p class="doubt">Do not compare scores across them.</p>']
        parts.append(_table(("split", "rows"), rows))
    if d.recipe:
        rows_ = [(c.what, c.before or "–", c.after or "–") for c in d.recipe]
        parts += ["<h2>Recipe, features, packages</h2>", _table(("what", "before", "after"), rows_)]
    parts += _shifts([s for s in d.shifts if s.ks > 0][:SHIFTS])
    parts += _mixes([m for m in d.mixes if m.distance > 0][:SHIFTS])
    if d.values:
        values = [(v.column, v.feature or "", v.captures, _number(v.median_change)) for v in d.values]
        parts += ["<h2>Values that changed</h2>", _table(("column", "feature", "captures", "median change"), values)]
    return page(f"{d.before} → {d.after}", "\n".join(part for part in parts if part))


def _move(move: Move, before: Dataset, after: Dataset) -> str:
    mark = "keep" if move.after == "kept" else "reject" if move.before == "kept" else "doubt"
    head = (
        f'<h3><span class="{mark}">{move.captures:,}</span> {escape(move.before)} → {escape(move.after)} '
        f'<span class="quiet">{escape(move.why)}</span></h3>'
    )
    side = before if move.after == "absent" else after
    ids = ", ".join("'" + key.replace("'", "''") + "'" for key in move.examples[:SCREENS])
    pictures = side.images(None, f"capture_id IN ({ids})", "capture_id", ["site"], "review")
    return head + Grid((Group(tuple(cell_of(p, ["site"]) for p in pictures)),)).body()


def _shifts(shifts: list[Shift]) -> list[str]:
    if not shifts:
        return []
    rows = "".join(
        f"<tr><td>{escape(s.column)}</td><td>{_plot(s)}</td><td class=n>{_number(s.before[2])} → "
        f"{_number(s.after[2])}</td><td class=n>{s.ks:.3f}</td><td class=n>{s.psi:.3f}</td></tr>"
        for s in shifts
    )
    head = "<th>number</th><th>5 25 50 75 95 %, before above after</th><th class=n>median</th>"
    return [
        "<h2>Numbers that shifted</h2>",
        '<p class="quiet">KS is the largest distance of the two distributions; PSI below 0.1 is little, above 0.25 '
        "much.</p>",
        f"<table><tr>{head}<th class=n>KS</th><th class=n>PSI</th></tr>{rows}</table>",
    ]


def _plot(shift: Shift) -> str:
    """Two lines with a box and a median on one scale: before in grey, after in the accent."""
    low, high = min(shift.before[0], shift.after[0]), max(shift.before[-1], shift.after[-1])
    span = (high - low) or 1.0

    def row(values: tuple[float, ...], y: int, ink: str) -> str:
        x = [4 + (WIDE - 8) * (value - low) / span for value in values]
        return (
            f'<line x1="{x[0]:.1f}" x2="{x[4]:.1f}" y1="{y}" y2="{y}" stroke="var(--{ink})"/>'
            f'<rect x="{x[1]:.1f}" y="{y - 5}" width="{max(1.0, x[3] - x[1]):.1f}" height="10" '
            f'fill="var(--surface)" stroke="var(--{ink})"/>'
            f'<line x1="{x[2]:.1f}" x2="{x[2]:.1f}" y1="{y - 5}" y2="{y + 5}" stroke="var(--{ink})" stroke-width="3"/>'
        )

    said = f"median {_number(shift.before[2])} before, {_number(shift.after[2])} after"
    return (
        f'<svg width="{WIDE}" height="{HIGH}" role="img" aria-label="{said}">'
        f"{row(shift.before, 9, 'ink-2')}{row(shift.after, 25, 'accent')}</svg>"
    )


def _mixes(mixes: list[Mix]) -> list[str]:
    if not mixes:
        return []
    rows = []
    for mix in mixes:
        totals = [max(1, sum(side)) for side in zip(*mix.counts.values(), strict=True)]
        changed = sorted(mix.counts.items(), key=lambda item: -abs(item[1][0] / totals[0] - item[1][1] / totals[1]))
        told = "; ".join(
            f"{value} {100 * a / totals[0]:.1f} → {100 * b / totals[1]:.1f} %" for value, (a, b) in changed[:VALUES]
        )
        rows.append((mix.column, f"{mix.distance:.3f}", told))
    return ["<h2>Categories that shifted</h2>", _table(("category", "distance", "shares"), rows)]


def _table(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    from curation.dataset.summary import table

    return table(head, rows)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
