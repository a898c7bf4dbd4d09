"""Gallery pages: listings of other people's sites, read with CSS selectors, to what each entry says and links to.

Nothing is known of a gallery but its selectors. Where they find nothing, the gallery has changed: a typed error, never
an empty answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from parsel import Selector
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from crawlers.about import clean_text
from crawlers.errors import GessoError
from crawlers.parsers.links import absolute
from crawlers.urls import UrlError, canonical_url, site_of

MAX_ITEMS = 500
MAX_TAGS = 50
REDIRECTS = ("url", "u", "to", "target", "dest", "destination", "redirect", "redirect_url", "out", "link", "goto", "q")
REFERRERS = frozenset({"ref", "referrer", "referer", "source", "src", "via", "from"})
SOCIAL = frozenset(
    {
        *("facebook.com", "twitter.com", "x.com", "instagram.com", "linkedin.com", "pinterest.com", "youtube.com"),
        *("tiktok.com", "threads.net", "reddit.com", "t.me", "discord.gg", "discord.com", "medium.com", "vimeo.com"),
        *("bsky.app", "mastodon.social", "whatsapp.com", "wa.me", "snapchat.com", "youtu.be", "t.co", "fb.com"),
    }
)
STORES = frozenset({"apple.com", "google.com", "microsoft.com", "amazon.com", "gumroad.com", "f-droid.org"})
_NUMBER = re.compile(r"(\d{1,3}(?:[ ,.'’\u00a0\u202f]\d{3})+(?!\d)|\d+(?:[.,]\d+)?)\s*([kKmM]\b)?")
_INSIDE = re.compile(r"/(https?:/{1,2}.+)$", re.I)


class GalleryError(GessoError):
    """A gallery page that is not as its selectors say; `kind` is the failure kind to count it under."""

    def __init__(self, message: str, kind: str = "layout_changed") -> None:
        super().__init__(message)
        self.kind = kind


class DetailSelectors(BaseModel):
    """Where an entry's own page has what the listing has not; selectors count from the whole page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    link: str = ""
    title: str = ""
    tags: str = ""
    votes: str = ""
    rank: str = ""


