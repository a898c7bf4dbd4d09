"""The `gesso` command: one verb a task. Commands import what they need when they run, so that --help is quick."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from crawlers.garbage import collect_less_often
from pipelines.crawl_commands import app as crawl_app
from pipelines.crawl_options import DEFAULT_HOME, AsJson, Home
from pipelines.curate_commands import app as curate_app
from pipelines.curate_commands import example
from pipelines.design_commands import app as design_app
from pipelines.label_commands import app as label_server_app
from pipelines.label_trust_commands import app as label_trust_app
from pipelines.output_commands import app as output_app

app = typer.Typer(
    name="gesso",
    help="Turn the web's and the app stores' screens into curated design datasets, and those into a design generator.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
train_app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Train models on a dataset version.")
label_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="markdown", help="Hand captures to labellers and take labels back."
)
app.add_typer(crawl_app, name="crawl")
app.add_typer(curate_app)  # without a name: its commands stand beside ours
app.add_typer(output_app)  # export, diff, search
app.add_typer(design_app, name="design")
app.add_typer(train_app, name="train")
app.add_typer(label_app, name="label")
label_app.add_typer(label_server_app)  # install, serve, invite, push, predict, pull
label_app.add_typer(label_trust_app)  # report, train, import


@train_app.command("diffusion", epilog=example("gesso train diffusion recipes/train-tiny.yaml"))
def train_diffusion(
    recipe: Annotated[Path, typer.Argument(help="A training recipe, see recipes/.")],
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Train or fine-tune text-to-image on a dataset version; the same command goes on after a crash."""
    from models.diffusion.config import load_config
    from models.diffusion.train import train
    from pipelines import terminal

    with terminal.progress_lines(quiet=as_json) as progress:
        result = train(load_config(recipe), home, progress=progress)
    if as_json:
        terminal.print_json(result.as_dict())
        return
    losses = f"loss {result.loss_first:.3f} to {result.loss_last:.3f}"
    terminal.made(f"{result.steps} steps, {losses}, {result.images_per_second:.0f} images/s", result.model_dir)


