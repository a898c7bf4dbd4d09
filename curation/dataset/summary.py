"""What a notebook shows for a dataset version: one sentence, the funnel, the splits, a few screens."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any

from curation.grid import notebook

if TYPE_CHECKING:
    from curation.dataset.opened import Dataset

SCREENS = 6


def summary(dataset: Dataset) -> str:
    """HTML; every text from recipe, page or listing is escaped."""
    facts = dataset.manifest
    counts = facts["counts"]
    left = counts["input"] - counts["failed"]
    funnel = [("decoded", left, f"{counts['failed']} failed" if counts["failed"] else "")]
    funnel += [(step["name"], step["left"], f"−{step['rejected']}") for step in facts["funnel"] if step["rejected"]]
    splits = [(name, split["rows"], f"{split['sites']} sites") for name, split in facts["splits"].items()]
    parts = [
        f"<h3>{escape(dataset.name)}</h3>",
        f"<p>{escape(str(facts['description']))}</p>" if facts["description"] else "",
        f'<p><strong class="keep">{counts["kept"]:,} kept</strong> of {counts["input"]:,} captures, '
        f'<span class="reject">{counts["rejected"]:,} rejected</span> by name, {counts["failed"]:,} failed. '
        f"{len(facts['columns'])} columns, {len(facts['shards'])} shards.</p>",
        table(("step", "left", ""), funnel),
        table(("split", "rows", ""), splits),
    ]
    parts += [f'<p class="doubt">{escape(str(note))}</p>' for note in facts["notes"]]
    if counts["kept"]:
        parts.append(dataset.show(min(SCREENS, counts["kept"])).body())
    return notebook("".join(parts))


def table(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    """An HTML table; numbers stand to the right."""

    def cell(tag: str, value: Any) -> str:
        number = isinstance(value, int | float)
        text = f"{value:,}" if number else escape(str(value))
        return f"<{tag}{' class=n' if number else ''}>{text}</{tag}>"

    lines = ["".join(cell("th", name) for name in head)]
    lines += ["".join(cell("td", value) for value in row) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"
