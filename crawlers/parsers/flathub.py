"""AppStream catalogues: bulk XML (gz, xz), Flathub's API v2, and DEP-11 YAML, all read to the same components."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError

import yaml
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from crawlers.captures import Listing
from crawlers.parsers.compressed import unpack
from crawlers.parsers.errors import StorePayloadError
from crawlers.parsers.fields import at, items, json_value, mapping, plain, text, texts, web_url, whole

MAX_ANSWER_BYTES = 32 << 20
MAX_DEPTH = 64
MAX_NODES = 200_000  # of one component
MAX_DOCUMENT = 4 << 20  # bytes of one YAML document
MAX_SCREENSHOTS = 100
MAX_ADDRESSES = 3  # of one screenshot: what is smaller than the third largest is a thumbnail
OTHER_SYSTEMS = ("windows", "macos")
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
PLAIN_LOCALES = ("C", "en", "en_US", "en_GB")
_SIZE = re.compile(r"^(\d{1,5})x(\d{1,5})$")
_ID = re.compile(r"^[A-Za-z0-9_.+-]{1,200}$")
_APPS = ("desktop", "desktop-application", "desktop-app", "console-application", "web-application", "webapp", "")


@dataclass(frozen=True)
class Screenshot:
    """One screenshot: the addresses of its pictures, largest first (the source before a copy of the same size)."""

    urls: tuple[str, ...]
    caption: str = ""


@dataclass(frozen=True)
class Component:
    """An app of a catalogue. `skipped` counts the screenshots of other systems, `damaged` those without a picture."""

    listing: Listing
    screenshots: tuple[Screenshot, ...]
    licence: str = ""
    skipped: int = 0
    damaged: int = 0


@dataclass(frozen=True)
class _Raw:
    """A component as any of the forms states it; texts are maps of locale to text."""

    app_id: str
    kind: str
    name: Mapping[str, str]
    summary: Mapping[str, str]
    description: Mapping[str, str]
    developer: Mapping[str, str]
    categories: tuple[str, ...]
    licence: str
    shots: tuple[tuple[str, Mapping[str, str], tuple[tuple[str, int, int, bool], ...]], ...]
    rating_count: int | None = None


def parse_appstream(data: bytes, locale: str = "en") -> Iterator[Component | StorePayloadError]:
    """The components of an AppStream XML catalogue, one at a time; a damaged one as the error that says so.

    Raises StorePayloadError where the file cannot be read on: bad_payload, bomb, too_large, forbidden (a DTD, an
    entity or an outside reference).
    """
    depth = seen = 0
    root: Element | None = None
    stream: Any = unpack(data)
    try:
        for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                depth += 1
                seen += 1
                root = element if root is None else root
                if depth > MAX_DEPTH or seen > MAX_NODES:
                    raise StorePayloadError("a component has too many or too deeply nested elements", "too_large")
                continue
            depth -= 1
            if depth == 1 and _tag(element) in ("component", "application"):
                yield from _component(_from_xml(element), locale)
            if depth == 1 and root is not None:
                root.clear()
                seen = 0
    except DefusedXmlException as error:
        raise StorePayloadError(f"the catalogue has a {type(error).__name__}", "forbidden") from None
    except (ParseError, ValueError, LookupError) as error:
        raise StorePayloadError(f"the catalogue is not XML ({str(error)[:100]})") from None
    if root is None or _tag(root) not in ("components", "applications"):
        raise StorePayloadError("the catalogue is no AppStream: its root is not <components>")


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _children(element: Element | None, tag: str) -> list[Element]:
    return [child for child in element if _tag(child) == tag] if element is not None else []


def _first(element: Element, tag: str) -> Element | None:
    return next(iter(_children(element, tag)), None)


def _localised(element: Element | None, tag: str) -> dict[str, str]:
    """Locale → text of the children of a tag; without a locale it is C. Paragraphs and list items are lines."""
    found: dict[str, str] = {}
    for child in _children(element, tag):
        blocks = [node for node in child.iter() if _tag(node) in ("p", "li")]
        if blocks:  # a catalogue may localise the description, or each paragraph of one
            for node in blocks:
                where = node.get(LANG) or child.get(LANG) or "C"
                found[where] = f"{found.get(where, '')}\n{_words(node)}"[:20_000].strip()
        else:
            found.setdefault(child.get(LANG) or "C", _words(child))
    return found


def _words(element: Element) -> str:
    return text(" ".join("".join(element.itertext()).split()))


def _from_xml(element: Element) -> _Raw:
    shots = []
    for shot in _children(_first(element, "screenshots"), "screenshot")[:MAX_SCREENSHOTS]:
        images = [
            (
                "".join(image.itertext()).strip(),
                whole(image.get("width")) or 0,
                whole(image.get("height")) or 0,
                image.get("type", "source") == "source",
            )
            for image in _children(shot, "image")
        ]
        shots.append((shot.get("environment") or "", _localised(shot, "caption"), tuple(images)))
    developer = _localised(_first(element, "developer"), "name") or _localised(element, "developer_name")
    categories = _children(_first(element, "categories"), "category")
    ident, licence = _first(element, "id"), _first(element, "project_license")
    return _Raw(
        app_id=_words(ident) if ident is not None else "",
        kind=element.get("type") or "",
        name=_localised(element, "name"),
        summary=_localised(element, "summary"),
        description=_localised(element, "description"),
        developer=developer,
        categories=texts([_words(one) for one in categories]),
        licence=_words(licence)[:200] if licence is not None else "",
        shots=tuple(shots),
    )


def parse_api_app(data: bytes, locale: str = "en") -> Component:
    """The app of an answer of `/api/v2/appstream/{id}`. Raises StorePayloadError."""
    raw = json_value(data, "Flathub's answer", limit=MAX_ANSWER_BYTES)
    if not isinstance(raw, dict):
        raise StorePayloadError("Flathub's answer is not a JSON object: the app may not be there")
    found = next(_component(_from_json(raw), locale), None)
    if found is None:
        raise StorePayloadError(f"{text(raw.get('id'), 80)!r} is no app but a {text(raw.get('type'), 80)}", "no_app")
    if isinstance(found, StorePayloadError):
        raise found
    return found


def _from_json(raw: Mapping[str, Any]) -> _Raw:
    shots = []
    for shot in items(raw.get("screenshots"))[:MAX_SCREENSHOTS]:
        fields = mapping(shot)
        images = [_api_image(size) for size in items(fields.get("sizes"))]
        images += [(web_url(url), *_pixels(key), False) for key, url in fields.items() if _SIZE.match(key)]
        images += [(web_url(fields.get(key)), 0, 0, False) for key in ("imgDesktopUrl", "src") if key in fields]
        shots.append((text(fields.get("environment")), _texts_map(fields.get("caption")), tuple(images)))
    developer = raw.get("developer_name") or at(raw, "developer", "name") or raw.get("developer")
    return _Raw(
        app_id=text(raw.get("id") or raw.get("app_id") or raw.get("flatpakAppId"), 200),
        kind=text(raw.get("type")),
        name=_texts_map(raw.get("name")),
        summary=_texts_map(raw.get("summary")),
        description={key: plain(value) for key, value in _texts_map(raw.get("description")).items()},
        developer=_texts_map(developer),
        categories=texts([text(mapping(one).get("name")) or text(one) for one in items(raw.get("categories"))[:50]]),
        licence=text(raw.get("project_license"), 200),
        shots=tuple(shots),
    )


def _api_image(raw: Any) -> tuple[str, int, int, bool]:
    fields = mapping(raw)
    scale = whole(text(fields.get("scale")).rstrip("x")) or 1
    width, height = whole(fields.get("width")) or 0, whole(fields.get("height")) or 0
    return web_url(fields.get("src")), width * scale, height * scale, False


def _pixels(key: str) -> tuple[int, int]:
    width, _, height = key.partition("x")
    return int(width), int(height)


def _texts_map(value: Any) -> dict[str, str]:
    if isinstance(value, dict):
        return {str(key): text(one) for key, one in value.items() if isinstance(one, str)}
    return {"C": text(value)} if isinstance(value, str) else {}


@dataclass(frozen=True)
class Page:
    """A page of a collection: its app ids in order, and how many pages there are."""

    ids: tuple[str, ...]
    pages: int = 1


def parse_collection(data: bytes) -> Page:
    """App ids of a collection: a list of ids or of objects, alone or under `hits`. Raises StorePayloadError."""
    answer = json_value(data, "the collection", limit=MAX_ANSWER_BYTES)
    listed: Any = answer
    if isinstance(answer, dict):
        listed = next((answer[key] for key in ("hits", "apps", "results", "data") if key in answer), None)
    if not isinstance(listed, list):
        raise StorePayloadError("the collection is neither a list nor an object with hits")
    ids: dict[str, None] = {}
    for one in listed:
        fields = mapping(one)
        named = one if isinstance(one, str) else fields.get("app_id") or fields.get("flatpakAppId") or fields.get("id")
        app_id = text(named, 200)
        if _ID.match(app_id):
            ids[app_id] = None
    if listed and not ids:
        raise StorePayloadError(f"none of the collection's {len(listed)} entries names an app")
    pages = whole(mapping(answer).get("totalPages")) if isinstance(answer, dict) else None
    return Page(tuple(ids), min(pages or 1, 10_000))


def parse_dep11(data: bytes, locale: str = "en") -> Iterator[Component | StorePayloadError]:
    """The components of a DEP-11 catalogue, one at a time; a damaged document as the error that says so.

    Every scalar is read as text, so no type of YAML's is ever built; aliases are refused. Raises StorePayloadError
    where the file cannot be read on, or its first document is no DEP-11 header.
    """
    base: str | None = None
    for number, document in enumerate(_documents(unpack(data))):
        value = _yaml(document, number)
        if base is None:
            if not isinstance(value, dict) or text(value.get("File")) != "DEP-11":
                problem = str(value) if isinstance(value, StorePayloadError) else "its header does not say File: DEP-11"
                raise StorePayloadError(f"the catalogue is no DEP-11: {problem}")
            base = web_url(value.get("MediaBaseUrl")).rstrip("/")
        elif isinstance(value, StorePayloadError):
            yield value
        elif isinstance(value, dict):
            yield from _component(_from_dep11(value, base), locale)
        elif value is not None and value != "":
            yield StorePayloadError(f"document {number} is no component", "bad_entry")
    if base is None:
        raise StorePayloadError("the catalogue is empty: no DEP-11 header")


def _documents(stream: IO[bytes]) -> Iterator[bytes]:
    """The documents of a stream, cut at its `---` lines. Raises StorePayloadError where one is over the limit."""
    lines: list[bytes] = []
    size = 0
    while line := stream.readline(MAX_DOCUMENT + 1):
        if line.rstrip() in (b"---", b"...") or line.startswith(b"--- "):
            if any(kept.strip() for kept in lines):
                yield b"".join(lines)
            lines, size = [line[4:]] if line.startswith(b"--- ") else [], 0
            continue
        size += len(line)
        if size > MAX_DOCUMENT:
            raise StorePayloadError(f"a document is larger than {MAX_DOCUMENT} bytes", "too_large")
        lines.append(line)
    if any(kept.strip() for kept in lines):
        yield b"".join(lines)


def _yaml(document: bytes, number: int) -> Any:
    """A document's value, or the error that it is: too deep, with aliases, or not YAML."""
    reader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        source = document.decode("utf-8")
        depth = 0
        for event in yaml.parse(source, Loader=reader):
            if isinstance(event, yaml.AliasEvent):
                return StorePayloadError(f"document {number} has aliases, which can unfold without end", "forbidden")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                return StorePayloadError(f"document {number} is nested more than {MAX_DEPTH} deep", "too_large")
        return yaml.load(source, Loader=reader)  # noqa: S506 - the base loader knows text, lists and maps only
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        return StorePayloadError(f"document {number} is not YAML ({type(error).__name__})", "bad_entry")


