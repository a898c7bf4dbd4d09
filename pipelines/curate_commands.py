"""The commands about dataset versions: curate, report and what explains them, at the top level of `gesso`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipelines.crawl_options import DEFAULT_HOME, AsJson, Home
from pipelines.errors import GessoError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from curation.recipe import Recipe

app = typer.Typer(rich_markup_mode="markdown")


class CurateOptionError(GessoError):
    """An option that would do nothing beside the others."""


def example(text: str) -> str:
    """The example that stands below a command's options."""
    return f"**Example** `{text}`"


@app.command(epilog=example("gesso curate recipes/demo.yaml"))
def curate(
    recipe: Annotated[Path, typer.Argument(help="A recipe, see recipes/.")],
    force: Annotated[bool, typer.Option(help="Write a new version even if nothing changed.")] = False,
    captures: Annotated[
        str | None, typer.Option(help="A capture store at any fsspec URL.", show_default="HOME/captures")
    ] = None,
    engine: Annotated[Literal["local", "ray"], typer.Option(help="Where features are computed.")] = "local",
    address: Annotated[
        str | None, typer.Option(help="A Ray cluster: HOST:PORT, or auto.", show_default="this machine")
    ] = None,
    publish: Annotated[
        str | None, typer.Option(help="Copy the version to this fsspec URL, s3://… say, manifest last.")
    ] = None,
    table: Annotated[
        Path | None, typer.Option(help="Parquet with captures and features, in the place of a capture store.")
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(help="In the place of the recipe's: an open_clip NAME/TAG, hf-hub:NAME, gesso-mini or a folder."),
    ] = None,
    what_if: Annotated[
        list[str] | None,
        typer.Option(
            help="Print what another rule would change, and write nothing: SQL, or `rule: SQL` to replace one."
        ),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="With --what-if: a page with the captures that change.")] = None,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Score the captures, decide by the recipe, and write a dataset version with its report."""
    _refuse(
        {
            "--html": html and not what_if and "goes with --what-if",
            "--address": address and engine != "ray" and "goes with --engine ray",
            "--engine ray": engine == "ray" and (table or what_if) and "computes nothing for --table and --what-if",
            "--publish": publish and what_if and "has nothing to copy: --what-if writes no version",
            "--force": force and what_if and "has no use: --what-if writes no version",
        }
    )
    if what_if:
        _what_if(_read(recipe, encoder), recipe, home, what_if, captures, table, html, as_json)
        return
    from curation.engine import Choice
    from curation.publish import publish as put
    from curation.run import curate as run
    from curation.run import curate_table
    from pipelines import terminal

    with terminal.progress_lines(quiet=as_json) as progress:
        on = Choice(engine, address)
        read = _read(recipe, encoder)
        if table is not None:
            version = curate_table(read, home, table, store=captures, force=force, progress=progress)
        else:
            version = run(read, home, store=captures, force=force, progress=progress, on=on)
        place = put(version.path, publish, progress) if publish else None
    if as_json:
        terminal.print_json(version.as_dict())
        return
    rows: list[tuple[object, ...]] = [("captures", version.input)]
    rows += [(f"[reject]−[/] {rule}", count) for rule, count in version.rejected_by.items() if count]
    rows += [("[doubt]−[/] failed", version.failed)] if version.failed else []
    rows += [("[keep]kept[/]", version.kept)]
    terminal.table(f"{version.name}@{version.version}", ("step", "captures"), rows, right=(1,))
    for text in version.notes:
        terminal.note(text)
    what = f"{version.name}@{version.version}, {version.kept} rows in {version.shards} shards"
    terminal.made(what + (", unchanged since the last run" if version.unchanged else ""), version.path)
    if place is not None:
        terminal.note(f"published at {place}")


def _refuse(vain: Mapping[str, object]) -> None:
    """Stop at the first option for which there is a reason why it would do nothing."""
    for option, why in vain.items():
        if why:
            raise CurateOptionError(f"{option} {why}: leave one of them out, or add what is missing")


def _read(path: Path, encoder: str | None) -> Recipe:
    from curation.recipe import load_recipe

    recipe = load_recipe(path)
    return recipe.with_encoder(encoder) if encoder else recipe


def _what_if(
    recipe: Recipe,
    path: Path,
    home: Path,
    changes: list[str],
    captures: str | None,
    table: Path | None,
    html: Path | None,
    as_json: bool,
) -> None:
    from crawlers.captures import CaptureStore, StoreError
    from curation import what_if_page
    from curation.what_if import what_if
    from pipelines import terminal
    from pipelines.explained import show_what_if

    with terminal.progress_lines(quiet=as_json) as progress:
        outcome = what_if(recipe, home, changes, store=captures, source=table, progress=progress)
    if html is not None:
        try:
            store = CaptureStore(captures or str(home / "captures"))
        except StoreError:
            store = None  # a table may come without its pictures
        what_if_page.write(outcome, store, html)
    if as_json:
        terminal.print_json(outcome.as_dict())
        return
    show_what_if(outcome)
    terminal.made(f"{outcome.changed:,} captures would change, nothing written", html or path)


@app.command(epilog=example("gesso why 3f9c2a71d0b4 demo"))
def why(
    capture: Annotated[str, typer.Argument(help="A capture id; its first digits will do.")],
    dataset: Annotated[
        str | None, typer.Argument(help="Name, name@version or folder.", show_default="the newest that has it")
    ] = None,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Explain a capture's fate: every rule with its values, relations, rights, split and balance."""
    from curation.why import find
    from curation.why import why as explain
    from pipelines import terminal
    from pipelines.explained import show_why

    found = explain(find(home, capture, dataset), capture)
    if as_json:
        terminal.print_json(found.as_dict())
        return
    show_why(found)


@app.command(epilog=example("gesso report demo"))
def report(
    dataset: Annotated[str, typer.Argument(help="Name, name@version or folder of a dataset version.")],
    no_open: Annotated[bool, typer.Option("--no-open", help="Only print where it is.")] = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Open a dataset version's report in the browser."""
    from curation.dataset import resolve_dataset, taken_down
    from pipelines import terminal
    from pipelines.browser import open_page

    path = resolve_dataset(home, dataset) / "report.html"
    if not no_open:
        open_page(path)
    if gone := taken_down(path.parent):
        terminal.note(f"{len(gone)} captures in it were taken down since: gesso curate makes a version without them")
    terminal.made("report", path)


@app.command(epilog=example("gesso features"))
def features(home: Home = DEFAULT_HOME, as_json: AsJson = False) -> None:
    """List the features that a recipe may name: what each needs and gives, and whether it is at hand here."""
    from dataclasses import asdict

    from curation.features.listing import listed
    from pipelines import terminal

    found = listed(home)
    if as_json:
        terminal.print_json([asdict(feature) for feature in found])
        return
    for feature in found:
        mark = "[keep]✓[/]" if feature.at_hand else "[quiet]–[/]"
        terminal.console.print(f"{mark} [bold]{feature.name}[/]", end="  ")
        terminal.console.print(feature.offers, markup=False, soft_wrap=True)
        details = [("needs", ", ".join(feature.needs)), ("gives", ", ".join(feature.columns)), ("lacks", feature.why)]
        details += [("from", feature.origin)] if feature.origin != "gesso" else []
        for label, text in details:
            if text:
                terminal.console.print(f"    [quiet]{label}[/] ", end="")
                terminal.console.print(text, markup=False, soft_wrap=True)
    at_hand = sum(feature.at_hand for feature in found)
    terminal.note(f"{at_hand} of {len(found)} features at hand; a recipe names them under features:")
