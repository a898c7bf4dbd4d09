"""Finding features: the built-in ones by name, users' own through the entry point group."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.features import BUILTIN, FeatureError, create, known

PLUGIN = """
import pyarrow as pa
from curation.features.base import Feature

class Mine(Feature):
    name = "mine"

    @property
    def schema(self):
        return pa.schema([("mine", pa.int32())])
"""


def install(folder: Path, value: str, name: str = "mine") -> None:
    (folder / "my_features.py").write_text(PLUGIN)
    info = folder / "my_features-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-features\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[gesso.features]\n{name} = {value}\n")


@pytest.mark.parametrize("name", BUILTIN)
def test_every_built_in_feature_bears_its_name(name: str) -> None:
    assert create(name).name == name


def test_a_users_feature_is_found_by_its_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "my_features:Mine")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "mine" in known()
    assert create("mine").schema.names == ["mine"]


def test_a_built_in_name_cannot_be_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "my_features:Mine", name="ink")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert type(create("ink")).__name__ == "Ink"


def test_a_plug_in_that_does_not_load_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "nowhere_at_all:Mine")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(FeatureError, match="'mine' cannot be loaded"):
        create("mine")
