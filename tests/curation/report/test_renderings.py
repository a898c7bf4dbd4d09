"""Designs are compiled once, share their assets, and cannot break the report."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from crawlers.captures import CaptureStore
from curation.report.renderings import Face, compile_design, faces_of, render, slots_of
from tests.curation.report.dataset import screen

NOTATION = 'col Page 1440 #fff\n t 820 ~"Aurora"\n img 400x300 &hero\n'.replace("~", "")


@pytest.fixture
def store(tmp_path: Path) -> CaptureStore:
    return CaptureStore(str(tmp_path / "captures"), create=True)


def design(sha256: str, width: float, **more: Any) -> dict[str, Any]:
    slot = {"sha256": sha256, "format": "png", "rect": [0, 0, width, 300], "svg": None, "url": None}
    return {"design": NOTATION, "design_slots": json.dumps({"hero": slot}), "dom_sha256": None, **more}


def test_equal_designs_are_compiled_once_and_share_assets(store: CaptureStore) -> None:
    sha256 = store.put_blob(screen(800, 600, "#fff", "#000"), "png")
    made = render({"a": design(sha256, 400), "b": design(sha256, 400)}, store, compile_design, 0)
    assert made.of == {"a": 0, "b": 0}
    assert len(made.html) == 1
    assert "data:image/webp,gesso-asset-0" in made.html[0]


def test_an_asset_is_wanted_as_wide_as_its_widest_use(store: CaptureStore) -> None:
    sha256 = store.put_blob(screen(800, 600, "#fff", "#000"), "png")
    made = render({"a": design(sha256, 400), "b": design(sha256, 640.4)}, store, compile_design, 0)
    [want] = made.wants
    assert want.most == 640


def test_a_design_that_does_not_compile_is_a_message(store: CaptureStore) -> None:
    made = render({"a": {"design": "nonsense {"}, "b": design("0" * 64, 10)}, store, compile_design, 0)
    assert "a" in made.broken
    assert made.of == {"b": 0}


def test_svg_of_the_page_is_drawn_and_its_scripts_are_not(store: CaptureStore) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><path d="M0 0h9"/></svg>'
    row = {"design": NOTATION, "design_slots": json.dumps({"hero": {"kind": "svg", "svg": svg}})}
    [html] = render({"a": row}, store, compile_design, 0).html
    assert "data:image/svg+xml" in html
    assert "alert" not in html


def test_fonts_of_the_page_come_along_within_the_budget(store: CaptureStore) -> None:
    font = store.put_blob(b"wOF2" + b"0" * 996, "woff2")
    url = "http://aurora.test/a.woff2"
    snapshot = {
        "format": "gesso-dom/1",
        "fonts": [{"family": '"Aurora"', "weight": "400 700", "style": "normal", "url": url}],
        "assets": {url: {"sha256": font, "format": "woff2"}},
        "computed_styles": [],
        "snapshot": {"strings": [], "documents": [{"layout": {"nodeIndex": []}}]},
    }
    dom = store.put_blob(gzip.compress(json.dumps(snapshot).encode(), mtime=0), "dom")
    seen: list[list[tuple[Face, str]]] = []

    def compile_(notation: str, slots: Mapping[str, str], fonts: list[tuple[Face, str]]) -> str:
        seen.append(fonts)
        return "<html>"

    assert [face["family"] for face in faces_of(store, dom)] == ["Aurora"]
    made = render({"a": design("0" * 64, 10, dom_sha256=dom)}, store, compile_, 1000)
    assert [url for _, url in seen[0]] == [f"data:font/woff2,gesso-asset-{made.assets[font]}"]
    render({"a": design("0" * 64, 10, dom_sha256=dom)}, store, compile_, 999)
    assert seen[1] == []


@pytest.mark.parametrize("text", ["", "[]", "{torn", '{"a": 3}', "null"])
def test_slots_that_are_no_slots_are_none(text: str) -> None:
    assert slots_of(text) == {}