class GallerySelectors(BaseModel):
    """How a gallery is read. CSS selectors count from within an item; a selector may end in ::attr(name) or ::text.

    `link` leads to the showcased site, or through the gallery's own redirects; `detail` to the entry's page, where
    `on_detail.link` is. `redirects` are the query parameters of redirects that carry the target, `skip` sites that
    are never meant.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="", max_length=80)
    description: str = Field(default="", max_length=500)
    item: str
    link: str = ""
    detail: str = ""
    on_detail: DetailSelectors = DetailSelectors()
    title: str = ""
    tags: str = ""
    votes: str = ""
    rank: str = ""
    next: str = ""
    redirects: tuple[str, ...] = REDIRECTS
    skip: tuple[str, ...] = ()

    @field_validator("item", "link", "detail", "title", "tags", "votes", "rank", "next")
    @classmethod
    def _is_css(cls, selector: str) -> str:
        return checked_css(selector)

    @field_validator("on_detail")
    @classmethod
    def _are_css(cls, given: DetailSelectors) -> DetailSelectors:
        for selector in given.model_dump().values():
            checked_css(selector)
        return given

    @model_validator(mode="after")
    def _leads_somewhere(self) -> GallerySelectors:
        if not self.item.strip():
            raise ValueError("item is missing: give the CSS selector of one entry")
        if not self.link and not (self.detail and self.on_detail.link):
            raise ValueError("link is missing: give the selector of the showcased site's link, or detail and its link")
        return self


@dataclass(frozen=True)
class Showcase:
    """One entry: `link` and `detail` are canonical URLs as the gallery has them, `position` counts from 1."""

    position: int
    link: str | None = None
    detail: str | None = None
    title: str = ""
    tags: tuple[str, ...] = ()
    votes: float | None = None
    rank: float | None = None


@dataclass(frozen=True)
class GalleryPage:
    """A listing page: its entries in order, and the next page of the listing."""

    entries: tuple[Showcase, ...]
    next: str | None = None


def checked_css(selector: str) -> str:
    """The selector itself. Raises ValueError where it is no CSS selector."""
    if selector:
        try:
            Selector("<p/>").css(selector)
        except Exception as error:  # cssselect and lxml have a dozen of them
            raise ValueError(f"{selector[:80]!r} is not a CSS selector ({str(error)[:80]})") from None
    return selector


def parse_gallery(page: Selector, url: str, how: GallerySelectors) -> GalleryPage:
    """The entries of a listing page that was met at `url`. Raises GalleryError."""
    items = page.css(how.item)[:MAX_ITEMS]
    if not items:
        raise GalleryError(f"the selector item={how.item!r} finds nothing")
    entries = tuple(_entry(item, url, how, position) for position, item in enumerate(items, 1))
    if not any(entry.link or entry.detail for entry in entries):
        named = f"link={how.link!r}" if how.link else f"detail={how.detail!r}"
        raise GalleryError(f"the selector {named} finds nothing in any of {len(entries)} entries")
    return GalleryPage(entries, _link(page, url, how.next))


def parse_detail(page: Selector, url: str, how: GallerySelectors, listed: Showcase) -> Showcase:
    """The entry of a listing with what its own page adds. Raises GalleryError where the page has no link."""
    where = how.on_detail
    link = _link(page, url, where.link)
    if link is None:
        raise GalleryError(f"the selector on_detail.link={where.link!r} finds nothing")
    return Showcase(
        listed.position,
        link,
        listed.detail,
        _text(page, where.title) or listed.title,
        tuple(dict.fromkeys((*listed.tags, *_tags(page, where.tags))))[:MAX_TAGS],
        _first(number_in(_text(page, where.votes)), listed.votes),
        _first(number_in(_text(page, where.rank)), listed.rank),
    )


def _entry(item: Selector, url: str, how: GallerySelectors, position: int) -> Showcase:
    return Showcase(
        position,
        _link(item, url, how.link),
        _link(item, url, how.detail),
        _text(item, how.title),
        _tags(item, how.tags),
        number_in(_text(item, how.votes)),
        number_in(_text(item, how.rank)),
    )


def outbound(url: str, gallery: str, redirects: tuple[str, ...] = REDIRECTS) -> str | None:
    """The canonical URL outside the gallery that a link of it means, read from the link itself.

    A redirect of the gallery's carries its target in a parameter, or in its path; None where it does not say.
    """
    try:
        own = site_of(gallery)
        if site_of(url) != own:
            return url
        parts = urlsplit(url)
    except UrlError:
        return None
    given = [value for name, value in parse_qsl(parts.query) if name.lower() in redirects]
    inside = _INSIDE.search(parts.path + (f"?{parts.query}" if parts.query else ""))
    if inside:
        given.append(re.sub(r"^(https?:)/{1,2}", r"\1//", inside[1], flags=re.I))
    for text in given:
        target = _target(text)
        if target is not None and site_of(target) != own:
            return target
    return None


def _target(text: str) -> str | None:
    for candidate in (text, unquote(text)):
        if re.match(r"https?://", candidate, re.I):
            try:
                return canonical_url(candidate)
            except UrlError:
                return None
    return None


def skipped(url: str, gallery: str, skip: tuple[str, ...] = ()) -> str | None:
    """Why a link is no showcased site: `own`, `social`, `store` or `skip`; None where it may be one."""
    site = site_of(url)
    if site == site_of(gallery):
        return "own"
    if site in skip or (urlsplit(url).hostname or "") in skip:
        return "skip"
    if site in SOCIAL:
        return "social"
    return "store" if site in STORES else None


def without_referrer(url: str, gallery: str) -> str:
    """The URL without the parameters by which a gallery says that it sent the visitor: ?ref=its-name."""
    parts = urlsplit(url)
    own = site_of(gallery).split(".")[0].split(":")[0].lower()
    pieces = parts.query.split("&")
    kept = [p for p in pieces if not (p.partition("=")[0].lower() in REFERRERS and own in unquote(p).lower())]
    return parts._replace(query="&".join(kept)).geturl() if len(kept) < len(pieces) else url


def number_in(text: str) -> float | None:
    """The first number of a text: 1,234 and 1.2k and «#3»; None where there is none."""
    found = _NUMBER.search(text)
    if found is None:
        return None
    digits = found[1]
    grouped = re.fullmatch(r"\d{1,3}(?:[ ,.'’\u00a0\u202f]\d{3})+", digits)
    value = float(re.sub(r"\D", "", digits) if grouped and not found[2] else digits.replace(",", ".").replace(" ", ""))
    value *= {"k": 1e3, "m": 1e6}.get((found[2] or "").lower(), 1)
    return value if value < 1e15 else None


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _link(within: Selector, url: str, selector: str) -> str | None:
    if not selector:
        return None
    found = within.css(selector)
    for node in found[:20]:
        href = (
            node.get() if isinstance(node.root, str) else (node.attrib.get("href") or node.css("a::attr(href)").get())
        )
        target = absolute(url, href) if href and not href.strip().startswith("#") else None
        if target is not None and target.startswith(("http://", "https://")):
            return target
    return None


def _texts(within: Selector, selector: str) -> list[str]:
    if not selector:
        return []
    nodes = within.css(selector)[:MAX_TAGS]
    return [clean_text(n.get() if isinstance(n.root, str) else n.xpath("string()").get() or "") for n in nodes]


def _text(within: Selector, selector: str) -> str:
    return next((text for text in _texts(within, selector) if text), "")


def _tags(within: Selector, selector: str) -> tuple[str, ...]:
    texts = _texts(within, selector)
    if len(texts) == 1:  # one element for all of them
        texts = re.split(r"[,;|·•/]", texts[0])
    return tuple(dict.fromkeys(t for text in texts if (t := text.strip(" #").lower()[:80])))[:MAX_TAGS]
