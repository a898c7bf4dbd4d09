"""Google Play's pages: the data blocks in them, an app's details and a search's apps, found by shape and validated.

A page holds its data as `AF_initDataCallback({key: 'ds:5', …, data: […], …})`. The numbers and the nesting shift, so a
block is known by what it holds. Nothing is evaluated: the arrays are JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from crawlers.captures import Listing
from crawlers.parsers.errors import StorePayloadError
from crawlers.parsers.fields import at, nodes, plain, rating, text, texts, web_url, whole

MAX_PAGE_BYTES = 16 << 20
MAX_BLOCKS = 200
MAX_SCREENSHOTS = 60
PACKAGE = re.compile(r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)+$")
DETAILS = ("ds:5", 1, 2)  # where an app's details were last seen
SCREENSHOTS, DOCUMENT, ID = 78, 7, 77
_BLOCK = re.compile(r"AF_initDataCallback\s*\(\s*\{\s*key\s*:\s*['\"](ds:\d{1,4})['\"]", re.ASCII)
_DATA = re.compile(r"\bdata\s*:\s*(?:function\s*\(\s*\)\s*\{\s*return\s*)?")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|.)", re.S)


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class PlayImage(_Shape):
    """A picture as a page names it; pixels of the original."""

    url: str = Field(pattern=r"^https?://[^\s]+$", max_length=2000)
    width: int = Field(ge=1, le=100_000)
    height: int = Field(ge=1, le=100_000)


class PlayApp(_Shape):
    """An app's details. Title, id and screenshots must be there; what else a page may lack, this may."""

    app_id: str = Field(pattern=PACKAGE.pattern, max_length=200)
    title: str = Field(min_length=1, max_length=500)
    screenshots: tuple[PlayImage, ...] = Field(min_length=1, max_length=MAX_SCREENSHOTS)
    summary: str = ""
    description: str = ""
    developer: str = ""
    categories: tuple[str, ...] = ()
    rating: float | None = Field(default=None, ge=0, le=5)
    rating_count: int | None = Field(default=None, ge=0)
    installs: int | None = Field(default=None, ge=0)

    def listing(self, locale: str) -> Listing:
        """The texts that the app's captures share."""
        return Listing(
            app_id=self.app_id,
            name=self.title,
            developer=self.developer,
            summary=self.summary,
            description=self.description,
            categories=self.categories,
            rating=self.rating,
            rating_count=self.rating_count,
            locale=locale,
        )


def parse_blocks(data: bytes) -> dict[str, Any]:
    """Key → value of every data block of a page, in the page's order. Raises StorePayloadError.

    A block that cannot be read is left out: whether it was needed is seen by what is then missing.
    """
    if len(data) > MAX_PAGE_BYTES:
        raise StorePayloadError(f"a page of {len(data)} bytes is larger than {MAX_PAGE_BYTES}", "too_large")
    page = data.decode("utf-8", "replace")
    starts = [(match[1], match.end()) for match in _BLOCK.finditer(page)][:MAX_BLOCKS]
    if not starts:
        raise StorePayloadError("the page has no AF_initDataCallback block", "layout_changed")
    found: dict[str, Any] = {}
    for number, (key, start) in enumerate(starts):
        end = starts[number + 1][1] if number + 1 < len(starts) else len(page)
        begin = _DATA.search(page, start, end)
        if begin is None:
            continue
        value = _array(page, begin.end(), end)
        if value is not None:
            found.setdefault(key, value)
    return found


def _array(page: str, start: int, end: int) -> Any:
    """The JSON that begins there; None where there is none. Older pages write some characters as \\x3d."""
    try:
        return json.JSONDecoder().raw_decode(page, start)[0]
    except RecursionError:
        return None
    except ValueError:
        spelt = _ESCAPE.sub(lambda match: f"\\u00{match[1]}" if match[1] else match[0], page[start:end])
    try:
        return json.JSONDecoder().raw_decode(spelt)[0]
    except (ValueError, RecursionError):
        return None


def parse_app(data: bytes, app_id: str) -> PlayApp:
    """The details of the app that a page is about. Raises StorePayloadError, of kind layout_changed where the page has
    none that hold: never an app of nulls."""
    blocks = parse_blocks(data)
    problem = f"none of the {len(blocks)} data blocks has the shape of an app's details"
    for details in _candidates(blocks):
        stated = text(at(details, ID, 0), 200)
        if stated != app_id and (PACKAGE.match(stated) or not _mentions(details, app_id)):
            continue
        try:
            return _app(details, app_id)
        except ValidationError as error:
            first = error.errors()[0]
            problem = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    raise StorePayloadError(f"{app_id}: {problem}", "layout_changed")


def _candidates(blocks: dict[str, Any]) -> Iterator[list[Any]]:
    """Lists that may be an app's details: the known place first, the same place in other blocks, then any by shape."""
    tried: set[int] = set()
    known = [at(blocks.get(DETAILS[0]), *DETAILS[1:]), *(at(block, *DETAILS[1:]) for block in blocks.values())]
    for details in (*known, *(node for block in blocks.values() for node in nodes(block))):
        if isinstance(details, list) and id(details) not in tried and _is_details(details):
            tried.add(id(details))
            yield details


