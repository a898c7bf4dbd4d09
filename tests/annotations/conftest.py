"""A real Label Studio for the tests that need one: installed where it is missing, started once a session."""

from __future__ import annotations

from collections.abc import Iterator
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
