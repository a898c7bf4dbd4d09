"""Takedowns: what only they needed goes, what is shared stays, and nothing of it is shown or stored again."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scrapy import Request
from scrapy.utils.test import get_crawler

from crawlers.captures import (
    Capture,
    CaptureStore,
    Failure,
    Image,
    Listing,
    Page,
    Rights,
    StoreError,
    View,
    capture_id,
    now,
    texts_of,
)
from crawlers.middlewares import Refused
from crawlers.pipelines import StorePipeline
from crawlers.takedown import TakedownMiddleware, take_down
from pipelines.takedown import take_down as take_down_everywhere
from tests.crawlers.conftest import picture

VIEW = View(kind="fold", width=36, height=64, dpr=1)


def add(store: CaptureStore, site: str, image: bytes, assets: list[bytes]) -> Capture:
    """A page's capture with a snapshot that lists assets, as the browser writes them."""
    sha256 = store.put_blob(image, "png")
    listed = {f"http://{site}/{i}": {"sha256": store.put_blob(a, "png"), "format": "png"} for i, a in enumerate(assets)}
    snapshot = gzip.compress(json.dumps({"site": site, "assets": listed}).encode(), mtime=0)
    url = f"http://{site}/"
    capture = Capture(
        capture_id=capture_id("web", url, VIEW, sha256),
        run_id="web-1",
        source="web",
        spider="web",
        url=url,
        canonical_url=url,
        site=site,
        fetched_at=now(),
        image=Image(sha256=sha256, format="png", width=36, height=64, bytes=len(image)),
        view=VIEW,
        page=Page(dom_sha256=store.put_blob(snapshot, "dom")),
        rights=Rights(allowed=True),
    )
    store.append("web-1", [capture])
    return capture


@pytest.fixture
def store(tmp_path: Path) -> CaptureStore:
    """Two sites with a picture each, an asset each, and one asset that both show."""
    made = CaptureStore(str(tmp_path / "captures"), create=True)
    shared = picture((9, 9, 9))
    add(made, "one.test", picture((1, 0, 0)), [picture((2, 0, 0)), shared])
    add(made, "two.test", picture((3, 0, 0)), [picture((4, 0, 0)), shared])
    return made


def blobs(store: CaptureStore) -> int:
    return sum(1 for path in Path(store.root, "blobs").rglob("*") if path.is_file())


def test_a_dry_run_says_and_touches_nothing(store: CaptureStore) -> None:
    found = take_down(store, "one.test")
    assert (len(found.capture_ids), found.blobs, found.kept_shared, found.done) == (1, 3, 1, False)
    assert found.bytes > 0
    assert blobs(store) == 7
    assert len(list(store.captures())) == 2


def test_a_site_goes_and_what_others_need_stays(store: CaptureStore) -> None:
    take_down(store, "http://one.test/anything", dry_run=False)
    (left,) = store.captures()
    assert left.site == "two.test"
    assert blobs(store) == 4
    assert store.read_image(left)
    assert len(list(store.captures(taken_down=True))) == 2
    again = take_down(store, "one.test", dry_run=False)
    assert again.blobs == 0
    assert len(Path(store.root, "takedowns.jsonl").read_bytes().splitlines()) == 1
    take_down(store, "two.test", dry_run=False)
    assert blobs(store) == 0


def test_one_capture_goes_by_the_first_digits_of_its_id(store: CaptureStore) -> None:
    one = next(capture for capture in store.captures() if capture.site == "one.test")
    take_down(store, one.capture_id[:8], dry_run=False)
    assert [capture.site for capture in store.captures()] == ["two.test"]
    assert store.takedowns().refuses("elsewhere", one.canonical_url)


@pytest.mark.parametrize("kill_after", range(4))
def test_killed_in_between_the_same_command_ends_it(store: CaptureStore, kill_after: int) -> None:
    class Killed(BaseException):
        pass

    def progress(task: str, done: int, total: int) -> None:
        if done > kill_after:
            raise Killed

    try:
        take_down(store, "one.test", dry_run=False, progress=progress)
    except Killed:
        assert [capture.site for capture in store.captures()] == ["two.test"]
    take_down(store, "one.test", dry_run=False)
    assert blobs(store) == 4


