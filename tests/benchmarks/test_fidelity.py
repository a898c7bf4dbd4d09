"""A fidelity run that was broken off goes on: what was compared is not rendered again unless its HTML has changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import entries, fidelity
from benchmarks.fidelity import BATCH, Kept, figures_of, peer_figures, results_of
from crawlers.browser.render import RenderError, RenderJob
from crawlers.captures import Capture, CaptureStore, Page
from design import parse
from design.compare.design2code import Scores
from pipelines.fidelity import Fidelity, Prepared
from tests.crawlers.test_captures import a_capture

SCORES = Scores(1.0, 0.9, 0.8, 0.7, 3)


def a_result(capture: Capture, difference: float | None = 0.02, form_factor: str = "desktop") -> Fidelity:
    return Fidelity(capture.capture_id, capture.url, form_factor, "light", difference, "", b"png", SCORES)


class Pages:
    """A store of captured pages, designs for them, and a browser that says what it rendered."""

    def __init__(self, home: Path, number: int) -> None:
        self.home, self.html, self.fails_on = home, "<p>", ""
        self.rendered: list[str] = []
        self.store = CaptureStore(str(home / "captures"), create=True)
        pages = [a_capture(self.store, url=f"http://{n}.test/") for n in range(number)]
        known = [Page(title="", dom_sha256=f"{n:064}") for n in range(number)]
        self.store.append("web-1", [c.model_copy(update={"page": p}) for c, p in zip(pages, known, strict=True)])

    def prepare(self, _: CaptureStore, capture: Capture) -> Prepared:
        return Prepared(capture, parse("col 9x9"), RenderJob(html=self.html + capture.url))

    def compare(self, _: CaptureStore, batch: Sequence[Prepared]) -> list[Fidelity]:
        if any(one.capture.url == self.fails_on for one in batch):
            raise RenderError("it took too long")
        self.rendered += [one.capture.url for one in batch]
        return [a_result(one.capture) for one in batch]

    def run(self) -> tuple[list[Fidelity], int]:
        self.rendered = []
        ours = results_of(self.store, Kept(self.home / "fidelity"), lambda *_: None)
        return ours.results, ours.same


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pages:
    made = Pages(tmp_path, 2 * BATCH + 1)
    monkeypatch.setattr(fidelity, "prepare", made.prepare)
    monkeypatch.setattr(fidelity, "compare", made.compare)
    return made


def test_a_second_run_renders_nothing_and_says_the_same(pages: Pages) -> None:
    first, same = pages.run()
    assert same == len(first) == len(pages.rendered) == 2 * BATCH + 1
    again, _ = pages.run()
    assert pages.rendered == []
    assert [(r.url, r.difference, r.scores) for r in again] == [(r.url, r.difference, r.scores) for r in first]


def test_what_became_other_html_is_rendered_again(pages: Pages) -> None:
    pages.run()
    pages.html = "<b>"
    pages.run()
    assert len(pages.rendered) == 2 * BATCH + 1


def test_a_run_that_was_broken_off_goes_on(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(store: CaptureStore, batch: Sequence[Prepared]) -> list[Fidelity]:
        if pages.rendered:
            raise KeyboardInterrupt
        return pages.compare(store, batch)

    monkeypatch.setattr(fidelity, "compare", killed)
    with pytest.raises(KeyboardInterrupt):
        pages.run()
    before = set(pages.rendered)
    monkeypatch.setattr(fidelity, "compare", pages.compare)
    results, _ = pages.run()
    assert len(before) == BATCH
    assert not before & set(pages.rendered)
    assert len(results) == 2 * BATCH + 1


def test_a_page_that_the_browser_fails_over_costs_no_other_and_is_tried_again(pages: Pages) -> None:
    pages.fails_on = "http://1.test/"
    results, _ = pages.run()
    assert {r.url: r.error for r in results if r.difference is None} == {"http://1.test/": "it took too long"}
    figures = {figure.name: figure for figure in figures_of(results)}
    assert not figures["without a design"].ok
    pages.fails_on = ""
    assert figures_of(pages.run()[0])[1].ok
    assert pages.rendered == ["http://1.test/"]


def test_figures_fail_where_pixels_or_scores_are_off(pages: Pages) -> None:
    capture = next(pages.store.captures())
    figures = {f.name: f for f in figures_of([a_result(capture, 0.02), a_result(capture, 0.001, "phone")])}
    assert figures["desktop: differing pixels, median"].value == 2.0
    assert not figures["desktop: differing pixels, median"].ok
    assert figures["phone: differing pixels, median"].ok
    assert [figures[f"Design2Code {name}, median"].ok for name in ("block", "text")] == [True, False]


def test_a_peer_that_comes_nearer_than_we_do_fails(pages: Pages) -> None:
    capture = next(pages.store.captures())
    ours, farther, nearer = ([a_result(capture, share)] for share in (0.02, 0.1, 0.001))
    figures = {f.name: f for f in peer_figures("html-figma", farther, ours)}
    assert figures["html-figma, desktop: differing pixels, median"].target == "≥2"
    assert all(figure.ok for figure in figures.values())
    assert not all(figure.ok for figure in peer_figures("html-figma", nearer, ours))


def test_sites_are_crawled_once_and_again_where_their_files_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sites = tmp_path / "corpus" / "sites"
    hosts = [f"{n}.test" for n in range(entries.CRAWL_BATCH + 1)]
    for host in hosts:
        (sites / host).mkdir(parents=True)
        (sites / host / "index.html").write_text("<p>")
    crawled: list[str] = []

    def crawl(_: Path, home: Path, only: Sequence[str]) -> None:
        if fails and crawled:
            raise KeyboardInterrupt
        CaptureStore(str(home / "captures"), create=True)
        crawled.extend(only)

    monkeypatch.setattr(entries, "crawl_entries", crawl)
    fails = True
    with pytest.raises(KeyboardInterrupt):
        entries.kept_crawl(sites, tmp_path / "work")
    assert crawled == hosts[:-1]
    fails = False
    _, home = entries.kept_crawl(sites, tmp_path / "work")
    assert crawled == hosts
    assert entries.kept_crawl(sites, tmp_path / "work")[1] == home
    assert crawled == hosts
    (sites / hosts[0] / "index.html").write_text("<p>changed")
    assert entries.kept_crawl(sites, tmp_path / "work")[1] != home
    assert crawled == [*hosts, *hosts]
