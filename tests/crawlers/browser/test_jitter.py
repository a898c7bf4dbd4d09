"""Damaged variants of a page: each kind shows, each is taken back, and none gets among ordinary captures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crawlers.arguments import as_json, parse_arguments
from crawlers.arguments.fields import ArgumentError
from crawlers.browser.jitter import KINDS, STRENGTHS, Jitter
from crawlers.captures import Capture, CaptureStore
from crawlers.run import crawl
from curation.captures_table import of_store
from pipelines.site_server import SiteServer, serving

SEED = "http://rich.test/"
PAGE = """<!doctype html><title>Rich</title><style>body{font:18px sans-serif;margin:40px}
.card{background:#eef;padding:20px;margin:16px 0;width:600px} a{color:#24c}</style>
<h1>A page with a heading that is large</h1>""" + "".join(
    f"<div class=card><h2>Card {n} of the page</h2><p>Some running text that is long enough to be set in lines, "
    f'and that goes on a little further than one line does.</p><a href="#">Read on</a></div>'
    for n in range(4)
)


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteServer]:
    root = tmp_path_factory.mktemp("rich")
    (root / "index.html").write_text(PAGE, encoding="utf-8")
    with serving({"rich.test": root}) as server:
        yield server


@pytest.fixture(scope="module")
def taken(rich: SiteServer, tmp_path_factory: pytest.TempPathFactory) -> CaptureStore:
    store = str(tmp_path_factory.mktemp("jitter"))
    arguments = {"seeds": SEED, "depth": "0", "views": "desktop", "themes": "light", "kinds": "fold", "jitter": "all"}
    crawl("web", arguments, store=store, settings={"GESSO_PROXY": rich.address})
    return CaptureStore(store)


def damaged(store: CaptureStore) -> list[Capture]:
    return [capture for capture in store.captures(damaged=True) if capture.damage is not None]


@pytest.mark.browser
def test_every_kind_that_the_page_has_something_for_is_there(taken: CaptureStore) -> None:
    kinds = {capture.damage.kind for capture in damaged(taken) if capture.damage}
    assert kinds >= {"contrast", "palette", "alignment", "type_scale"}
    assert kinds <= set(KINDS)


@pytest.mark.browser
def test_a_damaged_capture_says_what_it_was_and_how_it_was_damaged(taken: CaptureStore) -> None:
    (original,) = taken.captures()
    for capture in damaged(taken):
        assert capture.damage is not None
        assert capture.damage.original == original.capture_id
        assert capture.damage.strength in STRENGTHS
        assert (capture.damage.kind, capture.damage.strength, capture.damage.seed) in set(Jitter().variants(SEED))
        assert capture.image.sha256 != original.image.sha256
        assert (capture.view, capture.rights) == (original.view, original.rights)


@pytest.mark.browser
def test_no_damaged_capture_is_among_those_that_datasets_are_made_of(taken: CaptureStore, tmp_path: Path) -> None:
    assert len(damaged(taken)) > 5
    assert of_store(taken, tmp_path).num_rows == 1


@pytest.mark.browser
def test_the_same_seed_gives_the_same_pictures(taken: CaptureStore, rich: SiteServer, tmp_path: Path) -> None:
    arguments = {"seeds": SEED, "depth": "0", "views": "desktop", "themes": "light", "kinds": "fold"}
    crawl("web", arguments | {"jitter": "contrast,type_scale"}, store=str(tmp_path),
          settings={"GESSO_PROXY": rich.address})  # fmt: skip
    again = {capture.capture_id for capture in damaged(CaptureStore(str(tmp_path)))}
    assert again
    assert again <= {capture.capture_id for capture in damaged(taken)}


def test_a_kind_that_nobody_knows_is_named() -> None:
    with pytest.raises(ArgumentError, match="jitter: 'ugly' is not one of contrast"):
        parse_arguments("web", {"seeds": SEED, "jitter": "ugly"})


def test_damage_is_of_the_fold() -> None:
    with pytest.raises(ArgumentError, match="kinds must have fold"):
        parse_arguments("web", {"seeds": SEED, "jitter": "all", "kinds": "full"})


def test_crawls_from_before_go_on_under_their_names() -> None:
    assert "jitter" not in as_json(parse_arguments("web", {"seeds": SEED}))
    assert "jitter" in as_json(parse_arguments("web", {"seeds": SEED, "jitter": "all"}))
