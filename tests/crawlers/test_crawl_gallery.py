"""A gallery crawled from listing to showcased sites: every way that an entry can lead to its site."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawlers.arguments import ArgumentError, parse_arguments
from crawlers.arguments.gallery import preset_names
from crawlers.captures import CaptureStore
from crawlers.run import CrawlSummary, crawl
from tests.crawlers.generated_sites import Answer, GeneratedSites, generated, page

FAST = {"GESSO_THEMES": "light", "GESSO_KINDS": "fold", "GESSO_VIEWS": "phone", "GESSO_PROBE": False}
PRESET = str(Path(__file__).parent / "galleries" / "test.yaml")
LISTINGS = {
    "": """<ul>
<li class="site"><h2>One</h2><a class="visit" href="http://one.test/?ref=gallery">visit</a><i class="tag">Minimal</i>
 <i class="tag">Dark</i><b class="votes">1,204</b><b class="rank">#1</b></li>
<li class="site"><h2>Two</h2><a class="visit" href="/out?url=http%3A%2F%2Ftwo.test%2F">visit</a></li>
<li class="site"><h2>Three</h2><a class="visit" href="/go/3">visit</a></li>
<li class="site"><h2>Ours</h2><a class="visit" href="http://gallery.test/about">visit</a></li>
<li class="site"><h2>Social</h2><a class="visit" href="https://x.com/someone">visit</a></li>
</ul><a rel="next" href="/?page=2">next</a>""",
    "page=2": """<ul>
