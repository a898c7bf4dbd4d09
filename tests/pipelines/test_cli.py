"""The command's surface: every command has help with an example, and help is quick."""

from __future__ import annotations

import logging
import re

import pytest
import typer

from pipelines import cli
from pipelines.cli import app
from tests.conftest import run_gesso


def commands(group: typer.Typer, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [
        (*prefix, (command.name or command.callback.__name__).replace("_", "-"))
        for command in group.registered_commands
        if command.callback
    ]
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        named = (inner.name,) if isinstance(inner.name, str) else ()  # a group without a name adds to its parent
        found += commands(inner.typer_instance, (*prefix, *named))
    return found


@pytest.mark.parametrize("command", commands(app), ids=" ".join)
def test_every_command_has_help_with_an_example(command: tuple[str, ...]) -> None:
    done = run_gesso(*command, "--help", TERM="dumb", COLUMNS="200")
    assert done.returncode == 0, done.stderr
    assert re.search(rf"Example.*gesso {' '.join(command)}\b", done.stdout, re.DOTALL), done.stdout


def test_no_arguments_shows_the_help() -> None:
    done = run_gesso()
    assert "crawl" in done.stdout + done.stderr


def test_what_libraries_log_stays_out_of_a_commands_output(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(cli, "collect_less_often", lambda: None)
    monkeypatch.setattr(cli, "app", lambda: logging.error("a tag was not found among %s", ["one", "two"]))
    cli.main()
    assert capfd.readouterr().err == ""


def test_ctrl_c_says_that_the_same_command_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    long = typer.Typer()

    @long.command()
    def work() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "collect_less_often", lambda: None)
    monkeypatch.setattr(cli, "app", long)
    monkeypatch.setattr("sys.argv", ["gesso"])
    with pytest.raises(SystemExit) as ending:
        cli.main()
    assert ending.value.code == 130
    assert capsys.readouterr().err == "gesso: stopped; the same command goes on from here\n"


def test_another_exit_says_nothing_more(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cli, "collect_less_often", lambda: None)
    monkeypatch.setattr("sys.argv", ["gesso", "--help"])
    with pytest.raises(SystemExit) as ending:
        cli.main()
    assert ending.value.code == 0
    assert not capsys.readouterr().err
