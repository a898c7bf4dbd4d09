"""A real Label Studio for the tests that need one: installed where it is missing, started once a session."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from annotations.client import Client
from annotations.items import Items, read_items
from annotations.pictures import LocalPictures
from annotations.server.access import Annotator, invite
from annotations.server.identity import server_name
from annotations.server.install import install
from annotations.server.process import Server, connection, pictures_folder, start
from benchmarks import label_set
from tests.conftest import ROOT

SCREENS = 120


@dataclass(frozen=True)
class LabelServer:
    """The server with its home, the owner's client, and a person who labels."""

    server: Server
    home: Path
    client: Client
    name: str
    items: Items
    ada: Annotator

    @property
    def pictures(self) -> LocalPictures:
        return LocalPictures(pictures_folder(self.home))


@pytest.fixture(scope="session")
def label_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabelServer]:
    """Without Label Studio this fails with what to do: it is never skipped."""
    home = tmp_path_factory.mktemp("labelling")
    label_set.write(home, SCREENS, scale=0.8)
    installed = install()
    with start(home, installed=installed) as server, server.client() as client:
        name = server_name(home, connection(home))
        items = read_items("screens", home)
        yield LabelServer(server, home, client, name, items, invite(client, "ada@localhost.local"))


@contextmanager
def serving(home: Path, word: str, *arguments: str, **environ: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`gesso label serve …` and what it said up to the line that has `word`; ended whatever happens."""
    command = [sys.executable, "-m", "pipelines.cli", "label", "serve", "--backend-port", "0", "--home", str(home)]
    process = subprocess.Popen(
        [*command, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "COLUMNS": "200", **environ},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if word in line:
                break
        else:
            pytest.fail(f"gesso label serve ended: {said}")
        yield process, said
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
