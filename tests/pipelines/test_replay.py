"""Edits of a page and of its design, both in a real browser: what CSS lays out by rules, the design lays out alike."""

from __future__ import annotations

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


@pytest.fixture(scope="module")
def replays(tmp_path_factory: pytest.TempPathFactory) -> list[Replay]:
    folder = tmp_path_factory.mktemp("replay")
    site = folder / "sites" / "edits.test"
    site.mkdir(parents=True)
    (site / "index.html").write_text(PAGE, encoding="utf-8")
    with serving(hosts_in(site.parent)) as server:
        crawl_all("web", {"seeds": "http://edits.test/", "depth": "0"}, folder / "home", server.address)
        store = CaptureStore(str(folder / "home" / "captures"))
        captures = [c for c in representative(store.captures()) if c.view.form_factor == "desktop"]
        return replay(store, captures[:1], server.address)


def test_each_kind_of_edit_is_made(replays: list[Replay]) -> None:
    assert {edit.kind for edit in replays} == {"lengthen", "remove", "widen", "window"}


def test_the_design_takes_every_edit_as_the_page_does(replays: list[Replay]) -> None:
    moved = [edit for edit in replays if edit.agreement.moved]
    assert len(moved) >= 3
    assert [(edit.kind, edit.what, edit.agreement) for edit in moved if edit.agreement.share != 1] == []


def test_a_design_that_does_not_move_is_told_from_one_that_does(replays: list[Replay]) -> None:
    assert all(edit.agreement.moved > 3 for edit in replays if edit.kind in ("widen", "window"))
