"""Sitemaps: an index, a set of URLs, plain text or a feed, gzipped or not, to the addresses they list.

Scrapy's own reader takes XML only, unpacks nothing, bounds nothing and is declared private; this one streams through
expat with entities refused, stops at the protocol's limits, and keeps what came before a damaged place.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from crawlers.errors import GessoError
from crawlers.urls import MAX_URL

MAX_BYTES = 50 << 20  # unpacked, as sitemaps.org has it
MAX_ENTRIES = 50_000
MAX_ALTERNATES = 50
MAX_DEPTH = 32
CHUNK = 1 << 16
HEAD = 1000  # bytes that tell what a file is
_DATE = re.compile(r"^\d{4}(-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|[+-]\d{2}:?\d{2})?)?)?)?$")
_STRAY = re.compile(rb"&(?!(?:#\d+|#[xX][0-9a-fA-F]+|amp|lt|gt|quot|apos);)")
_LISTS = {"sitemapindex": "index", "urlset": "urls", "rss": "feed", "feed": "feed", "RDF": "feed"}
_ENTRIES = frozenset({"url", "sitemap", "item", "entry"})

Kind = Literal["index", "urls", "feed", "text"]


class SitemapError(GessoError):
    """Bytes that are no sitemap; `kind` is the failure kind to count it under."""

    def __init__(self, message: str, kind: str = "bad_sitemap") -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Listed:
    """One address as the sitemap spells it, its date where it has a readable one, and its other languages."""

    url: str
    lastmod: str | None = None
    alternates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sitemap:
    """What a sitemap lists, in order. `problem` says where it was cut or damaged; what came before stays."""

    kind: Kind
    entries: tuple[Listed, ...]
    problem: str = ""


@dataclass
class _Entry:
    url: str = ""
    lastmod: str | None = None
    alternates: list[str] = field(default_factory=list)


def parse_sitemap(data: bytes) -> Sitemap:
    """Read a sitemap of any form; `index` lists further sitemaps, all others list pages. Raises SitemapError."""
    data, problem = unpack(data)
    head = data[:HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head:
        raise SitemapError("the sitemap is empty", "empty")
    if head[:1] == b"<":
        data = head + data[HEAD:]  # a script's empty lines before the declaration are none of the document's
    if head[:1] == b"<" or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        found = _parse_xml(data)
        return Sitemap(found.kind, found.entries, problem or found.problem)
    return _parse_text(data, problem)


def unpack(data: bytes, limit: int = MAX_BYTES) -> tuple[bytes, str]:
    """Gzipped bytes (told by their first two) unpacked within the limit, and what was wrong with them, if anything."""
    if data[:2] != b"\x1f\x8b":
        if len(data) > limit:
            raise SitemapError(f"a sitemap of {len(data)} bytes is larger than {limit}", "too_large")
        return data, ""
    out = bytearray()
    rest = data
    while rest[:2] == b"\x1f\x8b":
        member = zlib.decompressobj(wbits=31)
        try:
            out += member.decompress(rest, limit + 1 - len(out))
        except zlib.error as error:
            if not out:
                raise SitemapError(f"a sitemap that ends in .gz and cannot be unpacked ({error})") from None
            return bytes(out), f"damaged gzip after {len(out)} bytes"
        if len(out) > limit:
            raise SitemapError(f"a sitemap of {len(data)} bytes unpacks to more than {limit}", "too_large")
        if not member.eof:
            return bytes(out), f"gzip cut after {len(out)} bytes"
        rest = member.unused_data
    return bytes(out), ""


def _parse_xml(data: bytes) -> Sitemap:
    found = _read_xml(data)
    if found.problem.startswith("XML") and b"\0" not in data[:200] and b"<![CDATA[" not in data:
        mended, strays = _STRAY.subn(b"&amp;", data)  # the common mistake: a query's & as it stands
        if strays:
            again = _read_xml(mended)
            if len(again.entries) > len(found.entries):
                return again
    if not found.entries and found.problem:
        raise SitemapError(f"the sitemap cannot be read: {found.problem}")
    return found


def _read_xml(data: bytes) -> Sitemap:
    kind: Kind | None = None
    entries: list[Listed] = []
    problem = ""
    try:
        for item in _walk(data):
            if isinstance(item, str):
                kind = _LISTS.get(item)  # type: ignore[assignment]
                if kind is None:
                    raise SitemapError(f"the sitemap is a document of <{item[:40]}>: give the address of a sitemap")
            elif len(entries) == MAX_ENTRIES:
                problem = f"more than {MAX_ENTRIES} entries"
                break
            else:
                entries.append(item)
    except ParseError as error:
        problem = f"XML {error}"
    except DefusedXmlException as error:
        raise SitemapError(f"the sitemap defines entities ({type(error).__name__}), which no sitemap needs") from None
    except (ValueError, LookupError) as error:  # an encoding that nobody knows
        problem = f"XML of an encoding that cannot be read ({type(error).__name__})"
    return Sitemap(kind or "urls", tuple(entries), problem)


def _walk(data: bytes) -> Iterator[str | Listed]:
    """The root's name, then the entries, freeing what has been read."""
    depth = 0
    entry: _Entry | None = None
    root: Any = None
    events = iterparse(io.BytesIO(data), events=("start", "end"), forbid_dtd=False, forbid_external=True)
    for event, element in events:
        name = str(element.tag).rpartition("}")[2]
        if event == "start":
            depth += 1
            if depth > MAX_DEPTH:
                raise SitemapError(f"the sitemap nests more than {MAX_DEPTH} levels")
            if depth == 1:
                root = element
                yield name
            elif name in _ENTRIES and entry is None:
                entry = _Entry()
            continue
        depth -= 1
        if entry is None:
            continue
        if name in _ENTRIES:
            if 0 < len(entry.url) <= MAX_URL:
                yield Listed(entry.url, entry.lastmod, tuple(entry.alternates))
            entry = None
            root.clear()
        else:
            _take(entry, name, element)


def _take(entry: _Entry, name: str, element: Any) -> None:
    text = (element.text or "").strip()
    namespace = str(element.tag).rpartition("}")[0]
    if name == "loc" and not entry.url and "image" not in namespace and "video" not in namespace:
        entry.url = text
    elif name == "link":
        href = (element.get("href") or "").strip()
        relation = element.get("rel", "alternate")
        if element.get("hreflang"):
            if href and len(href) <= MAX_URL and len(entry.alternates) < MAX_ALTERNATES:
                entry.alternates.append(href)
        elif not entry.url and relation == "alternate":  # RSS has text, Atom an attribute
            entry.url = href or text
    elif name in ("lastmod", "updated", "published") and entry.lastmod is None and _DATE.match(text):
        entry.lastmod = text


def _parse_text(data: bytes, problem: str) -> Sitemap:
    """One URL a line, as sitemaps.org allows."""
    entries: list[Listed] = []
    for line in io.StringIO(data.decode("utf-8-sig", "replace"), newline=None):
        url = line.strip()
        if not url:
            continue
        if not url[:8].lower().startswith(("http://", "https://")) or len(url) > MAX_URL:
            problem = problem or f"lines that are no URLs, like {url[:60]!r}"
            if not entries:
                raise SitemapError(f"neither XML nor one URL a line: it begins {url[:60]!r}")
            continue
        if len(entries) == MAX_ENTRIES:
            problem = f"more than {MAX_ENTRIES} entries"
            break
        entries.append(Listed(url))
    if not entries:
        raise SitemapError("the sitemap lists nothing", "empty")
    return Sitemap("text", tuple(entries), problem)