def _is_details(node: list[Any]) -> bool:
    """A title in a list at the front, and further in a list of pictures with sizes."""
    return len(node) > 10 and _title(node) != "" and bool(_screenshots(node))


def _title(details: list[Any]) -> str:
    first = details[0]
    return text(first[0], 500) if isinstance(first, list) and first and isinstance(first[0], str) else ""


def _mentions(details: list[Any], app_id: str) -> bool:
    """Whether the details name the app, as its id or as the id in an address of its."""
    for node in nodes(details, most=20_000):
        for value in node.values() if isinstance(node, dict) else node:
            if value == app_id or (isinstance(value, str) and len(value) < 2000 and app_id in _ids_in(value)):
                return True
    return False


def _screenshots(details: list[Any]) -> list[Any]:
    """The pictures at their known place, else at the first place that holds a list of nothing but pictures."""
    usual = at(details, SCREENSHOTS, 0)
    if isinstance(usual, list) and usual:
        return usual if any(_image(one) for one in usual) else []
    for entry in details[10:]:
        pictures = at(entry, 0)
        if isinstance(pictures, list) and len(pictures) > 1 and all(_image(one) for one in pictures):
            return pictures
    return []


def _image(raw: Any) -> dict[str, Any] | None:
    url = web_url(at(raw, 3, 2))
    height, width = whole(at(raw, 2, 0)), whole(at(raw, 2, 1))
    return {"url": url, "width": width, "height": height} if url and width and height else None


def _app(details: list[Any], app_id: str) -> PlayApp:
    genres = [at(details, 79, 0, 0, 0), *(at(one, 0) for one in at(details, 118, 0, 0) or [] if isinstance(one, list))]
    described = at(details, 12, 0, 0, 1) or at(details, 72, 0, 1) or at(details, 72, 0, 0)
    images = [_image(raw) or {"url": "", "width": 0, "height": 0} for raw in _screenshots(details)[:MAX_SCREENSHOTS]]
    return PlayApp.model_validate(
        {
            "app_id": app_id,
            "title": _title(details),
            "screenshots": tuple(images),
            "summary": plain(at(details, 73, 0, 1)),
            "description": plain(described),
            "developer": text(at(details, 68, 0), 500) or text(at(details, 37, 0), 500),
            "categories": texts(genres),
            "rating": rating(at(details, 51, 0, 1)),
            "rating_count": whole(at(details, 51, 2, 1)),
            "installs": whole(at(details, 13, 1)),
        }
    )


def parse_search(data: bytes) -> tuple[str, ...]:
    """App ids that a search's page lists, in its order; none where the page says that it found none.

    Raises StorePayloadError, of kind layout_changed where the page has blocks but none that a search's answer could be.
    """
    blocks = parse_blocks(data)
    found: dict[str, None] = {}
    ordered = sorted(blocks.items(), key=lambda item: item[0] != "ds:4")
    for _, block in ordered:
        for node in nodes(block):
            values = list(node.values()) if isinstance(node, dict) else node
            is_document = len(values) > 1 and values[1] == DOCUMENT and isinstance(values[0], str)
            if is_document and PACKAGE.match(values[0]) and len(values[0]) <= 200:
                found.setdefault(values[0])
            for value in values:
                if isinstance(value, str) and "/store/apps/details?" in value and len(value) < 2000:
                    found.update(dict.fromkeys(_ids_in(value)))
    if not found and not _says_none(blocks):
        raise StorePayloadError("none of the page's data blocks lists an app", "layout_changed")
    return tuple(found)


def _says_none(blocks: dict[str, Any]) -> bool:
    """A search without hits has its block, with next to nothing in it."""
    answer = blocks.get("ds:4")
    return isinstance(answer, list) and sum(1 for _ in nodes(answer, most=100)) < 40


def _ids_in(url: str) -> list[str]:
    if "/store/apps/details?" not in url:
        return []
    try:
        ids = parse_qs(urlsplit(url).query).get("id", [])
    except ValueError:
        return []
    return [one for one in ids if PACKAGE.match(one) and len(one) <= 200]


def full_size(image: PlayImage) -> tuple[str, ...]:
    """Addresses to try, best first: the original's size (`=s0`), the stated pixels, the address given."""
    scheme, rest = image.url.split("://", 1)
    head, slash, tail = rest.rpartition("/")
    bare = f"{scheme}://{head}{slash}{tail.split('=')[0]}" if slash else image.url
    return tuple(dict.fromkeys((f"{bare}=s0", f"{bare}=w{image.width}-h{image.height}", image.url)))


def form_factor(image: PlayImage) -> str:
    """A guess from the picture's shape: the page does not say which device it shows."""
    long, short = max(image.width, image.height), min(image.width, image.height)
    if long == short:
        return "wear"
    return "tablet" if long / short < 1.5 else "phone"
