"""`gesso design`: what is done with notation alone: format it, look it over, hand out its schema and its grammar."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.crawl_options import AsJson
from pipelines.curate_commands import example
from pipelines.errors import GessoError

MAX_BYTES = 64 << 20
app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="markdown", help="Format, check and describe designs in notation."
)
Files = Annotated[list[Path], typer.Argument(help=".gesso files; - is what comes in.", metavar="FILE…")]


class DesignFileError(GessoError):
    """A notation file that is not there, is too large, is no text, or is not notation."""


def read_notation(path: Path) -> str:
    """The text of a file, or of stdin for `-`. Raises DesignFileError."""
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1) if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise DesignFileError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise DesignFileError(f"{path} is larger than {MAX_BYTES >> 20} MB: that is no design")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DesignFileError(f"{path} is no UTF-8 text (byte {error.start}): save it as such") from None


@app.command("fmt", epilog=example("gesso design fmt examples/card.gesso"))
def design_fmt(
    files: Files,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 where a file would change.")] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Leave out what cannot be read, and tell of it.")] = False,
) -> None:
    """Write notation the one way: short keys, in order, comments where they stood."""
    from design.errors import NotationError
    from design.notation.fmt import format_text
    from pipelines import terminal

    changed = 0
    for path in files:
        text = read_notation(path)
        try:
            formatted, errors = format_text(text, mend=repair)
        except NotationError as error:
            raise DesignFileError(f"{path}, {error}; --repair leaves it out") from None
        for left_out in errors:
            terminal.errors.print(f"{path}, {left_out}", markup=False, soft_wrap=True)
        if str(path) == "-" and not check:
            sys.stdout.write(formatted)
        elif formatted != text:
            changed += 1
            if not check:
                write_whole(path, formatted)
            terminal.note(f"{path} {'would change' if check else 'written'}")
    if check and changed:
        raise typer.Exit(1)


def write_whole(path: Path, text: str) -> None:
    """Replace a file at once, so that a kill leaves the old one or the new one."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


@app.command("lint", epilog=example("gesso design lint examples/card.gesso"))
def design_lint(
    files: Files,
    grid: Annotated[float, typer.Option(help="Px that spacing is a multiple of; 0 for any.", min=0)] = 4.0,
    skip: Annotated[list[str] | None, typer.Option(help="A rule to leave out; may be given again.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell of unreadable text, overlaps, odd spacing, tiny targets and names that lead nowhere; exit 1 where any is."""
    from design.lint import RULES, lint_text
    from pipelines import terminal

    if unknown := sorted(set(skip or ()) - set(RULES)):
        raise DesignFileError(f"{unknown[0]!r} is no rule: use {', '.join(RULES)}")
    found = [
        (str(path), finding)
        for path in files
        for finding in lint_text(read_notation(path), grid=grid)
        if finding.rule not in (skip or ())
    ]
    if as_json:
        rows = [{"file": name, "line": f.line, "rule": f.rule, "message": f.message} for name, f in found]
        terminal.print_json(rows)
    elif found:
        terminal.table(
            "Findings", ("where", "rule", "what"), [(f"{name}:{f.line}", f.rule, f.message) for name, f in found]
        )
    else:
        terminal.note(f"nothing to say about {len(files)} design{'s' if len(files) > 1 else ''}")
    if found:
        raise typer.Exit(1)


@app.command("schema", epilog=example("gesso design schema"))
def design_schema() -> None:
    """Print the JSON Schema of a design tree."""
    import json

    from design.schema import schema

    sys.stdout.write(json.dumps(schema(), indent=1) + "\n")


@app.command("json", epilog=example("gesso design json examples/card.gesso"))
def design_json(file: Annotated[Path, typer.Argument(help="A .gesso file; - is what comes in.")]) -> None:
    """Print a design as the JSON that the schema describes."""
    import json

    from design import parse
    from design.errors import NotationError
    from design.schema import to_json

    try:
        design = parse(read_notation(file))
    except NotationError as error:
        raise DesignFileError(f"{file}, {error}") from None
    sys.stdout.write(json.dumps(to_json(design), ensure_ascii=False, separators=(",", ":")) + "\n")


@app.command("grammar", epilog=example("gesso design grammar --form gbnf"))
def design_grammar(
    form: Annotated[str, typer.Option(help="gbnf (llama.cpp, XGrammar) or lark (llguidance).")] = "gbnf",
    levels: Annotated[int, typer.Option(help="How deep frames may nest.", min=1, max=256)] = 64,
) -> None:
    """Print the grammar that a constrained decoder is held to."""
    from design.notation.grammar import grammar
    from design.notation.grammar_forms import to_gbnf, to_lark

    forms = {"gbnf": to_gbnf, "lark": to_lark}
    if form not in forms:
        raise DesignFileError(f"{form!r} is no form of the grammar: use {' or '.join(forms)}")
    sys.stdout.write(forms[form](grammar(levels)))
