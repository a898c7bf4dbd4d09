"""Arguments of the `flathub` spider."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from crawlers.arguments.fields import LOCALE, ArgumentError, known, names, number
from crawlers.urls import MAX_URL, may_be_page

FLATHUB_CATALOGUE = "https://dl.flathub.org/repo/appstream/x86_64/appstream.xml.gz"
COLLECTIONS = ("popular", "trending", "recently-updated", "recently-added")
_ID = re.compile(r"^[A-Za-z0-9_.+-]{1,200}$")
_CATEGORY = re.compile(r"^category/[A-Za-z0-9_-]{1,60}$")


@dataclass(frozen=True)
class FlathubArguments:
    """What `flathub` reads: a catalogue (AppStream or DEP-11), a collection of the API, or ids, in a locale."""

    source: str = ""
    dep11: str = ""
    collection: str = ""
    ids: tuple[str, ...] = ()
    locale: str = "en"
    limit: int | None = None


def parse(given: Mapping[str, str]) -> FlathubArguments:
    """Raises ArgumentError."""
    known("flathub", given, {"source", "dep11", "collection", "ids", "locale", "limit"})
    source = given.get("source", "")
    if source == "appstream":
        source = FLATHUB_CATALOGUE
    collection = given.get("collection", "").strip("/")
    if collection and collection not in COLLECTIONS and not _CATEGORY.match(collection):
        raise ArgumentError(f"collection={collection[:60]!r} is not one of {', '.join(COLLECTIONS)}, category/NAME")
    locale = given.get("locale") or "en"
    if not LOCALE.match(locale):
        raise ArgumentError(f"locale={locale[:40]!r} is none: give it as in en or pt_BR")
    ids = names(given, "ids", _ID) or ()
    if not (source or given.get("dep11") or collection or ids):
        raise ArgumentError("nothing to read: give source=appstream, dep11=URL, collection=popular or ids=a,b")
    return FlathubArguments(
        _catalogue(source, "source", "appstream or the http(s) URL of an appstream.xml(.gz)"),
        _catalogue(given.get("dep11", ""), "dep11", "the http(s) URL of a DEP-11 file"),
        collection,
        ids,
        locale,
        number(given, "limit", None, least=1, most=10_000_000),
    )


def _catalogue(url: str, name: str, what: str) -> str:
    """A catalogue's address: its ending is no page's, so only what stands before the file's name is asked."""
    if url and (len(url) > MAX_URL or not may_be_page(url.rpartition("/")[0] + "/")):
        raise ArgumentError(f"{name}={url[:200]!r} is not {what}")
    return url
