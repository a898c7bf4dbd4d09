"""A whole crawl of a repository: every screenshot listed becomes a capture or a typed failure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crawlers.captures import CaptureStore
from crawlers.run import CrawlSummary, crawl
from crawlers.status import status
from pipelines.site_server import serving
from tests.crawlers.conftest import file_entry, picture, write_repository
from tests.crawlers.signing import Signer, signed_jar, signer
from tests.crawlers.store_server import answering

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
        arguments = {"repo": "http://store.test/repo", "entry": "json"}
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
    assert told[-1] == (8, 8)  # entry, index, two albums, and the four images of theirs that fail by themselves
    assert (again.captures, again.new_captures, again.nothing_new, again.failures) == (4, 0, True, failures)
    (run,) = status(store)
    assert (run.total.captures, run.total.failed, run.total.queued, run.running) == (4, 4, 0, False)


def test_a_repository_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/entry.json").write_text("[]")
    with serving({"store.test": tmp_path / "site"}) as server:
        arguments = {"repo": "http://store.test", "entry": "json"}
        settings = {"GESSO_PROXY": server.address}
        summary = crawl("fdroid", arguments, store=str(tmp_path / "c"), settings=settings)
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
            {"repo": "http://store.test/repo", "limit_apps": "12", "entry": "json"},
            store=str(tmp_path / "c"),
            settings={"GESSO_PROXY": server.address},
        )
    assert (summary.sites, summary.failures) == (12, {})


def signed_store(by: Signer, *versions: tuple[int, dict[str, object]], diffs: tuple[str, ...] = ()) -> dict[str, bytes]:
    """The last version of a signed repository, with diffs from the earlier ones; `diffs` replaces their bytes."""
    time, packages = versions[-1]
    index = json.dumps({"repo": {"timestamp": time}, "packages": packages}).encode()
    files = {"/index-v2.json": index}
    entry: dict[str, object] = {"timestamp": time, "index": file_entry("/index-v2.json", index)}
    listed = {}
    for number, (before, earlier) in enumerate(versions[:-1]):
        gone: dict[str, object] = {app: None for app in earlier if app not in packages}
        new = {app: package for app, package in packages.items() if earlier.get(app) != package}
        diff = json.dumps({"repo": {"timestamp": time}, "packages": {**gone, **new}}).encode()
        listed[str(before)] = file_entry(f"/diff/{before}.json", diff)
        files[f"/diff/{before}.json"] = diffs[number].encode() if number < len(diffs) else diff
    files["/entry.jar"] = signed_jar(json.dumps({**entry, "diffs": listed}).encode(), by)
    return {f"store.test/repo{name}": data for name, data in files.items()}


def package(*shots: tuple[str, bytes]) -> dict[str, object]:
    listed = [file_entry(name, data) for name, data in shots]
    return {"metadata": {"name": {"en-US": "App"}, "screenshots": {"phone": {"en-US": listed}}}}


def crawl_signed(answers: dict[str, bytes], folder: Path, **arguments: str) -> tuple[CrawlSummary, list[str]]:
    """A crawl of such a store, and what was asked of it."""
    with answering(answers) as store:
        given = {"repo": "http://store.test/repo", **arguments}
        summary = crawl("fdroid", given, store=str(folder / "c"), settings={"GESSO_PROXY": store.address})
    return summary, [asked.removeprefix("store.test/repo") for asked in store.asked]


PNG = picture()
OLD: tuple[int, dict[str, object]] = (1000, {"a.b": package(("/1.png", PNG)), "a.gone": package(("/1.png", PNG))})
NEW: tuple[int, dict[str, object]] = (
    2000,
    {"a.b": package(("/1.png", PNG), ("/1.png", PNG)), "a.c": package(("/1.png", PNG))},
)
SHOT = {"store.test/repo/1.png": PNG}


def test_a_signer_is_trusted_on_first_use_and_held_to_it(tmp_path: Path) -> None:
    one, two = signer("one"), signer("two")
    first, _ = crawl_signed({**signed_store(one, OLD), **SHOT}, tmp_path)
    again, asked = crawl_signed({**signed_store(one, OLD), **SHOT}, tmp_path, run="again")
    other, _ = crawl_signed({**signed_store(two, OLD), **SHOT}, tmp_path, run="other")
    given, _ = crawl_signed({**signed_store(two, OLD), **SHOT}, tmp_path, fingerprint=two.fingerprint)
    assert (first.captures, again.captures, given.captures) == (2, 2, 2)
    assert asked == ["/entry.jar", "/1.png", "/1.png"]  # the index is held
    assert other.failures == {"wrong_fingerprint": 1}
    (seed,) = other.unreachable
    assert f"give fingerprint={two.fingerprint}" in seed.reason
    said = {
        run: {
            s.evidence for c in CaptureStore(first.store).captures(run) for s in c.rights.signals if "jar" in s.source
        }
        for run in (first.run_id, again.run_id)
    }
    fingerprint = f"certificate SHA-256 {one.fingerprint}"
    assert said[first.run_id] == {f"{fingerprint}, trusted on first use: no fingerprint was given"}


@pytest.mark.parametrize("damage", ["", "{"])
def test_a_diff_is_enough_for_the_next_run_and_a_bad_one_is_no_loss(tmp_path: Path, damage: str) -> None:
    crawl_signed({**signed_store(signer(), OLD), **SHOT}, tmp_path)
    answers = {**signed_store(signer(), OLD, NEW, diffs=(damage,) if damage else ()), **SHOT}
    link = f"http://store.test/repo?fingerprint={signer().fingerprint.upper()}"
    summary, asked = crawl_signed(answers, tmp_path, repo=link)
    assert asked[:2] == ["/entry.jar", "/diff/1000.json"]
    assert ("/index-v2.json" in asked) == bool(damage)
    assert summary.stats.get("gesso/fdroid/diff_fallbacks", 0) == (1 if damage else 0)
    apps = sorted(c.site for c in CaptureStore(summary.store).captures(summary.run_id))
    assert (apps, summary.failures) == (["a.b", "a.b", "a.c"], {})
    assert summary.stats["gesso/listings/duplicates"] == 1


def test_an_older_entry_of_the_same_signer_is_refused_unless_asked_for(tmp_path: Path) -> None:
    crawl_signed({**signed_store(signer(), NEW), **SHOT}, tmp_path)
    old = {**signed_store(signer(), OLD), **SHOT}
    refused, asked = crawl_signed(old, tmp_path, run="refused")
    (seed,) = refused.unreachable
    assert (seed.kind, refused.captures, asked) == ("rolled_back", 0, ["/entry.jar"])
    assert "give older=1" in seed.reason
    taken, _ = crawl_signed(old, tmp_path, run="taken", older="1")
    assert (taken.captures, taken.failures) == (2, {})
    newest, _ = crawl_signed({**signed_store(signer(), NEW), **SHOT}, tmp_path, run="newest")
    assert newest.failures == {}


def test_what_is_not_signed_is_refused_and_the_remedy_named(tmp_path: Path) -> None:
    store = signed_store(signer(), OLD)
    jar = store.pop("store.test/repo/entry.jar")
    tried: list[tuple[dict[str, bytes], str, str]] = [
        (store, "http_404", "give entry=json"),
        ({**store, "store.test/repo/entry.jar": jar[:-40]}, "bad_jar", "no jar"),
        ({**store, "store.test/repo/entry.jar": b"{}"}, "bad_jar", "no jar"),
    ]
    for number, (answers, kind, said) in enumerate(tried):
        summary, asked = crawl_signed(answers, tmp_path, run=f"{kind}-{number}")
        (seed,) = summary.unreachable
        assert (seed.kind, said in seed.reason, asked) == (kind, True, ["/entry.jar"])


def test_a_locale_that_no_app_has_is_told(tmp_path: Path) -> None:
    png = picture()
    shots = {"phone": {"en-US": [file_entry("/a.b/1.png", png)]}}
    write_repository(tmp_path / "store/repo", {"a.b": {"metadata": {"screenshots": shots}}}, {"/a.b/1.png": png})
    where = str(tmp_path / "captures")
    with serving({"store.test": tmp_path / "store"}) as server:
        arguments = {"repo": "http://store.test/repo", "entry": "json", "locales": "en-US,en"}
        summary = crawl("fdroid", arguments, store=where, settings={"GESSO_PROXY": server.address})
    (failure,) = CaptureStore(where).failures()
    assert (summary.captures, failure.kind) == (1, "no_such_locale")
    assert failure.reason == "no app of the index has screenshots in en: there are en-US"