<li class="site"><h2>Four</h2><a class="more" href="/entry/4">more</a><b class="votes">7</b></li>
<li class="site"><h2>One again</h2><a class="visit" href="http://one.test/">visit</a></li>
<li class="site"><h2>Ad</h2><a class="visit" href="http://ads.test/">visit</a></li>
</ul><a rel="next" href="/?page=3">next</a>""",
    "page=3": "<div class='redesigned'>nothing as it was</div>",
}
REDIRECTS = {"/go/3": "/go/3b", "/go/3b": "http://three.test/", "/about": "/a1", "/a1": "/a2", "/a2": "/a3"}


def answer(host: str, path: str, query: str) -> Answer | None:
    if host == "gallery.test" and path == "/":
        return page(LISTINGS[query])
    if host == "gallery.test" and path == "/entry/4":
        return page('<a id="visit" href="http://four.test/">go</a><i class="tag">Portfolio</i>')
    if host == "gallery.test" and path in REDIRECTS:
        return 302, {"Location": REDIRECTS[path]}, b""
    if host in ("one.test", "two.test", "three.test", "four.test") and path in ("/", "/more"):
        return page(f"<h1>{host}</h1><a href='/more'>more</a>", host)
    return None


def crawled(server: GeneratedSites, store: Path, **arguments: str) -> CrawlSummary:
    given = {"url": "http://gallery.test/", "preset": PRESET, **arguments}
    summary = crawl("gallery", given, store=str(store), settings={**FAST, "GESSO_PROXY": server.address})
    assert summary.finished
    return summary


@pytest.mark.browser
def test_the_showcased_sites_are_captured_with_what_the_gallery_says(tmp_path: Path) -> None:
    with generated(answer) as server:
        summary = crawled(server, tmp_path)
    captures = {c.canonical_url: c for c in CaptureStore(str(tmp_path)).captures()}
    assert set(captures) == {f"http://{name}.test/" for name in ("one", "two", "three", "four")}
    assert captures["http://one.test/"].metadata == {
        "gallery": "test",
        "gallery_url": "http://gallery.test/",
        "gallery_page": 1,
        "position": 1,
        "title": "One",
        "tags": ("minimal", "dark"),
        "votes": 1204,
        "rank": 1,
    }
    four = captures["http://four.test/"].metadata
    assert (four["title"], four["tags"], four["votes"], four["gallery_page"]) == ("Four", ("portfolio",), 7, 2)
    assert all((c.spider, c.source, c.site) == ("gallery", "web", c.canonical_url[7:-1]) for c in captures.values())
    assert summary.stats["gesso/gallery/skipped/social"] == 1
    assert summary.stats["gesso/gallery/skipped/skip"] == 1
    assert summary.stats["gesso/gallery/no_target"] == 1  # /about stays within the gallery for too many hops


@pytest.mark.browser
def test_a_changed_layout_is_one_failure_with_its_evidence(tmp_path: Path) -> None:
    with generated(answer) as server:
        summary = crawled(server, tmp_path, item="li.nothing")
    assert summary.failures == {"layout_changed": 1}
    assert [seed.kind for seed in summary.unreachable] == ["layout_changed"]
    (failure,) = CaptureStore(str(tmp_path)).failures()
    (blob,) = (tmp_path / "blobs").glob("*/*.html")
    assert blob.read_bytes() == page(LISTINGS[""])[2]
    assert blob.name[:12] in failure.reason


@pytest.mark.browser
def test_links_of_showcased_sites_are_followed_without_its_metadata(tmp_path: Path) -> None:
    with generated(answer) as server:
        crawled(server, tmp_path, limit="1", pages="1", depth="1")
        assert "gallery.test/?page=2" not in server.asked
    metadata = {c.canonical_url: c.metadata for c in CaptureStore(str(tmp_path)).captures()}
    assert set(metadata) == {"http://one.test/", "http://one.test/more"}
    assert metadata["http://one.test/more"] == {}


@pytest.mark.browser
def test_a_gallery_drawn_by_scripts_is_read_and_not_pictured(tmp_path: Path) -> None:
    def scripted(host: str, path: str, query: str) -> Answer | None:
        found = answer(host, path, query)
        if found is None or host != "gallery.test" or path != "/":
            return found
        return page(f"<main></main><script>document.querySelector('main').innerHTML = `{LISTINGS[query]}`</script>")

    with generated(scripted) as server:
        summary = crawled(server, tmp_path, render="1", pages="1")
    captures = list(CaptureStore(str(tmp_path)).captures())
    assert {c.site for c in captures} == {"one.test", "two.test", "three.test"}
    assert not summary.failures
    assert {p.stem for p in (tmp_path / "blobs").glob("*/*.png")} == {c.image.sha256 for c in captures}


def test_presets_are_valid_and_arguments_win_over_them() -> None:
    assert {"awards", "cards", "ranking"} <= set(preset_names())
    for name in preset_names():
        arguments = parse_arguments("gallery", {"url": "http://a.test/", "preset": name, "title": "h6"})
        assert (arguments.how.title, arguments.how.name, arguments.depth) == ("h6", name, 0)


def test_a_preset_file_may_have_the_gallery_s_address(tmp_path: Path) -> None:
    preset = tmp_path / "mine.yaml"
    preset.write_text("{url: 'http://a.test/', item: li, link: a}")
    assert parse_arguments("gallery", {"preset": str(preset)}).url == ("http://a.test/",)
    assert parse_arguments("gallery", {"preset": str(preset), "url": "http://b.test/"}).url == ("http://b.test/",)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "url is missing"),
        ({"preset": "dribble"}, "no preset 'dribble'"),
        ({"url": "http://a.test/"}, "item is missing"),
        ({"url": "http://a.test/", "item": "li"}, "link is missing"),
        ({"url": "http://a.test/", "item": "li[[", "link": "a"}, "not a CSS selector"),
        ({"url": "http://a.test/", "preset": "dribble"}, "there are awards, cards"),
        ({"url": "http://a.test/", "preset": "nowhere.yaml"}, "cannot be read"),
        ({"url": "http://a.test/", "preset": "cards", "pages": "0"}, "pages"),
    ],
)
def test_a_wrong_argument_is_named(given: dict[str, str], said: str) -> None:
    with pytest.raises(ArgumentError, match=said) as caught:
        parse_arguments("gallery", given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["item: [", "- a\n- b\n", "item: li\nlink: a\nevil: 1\n", "!!python/object:os.system {}"]
)
def test_a_bad_preset_file_is_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(ArgumentError) as caught:
        parse_arguments("gallery", {"url": "http://a.test/", "preset": str(file)})
    assert "\n" not in str(caught.value)
