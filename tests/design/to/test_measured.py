"""Places that a browser measured: what is drawn from them looks like what the browser drew."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from crawlers.browser.render import RenderJob, render_html, render_with_trees
from design import Design, from_snapshot, load_snapshot, parse, to_html
from design.compare.pixels import pixel_difference
from design.to.layout import lay_out
from design.to.measured import measured
from design.to.svg import to_svg
from design.tree import expand

ROOT = Path(__file__).resolve().parents[3]
MOST = 0.01  # share of differing pixels


def designs() -> dict[str, Design]:
    found = {"card": parse((ROOT / "examples" / "card.gesso").read_text())}
    data = (ROOT / "tests" / "design" / "fixtures" / "landing.json.gz").read_bytes()
    return found | {"landing": from_snapshot(load_snapshot(data)).design}


@pytest.mark.browser
@pytest.mark.parametrize("name", ["card", "landing"])
def test_an_svg_from_measured_places_looks_like_the_page(name: str) -> None:
    design = designs()[name]
    width = design.roots[0].width
    assert isinstance(width, float)
    (page,) = render_with_trees([RenderJob(html=to_html(design), width=round(width), height=64, full_page=True)])
    places = measured(expand(design), page.snapshot)
    assert places is not None
    svg = to_svg(design, places=places)
    body = f"<body style='margin:0;font-size:0'>{svg}</body>"
    with Image.open(io.BytesIO(page.png)) as seen:
        drawn = render_html([RenderJob(html=body, width=seen.width, height=seen.height)])[0]
        with Image.open(io.BytesIO(drawn)) as made:
            assert pixel_difference(seen, made) < MOST


@pytest.mark.browser
def test_our_own_layout_is_near_the_browsers() -> None:
    design = designs()["card"]
    (page,) = render_with_trees([RenderJob(html=to_html(design), width=390, height=64, full_page=True)])
    places, own = measured(expand(design), page.snapshot), lay_out(design)
    assert places is not None
    for number, rect in places.rects.items():
        mine = own.rects[number]
        assert max(abs(rect.x - mine.x), abs(rect.y - mine.y)) <= 24, number


def test_a_document_of_another_design_has_no_places() -> None:
    (page,) = render_with_trees([RenderJob(html=to_html(parse("rect 9x9")), width=100, height=64)])
    assert measured(parse("col 9\n rect 9x9"), page.snapshot) is None
