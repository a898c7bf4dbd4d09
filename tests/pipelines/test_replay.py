"""Edits of a page and of its design, both in a real browser: what CSS lays out by rules, the design lays out alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawlers.captures import CaptureStore
from pipelines.corpus import crawl_all
from pipelines.fidelity import representative
from pipelines.replay import Replay, replay
from pipelines.site_server import hosts_in, serving

pytestmark = pytest.mark.browser
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Edits</title><style>
*{margin:0;padding:0;box-sizing:border-box}body{font:16px/24px sans-serif}
header{display:flex;justify-content:space-between;padding:16px 24px}
.grid{display:grid;grid-template-columns:200px minmax(0,2fr) minmax(0,1fr);gap:24px;padding:24px}
.card{background:#eee;padding:16px;display:flex;flex-direction:column;gap:8px}
footer{padding:24px;text-align:center;background:#ddd}
</style><header><b>Edits of a page</b><a href="#">Sign in here</a></header>
<div class="grid"><div class="card"><h2>Fixed column</h2><p>Two hundred px wide, whatever happens.</p></div>
<div class="card"><h2>Twice as wide</h2><p>A paragraph that is long enough to be broken into lines once
it has been made longer still.</p></div><div class="card"><h2>Once as wide</h2><p>Its text is shorter.</p></div></div>
<footer>At the bottom of the page</footer></html>"""


CARDS = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Cards</title><style>
*{margin:0;padding:0;box-sizing:border-box}body{font:16px/24px sans-serif}
.cards{display:flex;gap:24px;padding:24px}.card{flex:1;display:flex;flex-direction:column;background:#eee}
.card p{flex:1;padding:16px}.card a{padding:12px 16px;background:#ddd}ul{padding:24px 48px}
</style><div class="cards"><div class="card"><p>Short</p><a href="#">One</a></div>
<div class="card"><p>The longest text of the three, which makes the row so high as long as it is there; without it the
two beside it do, and their links go up with the end of the row that they stand at, whatever it was before.</p>
<a href="#">Two</a></div><div class="card"><p>Little</p><a href="#">Three</a></div></div>
<ul><li>First<li>The bullet goes with it<li>Last</ul><p>Below</p></html>"""
MIDDLE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Middle</title><style>
*{margin:0;padding:0;box-sizing:border-box}body{font:16px/24px sans-serif}
nav{position:fixed;top:0;left:0;right:0}nav div{max-width:900px;margin:0 auto;padding:16px;background:#cde}
.hero{height:480px;display:flex;background:#eee}.hero div{margin:auto 0;width:400px;padding-left:40px}
.hero h1{margin-top:-6px;font:40px/48px serif}.box{max-width:900px;margin:0 auto;padding:24px}.half{width:60%}
.wide{max-width:1460px;padding:24px;display:flex;justify-content:space-between}
</style><nav><div>Menu</div></nav><section class="hero"><div><h1>Heading</h1><p>This line of the hero can be made longer
</p></div></section><div class="box"><div class="half"><h2>Centred</h2><p>Not itself</p></div></div>
<div class="wide"><b>Left</b><b>Right</b></div></html>"""


def _replays(page: str, folder: Path) -> list[Replay]:
    site = folder / "sites" / "edits.test"
    site.mkdir(parents=True)
    (site / "index.html").write_text(page, encoding="utf-8")
    with serving(hosts_in(site.parent)) as server:
        crawl_all("web", {"seeds": "http://edits.test/", "depth": "0"}, folder / "home", server.address)
        store = CaptureStore(str(folder / "home" / "captures"))
        captures = [c for c in representative(store.captures()) if c.view.form_factor == "desktop"]
        return replay(store, captures[:1], server.address)


@pytest.fixture(scope="module")
def replays(tmp_path_factory: pytest.TempPathFactory) -> list[Replay]:
    return _replays(PAGE, tmp_path_factory.mktemp("replay"))


@pytest.mark.parametrize(("page", "kinds"), [(CARDS, {"lengthen", "remove", "widen"}), (MIDDLE, {"lengthen", "widen"})])
def test_rows_and_what_is_centred_take_edits_as_the_page_does(page: str, kinds: set[str], tmp_path: Path) -> None:
    moved = [edit for edit in _replays(page, tmp_path) if edit.agreement.moved]
    assert kinds <= {edit.kind for edit in moved}
    assert [(edit.kind, edit.what, edit.agreement) for edit in moved if edit.agreement.share != 1] == []


def test_each_kind_of_edit_is_made(replays: list[Replay]) -> None:
    assert {edit.kind for edit in replays} == {"lengthen", "remove", "widen", "window"}


def test_the_design_takes_every_edit_as_the_page_does(replays: list[Replay]) -> None:
    moved = [edit for edit in replays if edit.agreement.moved]
    assert len(moved) >= 3
    assert [(edit.kind, edit.what, edit.agreement) for edit in moved if edit.agreement.share != 1] == []


def test_a_design_that_does_not_move_is_told_from_one_that_does(replays: list[Replay]) -> None:
    assert all(edit.agreement.moved > 3 for edit in replays if edit.kind in ("widen", "window"))
