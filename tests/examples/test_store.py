"""The example store: its index tells the truth about its files, and each oddity is the one that the README names."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image

STORE = Path(__file__).resolve().parents[2] / "examples" / "store"
REPO = STORE / "repo"
TRUNCATED = "/run.kilo.log/en-US/phoneScreenshots/4.png"
LOCALES = {"en-US", "de-DE"}


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("store_build", STORE / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def packages() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REPO / "index-v2.json").read_text())["packages"]
    return found


def pictures(package: dict[str, Any]) -> list[dict[str, Any]]:
    shots = package["metadata"]["screenshots"]
    return [one for locales in shots.values() for entries in locales.values() for one in entries]


def every_file(packages: dict[str, Any]) -> list[dict[str, Any]]:
    icons = [icon for one in packages.values() for icon in one["metadata"]["icon"].values()]
    return icons + [one for package in packages.values() for one in pictures(package)]


def test_entry_describes_the_index(packages: dict[str, Any]) -> None:
    index = (REPO / "index-v2.json").read_bytes()
    assert json.loads((REPO / "entry.json").read_text())["index"] == {
        "name": "/index-v2.json",
        "sha256": hashlib.sha256(index).hexdigest(),
        "size": len(index),
        "numPackages": len(packages),
    }


def test_index_describes_every_file_and_no_other(packages: dict[str, Any]) -> None:
    listed = {one["name"]: (one["sha256"], one["size"]) for one in every_file(packages)}
    files = [p for p in REPO.glob("*/**/*") if p.is_file()]
    held = {f"/{p.relative_to(REPO).as_posix()}": p.read_bytes() for p in files}
    assert listed == {name: (hashlib.sha256(data).hexdigest(), len(data)) for name, data in held.items()}


def test_index_is_a_pure_function_of_the_files(build: ModuleType) -> None:
    for name, data in build.index_files().items():
        assert data == (REPO / name).read_bytes(), f"{name} is stale: run python examples/store/build.py --index"


def test_listings_are_whole_in_both_locales(packages: dict[str, Any]) -> None:
    for app_id, package in packages.items():
        listing = package["metadata"]
        for field in ("name", "summary", "description"):
            assert set(listing[field]) == LOCALES, app_id
        assert all(0 < len(text) <= 80 for text in listing["summary"].values()), app_id
        assert all(text.count(".") >= 3 for text in listing["description"].values()), app_id
        assert listing["license"]
        assert listing["categories"]


def test_categories_are_declared(packages: dict[str, Any]) -> None:
    declared = set(json.loads((REPO / "index-v2.json").read_text())["repo"]["categories"])
    assert declared == {name for package in packages.values() for name in package["metadata"]["categories"]}


def test_the_store_is_varied(packages: dict[str, Any]) -> None:
    assert len(packages) == 8
    german = [a for a, p in packages.items() if "de-DE" in p["metadata"]["screenshots"]["phone"]]
    assert len(german) >= 3
    assert any("tenInch" in p["metadata"]["screenshots"] for p in packages.values())
    assert all(len(p["metadata"]["screenshots"]["phone"]["en-US"]) in (3, 4) for p in packages.values())


def test_pictures_decode_at_a_screen_s_size(packages: dict[str, Any]) -> None:
    for one in every_file(packages):
        if one["name"] == TRUNCATED:
            continue
        with Image.open(REPO / one["name"].lstrip("/")) as image:
            image.load()
            if "phoneScreenshots" in one["name"]:
                assert image.size in {(720, 1560), (900, 1950), (1080, 2340)}, one["name"]
            elif "tenInch" in one["name"]:
                assert image.size == (1600, 1000)
            else:
                assert image.size == (512, 512)


def test_the_truncated_picture_opens_but_does_not_decode() -> None:
    with Image.open(REPO / TRUNCATED.lstrip("/")) as image:
        assert image.size == (1080, 2340)
        with pytest.raises(OSError, match="truncated"):
            image.load()


def test_exactly_one_picture_is_an_exact_copy(packages: dict[str, Any]) -> None:
    names: dict[str, list[str]] = {}
    for one in every_file(packages):
        names.setdefault(one["sha256"], []).append(one["name"])
    copies = [sorted(group) for group in names.values() if len(group) > 1]
    assert copies == [[f"/fm.riso.player/{locale}/phoneScreenshots/1.webp" for locale in ("de-DE", "en-US")]]


def test_the_folder_stays_small() -> None:
    sizes = {p: p.stat().st_size for p in STORE.rglob("*") if p.is_file()}
    assert sum(sizes.values()) < 4_000_000
    assert max(sizes.values()) < 300_000


def test_texts_are_resolved_to_one_locale(build: ModuleType) -> None:
    assert build.localise("<p>{{Good night||Gute Nacht}}</p>{{a||b}}", "de-DE") == "<p>Gute Nacht</p>b"


@pytest.mark.parametrize("locale", sorted(LOCALES))
def test_every_screen_has_all_its_texts_and_drawings(build: ModuleType, locale: str) -> None:
    for app in build.apps():
        for factor, locales in app["screens"].items():
            for name in {n.removesuffix("!") for names in locales.values() for n in names if not n.startswith("=")}:
                page = build.screen(app, name, locale, factor)
                assert not any(mark in page for mark in ("{{", "}}", "||", "[[", "]]")), f"{app['id']}/{name}"
