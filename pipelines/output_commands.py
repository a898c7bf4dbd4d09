"""What is done with a finished dataset version: export it, compare it with another, search in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.crawl_options import DEFAULT_HOME, AsJson, Home
from pipelines.curate_commands import example

if TYPE_CHECKING:
    from curation.diff import Difference

ROWS = 12  # of a table in the terminal; --json has all
VALUE_LETTERS = 60  # of a category's value there
app = typer.Typer(rich_markup_mode="markdown")
dataset_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="markdown", help="List dataset versions, and write them in other forms."
)
app.add_typer(dataset_app, name="dataset")

DatasetName = Annotated[str, typer.Argument(help="Name, name@version or folder of a dataset version.")]


@dataset_app.command("list", epilog=example("gesso dataset list --home workspace/demo"))
def dataset_list(home: Home = DEFAULT_HOME, as_json: AsJson = False) -> None:
    """The dataset versions of a home, with their counts."""
    from curation.dataset import read_manifest, taken_down, versions_of
    from pipelines import terminal

    root = home / "datasets"
    names = sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    found = [
        {
            "dataset": f"{name}@{number}",
            **read_manifest(root / name / str(number))["counts"],
            "taken down": len(taken_down(root / name / str(number))),
        }
        for name in names
        for number in versions_of(home, name)
    ]
    if as_json:
        terminal.print_json(found)
    elif found:
        head: tuple[str, ...] = ("dataset", "input", "kept", "rejected", "failed")
        head = (*head, "taken down") if any(row["taken down"] for row in found) else head
        terminal.table("Datasets", head, [tuple(row[name] for name in head) for row in found], right=(1, 2, 3, 4, 5))
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
    captures: Annotated[
        str | None,
        typer.Option(help="The capture store with the pages' DOM, at any fsspec URL.", show_default="HOME/captures"),
    ] = None,
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
        made = export(open_dataset(dataset, home, captures), to, out, progress=progress, **options)
    if as_json:
        terminal.print_json(made.as_dict())
        return
    for reason, count in made.left_out.items():
        terminal.note(f"{count:,} rows left out: {reason}")
    again = ", unchanged since the last run" if made.unchanged else ""
    terminal.made(f"{made.rows:,} rows as {made.to} in {made.files} files, {made.bytes / 1e6:.1f} MB{again}", made.path)


@app.command(epilog=example("gesso diff landing@3 landing@4 --html diff.html"))
def diff(
    before: Annotated[str, typer.Argument(help="name@version or a folder; a bare name compares its two newest.")],
    after: Annotated[str | None, typer.Argument(help="The version to compare with.", show_default=False)] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with the screens that came and went.")] = None,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Compare two versions: rows in and out and why, the recipe, and how the kept rows' distributions shifted."""
    from curation.dataset import DatasetError, open_dataset, versions_of
    from curation.diff import compare
    from pipelines import terminal

    if after is None:
        numbers = versions_of(home, before)
        if not numbers:
            raise DatasetError(f"{open_dataset(before, home).name} alone: name the version to compare it with")
        if len(numbers) < 2:
            raise DatasetError(f"{before!r} has one version in {home}: name two to compare")
        before, after = (f"{before}@{number}" for number in numbers[-2:])
    first, second = open_dataset(before, home), open_dataset(after, home)
    found = compare(first, second)
    if html is not None:
        from curation.diff.page import document

        html.write_text(document(found, first, second), encoding="utf-8")
    if as_json:
        terminal.print_json(found.as_dict())
        return
    show_difference(found)
    if html is not None:
        terminal.made("comparison", html)


def show_difference(found: Difference) -> None:
    """The comparison in a terminal: the answer in the first line, then why, the most shifted columns last."""
    from pipelines import terminal

    kept = [found.counts[side]["kept"] for side in ("before", "after")]
    terminal.console.print(
        f"{found.before} → {found.after}: [keep]+{found.came:,}[/] [reject]−{found.went:,}[/], "
        f"{kept[0]:,} rows before, {kept[1]:,} after"
    )
    if found.same:
        terminal.console.print("nothing differs", style="quiet")
    for title, head, rows, right in (*_causes(found), *_shifts(found)):
        if rows:
            terminal.console.print()
            terminal.table(title, head, [tuple(plain_cell(cell) for cell in row) for row in rows], right=right)


Table = tuple[str, tuple[str, ...], list[tuple[object, ...]], tuple[int, ...]]


