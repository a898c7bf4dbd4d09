"""Figma layers are drawn as Figma would show them: what lies where, over what, in which colour."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

import pytest
from PIL import Image

from benchmarks.layers import draw, image_urls
from crawlers.browser.render import RenderJob, render_html
from design import FontFace
from tests.models.shards import png

RED, GREEN, BLUE = ({"r": 1, "g": 0, "b": 0}, {"r": 0, "g": 1, "b": 0}, {"r": 0, "g": 0, "b": 1})


def solid(color: Mapping[str, float], opacity: float = 1) -> dict[str, Any]:
    return {"type": "SOLID", "color": color, "opacity": opacity}


def box(x: float, y: float, width: float, height: float, **rest: Any) -> dict[str, Any]:
    return {"type": "RECTANGLE", "x": x, "y": y, "width": width, "height": height, **rest}


def frame(*children: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {**box(0, 0, 100, 60), "type": "FRAME", "children": list(children), **rest}


def seen(root: dict[str, Any], images: dict[str, str] | None = None) -> Image.Image:
    (data,) = render_html([RenderJob(html=draw(root, images or {}), width=100, height=60)])
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB")


def test_a_text_is_set_in_regular_with_what_its_layer_says() -> None:
    text = box(5, 6, 70, 40, type="TEXT", characters="a < b", fontSize=18, fontFamily='"Open Sans", serif')
    text |= {"lineHeight": {"unit": "PIXELS", "value": 24}, "letterSpacing": {"unit": "PIXELS", "value": 0.5}}
    text |= {"textCase": "UPPER", "textAlignHorizontal": "CENTER", "fills": [solid(RED, 0.5)]}
    html = draw(frame(text), {}, [(FontFace("Open Sans", "100 900"), "data:font/woff2;base64,AA")])
    assert "a &lt; b</div>" in html
    assert '@font-face{font-family:"Open Sans";font-weight:100 900;' in html
    for said in (
        "left:5.0px;top:6.0px;width:70.0px",
        "color:rgba(255,0,0,0.5)",
        "font-family:&quot;Open Sans&quot;, serif;font-size:18.0px;font-weight:400",
        "line-height:24.0px;letter-spacing:0.5px;text-align:center;text-transform:uppercase",
    ):
        assert said in html


def test_a_page_cannot_get_out_of_its_strings() -> None:
    face = FontFace('x"}</style><script>', "400;}</style>", "normal")
    text = box(0, 0, 9, 9, type="TEXT", characters="</div><script>", fontFamily='"><script>')
    html = draw(frame(text), {}, [(face, "data:font/woff2;base64,AA")])
    assert "<script" not in html
    assert html.count("</style>") == 1


def test_images_are_asked_for_wherever_they_are() -> None:
    inner = box(0, 0, 9, 9, fills=[{"type": "IMAGE", "url": "http://a.test/1.png"}, solid(RED)])
    outer = frame(frame(inner), fills=[{"type": "IMAGE", "url": "http://a.test/2.png"}, {"type": "IMAGE"}])
    assert image_urls(outer) == {"http://a.test/1.png", "http://a.test/2.png"}


@pytest.mark.browser
def test_what_comes_later_lies_above_and_children_lie_in_their_parent() -> None:
    below = box(10, 10, 40, 40, fills=[solid(RED)])
    above = frame(box(5, 5, 10, 10, fills=[solid(GREEN)]), x=20, y=20, width=20, height=20, fills=[solid(BLUE)])
    image = seen(frame(below, above))
    assert [image.getpixel(at) for at in ((5, 5), (12, 12), (22, 22), (27, 27))] == [
        *((255, 255, 255), (255, 0, 0)),
        *((0, 0, 255), (0, 255, 0)),
    ]


@pytest.mark.browser
def test_a_stroke_is_inside_and_a_frame_clips_only_where_it_says_so() -> None:
    stroked = box(10, 10, 20, 20, fills=[solid(RED)], strokes=[solid(BLUE)], strokeWeight=2)
    wide = box(0, 0, 30, 5, fills=[solid(GREEN)])
    clipping = frame(wide, x=50, y=10, width=10, height=10, clipsContent=True)
    open_frame = frame(wide, x=50, y=30, width=10, height=10, clipsContent=False)
    image = seen(frame(stroked, clipping, open_frame))
    assert [image.getpixel((x, 20)) for x in (9, 11, 13)] == [(255, 255, 255), (0, 0, 255), (255, 0, 0)]
    assert [image.getpixel((70, y)) for y in (12, 32)] == [(255, 255, 255), (0, 255, 0)]


@pytest.mark.browser
def test_an_image_fills_or_fits_its_box_over_the_fills_before_it() -> None:
    picture = Image.new("RGB", (10, 20), (0, 0, 255))
    uri = f"data:image/png;base64,{base64.b64encode(png(picture)).decode()}"
    image_fill = {"type": "IMAGE", "url": "http://a.test/1.png"}
    filled = box(0, 0, 40, 40, fills=[solid(RED), {**image_fill, "scaleMode": "FILL"}])
    fitted = box(50, 0, 40, 40, fills=[solid(RED), {**image_fill, "scaleMode": "FIT"}])
    image = seen(frame(filled, fitted), {"http://a.test/1.png": uri})
    assert [image.getpixel((x, 20)) for x in (2, 52, 70)] == [(0, 0, 255), (255, 0, 0), (0, 0, 255)]
    assert seen(frame(filled)).getpixel((2, 20)) == (255, 0, 0)  # an image that is missing


@pytest.mark.browser
def test_svg_knows_no_style_of_the_page_and_scales_to_its_box() -> None:
    path = '<path fill="currentColor" d="M0 0h10v10H0z"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">{path}</svg>'
    image = seen(frame(box(10, 10, 20, 20, type="SVG", svg=svg)))
    assert [image.getpixel((x, 20)) for x in (8, 12, 28, 32)] == [(255,) * 3, (0,) * 3, (0,) * 3, (255,) * 3]
