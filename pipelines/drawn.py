"""Pictures of drawn apps' screens, to train an encoder on: `python -m pipelines.drawn OUT [--apps 900] [--seed 7]`.

OUT gets `images/` and `train.parquet`, the table that `models.encoder.pack --also` takes. What is drawn, and what a
listing says of it, follows from the seed; a run that is broken off goes on where it stood.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from crawlers.browser.render import RenderJob, render_html
from crawlers.errors import GessoError
from models.encoder.drawn.compose import Drawing, DrawnApp, draw
from pipelines import terminal

LONG = 448  # px of a picture's longer side
SCALE = 0.6
BATCH = 64  # pictures a browser: what a run that is broken off has to draw again at most


def make(out: Path, apps: int, seed: int) -> int:
    """Draw what is missing and write the table; returns how many pictures there are. Raises GessoError."""
    images = out / "images"
    images.mkdir(parents=True, exist_ok=True)
    drawn = [(number, draw(seed, number)) for number in range(apps)]
    wanted = {
        images / name_of(seed, number, position): drawing
        for number, app in drawn
        for position, drawing in enumerate(app.drawings)
    }
    missing = [(path, drawing) for path, drawing in wanted.items() if not path.is_file()]
    with terminal.progress_lines() as progress:
        for start in range(0, len(missing), BATCH):
            progress("screens drawn", start, len(missing))
            some = missing[start : start + BATCH]
            for (path, _), png in zip(some, render_html([job_of(drawing) for _, drawing in some]), strict=True):
                aside = path.with_suffix(".part")
                aside.write_bytes(shrunk(png))
                aside.replace(path)
        progress("screens drawn", len(missing), len(missing))
    rows = [row for number, app in drawn for row in rows_of(app, seed, number)]
    pq.write_table(pa.Table.from_pylist(rows), out / "train.parquet", compression="zstd")
    return len(rows)


def name_of(seed: int, number: int, position: int) -> str:
    return f"{seed}-{number:05}-{position}.webp"


def job_of(drawing: Drawing) -> RenderJob:
    return RenderJob(html=drawing.html, width=drawing.width, height=drawing.height, dpr=SCALE)


def shrunk(png: bytes) -> bytes:
    """WebP of a picture, no longer than LONG."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.thumbnail((LONG, LONG), Image.Resampling.LANCZOS)
    kept = io.BytesIO()
    image.save(kept, "WEBP", quality=80)
    return kept.getvalue()


def rows_of(app: DrawnApp, seed: int, number: int) -> list[dict[str, Any]]:
    """A row a picture, with the columns that `models.encoder.pack` reads."""
    return [
        {
            "image": name_of(seed, number, position),
            "app_id": app.app_id,
            "repo": None,
            "app_name": app.name,
            "summary": app.summary,
            "description": app.description,
            "file_hint": drawing.hint,
            "locale": "en-US",
            "form_factor": "phone",
            "position": position + 1,
            "licence": "Apache-2.0",
            "categories": list(app.categories),
        }
        for position, drawing in enumerate(app.drawings)
    ]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="pipelines.drawn", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--apps", type=int, default=900)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(arguments)
    try:
        count = make(options.out, options.apps, options.seed)
    except GessoError as error:
        sys.stderr.write(f"pipelines.drawn: {error}\n")
        return 2
    sys.stdout.write(f"{count} screens of {options.apps} drawn apps: {options.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
