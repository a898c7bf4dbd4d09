"""A grid as a page: what stands below a narrow screen can be read."""

from __future__ import annotations

import pytest
from PIL import Image
from playwright.sync_api import sync_playwright

from crawlers.browser.find import require_chromium
from curation.grid import Cell, Grid, Group


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_a_caption_has_room_below_a_screen_as_thin_as_a_thread(width: int) -> None:
    thread = Cell("a" * 24, Image.new("RGB", (40, 1600), "#2b4acb"), ("5 · aurora.test", "Phone view of a web page"))
    page = Grid((Group((thread, thread)),), "found").page()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(require_chromium()), args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": width, "height": 800})
        tab.set_content(page)
        lines = "e => e.getClientRects()[0].height / parseFloat(getComputedStyle(e).lineHeight)"
        assert round(tab.eval_on_selector("figcaption span", lines)) == 1
        browser.close()
