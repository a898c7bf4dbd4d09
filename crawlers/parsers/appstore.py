"""Apple's App Store: search and lookup answers, charts in both forms, and a store page's screenshots."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from parsel import Selector

from crawlers.captures import Listing
from crawlers.parsers.errors import StorePayloadError
from crawlers.parsers.fields import APP_ID, at, items, json_value, mapping, rating, text, texts, web_url, whole

MAX_ANSWER_BYTES = 32 << 20
MAX_PAGE_BYTES = 16 << 20
MAX_SCREENSHOTS = 60  # of one app; the store itself allows 10 a device
LARGEST = 9999
FIELDS = {"phone": "screenshotUrls", "tablet": "ipadScreenshotUrls", "tv": "appletvScreenshotUrls"}
GRIDS = {"phone": "phone", "pad": "tablet", "appletv": "tv", "mac": "desktop", "watch": "wear", "vision": "headset"}
_RESIZE = re.compile(r"/(\d{1,5})x(\d{1,5})([a-z]{0,4})(?:-\d{1,3})?\.([A-Za-z]{3,4})$")
_ORIGINAL = re.compile(r"\.(png|jpe?g)/\d{1,5}x\d{1,5}[^/]*$", re.I)
_TEMPLATE = re.compile(r"/\{w\}x\{h\}\{c\}\.\{f\}$")
_GRID = re.compile(r"grid-type-Screenshot([A-Za-z]+)")


@dataclass(frozen=True)
class App:
    """An app of an answer. `page` is its store page's address, where the answer has one.

    `damaged` counts the screenshots that are listed without an http(s) address.
    """

    track_id: int | None
    listing: Listing
    screenshots: Mapping[str, tuple[str, ...]]
    page: str = ""
    damaged: int = 0


@dataclass(frozen=True)
class Answer:
    """The apps of an answer, how many results were something else, and what was damaged, in words."""

    apps: tuple[App, ...]
    others: int = 0
    problems: tuple[str, ...] = ()


def parse_apps(data: bytes, locale: str = "") -> Answer:
    """The apps of a search or lookup answer. Raises StorePayloadError."""
    answer = json_value(data, "the App Store's answer", limit=MAX_ANSWER_BYTES)
    if not isinstance(answer, dict):
        raise StorePayloadError("the App Store's answer is not a JSON object")
    if "results" not in answer:
        said = text(answer.get("errorMessage"), 200) or "no results key"
        raise StorePayloadError(f"the App Store's answer has no results ({said})")
    if not isinstance(answer["results"], list):
        raise StorePayloadError("the App Store's answer has results that are no array")
    apps: list[App] = []
    problems: list[str] = []
    others = 0
    for number, raw in enumerate(answer["results"]):
        result = mapping(raw)
        if result and text(result.get("wrapperType")) not in ("software", "") and "bundleId" not in result:
            others += 1
            continue
        app = _app(result, locale)
        if app is None:
            problems.append(f"result {number} is no app: it has neither bundleId nor trackId, or no trackName")
        else:
            apps.append(app)
    return Answer(tuple(apps), others, tuple(problems))


def _app(raw: Mapping[str, Any], locale: str) -> App | None:
    track_id, bundle = whole(raw.get("trackId")), text(raw.get("bundleId"), 200)
    name = text(raw.get("trackName"), 500) or text(raw.get("trackCensoredName"), 500)
    app_id = bundle if APP_ID.match(bundle) else f"id{track_id}" if track_id else ""
    if not app_id or not name:
        return None
    listing = Listing(
        app_id=app_id,
        name=name,
        developer=text(raw.get("artistName"), 500) or text(raw.get("sellerName"), 500),
        description=text(raw.get("description")),
        categories=texts([text(raw.get("primaryGenreName"), 200), *items(raw.get("genres"))]),
        rating=rating(raw.get("averageUserRating")),
        rating_count=whole(raw.get("userRatingCount")),
        locale=locale,
    )
    mac = text(raw.get("kind")) == "mac-software"
    screenshots: dict[str, tuple[str, ...]] = {}
    damaged = 0
    for factor, field in FIELDS.items():
        listed = items(raw.get(field))[:MAX_SCREENSHOTS]
        urls = tuple(url for url in map(web_url, listed) if url)
        damaged += len(listed) - len(urls)
        if urls:
            screenshots["desktop" if mac and factor == "phone" else factor] = urls
    return App(track_id, listing, screenshots, web_url(raw.get("trackViewUrl")), damaged)


def parse_chart(data: bytes) -> tuple[str, ...]:
    """App numbers of a chart, best first, of the v2 form (`feed.results`) or the legacy one (`feed.entry`).

    Raises StorePayloadError where the feed has neither, or where none of its entries names an app.
    """
    feed = at(json_value(data, "the chart", limit=MAX_ANSWER_BYTES), "feed")
    if not isinstance(feed, dict) or not ("results" in feed or "entry" in feed):
        raise StorePayloadError("the chart has neither feed.results nor feed.entry")
    entries = items(feed.get("results", feed.get("entry")))
    found = [_chart_id(mapping(entry)) for entry in entries]
    ids = tuple(dict.fromkeys(str(one) for one in found if one))
    if entries and not ids:
        raise StorePayloadError(f"none of the chart's {len(entries)} entries names an app")
    return ids


def _chart_id(entry: Mapping[str, Any]) -> int | None:
    number = whole(entry.get("id")) or whole(at(entry, "id", "attributes", "im:id"))
    if number:
        return number
    links = [at(link, "attributes", "href") for link in items(entry.get("link"))]
    for where in (at(entry, "id", "label"), entry.get("url"), entry.get("id"), *links):
        match = re.search(r"/id(\d{1,16})(?:[?/&]|$)", where) if isinstance(where, str) else None
        if match:
            return int(match[1])
    return None


def parse_store_page(data: bytes) -> dict[str, tuple[str, ...]]:
    """Form factor → screenshots of a store page, each at the largest size that the page names.

    Raises StorePayloadError: too_large, or layout_changed where the page has no list of screenshots at all.
    """
    if len(data) > MAX_PAGE_BYTES:
        raise StorePayloadError(f"a store page of {len(data)} bytes is larger than {MAX_PAGE_BYTES}", "too_large")
    page = Selector(text=data.decode("utf-8", "replace").replace("\x00", "") or "<html></html>", type="html")
    found: dict[str, dict[str, None]] = {}
    grids = 0
    for grid in page.css("ul[class*='grid-type-Screenshot']"):
        kind = _GRID.search(grid.attrib.get("class", ""))
        if not kind:
            continue
        grids += 1
        factor = GRIDS.get(kind[1].lower(), "phone")
        for picture in grid.css("picture"):
            sets = [srcset for srcset in picture.css("source::attr(srcset), img::attr(srcset)").getall() if srcset]
            best = next((url for url in (largest_of(srcset) for srcset in sets) if url), "")
            if best and len(found.setdefault(factor, {})) < MAX_SCREENSHOTS:
                found[factor][best] = None
    if not grids:
        raise StorePayloadError("the store page has no shelf-grid list of screenshots", "layout_changed")
    return {factor: tuple(urls) for factor, urls in found.items() if urls}


def largest_of(srcset: str) -> str:
    """The address with the largest width or density of a srcset; "" where it has no http(s) one."""
    best, size = "", -1.0
    for candidate in re.split(r",\s+|,(?=https?:|//)", srcset):
        parts = candidate.split()
        url = web_url(parts[0]) if parts else ""
        stated = parts[1][:-1] if len(parts) > 1 and parts[1][-1:] in ("w", "x") else "0"
        try:
            number = float(stated)
        except ValueError:
            number = 0.0
        if url and number > size:
            best, size = url, number
    return best


def full_size(url: str) -> tuple[str, ...]:
    """Addresses to try, best first: with the largest resize directive in the tail, then the one given.

    The image server fits a picture into the box it is asked for and never enlarges it.
    """
    url = _TEMPLATE.sub("/1024x1024bb.jpg", url)
    directive = _RESIZE.search(url)
    if not directive:
        return (url,)
    original = _ORIGINAL.search(url)
    ending = "jpg" if not original else "png" if original[1].lower() == "png" else "jpg"
    wanted = f"{url[: directive.start()]}/{LARGEST}x{LARGEST}bb.{ending}"
    return (wanted, url) if wanted != url else (url,)
