"""The whole loop in a real browser: page → snapshot → design → notation → HTML → pixels, against the page's own."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from design import from_snapshot, parse, print_design, to_html

pytestmark = pytest.mark.browser
LEVELS = 16  # a channel that differs by more is another colour to the eye


@pytest.fixture(scope="module")
def started() -> Iterator[object]:
    from tests.design.capturing import browser

    with browser() as running:
        yield running


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def differing(a: np.ndarray, b: np.ndarray) -> float:
    """Percentage of pixels of which a channel differs by more than LEVELS; 100 where the sizes differ."""
    if a.shape != b.shape:
        return 100.0
    return float((np.abs(a - b) > LEVELS).any(axis=2).mean() * 100)


@pytest.mark.parametrize("name", ["landing", "layers", "type", "under"])
def test_a_design_looks_like_its_page(started: object, name: str) -> None:
    from tests.design.capturing import dot, open_page, snapshot

    page = open_page(started, name)  # type: ignore[arg-type]
    before = pixels(page.screenshot(full_page=True))
    found = from_snapshot(snapshot(page))
    slots = {slot.name: slot.svg for slot in found.slots.values() if slot.svg}
    slots["dot"] = "data:image/png;base64," + base64.b64encode(dot()).decode()
    slots["canvas"] = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
    page.unroute_all()
    page.set_content(to_html(parse(print_design(found.design)), slots=slots))
    page.wait_for_function("[...document.images].every(image => image.complete)")
    after = pixels(page.screenshot(full_page=True))
    page.close()
    assert differing(before, after) < 1.0


def test_scripts_do_not_run_in_what_is_rendered(started: object) -> None:
    hostile = '<svg xmlns="http://www.w3.org/2000/svg" onload="top.hit=1"><script>top.hit=1</script></svg>'
    page = started.new_page()  # type: ignore[attr-defined]
    html = to_html(parse("svg 9x9 &a\nimg 9x9 &b"), slots={"a": hostile, "b": 'x" onerror="top.hit=1'})
    page.set_content(html.replace("</body>", "<script>top.hit=1</script></body>"))
    page.wait_for_timeout(200)
    assert page.evaluate("window.hit === undefined")
    page.close()