def test_a_crawl_under_way_holds_to_a_takedown_from_then_on(store: CaptureStore) -> None:
    crawler = get_crawler(settings_dict={"GESSO_STORE": store.url})
    asked, kept = TakedownMiddleware(crawler), StorePipeline(crawler)
    one = next(capture for capture in store.captures() if capture.site == "one.test")
    assert isinstance(asyncio.run(kept.process_item(one)), Capture)
    asked.process_request(Request("http://one.test/other"))
    take_down(store, "one.test", dry_run=False)
    with pytest.raises(Refused, match="taken down"):
        asked.process_request(Request("http://one.test/other"))
    late = one.model_copy(update={"image": one.image.model_copy(update={"sha256": store.put_blob(b"late", "png")})})
    refused = asyncio.run(kept.process_item(late))
    assert isinstance(refused, Failure)
    assert refused.kind == "takedown"
    assert not store.fs.exists(store.blob_path(late.image.sha256, "png"))


def test_reading_the_other_snapshots_shows_how_far_it_is(store: CaptureStore) -> None:
    told: list[tuple[str, int, int]] = []
    found = take_down(store, "one.test", progress=lambda task, done, total: told.append((task, done, total)))
    assert told == [("snapshots", 1, 1)]  # that of two.test, for nothing is removed yet
    assert (found.done, found.kept_shared) == (False, 1)


def test_an_apps_texts_go_with_its_last_screenshot(store: CaptureStore) -> None:
    page = add(store, "app.test", picture((5, 0, 0)), [])
    app = Listing(app_id="app.test", name="App", description="its words")
    listed = page.model_copy(
        update={"capture_id": "f" * 24, "page": None, "listing": app.model_copy(update={"position": 2})}
    )
    store.append("web-1", [listed])
    texts = store.put_blob(texts_of(app), "json")
    take_down(store, "two.test", dry_run=False)
    assert store.read_blob(texts, "json")
    take_down(store, "app.test", dry_run=False)
    assert not store.fs.exists(store.blob_path(texts, "json"))


def test_pages_that_were_kept_as_evidence_go_with_their_site(store: CaptureStore) -> None:
    kept = {site: store.put_blob(site.encode(), "html") for site in ("one.test", "two.test")}
    for site, sha256 in kept.items():
        reason = f"http://{site}/: the selector finds nothing; the page is kept as blob {sha256}.html: mend it"
        about = {"run_id": "web-1", "source": "web", "spider": "gallery", "url": f"http://{site}/x", "failed_at": now()}
        store.append(
            "web-1", [Failure(failure_id=sha256[:24], site=site, kind="layout_changed", reason=reason, **about)]
        )
    found = take_down(store, "one.test", dry_run=False)
    assert found.blobs == 4
    assert [store.fs.exists(store.blob_path(sha256, "html")) for sha256 in kept.values()] == [False, True]


@pytest.mark.parametrize("written", ["münchen.test", "http://münchen.test/impressum", "xn--mnchen-3ya.test"])
def test_a_site_may_be_named_in_its_own_letters(store: CaptureStore, written: str) -> None:
    meant = add(store, "xn--mnchen-3ya.test", picture((5, 0, 0)), [])
    assert take_down(store, written).capture_ids == (meant.capture_id,)


def test_what_the_store_does_not_hold_is_one_line(store: CaptureStore) -> None:
    with pytest.raises(StoreError, match=r"holds no site and no capture 'three\.test'"):
        take_down(store, "three.test")


def test_datasets_that_held_it_are_marked_once(store: CaptureStore) -> None:
    home = Path(store.root).parent
    one, two = sorted(store.captures(), key=lambda capture: capture.site)
    for name, ids in (("both", [one.capture_id, two.capture_id]), ("other", [two.capture_id])):
        version = home / "datasets" / name / "v1"
        version.mkdir(parents=True)
        (version / "manifest.json").write_text("{}")
        pq.write_table(pa.table({"capture_id": ids}), version / "train-00000-of-00001.parquet")
        (version / "torn.parquet").write_bytes(b"PAR1")
    for _ in range(2):
        assert take_down_everywhere(home, "one.test", dry_run=False)["datasets"] == {"both/v1": 1}
    marks = (home / "datasets" / "both" / "v1" / "takedowns.jsonl").read_text().splitlines()
    assert [json.loads(mark)["capture_ids"] for mark in marks] == [[one.capture_id]]
    assert not (home / "datasets" / "other" / "v1" / "takedowns.jsonl").exists()
