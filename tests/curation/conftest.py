"""Small capture stores with drawn screens, written through the crawler's own store."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pictures
from PIL import ImageDraw

from crawlers.captures import Capture, CaptureStore, Image, Listing, Page, Rights, View, capture_id
from curation.features.base import Item
from curation.features.decode import decode_image
from curation.recipe import Recipe, parse_recipe

PHONE = (360, 780)


def screen(seed: int, size: tuple[int, int] = PHONE, ground: str = "#ffffff", ink: str = "#1a2b3c") -> Pictures.Image:
    """A screen with a header, cards and lines of text whose places depend on the seed."""
    picture = Pictures.new("RGB", size, ground)
    draw = ImageDraw.Draw(picture)
    width, height = size
    draw.rectangle((0, 40, width, 40 + 30 + seed * 37 % 90), fill=f"#{seed * 2654435761 % 0xFFFFFF:06x}")
    y, step = 180, 0
    while y < height - 40:
        kind = (seed * 7919 + step * 104729) % 5
        if kind == 0:
            draw.rectangle((20, y, 20 + (seed * 31 + step * 57) % (width - 60) + 20, y + 60), fill=ink)
            y += 80
        else:
            draw.text((20 + 40 * (kind % 3), y), f"Line {step} of screen {seed}: words in a row", fill=ink)
            y += 22
        step += 1
    return picture


def encoded(picture: Pictures.Image, format: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def make_capture(
    store: CaptureStore | None,
    data: bytes,
    name: str,
    *,
    site: str = "one.test",
    size: tuple[int, int] = PHONE,
    format: str = "png",
    kind: str = "fold",
    form_factor: str = "phone",
    status: int = 200,
    listing: Listing | None = None,
    page: Page | None = None,
    allowed: bool = True,
    verdicts: tuple[str, ...] = (),
) -> Capture:
    """A capture whose bytes are in the store, where one is given."""
    import hashlib

    sha256 = store.put_blob(data, format) if store else hashlib.sha256(data).hexdigest()
    view = View(kind=kind, width=size[0], height=size[1], dpr=1, form_factor=form_factor)  # type: ignore[arg-type]
    return Capture(
        capture_id=capture_id("test", f"{site}/{name}", view, sha256),
        run_id="run1",
        source="test",
        spider="test",
        url=f"http://{site}/{name}",
        canonical_url=f"http://{site}/{name}",
        site=site,
        fetched_at=datetime(2026, 1, 2, tzinfo=UTC),
        http_status=status,
        image=Image(sha256=sha256, format=format, width=size[0], height=size[1], bytes=max(1, len(data))),
        view=view,
        page=page if page or listing else Page(title=f"Page {name}"),
        listing=listing,
        rights=Rights(allowed=allowed),
        verdicts=verdicts,
    )


def item(picture: Pictures.Image, **capture: Any) -> Item:
    """What a pixel feature sees of a picture."""
    data = encoded(picture)
    return Item(make_capture(None, data, "x", size=picture.size, **capture), data, decode_image(data))


def small_recipe(**changes: Any) -> Recipe:
    """Pixel features and captions, three keep rules, four rows a shard."""
    fields: dict[str, Any] = {
        "name": "small",
        "features": ["decode", "hashes", "ink", "palette", "caption"],
        "keep": [
            {"name": "found", "sql": "http_status < 400"},
            {"name": "large_enough", "sql": "least(decoded_width, decoded_height) >= 100"},
            {"name": "blank", "sql": "blankness < 0.9"},
        ],
        "seed": 3,
        "shards": {"rows": 4},
    }
    return parse_recipe(fields | changes)


@pytest.fixture
def recipe() -> Callable[..., Recipe]:
    return small_recipe


def fill(home: Path, sites: int = 6, pages: int = 2) -> CaptureStore:
    """Distinct screens of some sites, and one of each kind that curation turns away."""
    store = CaptureStore(str(home / "captures"), create=True)
    captures = [
        make_capture(store, encoded(screen(site * 10 + page)), f"p{page}", site=f"site{site}.test")
        for site in range(sites)
        for page in range(pages)
    ]
    first = screen(0)
    captures += [
        make_capture(store, encoded(Pictures.new("RGB", PHONE, "white")), "blank", site="site0.test"),
        make_capture(store, encoded(screen(90)), "lost", site="site0.test", status=404),
        make_capture(store, encoded(screen(91, (60, 60))), "tiny", site="site1.test", size=(60, 60)),
        make_capture(store, encoded(first), "twin", site="twin.test"),
        make_capture(store, encoded(first, "JPEG", quality=70), "again", site="copy.test", format="jpeg"),
        make_capture(store, encoded(screen(92))[:-400], "torn", site="site2.test"),
        make_capture(store, b"<html>not a picture</html>", "page", site="site2.test"),
    ]
    store.append("run1", captures)
    return store


@pytest.fixture(scope="session")
def finished_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with `small@1` and `small@2`, made once a session. Treat it as read-only, or copy it."""
    from tests.curation.finished import shared

    return shared(tmp_path_factory.getbasetemp())
