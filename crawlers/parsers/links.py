"""The links of a page, in their order, and what the page says of links: base, canonical, other languages, nofollow."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple
from urllib.parse import urljoin

from parsel import Selector

from crawlers.urls import UrlError, canonical_url

MAX_SCANNED = 20_000
ROBOTS_NAMES = ("robots", "gesso")


class Link(NamedTuple):
    """A canonical URL, and whether the page asks not to follow it."""

    url: str
    nofollow: bool = False


@dataclass(frozen=True)
class PageLinks:
    """`links` are of `a` and `area`; `canonical` is the page's own claim; `broken` counts what is no URL."""

    links: tuple[Link, ...]
    canonical: str | None = None
    alternates: tuple[Link, ...] = ()
    broken: int = 0


def page_links(page: Selector, url: str, robots_header: str = "") -> PageLinks:
    """The links of a document that was met at `url`; `robots_header` is its X-Robots-Tag."""
    base = _base(page, url)
    metas = page.xpath("//meta[@content and @name]")[:200]
    said = [robots_header, *(m.attrib["content"] for m in metas if m.attrib["name"].strip().lower() in ROBOTS_NAMES)]
    nofollow = any(_says(text, "nofollow") or _says(text, "none") for text in said)
    links: list[Link] = []
    broken = 0
    for element in islice(page.root.iter("a", "area") if hasattr(page.root, "iter") else (), MAX_SCANNED):
        href = element.get("href")
        if href is None or href.lstrip().startswith(("#", "javascript:", "mailto:", "tel:", "data:")):
            continue
        target = absolute(base, href)
        if target is None:
            broken += 1
        else:
            links.append(Link(target, nofollow or _says(element.get("rel") or "", "nofollow")))
    canonical = page.xpath(
        "//link[@rel and @href][contains(concat(' ', normalize-space(@rel), ' '), ' canonical ')]/@href"
    )
    other = page.xpath("//link[@hreflang and @href][contains(concat(' ', @rel, ' '), ' alternate ')]/@href")
    alternates = [absolute(base, href) for href in other.getall()[:200]]
    return PageLinks(
        tuple(links),
        absolute(base, canonical.get() or "") if canonical else None,
        tuple(Link(target, nofollow) for target in alternates if target is not None),
        broken,
    )


def absolute(base: str, href: str) -> str | None:
    """The canonical URL that an href means on a page, or None where it means none."""
    try:
        return canonical_url(urljoin(base, href.strip()))
    except (UrlError, ValueError):
        return None


def _base(page: Selector, url: str) -> str:
    """The page's address for its links: its first `<base href>`, itself resolved against where it was met."""
    href = page.xpath("//base[@href][1]/@href").get()
    base = absolute(url, href) if href else None
    return base if base is not None and base.startswith(("http://", "https://")) else url


def _says(text: str, word: str) -> bool:
    return word in text.lower().replace(",", " ").split()
