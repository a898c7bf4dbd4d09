"""`gesso label report | train | import`: what labels are worth, heads that learn from them, labels given elsewhere."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.crawl_options import DEFAULT_HOME, AsJson, Home
from pipelines.curate_commands import example

if TYPE_CHECKING:
    from curation.dataset import Dataset

app = typer.Typer(rich_markup_mode="markdown")


@app.command("report", epilog=example("gesso label report landing"))
def label_report(
    dataset: Annotated[
        str | None,
        typer.Argument(help="Whose screens to show: name, name@version or folder.", show_default="the labels' own"),
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Only print where it is.")] = False,
    seed: Annotated[int, typer.Option(help="Of the resampling behind the intervals.")] = 7,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Say how far annotators agree, who can be relied on, what the labels amount to: a page, and consensus.parquet."""
    from dataclasses import asdict

    from rich.markup import escape

    from annotations.report import write_report
    from pipelines import terminal
    from pipelines.browser import open_page

    shown = _dataset_of_labels(dataset, home)
    with terminal.progress_lines(quiet=as_json) as progress:
        made = write_report(home, shown, seed=seed, progress=progress)
    agreed, people = made.alphas, made.people
    if as_json:
        terminal.print_json(
            _without_nan(
                {
                    "report": made.path,
                    "consensus": made.table,
                    "alpha": [{"task": task, "aspect": aspect, **asdict(a)} for (task, aspect), a in agreed.items()],
                    "annotators": [asdict(p) | {"verdict": p.verdict} for p in people.people],
                }
            )
        )
        return
    rows = [
        (escape(f"{task} {aspect}"), f"{a.value:.2f}", f"{a.low:.2f} to {a.high:.2f}", a.units)
        for (task, aspect), a in agreed.items()
    ]
    terminal.table("Agreement", ("aspect", "alpha", "95 %", "judged by several"), rows, right=(1, 3))
    colour = {"good": "keep", "guessing": "doubt", "contrary": "reject", "unsure": "quiet"}
    marks = [
        (escape(p.name), p.annotations, f"[{colour[p.verdict]}]{p.verdict}[/]", escape("; ".join(p.notes)))
        for p in people.people
    ]
    terminal.table("Annotators", ("who", "annotations", "verdict", "notes"), marks, right=(1,))
    terminal.note(f"consensus of {len(made.consensus.table):,} values in {made.table}")
    if not no_open:
        open_page(made.path)
    terminal.made("label report", made.path)


@app.command("train", epilog=example("gesso label train aesthetic --dataset landing"))
def label_train(
    task: Annotated[str, typer.Argument(help="aesthetic, nsfw or tags.")],
    dataset: Annotated[
        str | None,
        typer.Option(help="Whose embeddings: name, name@version or folder.", show_default="the labels' own, newest"),
    ] = None,
    group: Annotated[str, typer.Option(help="Of tags: which group of labels.")] = "page_type",
    seed: Annotated[int, typer.Option(help="Of folds and resampling.")] = 7,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Train a head on the labels; the next curation uses it where it wins on held-out pairs, by site."""
    from annotations.consensus import write_consensus
    from annotations.training import TrainingError
    from annotations.training import train as run
    from pipelines import terminal

    shown = _dataset_of_labels(dataset, home)
    if shown is None:
        raise TrainingError("the labels name no dataset version that is here: give --dataset NAME")
    with terminal.progress_lines(quiet=as_json) as progress:
        consensus, _ = write_consensus(home, seed=seed)
        made = run(task, consensus, shown, home, group=group, seed=seed, progress=progress)
    if as_json:
        terminal.print_json(_without_nan(made.as_dict()))
        return
    rows = [(name.replace("_", " "), str(value)) for name, value in made.metrics.items()]
    terminal.table(f"{made.kind} {made.number} on {shown.name}", ("what", "value"), rows, right=(1,))
    terminal.note(made.why + (" (these labels gave this head before)" if made.unchanged else ""))
    terminal.made(f"head {made.kind} {made.number}, {'in force' if made.in_force else 'not in force'}", made.path)


@app.command("import", epilog=example("gesso label import likes.jsonl"))
def label_import(
    file: Annotated[Path, typer.Argument(help="JSON lines, as docs/labels-trust.md describes them.")],
    keep_going: Annotated[bool, typer.Option(help="Leave bad lines out and name them.")] = False,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Take in likes, ratings, labels, comparisons and picks that were given elsewhere, as the same label events."""
    from annotations.events import events_folder
    from annotations.external import import_labels
    from pipelines import terminal

    found = import_labels(file, home, keep_going=keep_going)
    if as_json:
        terminal.print_json({"lines": found.lines, "events": found.events, "problems": found.problems})
        return
    for problem in found.problems:
        terminal.note(problem)
    terminal.made(f"{found.events:,} new label events of {found.lines:,} lines", events_folder(home))


def _without_nan(value: Any) -> Any:
    """The same with null for what is no number, which JSON has no word for."""
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _dataset_of_labels(name: str | None, home: Path) -> Dataset | None:
    """The version that was named, or the newest of the dataset that most events name; None where there is none."""
    from collections import Counter

    from annotations.events import read_current
    from curation.dataset import DatasetError, open_dataset

    if name is not None:
        return open_dataset(name, home)
    named = Counter(text.split("@")[0] for text in read_current(home)["dataset"].to_pylist() if text)
    for text, _ in named.most_common(1):
        try:
            return open_dataset(text, home)
        except DatasetError:
            return None
    return None
