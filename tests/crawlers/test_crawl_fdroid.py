"""A whole crawl of a repository: every screenshot listed becomes a capture or a typed failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawlers.captures import CaptureStore
from crawlers.run import crawl
from crawlers.status import status
from pipelines.site_server import serving
from tests.crawlers.conftest import file_entry, picture, write_repository

SHARED = Path(__file__).resolve().parents[2].parent / "shared"


def test_nothing_listed_is_missing(tmp_path: Path) -> None:
    png, jpeg = picture(), picture((200, 10, 10), (64, 36), "JPEG")
    named_wrongly, text = picture((9, 9, 9), format="WEBP"), b"<html>not an image</html>"
    shots = {
        "phone": {
            "en-US": [
                file_entry("/a.b/1.png", png),
                file_entry("/a.b/2.png", named_wrongly),
                file_entry("/a.b/gone.png", png),
                file_entry("/a.b/text.png", text),
                {**file_entry("/a.b/1.png", png), "sha256": "0" * 64},
                {**file_entry("/a.b/1.png", png), "size": 3},
                {"name": "/a.b/no-hash.png"},
            ],
            "de-DE": [file_entry("/a.b/1.png", png)],
        },
        "tenInch": {"en-US": [file_entry("/a.b/t ablet.jpg", jpeg)]},
    }
    metadata = {"name": {"en-US": "Clock", "de-DE": "Uhr"}, "license": "MIT", "screenshots": shots}
    files = {"/a.b/1.png": png, "/a.b/2.png": named_wrongly, "/a.b/text.png": text, "/a.b/t ablet.jpg": jpeg}
    write_repository(tmp_path / "store/repo", {"a.b": {"metadata": metadata}}, files)
    store = str(tmp_path / "captures")
    told: list[tuple[int, int]] = []
    with serving({"store.test": tmp_path / "store"}) as server:
        arguments = {"repo": "http://store.test/repo"}
        settings = {"GESSO_PROXY": server.address}
        summary = crawl(
            "fdroid",
            arguments,
            store=store,
            settings=settings,
            progress=lambda _, done, total: told.append((done, total)),
        )
        again = crawl("fdroid", arguments, store=store, settings=settings)
    captures = {
        (c.view.form_factor, c.listing.locale, c.listing.position): c
        for c in CaptureStore(store).captures()
        if c.listing
    }
    assert sorted(captures) == [
        ("phone", "de-DE", 0),
        ("phone", "en-US", 0),
        ("phone", "en-US", 1),
        ("tenInch", "en-US", 0),
    ]
    assert captures["phone", "en-US", 1].image.format == "webp"
    german = captures["phone", "de-DE", 0]
    assert german.listing is not None
    assert (german.listing.name, german.rights.licence, german.site) == ("Uhr", "MIT", "a.b")
    assert (german.view.width, german.view.height, german.view.kind, german.view.theme) == (36, 64, "listing", None)
    assert [signal.source for signal in german.rights.signals] == ["robots.txt", "index metadata.license"]
    assert CaptureStore(store).read_image(german) == png
    failures = {"bad_entry": 1, "http_404": 1, "not_an_image": 1, "sha256_mismatch": 1, "size_mismatch": 1}
    assert (summary.captures, summary.failures, summary.unreachable) == (4, failures, ())
    assert told[-1] == (10, 10)
    assert (again.captures, again.new_captures, again.nothing_new, again.failures) == (4, 0, True, failures)
    (run,) = status(store)
    assert (run.total.captures, run.total.failed, run.total.queued, run.running) == (4, 4, 0, False)


def test_a_repository_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/entry.json").write_text("[]")
    with serving({"store.test": tmp_path / "site"}) as server:
        summary = crawl(
            "fdroid", {"repo": "http://store.test"}, store=str(tmp_path / "c"), settings={"GESSO_PROXY": server.address}
        )
    assert summary.captures == 0
    (seed,) = summary.unreachable
    assert (seed.url, seed.kind) == ("http://store.test/entry.json", "bad_index")


@pytest.mark.corpus
def test_twelve_apps_of_the_corpus(tmp_path: Path) -> None:
    apps = SHARED / "corpus/apps"
    if not apps.exists():
        pytest.skip("the development corpus is not here")
    with serving({"store.test": apps}) as server:
        summary = crawl(
            "fdroid",
            {"repo": "http://store.test/repo", "limit_apps": "12"},
            store=str(tmp_path / "c"),
            settings={"GESSO_PROXY": server.address},
        )
    assert (summary.sites, summary.failures) == (12, {})