def _causes(found: Difference) -> list[Table]:
    """Title, head, rows and columns of numbers of what came and went, and of what changed in the recipe."""
    moves = [(m.captures, m.before, m.after, m.why) for m in found.moves[:ROWS]]
    splits = [(move.rows, move.before, move.after) for move in found.splits]
    changes = [(c.what, c.before or "–", c.after or "–") for c in found.recipe]
    return [
        ("Captures", ("n", "before", "after", "why"), [*moves], (0,)),
        ("Rows in another split: do not compare scores across them", ("n", "before", "after"), [*splits], (0,)),
        ("Recipe, features, packages", ("what", "before", "after"), [*changes], ()),
    ]


def _shifts(found: Difference) -> list[Table]:
    """The same of distributions and values, the most shifted first."""
    numbers = [
        (
            s.column,
            f"{s.before[2]:.4g} → {s.after[2]:.4g}",
            f"{s.before[0]:.4g} … {s.before[-1]:.4g} → {s.after[0]:.4g} … {s.after[-1]:.4g}",
            f"{s.ks:.3f}",
            f"{s.psi:.3f}",
        )
        for s in found.shifts[:ROWS]
        if s.ks > 0
    ]
    categories = [(m.column, f"{m.distance:.3f}", _told(m.counts)) for m in found.mixes[:ROWS] if m.distance > 0]
    values = [
        (v.column, v.feature or "–", v.captures, "–" if v.median_change is None else f"{v.median_change:.4g}")
        for v in found.values[:ROWS]
    ]
    return [
        ("Numbers of the kept rows", ("number", "median", "5 to 95 %", "KS", "PSI"), [*numbers], (3, 4)),
        ("Categories of the kept rows", ("category", "distance", "rows before → after"), [*categories], (1,)),
        ("Values that changed", ("column", "feature", "captures", "median change"), [*values], (2, 3)),
    ]


def plain_cell(value: object) -> str:
    """A cell in which brackets are brackets: rules and titles hold them, and rich would read them as markup."""
    from rich.markup import escape

    return escape(f"{value:,}" if isinstance(value, int) else str(value))


def _told(counts: dict[str, tuple[int, int]]) -> str:
    changed = sorted(counts.items(), key=lambda item: -abs(item[1][0] - item[1][1]))[:4]
    return "; ".join(f"{_short(value)} {before:,} → {after:,}" for value, (before, after) in changed)


def _short(value: str) -> str:
    """A category's value as a table shows it: one line, and of a long one its beginning."""
    text = " ".join(value.split())
    return text if len(text) <= VALUE_LETTERS else f"{text[: VALUE_LETTERS - 1]}…"


@app.command(epilog=example('gesso search "dark dashboard with charts" --home workspace/demo'))
def search(
    query: Annotated[str, typer.Argument(help="Words, a picture's file, or a capture id.")],
    dataset: Annotated[
        str | None, typer.Option("--dataset", "-d", help="Name, name@version or folder; the newest by default.")
    ] = None,
    count: Annotated[int, typer.Option("-n", "--count", help="How many.", min=1, max=400)] = 12,
    where: Annotated[str | None, typer.Option(help="SQL that a hit must pass: form_factor = 'phone'.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the hits as a page.")] = None,
    grid: Annotated[Path | None, typer.Option(help="Write the hits as one PNG picture.")] = None,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Find screens by words, by a picture, or more like a capture. The first search of a version builds its index."""
    from curation.dataset import newest, open_dataset
    from curation.search import open_search
    from pipelines import terminal

    with terminal.progress_lines(quiet=as_json) as progress:
        index = open_search(open_dataset(dataset or newest(home), home), progress)
    results = index.find(query, count, where)
    if html is not None:
        html.write_text(results.grid().page(), encoding="utf-8")
    if grid is not None:
        results.grid().png().save(grid, "PNG")
    if as_json:
        terminal.print_json(results.as_dict())
        return
    for text in results.notes:
        terminal.note(text)
    rows = [
        (
            hit.rank,
            hit.capture_id[:12],
            plain_cell(hit.facts.get("site", "")),
            ", ".join(f"{name} {place}" for name, (place, _) in hit.by.items()),
            plain_cell(hit.facts.get("caption") or hit.facts.get("title") or ""),
        )
        for hit in results.hits
    ]
    terminal.table(f"{plain_cell(results.query)} in {results.dataset}", ("", "capture", "site", "by", "what"), rows)
    for path in (html, grid):
        if path is not None:
            terminal.made(f"{len(rows)} hits", path)
    if not rows:
        terminal.note("nothing found: other words, or a wider --where")
