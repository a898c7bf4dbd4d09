"""How `gesso why` and `gesso curate --what-if` look in a terminal. Texts from pages are shown as text."""

from __future__ import annotations

from rich.markup import escape

from curation.what_if import Count, Example, WhatIf
from curation.why import Why
from pipelines import terminal

MARKS = {True: "[keep]✓[/]", False: "[reject]✗[/]", None: "[doubt]?[/]"}
SHOWN = 12  # captures whose fate changes, in a terminal


def plain(text: object) -> str:
    """A text of unknown origin for a table: no markup, no control characters."""
    return escape("".join(c if c.isprintable() else " " for c in str(text)))


def show_what_if(outcome: WhatIf) -> None:
    for rule in outcome.rules:
        old = outcome.replaced.get(rule.name)
        terminal.note(f"what if {rule.name}: {rule.sql}" + (f"   (instead of {old})" if old else ""))
    reasons = [count for count in outcome.reasons if count.before or count.after]
    rows = [*_counts(outcome.states), *_counts(reasons, "− "), *_counts(outcome.splits, "split ")]
    terminal.table("", ("captures", "now", "then", "change"), rows, right=(1, 2, 3))
    _examples("nearest to the threshold", outcome.borderline)
    _examples("no longer kept", outcome.out[:SHOWN])
    _examples("kept now", outcome.back[:SHOWN])


def _counts(counts: list[Count], prefix: str = "") -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for count in counts:
        change = count.after - count.before
        rows.append(
            (prefix + plain(count.name), f"{count.before:,}", f"{count.after:,}", f"{change:+,}" if change else "")
        )
    return rows


def _examples(title: str, examples: list[Example]) -> None:
    if not examples:
        return
    rows = [
        (
            e.capture_id,
            plain(e.site),
            "" if e.value is None else f"{plain(e.operand)} {e.value:.4g}",
            plain(e.after) if e.before == e.after else f"{plain(e.before)} → {plain(e.after)}",
        )
        for e in examples
    ]
    terminal.table(title, ("capture", "site", "value", "fate"), rows)


def show_why(found: Why) -> None:
    fate = {"kept": f"[keep]kept[/], split {plain(found.split)}", "failed": f"[doubt]failed[/]: {plain(found.reason)}"}
    said = fate.get(found.state, f"[reject]rejected[/] by {plain(found.stage)} {plain(found.reason)}")
    rows: list[tuple[object, ...]] = [("in " + plain(found.dataset), said), ("site", plain(found.site))]
    rows += [("page", plain(found.url))] if found.url else []
    rows += [("stands for it", found.kept_id)] if found.kept_id else []
    rows += (
        [("stands for", ", ".join(found.copies[:8]) + (" …" if len(found.copies) > 8 else ""))] if found.copies else []
    )
    if found.component:
        about = found.component
        captures, sites = terminal.many(about["captures"], "capture"), terminal.many(about["sites"], "site")
        size = f"{captures} of {sites}, {about['kept']} kept"
        rows.append(("component", f"{size}, all in {', '.join(about['splits']) or 'no split'}"))
    rows += [("no value", plain(error)) for error in found.errors]
    terminal.table(f"capture {found.capture_id}", ("", ""), rows)
    rules = [(MARKS[r.passed], r.name, plain(r.sql), plain(", ".join(r.values))) for r in found.rules]
    terminal.table("keep rules", ("", "rule", "keeps where", "here"), rules)
    if found.ties:
        ties = [(t.relation, t.capture_id, plain(t.why), plain(t.fate)) for t in found.ties]
        terminal.table("related captures", ("relation", "capture", "because", "fate"), ties)
    if found.balance:
        steps = [
            (
                MARKS[not b.dropped],
                b.name,
                plain(b.group),
                "" if b.after is None else f"{b.after:,} of {b.before:,} stay",
            )
            for b in found.balance
        ]
        terminal.table("balance", ("", "step", "group", "rows"), steps)
    signals = [
        (plain(s.get("effect", "")), plain(s.get("source", "")), plain(s.get("evidence", ""))[:200])
        for s in found.signals
    ]
    stated = f"rights: {'allowed' if found.allowed else 'not allowed'}, licence {plain(found.licence or 'not stated')}"
    terminal.table(stated, ("effect", "source", "evidence"), signals)
