"""`gesso design` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.design_commands import DesignFileError, app

RUNNER = CliRunner()


def test_fmt_rewrites_what_is_spelled_and_check_only_tells(tmp_path: Path) -> None:
    file = tmp_path / "a.gesso"
    file.write_text("// why\ncolumn A padding=4\n")
    assert RUNNER.invoke(app, ["fmt", "--check", str(file)]).exit_code == 1
    assert "padding" in file.read_text()
    assert RUNNER.invoke(app, ["fmt", str(file)]).exit_code == 0
    assert file.read_text() == "// why\ncol A p4\n"
    assert RUNNER.invoke(app, ["fmt", "--check", str(file)]).exit_code == 0


def test_lint_exits_1_with_its_findings_and_0_without(tmp_path: Path) -> None:
    file = tmp_path / "a.gesso"
    file.write_text("col 400 p13 #ffffff\n")
    result = RUNNER.invoke(app, ["lint", "--json", str(file)])
    assert result.exit_code == 1
    assert [(row["line"], row["rule"]) for row in json.loads(result.stdout)] == [(1, "spacing")]
    assert RUNNER.invoke(app, ["lint", "--skip", "spacing", str(file)]).exit_code == 0


def test_schema_and_grammar_print_themselves() -> None:
    assert json.loads(RUNNER.invoke(app, ["schema"]).stdout)["title"] == "Gesso design"
    assert RUNNER.invoke(app, ["grammar", "--form", "lark"]).stdout.startswith("start: root\n")
    assert RUNNER.invoke(app, ["grammar", "--levels", "3"]).stdout.startswith("root ::=")


@pytest.mark.parametrize(
    ("content", "message"), [(b"\xff\xfe", "no UTF-8"), (b"col wat\n", "line 1, column 5"), (None, "cannot be read")]
)
def test_a_file_that_is_no_notation_is_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    file = tmp_path / "a.gesso"
    if content is not None:
        file.write_bytes(content)
    error = RUNNER.invoke(app, ["fmt", str(file)]).exception
    assert isinstance(error, DesignFileError)
    assert message in str(error)
    assert str(file) in str(error)
