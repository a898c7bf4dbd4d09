"""`gesso demo`: the whole loop on the examples, from loopback pages to a Figma-ready export, with a summary to keep."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from crawlers.captures import CaptureStore
from pipelines import terminal
from pipelines.corpus import STORE_HOST, crawl_all
from pipelines.errors import GessoError
from pipelines.site_server import hosts_in, serving

ROOT = Path(__file__).resolve().parents[1]
PROMPT = "A calm landing page with a large headline, dark blue and cream"
MARKER = ".gesso-demo"
VARIANTS, SEED = 4, 7
DESIGNS_MEASURED = 24  # rendering every view would double the demo's time; these are spread over all sites


class DemoError(GessoError):
    """The demo cannot start: the examples are not there, or its home is somebody's."""


def prepare(home: Path, *, fresh: bool) -> None:
    """Make `home` ready. What an earlier demo left is removed only where the demo's own marker lies."""
    if not (ROOT / "examples" / "sites").is_dir():
        raise DemoError("examples/ is not beside the packages: run the demo from a clone of the repository")
    if fresh and home.exists() and any(home.iterdir()):
        if not (home / MARKER).exists():
            raise DemoError(f"{home} was not made by a demo and would be overwritten: give an empty folder to --home")
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    (home / MARKER).write_text("Made by `gesso demo`, which empties this folder when it starts.\n")


def crawl_examples(home: Path) -> None:
    hosts = hosts_in(ROOT / "examples" / "sites")
    seeds = ",".join(f"http://{host}/" for host in sorted(hosts))
    with serving({**hosts, STORE_HOST: ROOT / "examples" / "store"}) as server:
        crawl_all("fdroid", {"repo": f"http://{STORE_HOST}/repo", "entry": "json"}, home, server.address)
        crawl_all("web", {"seeds": seeds, "depth": "1"}, home, server.address)


def run_demo(
    home: Path, *, prompt: str | None = None, fresh: bool = True, encoder: str | None = None
) -> dict[str, Any]:
    """Run every stage, write `<home>/summary.json`, print what to open. Returns the summary."""
    from curation.recipe import load_recipe
    from curation.run import curate
    from models.diffusion.config import load_config
    from models.diffusion.infer import find_model, generate
    from models.diffusion.train import train

    started = time.monotonic()
    prepare(home, fresh=fresh)
    _stage("1 crawl", "the examples, served on loopback")
    crawl_examples(home)
    _stage("2 curate", "score once, decide in SQL")
    with terminal.progress_lines() as progress:
        recipe = load_recipe(ROOT / "recipes" / "demo.yaml")
        version = curate(recipe.with_encoder(encoder) if encoder else recipe, home, progress=progress)
    for note in version.notes:
        terminal.note(note)
    _stage("3 train", "a tiny text-to-image pipeline on the shards")
    with terminal.progress_lines() as progress:
        trained = train(load_config(ROOT / "recipes" / "train-tiny.yaml"), home, progress=progress)
        _stage("4 generate", f"{VARIANTS} variants")
        drawn = generate(
            find_model(trained.run_dir.name, home), prompt or PROMPT, n=VARIANTS, seed=SEED, out_dir=home / "generated",
            progress=progress,
        )  # fmt: skip
    _stage("5 design", "pick a variant, find its design, export it")
    exports = pick_design(drawn.images, version.path, home)
    store = CaptureStore(str(home / "captures"))
    pairs = measure_designs(store, home)

    captures = list(store.captures())
    summary: dict[str, Any] = {
        "captures": len(captures),
        "kept": version.kept,
        "rejected": version.rejected,
        "failed": version.failed,
        "shards": version.shards,
        "rows": version.kept,
        "sites": len({c.site for c in captures if c.page}),
        "pages": len({c.canonical_url for c in captures if c.page}),
        "listings": len({c.listing.app_id for c in captures if c.listing}),
        "train_steps": trained.steps,
        "train_loss_first": round(trained.loss_first, 4),
        "train_loss_last": round(trained.loss_last, 4),
        "variants": len(drawn.images),
        "designs": pairs["designs"],
        "design_pixel_diff_median": pairs["median"],
        "seconds": round(time.monotonic() - started, 1),
    }
    (home / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")
    _show(summary, {
        "report": version.path / "report.html",
        "generated grid": drawn.grid,
        "a design beside its screenshot": pairs["picture"],
        "picked design, as a page": exports["html"],
        "picked design, for Figma": exports["figma"],
        "summary": home / "summary.json",
    })  # fmt: skip
    return summary


def pick_design(variants: list[Path], dataset_dir: Path, home: Path) -> dict[str, Path]:
    """Pick the variant that comes nearest to a design of the dataset; write that design in its colours as every target.

    The pictures and fonts of the capture that the design comes from fill its slots. Returns target → file.
    """
    from models.vision.recolour import recolour
    from models.vision.retrieve import nearest_design
    from pipelines.export import TARGETS, bound_capture, write

    found = {variant: nearest_design(variant, dataset_dir) for variant in variants}
    picked = min(variants, key=lambda variant: found[variant].distance)
    _, bound = bound_capture(found[picked].capture_id, home)
    bound = replace(bound, design=recolour(found[picked].notation, picked))
    terminal.console.print(f"picked {picked.name}: nearest to the design of {found[picked].capture_id}", style="quiet")
    return {to: write(bound, to, home / "designs" / f"picked{suffix}") for to, (suffix, _) in TARGETS.items()}


def measure_designs(store: CaptureStore, home: Path) -> dict[str, Any]:
    """Count the designs, compare a spread of them with their screenshots, and lay the median one beside its own."""
    from pipelines.fidelity import measure, median_difference, representative, side_by_side, spread

    every = representative(store.captures())
    chosen = spread(every, DESIGNS_MEASURED)
    with terminal.progress_lines() as progress:
        results = measure(store, chosen, progress=progress)
    done = sorted((r for r in results if r.difference is not None), key=lambda r: r.difference or 0)
    for failed in (r for r in results if r.error):
        terminal.note(f"no design of {failed.url}: {failed.error}")
    if not done:
        raise DemoError("no page gave a design: see the notes above")
    screenshots = {capture.capture_id: capture for capture in chosen}
    desktop = [r for r in done if r.form_factor == "desktop"] or done
    shown = desktop[len(desktop) // 2]
    picture = side_by_side(
        store.read_image(screenshots[shown.capture_id]), shown.picture, home / "designs" / "side-by-side.png"
    )
    return {"designs": len(every), "median": median_difference(results), "picture": picture}


def _stage(name: str, what: str) -> None:
    terminal.console.print(f"\n[bold]{name}[/] [quiet]{what}[/]")


def _show(summary: dict[str, Any], to_open: dict[str, Path]) -> None:
    terminal.console.print()
    terminal.table("Summary", ("what", "value"), list(summary.items()), right=(1,))
    terminal.console.print()
    for what, path in to_open.items():
        terminal.made(what, path)
