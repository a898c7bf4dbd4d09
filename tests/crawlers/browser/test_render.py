"""HTML to PNG: sizes as asked, scripts off, no network."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from crawlers.browser.render import RenderError, RenderJob, render_html
from pipelines.site_server import SiteServer

TALL = (
    "<body style='margin:0;background:#080'><div style='height:2000px'></div>"
    "<script>document.body.style.background='red'</script>"
)


@pytest.mark.browser
def test_sizes_and_order(server: SiteServer) -> None:
    seen: list[int] = []
    pngs = render_html(
        [
            RenderJob(html=TALL, width=400, height=300),
            RenderJob(html=TALL, width=400, height=300, dpr=2, full_page=True),
            RenderJob(html=TALL, width=400, height=300, clip=(100, 700)),
            RenderJob(url="http://plain.test/", width=400, height=300, theme="dark"),
        ],
        proxy=server.address,
        progress=lambda name, done, total: seen.append(done),
    )
    images = [Image.open(io.BytesIO(png)).convert("RGB") for png in pngs]
    assert [image.size for image in images] == [(400, 300), (800, 4000), (100, 700), (400, 300)]
    assert images[0].getpixel((5, 5)) == (0, 0x88, 0)
    assert images[3].getpixel((5, 5)) == (0x0A, 0x12, 0x30)
    assert seen == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "job", [RenderJob(), RenderJob(html="x", url="http://a.test/"), RenderJob(url="file:///etc/passwd")]
)
def test_wrong_jobs_are_named(job: RenderJob) -> None:
    with pytest.raises(RenderError, match="render job 0"):
        render_html([job])
