"""What is done with a finished dataset version: export it, compare it with another, search in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.crawl_options import DEFAULT_HOME, AsJson, Home
from pipelines.curate_commands import example

app = typer.Typer(rich_markup_mode="markdown")
dataset_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="markdown", help="List dataset versions, and write them in other forms."
)
app.add_typer(dataset_app, name="dataset")

DatasetName = Annotated[str, typer.Argument(help="Name, name@version or folder of a dataset version.")]


@dataset_app.command("list", epilog=example("gesso dataset list --home workspace/demo"))
def dataset_list(home: Home = DEFAULT_HOME, as_json: AsJson = False) -> None:
    """The dataset versions of a home, with their counts."""
    from curation.dataset import read_manifest, versions_of
    from pipelines import terminal

    root = home / "datasets"
    names = sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    found = [
        {"dataset": f"{name}@{number}", **read_manifest(root / name / str(number))["counts"]}
        for name in names
        for number in versions_of(home, name)
    ]
    if as_json:
        terminal.print_json(found)
    elif found:
        head = ("dataset", "input", "kept", "rejected", "failed")
        terminal.table("Datasets", head, [tuple(row[name] for name in head) for row in found], right=(1, 2, 3, 4))
    else:
        terminal.note(f"no dataset in {home}: run gesso curate RECIPE")


@dataset_app.command("export", epilog=example("gesso dataset export demo --to webdataset"))
def dataset_export(
    dataset: DatasetName,
    to: Annotated[str, typer.Option(help="webdataset, hub, coco or csv.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A new folder; by default in HOME/exports.", file_okay=False)
    ] = None,
    rows: Annotated[int | None, typer.Option(help="Rows of a CSV sample.", min=1)] = None,
    seed: Annotated[int | None, typer.Option(help="Which rows a CSV sample has.")] = None,
    link: Annotated[bool, typer.Option(help="Hard links instead of copies of the shards, for hub.")] = False,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Write a version as WebDataset tars, as a folder for a hub, as COCO boxes, or as a CSV sample.

    A killed export goes on with the same command, to the same bytes.
    """
    from curation.dataset import open_dataset
    from curation.exports import export
    from pipelines import terminal

    given: dict[str, Any] = {"rows": rows, "seed": seed, "link": link or None}
    options = {name: value for name, value in given.items() if value is not None}
    with terminal.progress_lines(quiet=as_json) as progress:
        made = export(open_dataset(dataset, home), to, out, progress=progress, **options)
    if as_json:
        terminal.print_json(made.as_dict())
        return
    for reason, count in made.left_out.items():
        terminal.note(f"{count:,} rows left out: {reason}")
    again = ", unchanged since the last run" if made.unchanged else ""
    terminal.made(f"{made.rows:,} rows as {made.to} in {made.files} files, {made.bytes / 1e6:.1f} MB{again}", made.path)
