"""Takes `gesso-dom/1` snapshots and screenshots of the pages beside this file, in a real Chromium.

`python -m tests.design.capturing` writes the fixtures anew.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, Route, sync_playwright

from crawlers.browser.find import require_chromium

HERE = Path(__file__).parent
PAGES, FIXTURES = HERE / "pages", HERE / "fixtures"
ORIGIN = "http://fixture.test/"
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
SIZE = {"width": 800, "height": 600}


def dot() -> bytes:
    """A small PNG of two colours."""
    image = Image.new("RGB", (40, 40), "#ff7043")
    image.paste("#26a69a", (10, 10, 30, 30))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=str(require_chromium()), args=FLAGS)
        try:
            yield started
        finally:
            started.close()


def _answer(route: Route) -> None:
    name = route.request.url.removeprefix(ORIGIN)
    if name == "dot.png":
        route.fulfill(body=dot(), content_type="image/png")
    elif (PAGES / name).is_file() and "/" not in name:
        route.fulfill(body=(PAGES / name).read_bytes(), content_type="text/html; charset=utf-8")
    else:
        route.abort()


def open_page(started: Browser, name: str) -> Page:
    page = started.new_page(viewport=SIZE)  # type: ignore[arg-type]
    page.route("**/*", _answer)
    page.goto(f"{ORIGIN}{name}.html")
    return page


def snapshot(page: Page) -> dict[str, Any]:
    """The page as the crawler would write it."""
    from crawlers.browser.in_page import GESSO
    from crawlers.browser.snapshot import COMPUTED_STYLES

    taken = page.context.new_cdp_session(page).send(
        "DOMSnapshot.captureSnapshot",
        {"computedStyles": list(COMPUTED_STYLES), "includePaintOrder": True, "includeDOMRects": True},
    )
    root = "document.documentElement"
    return {
        "format": "gesso-dom/1",
        "url": page.url,
        "title": page.title(),
        "lang": "en",
        "viewport": {**SIZE, "dpr": 1},
        "theme": "light",
        "page": page.evaluate(f"() => ({{width: {root}.scrollWidth, height: {root}.scrollHeight}})"),
        "scale": 1,
        "computed_styles": list(COMPUTED_STYLES),
        "snapshot": taken,
        "assets": {
            ORIGIN + "dot.png": {"sha256": "0" * 64, "format": "png", "mime": "image/png", "width": 40, "height": 40}
        },
        "fonts": [],
        "media": page.evaluate(f"() => {{ globalThis.gesso = {GESSO}; return {{authored: gesso.authored()}} }}"),
    }


def main() -> None:
    FIXTURES.mkdir(exist_ok=True)
    with browser() as started:
        for path in sorted(PAGES.glob("*.html")):
            page = open_page(started, path.stem)
            blob = json.dumps(snapshot(page), separators=(",", ":")).encode()
            (FIXTURES / f"{path.stem}.json.gz").write_bytes(gzip.compress(blob, mtime=0))
            page.close()


if __name__ == "__main__":
    main()