@train_app.command("encoder", epilog=example("gesso train encoder recipes/encoder-mini.yaml"))
def train_encoder(
    recipe: Annotated[Path, typer.Argument(help="A training recipe, see recipes/.")],
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Train or adapt a CLIP-like encoder on a dataset version; the same command goes on after a crash."""
    from models.encoder.config import load_config
    from models.encoder.train import train
    from pipelines import terminal

    with terminal.progress_lines(quiet=as_json) as progress:
        result = train(load_config(recipe), home, progress=progress)
    if as_json:
        terminal.print_json(result.as_dict())
        return
    losses = f"loss {result.loss_first:.3f} to {result.loss_last:.3f}"
    terminal.made(f"{result.steps} steps, {losses}, {result.images_per_second:.0f} images/s", result.model_dir)


@train_app.command("head", epilog=example("gesso train head recipes/quality.yaml"))
def train_head(
    recipe: Annotated[Path, typer.Argument(help="A training recipe, see recipes/.")],
    out: Annotated[Path | None, typer.Option(help="One more folder for the head and its manifest.")] = None,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Fit a head that grades screens 1 to 10, on pages and their damaged selves (`gesso crawl web --jitter all`)."""
    from models.quality.train import load_config, train
    from pipelines import terminal

    with terminal.progress_lines(quiet=as_json) as progress:
        result = train(load_config(recipe), home, out, progress)
    if as_json:
        terminal.print_json(result.as_dict())
        return
    said = f"{result.accuracy:.1%} of originals above their damaged selves on sites not seen, {result.pairs} pairs"
    terminal.made(said if result.in_force else f"{said}; a head trained on labels stays in force", result.path)


@app.command(epilog=example('gesso generate "calm onboarding for a sleep app" -n 8 --seed 7'))
def generate(
    prompt: Annotated[str, typer.Argument(help="What to draw, in a sentence.")],
    count: Annotated[int, typer.Option("-n", "--count", help="How many variants.", min=1, max=64)] = 4,
    seed: Annotated[int, typer.Option(help="Variant i uses seed + i.")] = 7,
    model: Annotated[str, typer.Option(help="A run's name, a diffusers folder, or a name on a hub.")] = "tiny",
    steps: Annotated[int, typer.Option(help="Denoising steps.", min=1, max=500)] = 20,
    guidance: Annotated[float, typer.Option(help="Classifier-free guidance scale.", min=0)] = 3.0,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Draw variants of a prompt: PNGs with their parameters inside, and a grid."""
    from models.diffusion.infer import find_model
    from models.diffusion.infer import generate as run
    from pipelines import terminal

    with terminal.progress_lines(quiet=as_json) as progress:
        result = run(
            find_model(model, home),
            prompt,
            n=count,
            seed=seed,
            steps=steps,
            guidance=guidance,
            out_dir=home / "generated",
            progress=progress,
        )
    if as_json:
        terminal.print_json({"grid": result.grid, "images": result.images})
        return
    terminal.made(f"{len(result.images)} variants", result.grid)


@app.command(epilog=example("gesso export 3f9c2a71d0b4 --to figma -o landing.json"))
def export(
    source: Annotated[str, typer.Argument(help="A capture id (its first 6 digits will do), or a .gesso file.")],
    to: Annotated[str, typer.Option(help="figma, html, svg, penpot, react, png, tokens or gesso.")] = "html",
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="File to write; beside the workspace by default.")
    ] = None,
    home: Home = DEFAULT_HOME,
) -> None:
    """Compile a design for an editor: a capture's DOM, or notation in a file."""
    from pipelines import terminal
    from pipelines.export import export as run

    terminal.made(f"design as {to}", run(source, to, home, out))


@app.command(epilog=example("gesso doctor"))
def doctor(home: Home = DEFAULT_HOME, as_json: AsJson = False) -> None:
    """Check Python, torch, compute, browser, disk and optional servers; exit 1 where something needed is missing."""
    from dataclasses import asdict

    from pipelines import terminal
    from pipelines.doctor import diagnose

    checks = diagnose(home)
    if as_json:
        terminal.print_json([asdict(check) for check in checks])
    else:
        marks = {"ok": "[keep]✓[/]", "absent": "[quiet]–[/]", "missing": "[reject]✗[/]"}
        rows = [(marks[c.state], c.name, c.found, "" if c.state == "ok" else c.remedy) for c in checks]
        terminal.table("Gesso doctor", ("", "what", "found", "remedy"), rows)
    if any(check.state == "missing" for check in checks):
        raise typer.Exit(1)


@app.command(epilog=example("gesso demo --home workspace/demo"))
def demo(
    home: Home = DEFAULT_HOME / "demo",
    prompt: Annotated[str, typer.Option(help="What to generate.")] = "",
    fresh: Annotated[bool, typer.Option(help="Start from an empty home.")] = True,
    encoder: Annotated[
        str | None, typer.Option(help="An open_clip NAME/TAG, hf-hub:NAME or a folder.", show_default="gesso-mini")
    ] = None,
) -> None:
    """Run the whole loop on the examples: crawl, curate, train, generate, design, export."""
    from pipelines.demo import run_demo

    run_demo(home, prompt=prompt or None, fresh=fresh, encoder=encoder)


def main() -> None:
    """Run the command; an error of ours is one line on stderr and exit code 2."""
    collect_less_often()
    logging.getLogger().addHandler(logging.NullHandler())  # else open_clip's first line makes all libraries talk
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads starve whatever shares the machine
    try:
        app()
    except SystemExit as ending:
        if _was_interrupted(ending):
            _say("stopped; the same command goes on from here")
        raise
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] in _ROOMS:
            raise
        extra = _EXTRA_OF.get(error.name.split(".")[0], "all")
        _say(f"{error.name} is not installed: pip install 'gesso[{extra}]'")
        raise SystemExit(2) from None
    except OSError as error:  # a file that the command was to read or write
        if error.filename is None or os.environ.get("GESSO_TRACEBACK"):
            raise
        _say(f"{error.filename}: {error.strerror}: see that it is there, may be written and has room")
        raise SystemExit(2) from None
    except Exception as error:
        if not _is_ours(error) or os.environ.get("GESSO_TRACEBACK"):
            raise
        _say(str(error))
        raise SystemExit(2) from None


_ROOMS = ("crawlers", "design", "curation", "annotations", "models", "pipelines")
_EXTRA_OF: dict[str, str] = {
    "scrapy": "crawl", "playwright": "crawl", "tldextract": "crawl", "protego": "crawl", "redis": "crawl",
    "bm25s": "curate", "duckdb": "curate", "faiss": "curate", "imagehash": "curate", "open_clip": "curate",
    "pandas": "curate", "matplotlib": "notebooks",
    "diffusers": "train", "transformers": "train", "torch": "train", "tokenizers": "train",
}  # fmt: skip


def _was_interrupted(ending: BaseException | None) -> bool:
    """Whether Ctrl-C is behind it: Typer makes an exit with 130 of it, without a word."""
    while ending is not None and not isinstance(ending, KeyboardInterrupt):
        ending = ending.__cause__ or ending.__context__
    return ending is not None


def _is_ours(error: Exception) -> bool:
    """Whether a room raised this on purpose. Imports the rooms' errors only now, when there is one."""
    import importlib

    kinds: list[Any] = [importlib.import_module(f"{room}.errors").GessoError for room in _ROOMS]
    return isinstance(error, tuple(kinds))


def _say(text: str) -> None:
    """One line on stderr, whatever breaks the text has."""
    sys.stderr.write(f"gesso: {' '.join(text.split())}\n")


if __name__ == "__main__":
    main()