def _from_dep11(raw: Mapping[str, Any], base: str) -> _Raw:
    shots = []
    for shot in items(raw.get("Screenshots"))[:MAX_SCREENSHOTS]:
        fields = mapping(shot)
        images = [_dep11_image(fields.get("source-image"), base, source=True)]
        images += [_dep11_image(one, base, source=False) for one in items(fields.get("thumbnails"))]
        shots.append((text(fields.get("environment")), _texts_map(fields.get("caption")), tuple(images)))
    developer = at(raw, "Developer", "name") or raw.get("DeveloperName")
    return _Raw(
        app_id=text(raw.get("ID"), 200),
        kind=text(raw.get("Type")),
        name=_texts_map(raw.get("Name")),
        summary=_texts_map(raw.get("Summary")),
        description={key: plain(value) for key, value in _texts_map(raw.get("Description")).items()},
        developer=_texts_map(developer),
        categories=texts(raw.get("Categories")),
        licence=text(raw.get("ProjectLicense"), 200),
        shots=tuple(shots),
    )


def _dep11_image(raw: Any, base: str, *, source: bool) -> tuple[str, int, int, bool]:
    fields = mapping(raw)
    url = text(fields.get("url"), 2000)
    if url and "://" not in url and base:
        url = f"{base}/{url.lstrip('/')}"
    return web_url(url), whole(fields.get("width")) or 0, whole(fields.get("height")) or 0, source


