"""The example sites: every page parses, every link resolves, nothing leaves the machine, nothing overflows a phone."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from pipelines.site_server import hosts_in, serving

SITES = Path(__file__).resolve().parents[2] / "examples" / "sites"
PAGES = sorted(SITES.rglob("*.html"))
MISSING_ON_PURPOSE = {"http://tern.test/guide/moving-from-0-8/"}
BLANK_ON_PURPOSE = {"http://sluice.test/wall/"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


class Page(HTMLParser):
    """Collects what a page refers to, and every tag that is closed out of order."""

    def __init__(self, url: str, text: str) -> None:
        super().__init__()
        self.url, self.links, self.resources, self.ids, self.faults = url, [], [], set(), []
        self.images: list[dict[str, str | None]] = []
        self.lang = self.title = ""
        self.meta: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> never closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag not in VOID:
            self._open.append(tag)
        self._read(tag, values)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._read(tag, dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()} closes nothing")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "title" and "svg" not in self._open:
            self.title += data

    def _read(self, tag: str, values: dict[str, str | None]) -> None:
        if values.get("id"):
            self.ids.add(values["id"])
        if tag == "html":
            self.lang = values.get("lang") or ""
        elif tag == "meta" and values.get("name"):
            self.meta[values["name"] or ""] = values.get("content") or ""
        elif tag == "img":
            self.images.append(values)
        if tag in {"a", "form"} and (link := values.get("href") or values.get("action")):
            self.links.append(urljoin(self.url, link))
        for name in ("src", "data-src", "poster") + (("href",) if tag == "link" else ()):
            if (value := values.get(name)) and values.get("rel") != "canonical":
                self.resources.append(urljoin(self.url, value))


def url_of(path: Path) -> str:
    host, *rest = path.relative_to(SITES).parts
    return f"http://{host}/{'/'.join(rest)}".removesuffix("index.html")


def read(path: Path) -> Page:
    return Page(url_of(path), path.read_text(encoding="utf-8"))


def file_of(url: str) -> Path:
    parts = urlsplit(url)
    path = SITES / (parts.hostname or "") / parts.path.lstrip("/")
    return path / "index.html" if path.is_dir() or parts.path.endswith("/") else path


def is_local(url: str) -> bool:
    return urlsplit(url).scheme in {"data", "mailto"} or (urlsplit(url).hostname or "") in hosts_in(SITES)


@pytest.mark.parametrize("path", PAGES, ids=url_of)
def test_a_page_is_well_formed_and_described(path: Path) -> None:
    page = read(path)
    assert page.faults == []
    assert page.lang.startswith("en")
    assert page.title.strip()
    assert "width=device-width" in page.meta["viewport"]
    assert page.url in BLANK_ON_PURPOSE or len(page.meta["description"]) > 20


@pytest.mark.parametrize("path", PAGES, ids=url_of)
def test_images_say_what_they_show_and_how_large_they_are(path: Path) -> None:
    for image in read(path).images:
        assert image.get("alt") is not None, image
        assert image.get("width"), image
        assert image.get("height"), image


@pytest.mark.parametrize("path", PAGES, ids=url_of)
def test_every_link_and_resource_resolves(path: Path) -> None:
    page = read(path)
    for url in page.links + page.resources:
        if urlsplit(url).scheme in {"data", "mailto"} or url in MISSING_ON_PURPOSE:
            continue
        target = file_of(url)
        assert target.is_file(), f"{page.url} refers to {url}"
        if fragment := urlsplit(url).fragment:
            assert fragment in read(target).ids, f"{page.url} refers to {url}"


@pytest.mark.parametrize("path", PAGES, ids=url_of)
def test_nothing_is_asked_of_another_machine(path: Path) -> None:
    page = read(path)
    assert [url for url in page.links + page.resources if not is_local(url)] == []


def test_style_sheets_and_scripts_refer_only_to_files_beside_them() -> None:
    for sheet in [*SITES.rglob("*.css"), *SITES.rglob("*.js")]:
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"@import|https?://", text), sheet
        for reference in re.findall(r"url\(\"?([^)\"]+)\"?\)", text):
            assert file_of(urljoin(url_of(sheet), reference)).is_file(), f"{sheet}: {reference}"


def test_the_missing_page_is_linked_and_has_a_designed_answer() -> None:
    linked = {url for path in PAGES for url in read(path).links}
    for url in MISSING_ON_PURPOSE:
        assert url in linked
        assert not file_of(url).exists()
        assert (SITES / (urlsplit(url).hostname or "") / "404.html").is_file()


def test_the_two_start_pages_differ_in_one_number() -> None:
    a, b = ((SITES / "aurora.test" / name / "index.html").read_text().split() for name in ("start-a", "start-b"))
    assert len(a) == len(b)
    assert len([pair for pair in zip(a, b, strict=True) if pair[0] != pair[1]]) == 1


def test_nothing_depends_on_chance_or_the_clock() -> None:
    for source in [*PAGES, *SITES.rglob("*.js")]:
        assert not re.search(r"Math\.random|Date\.now|new Date|setInterval", source.read_text(encoding="utf-8")), source


def test_the_whole_stays_small() -> None:
    sizes = {path: path.stat().st_size for path in SITES.rglob("*") if path.is_file()}
    assert sum(sizes.values()) < 2_500_000
    assert {path: size for path, size in sizes.items() if size > 300_000} == {}


def test_fonts_carry_their_licence() -> None:
    folders = {font.parent for font in SITES.rglob("*.woff2")}
    assert len(folders) >= 4
    for folder in folders:
        assert "SIL Open Font License" in (folder / "OFL.txt").read_text(encoding="utf-8")


@pytest.mark.browser
def test_no_page_overflows_a_phone_or_complains() -> None:
    from playwright.sync_api import sync_playwright

    from crawlers.browser.find import require_chromium

    wrong: list[str] = []
    with serving(hosts_in(SITES)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(require_chromium()), args=FLAGS, proxy={"server": server.address}
        )
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
        page.on("response", lambda answer: wrong.extend([] if answer.ok else [f"{answer.status}: {answer.url}"]))
        page.on("request", lambda request: wrong.extend([] if is_local(request.url) else [f"left: {request.url}"]))
        for path in PAGES:
            page.goto(url_of(path), wait_until="load")
            page.evaluate("document.fonts.ready.then(() => true)")
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wrong.append(f"too wide: {page.url}")
        browser.close()
    assert wrong == []
