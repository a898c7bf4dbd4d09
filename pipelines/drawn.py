"""Pictures of drawn apps' screens, to train an encoder on: `python -m pipelines.drawn OUT [--apps 900] [--seed 7]`.

OUT gets `images/` and `train.parquet`, the table that `models.encoder.pack --also` takes. What is drawn, and what a
listing says of it, follows from the seed; a run that is broken off goes on where it stood.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from crawlers.browser.find import require_chromium
from models.encoder.drawn.compose import Drawing, draw

LONG = 448  # px of a picture's longer side
SCALE = 0.6


def picture(page: Any, drawing: Drawing) -> bytes:
    """WebP of a drawing. `page` is a page of Playwright's synchronous API."""
    page.set_viewport_size({"width": drawing.width, "height": drawing.height})
    page.set_content(drawing.html, wait_until="commit")
    image = Image.open(io.BytesIO(page.screenshot(type="png"))).convert("RGB")
    image.thumbnail((LONG, LONG), Image.Resampling.LANCZOS)
    kept = io.BytesIO()
    image.save(kept, "WEBP", quality=80)
    return kept.getvalue()


def make(out: Path, apps: int, seed: int) -> int:
    """Draw what is missing and write the table; returns how many pictures there are."""
    from playwright.sync_api import sync_playwright

    images = out / "images"
    images.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    begun = time.monotonic()
    flags = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(require_chromium()), args=flags)
        context = browser.new_context(device_scale_factor=SCALE, java_script_enabled=False, offline=True)
        page = context.new_page()
        for number in range(apps):
            app = draw(seed, number)
            for position, drawing in enumerate(app.drawings):
                path = images / f"{seed}-{number:05}-{position}.webp"
                if not path.is_file():
                    aside = path.with_suffix(".part")
                    aside.write_bytes(picture(page, drawing))
                    aside.replace(path)
                rows.append(
                    {
                        "image": path.name,
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
                )
            if number % 20 == 19:
                sys.stderr.write(
                    f"\r{number + 1} of {apps} apps, {len(rows) / (time.monotonic() - begun):.1f} screens/s "
                )
        browser.close()
    sys.stderr.write("\n")
    pq.write_table(pa.Table.from_pylist(rows), out / "train.parquet", compression="zstd")
    return len(rows)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="pipelines.drawn", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--apps", type=int, default=900)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(arguments)
    count = make(options.out, options.apps, options.seed)
    sys.stdout.write(f"{count} screens of {options.apps} drawn apps: {options.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
