"""`gesso label report`: read the events, agree, and write one HTML file that needs nothing else and runs no script."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import curation.tokens
from annotations import agreement
from annotations.annotators import Annotators, annotators
from annotations.box_agreement import BoxAgreement, box_agreement
from annotations.box_consensus import boxes_of
from annotations.consensus import Consensus, write_consensus
from annotations.judgements import Key, alpha_arrays, judgements
from annotations.report import sections
from annotations.report.sections import Shot

if TYPE_CHECKING:
    from curation.dataset import Dataset

HERE = Path(__file__).parent
NOT_ALPHA = (("caption_check", "caption"),)
Progress = Callable[[str, int, int], None]
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
{style}</style>
</head>
<body>
<div class="page">
<fieldset class="theme" aria-label="Colours" style="margin:0;padding:0">
<label><input type="radio" name="theme" id="theme-system" checked>System</label>
<label><input type="radio" name="theme" id="theme-light">Light</label>
<label><input type="radio" name="theme" id="theme-dark">Dark</label>
</fieldset>
{body}
</div>
</body>
</html>
"""


def alphas(consensus: Consensus, *, without: frozenset[str] = frozenset(), seed: int = 7) -> dict[Key, agreement.Alpha]:
    """Krippendorff's alpha of each task and aspect that two annotators or more judged the same things of.

    `without` leaves annotators out, such as those whose answers are worth nothing.
    """
    found = {}
    for key, some in judgements(consensus.events).items():
        if key in NOT_ALPHA:
            continue
        units, people, values, level = alpha_arrays(key, some)
        keep = ~np.isin(people, sorted(without))
        made = agreement.alpha(units[keep], people[keep], values[keep], level, seed=seed)
        if made.units:
            found[key] = made
    return found


def boxes(consensus: Consensus, *, seed: int = 7) -> BoxAgreement | None:
    """Agreement on element boxes; None where nobody drew any on the same screen."""
    found = box_agreement(boxes_of(consensus.events), seed=seed)
    return found if found.items else None


@dataclass(frozen=True)
class Report:
    """The page, the consensus file, and what stands in both."""

    path: Path
    table: Path
    consensus: Consensus
    alphas: dict[Key, agreement.Alpha]
    people: Annotators


def write_report(
    home: Path,
    dataset: Dataset | None = None,
    *,
    out: Path | None = None,
    seed: int = 7,
    progress: Progress | None = None,
) -> Report:
    """Write the consensus and `<home>/labels/report.html`; screens are shown where the dataset has them.

    Raises ConsensusError where nothing was labelled.
    """
    steps = 4

    def step(done: int) -> None:
        if progress is not None:
            progress("report", done, steps)

    step(0)
    consensus, table = write_consensus(home, seed=seed)
    step(1)
    people = annotators(consensus)
    bad = frozenset(p.name for p in people.people if p.verdict in ("guessing", "contrary"))
    step(2)
    every, drawn = alphas(consensus, seed=seed), boxes(consensus, seed=seed)
    agreed = alphas(consensus, without=bad, seed=seed) if bad else every
    step(3)
    wanted = sections.screens_wanted(consensus)
    shots = pictures(dataset, wanted) if dataset is not None else {}
    body = "\n".join(
        [
            sections.answer(consensus, agreed, people),
            sections.agreement_part(agreed, every, drawn),
            sections.people_part(people),
            sections.position_part(people),
            sections.anchoring_part(people),
            sections.speed_part(people),
            sections.consensus_part(consensus, shots),
            sections.heads_part(home),
            sections.foot(consensus),
        ]
    )
    style = curation.tokens.SHEET.read_text(encoding="utf-8") + (HERE / "trust.css").read_text(encoding="utf-8")
    path = out or Path(home) / "labels" / "report.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    aside.write_text(PAGE.format(title="Labels · Gesso", style=style, body=body), encoding="utf-8")
    aside.replace(path)
    step(4)
    return Report(path, table, consensus, every, people)


def pictures(dataset: Dataset, wanted: Iterable[str]) -> dict[str, Shot]:
    """Picture sha256 → a thumbnail as a data: URL and its site, of those the dataset has."""
    from curation.grid import Cell

    quoted = ", ".join(f"'{sha256}'" for sha256 in sorted(set(wanted)) if sha256.isalnum())
    found: dict[str, Shot] = {}
    if not quoted:
        return found
    for picture in dataset.images(
        None, f"image_sha256 IN ({quoted})", "capture_id", ["image_sha256", "site"], "review"
    ):
        thumbnail = Cell(picture.capture_id, picture.image).thumbnail
        if thumbnail is None:
            continue
        out = io.BytesIO()
        thumbnail.save(out, "WEBP", quality=74, method=2)
        address = f"data:image/webp;base64,{base64.b64encode(out.getvalue()).decode()}"
        found[picture.row["image_sha256"]] = Shot(
            address, escape(str(picture.row["site"] or "")), thumbnail.width / thumbnail.height
        )
    return found