def _component(raw: _Raw, locale: str) -> Iterator[Component | StorePayloadError]:
    """The component where it is an app with an id and a name; none for fonts, drivers and other parts of a system."""
    if raw.kind not in _APPS:
        return
    if not _ID.match(raw.app_id):
        yield StorePayloadError(f"a component's id {raw.app_id[:80]!r} is none", "bad_entry")
        return
    if not localised(raw.name, locale):
        yield StorePayloadError(f"{raw.app_id} has no name", "bad_entry")
        return
    kept: list[Screenshot] = []
    skipped = damaged = 0
    for environment, caption, images in raw.shots:
        if environment.split(":")[0].lower() in OTHER_SYSTEMS:
            skipped += 1
            continue
        good = [image for image in images if web_url(image[0])]
        good.sort(key=lambda image: (-image[1] * image[2], not image[3]))
        urls = tuple(dict.fromkeys(web_url(url) for url, *_ in good))[:MAX_ADDRESSES]
        damaged += not urls
        if urls:
            kept.append(Screenshot(urls, localised(caption, locale)[:500]))
    listing = Listing(
        app_id=raw.app_id.removesuffix(".desktop"),
        name=localised(raw.name, locale)[:500],
        developer=localised(raw.developer, locale)[:500],
        summary=localised(raw.summary, locale)[:2000],
        description=localised(raw.description, locale),
        categories=raw.categories,
        locale=locale,
    )
    yield Component(listing, tuple(kept), raw.licence, skipped, damaged)


def localised(given: Mapping[str, str], locale: str) -> str:
    """The text of a locale, of its language, then the untranslated one, then the first there is."""
    wanted = locale.replace("-", "_")
    language = wanted.split("_")[0]
    spelt = {key.replace("-", "_"): value for key, value in sorted(given.items(), reverse=True) if value}
    for choice in (wanted, language, *PLAIN_LOCALES, *sorted(spelt)):
        if choice in spelt:
            return spelt[choice]
    return ""
