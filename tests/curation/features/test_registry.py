"""Finding features: the built-in ones by name, users' own through the entry point group."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image as Pictures

from crawlers.captures import CaptureStore
from curation.features import BUILTIN, FeatureError, create, known
from curation.features.listing import listed
from curation.run import curate
from tests.curation.conftest import PHONE, encoded, item, make_capture, small_recipe

PLUGIN = '''
import pyarrow as pa
from curation.features.base import Feature

class Mine(Feature):
    """How red the middle of the picture is."""

    name = "mine"
    needs = ("image", "decode")

    @property
    def schema(self):
        return pa.schema([("mine", pa.int32())])

    def prepare(self, item):
        width, height = item.decoded.size
        return {"mine": item.decoded.image.getpixel((width // 2, height // 2))[0]}
'''


def install(folder: Path, value: str, name: str = "mine") -> None:
    sys.modules.pop("my_features", None)
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
    with pytest.raises(
        FeatureError, match=r"'mine' cannot be loaded .*: mend or uninstall what registers nowhere_at_all"
    ):
        create("mine")


@pytest.mark.parametrize("value", ["builtins:dict", "json:dumps", "builtins:__name__"])
def test_an_entry_point_to_something_else_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    install(tmp_path, value)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(FeatureError, match=f"'mine': {value} is no class that derives from"):
        create("mine")


def test_a_recipe_uses_a_users_feature_as_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "my_features:Mine")
    monkeypatch.syspath_prepend(str(tmp_path))
    home = tmp_path / "home"
    store = CaptureStore(str(home / "captures"), create=True)
    colours = {"red": "#ff0000", "blue": "#0000ff"}
    captures = [
        make_capture(store, encoded(Pictures.new("RGB", PHONE, value)), name, site=f"{name}.test")
        for name, value in colours.items()
    ]
    store.append("run1", captures)
    recipe = small_recipe(features=["decode", "mine"], keep=[{"name": "red", "sql": "mine > 200"}])
    version = curate(recipe, home, report=False)
    assert (version.kept, version.rejected, version.rejected_by["red"]) == (1, 1, 1)
    (shard,) = version.path.glob("*-of-*.parquet")
    assert pq.read_table(shard)["mine"].to_pylist() == [255]


@pytest.mark.usefixtures("no_weights")
def test_the_list_has_plug_ins_and_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "my_features:Mine")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = {feature.name: feature for feature in listed(tmp_path)}
    assert set(BUILTIN) < set(found)
    mine = found["mine"]
    assert (mine.at_hand, mine.needs, mine.columns) == (True, ("image", "decode"), {"mine": "int32"})
    assert (mine.origin, mine.offers) == ("my_features:Mine", "How red the middle of the picture is.")
    assert "no encoder weights" in found["embedding"].why
    assert found["aesthetic"].why == "it needs embedding"
    assert found["aesthetic"].columns == {"aesthetic": "float"}
    assert found["decode"].at_hand


def test_a_broken_plug_in_does_not_hide_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "nowhere_at_all:Mine")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = {feature.name: feature for feature in listed(tmp_path)}
    assert "cannot be loaded" in found["mine"].why
    assert found["ink"].at_hand


def test_the_feature_of_the_guide_runs_as_it_stands_there(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = (root / "docs" / "features.md").read_text()
    code = guide.split("```python\n")[1].split("```")[0]
    install(tmp_path, "my_features:Redness", name="redness")
    (tmp_path / "my_features.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    feature = create("redness", {"least": 220})
    red = Pictures.new("RGB", (100, 100), "red")
    red.paste("white", (0, 0, 100, 50))
    assert feature.compute([feature.prepare(item(red))]) == [{"redness": 0.5}]
    assert feature.fingerprint() != create("redness").fingerprint()
