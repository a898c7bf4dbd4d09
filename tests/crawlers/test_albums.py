"""Albums: many images of one host for one request of the frontier, with the same rules for each of them."""

from __future__ import annotations

from pathlib import Path

from crawlers.captures import CaptureStore
from crawlers.run import CrawlSummary, crawl
from pipelines.site_server import serving
from tests.crawlers.conftest import file_entry, picture, write_repository

APPS, SHOTS = 9, 5


def repository(root: Path) -> list[str]:
    """Nine apps of five screenshots, and what is wrong with three of them: forbidden, missing, not what is listed."""
    packages: dict[str, object] = {}
    files: dict[str, bytes] = {}
    for app in range(APPS):
        entries = []
        for shot in range(SHOTS):
            name, data = f"/app{app}/{shot}.png", picture((app, shot, 9))
            files[name] = data
            entries.append(file_entry(name, data))
        packages[f"app{app}"] = {"metadata": {"name": {"en": f"App {app}"}, "screenshots": {"phone": {"en": entries}}}}
    write_repository(root / "repo", packages, files)
    (root / "robots.txt").write_text("User-agent: *\nDisallow: /repo/app1/3.png\n")
    (root / "repo/app2/2.png").unlink()
    (root / "repo/app3/2.png").write_bytes(picture((200, 200, 200)))
    return sorted(files)


def crawled(folder: Path, **more: object) -> CrawlSummary:
    with serving({"store.test": folder / "store"}) as server:
        given = {"repo": "http://store.test/repo", "entry": "json", **more.pop("given", {})}  # type: ignore[dict-item]
        return crawl("fdroid", given, store=str(folder / "captures"), settings={"GESSO_PROXY": server.address, **more})


def test_every_image_of_an_album_is_captured_or_says_why_not(tmp_path: Path) -> None:
    listed = repository(tmp_path / "store")
    summary = crawled(tmp_path)
    store = CaptureStore(str(tmp_path / "captures"))
    captures = list(store.captures())
    assert len(captures) == len(listed) - 3
    assert {f.kind: f.url.removeprefix("http://store.test/repo") for f in store.failures()} == {
        "robots": "/app1/3.png",
        "http_404": "/app2/2.png",
        "sha256_mismatch": "/app3/2.png",
    }
    assert summary.stats["gesso/albums/images"] == len(listed) - 3 - 3  # the first of each album goes through Scrapy
    assert summary.stats["gesso/requests/taken"] == 2 + 3 + 3  # entry and index, three albums, what went wrong
    for capture in captures:
        assert capture.rights.signals[0].source == "robots.txt"
        assert "Disallow: /repo/app1/3.png" in capture.rights.signals[0].evidence
        assert store.read_image(capture)


def test_shares_of_albums_are_those_of_their_apps(tmp_path: Path) -> None:
    listed = repository(tmp_path / "store")
    for index in range(2):
        crawled(tmp_path, given={"shard": f"{index}/2"})
    captures = list(CaptureStore(str(tmp_path / "captures")).captures())
    assert len(captures) == len(listed) - 3
    by_run = [{c.site for c in captures if c.run_id == run} for run in {c.run_id for c in captures}]
    assert len(by_run) == 2
    assert not by_run[0] & by_run[1]


def test_a_host_that_is_to_be_asked_slowly_has_no_albums(tmp_path: Path) -> None:
    repository(tmp_path / "store")
    summary = crawled(tmp_path, DOWNLOAD_DELAY=0.01, given={"limit_apps": "2"})
    assert summary.captures == 2 * SHOTS - 1
    assert "gesso/albums/images" not in summary.stats
    assert summary.stats["gesso/requests/taken"] == 2 + 2 * SHOTS
