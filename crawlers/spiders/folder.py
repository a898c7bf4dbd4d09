"""`scrapy crawl folder -a path=FOLDER|FILE.parquet|'shard-{000..003}.tar' [-a map=title:caption,…] [-a licence=…]`.

Images that are already here. Every folder, row group and run of samples is a request of the frontier, so that a crawl
can be killed and go on; none of them leaves the machine.
"""

from __future__ import annotations

import posixpath
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawlers.arguments.folder import FolderArguments
from crawlers.captures import Capture, Failure, Listing, Page, Rights, Signal
from crawlers.local.columns import Described, describe, wanted_columns
from crawlers.local.entries import (
    IMAGES,
    TABLES,
    Entry,
    EntryError,
    decoded,
    encoded,
    ending,
    list_folder,
    open_within,
    read_images,
)
from crawlers.local.handler import SCHEME, piece_url
from crawlers.local.tar import Mark, read_tar
from crawlers.parsers.media import NotAnImage, Sniffed, check_whole, sniff_image
from crawlers.policy.decide import decide
from crawlers.spiders.listings import ListingSpider
from crawlers.urls import site_of

PIECE = 256  # files or samples of one request


@dataclass(frozen=True)
class Root:
    """One path that was given: the folder it stands in, and its name there ("" for a folder itself)."""

    folder: Path
    inner: str


class FolderSpider(ListingSpider):
    """Folders list images, Parquet files have row groups, tars have runs of samples."""

    name = "folder"
    source = "folder"
    needs_network = False  # so no contact is asked for
    arguments: FolderArguments
    custom_settings = {"DOWNLOAD_HANDLERS": {SCHEME: "crawlers.local.handler.FolderDownloadHandler"}}  # noqa: RUF012

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.source = self.arguments.source
        self.mapped = dict(self.arguments.map)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> FolderSpider:
        return super().from_crawler(crawler, *args, **kwargs)

    async def start(self) -> AsyncIterator[Request]:
        for number in range(len(self.arguments.paths)):
            root = self._root(number)
            place = f"{number:06d}"
            if root.inner:
                yield self._file_request(number, encoded(root.inner), place, seed=True)
            else:
                yield self._folder_request(number, "", place, seed=True)

    def _root(self, number: int) -> Root:
        path = Path(self.arguments.paths[number]).expanduser()
        return Root(path, "") if path.is_dir() else Root(path.parent, path.name)

    def _piece(
        self, number: int, inner: str, callback: Any, place: str, *, seed: bool = False, **where: Any
    ) -> Request:
        shown = {key: value for key, value in where.items() if isinstance(value, int)}
        url = piece_url(inner, root=number, **shown)
        return self.request(url, callback, place, seed=seed, cb_kwargs={"root": number, "inner": inner, **where})

    def _folder_request(self, number: int, inner: str, place: str, *, seed: bool = False) -> Request:
        return self._piece(number, inner, self.parse_folder, place, seed=seed)

    def _file_request(self, number: int, inner: str, place: str, *, seed: bool = False) -> Request:
        suffix = ending(decoded(inner))
        if suffix in TABLES:
            return self._piece(number, inner, self.parse_parquet, place, seed=seed)
        if suffix in IMAGES:
            folder, _, name = inner.rpartition("/")
            return self._piece(number, folder, self.parse_images, place, seed=seed, first=0, names=[name])
        return self._piece(number, inner, self.parse_tar, place, seed=seed, start=0)

    def parse_folder(self, response: Response, root: int, inner: str) -> Iterator[Any]:
        """What lies in a folder: folders, files with many images, and images by the piece."""
        place = self._place(response)
        try:
            listed = list_folder(self._root(root).folder, inner)
        except EntryError as error:
            yield self.failure(response.url, error.kind, str(error))
            return
        self.count("folder/others", listed.others)
        for name, problem in listed.problems:
            yield self._entry_failure(_joined(inner, name), problem)
        for first in range(0, len(listed.images), PIECE):
            names = list(listed.images[first : first + PIECE])
            yield self._piece(root, inner, self.parse_images, f"{place}.0.{first:08d}", first=first, names=names)
        for number, name in enumerate(listed.sources):
            yield self._file_request(root, _joined(inner, name), f"{place}.1.{number:08d}")
        for number, name in enumerate(listed.folders):
            yield self._folder_request(root, _joined(inner, name), f"{place}.2.{number:08d}")

    def parse_images(self, response: Response, root: int, inner: str, first: int, names: list[str]) -> Iterator[Any]:
        """A piece of a folder's images."""
        for entry in read_images(self._root(root).folder, inner, names):
            yield self._record(entry)

    def parse_parquet(self, response: Response, root: int, inner: str) -> Iterator[Any]:
        """One request a row group."""
        # every crawl loads every spider, few need Arrow
        from crawlers.local.parquet import image_column, open_parquet, require_columns

        place = self._place(response)
        try:
            with open_within(self._root(root).folder, decoded(inner)) as file:
                parquet = open_parquet(file)
                image_column(parquet.schema_arrow, self.mapped.get("image", ""))
                require_columns(parquet.schema_arrow, self.mapped)
                groups = parquet.num_row_groups
        except EntryError as error:
            yield self.failure(response.url, error.kind, f"{inner}: {error}")
            return
        for group in range(groups):
            yield self._piece(root, inner, self.parse_row_group, f"{place}.{group:08d}", group=group)

    def parse_row_group(self, response: Response, root: int, inner: str, group: int) -> Iterator[Any]:
        """The images of a row group."""
        from crawlers.local.parquet import image_column, open_parquet, read_row_group

        folder = self._root(root).folder
        beside = posixpath.dirname(decoded(inner))
        try:
            with open_within(folder, decoded(inner)) as file:
                parquet = open_parquet(file)
                image = image_column(parquet.schema_arrow, self.mapped.get("image", ""))
                columns = wanted_columns(self.mapped)
                for entry in read_row_group(parquet, group, inner, folder, beside, image, columns):
                    yield self._record(entry)
        except EntryError as error:
            yield self.failure(response.url, error.kind, f"{inner}: {error}")

    def parse_tar(self, response: Response, root: int, inner: str, start: int) -> Iterator[Any]:
        """A run of a tar's samples, then the next run as a request of its own."""
        try:
            with open_within(self._root(root).folder, decoded(inner)) as file:
                for found in read_tar(file, inner, start=start, samples=PIECE):
                    if isinstance(found, Mark):
                        place = f"{self._place(response).partition('@')[0]}@{found.offset:015d}"
                        yield self._piece(root, inner, self.parse_tar, place, start=found.offset)
                    else:
                        yield self._record(found)
        except EntryError as error:
            yield self.failure(response.url, error.kind, f"{inner}: {error}")

    def _place(self, response: Response) -> str:
        assert response.request is not None
        return str(response.request.meta["frontier"]["place"])

    def _record(self, entry: Entry) -> Capture | Failure:
        """The capture of an entry, or the failure that it is."""
        if entry.problem is not None:
            return self._entry_failure(entry.name, entry.problem)
        try:
            sniffed = sniff_image(entry.data)
            check_whole(entry.data, sniffed)
        except NotAnImage as error:
            return self._entry_failure(entry.name, EntryError(str(error), error.kind))
        said = describe(entry.row, self.mapped)
        rights = self._rights(said, entry.data)
        refusal = self.refused(rights.signals)
        if refusal is not None:
            problem = EntryError(f"opts out: {refusal.source}: {refusal.evidence}", "opt_out")
            return self._entry_failure(entry.name, problem)
        return self._capture(entry, sniffed, said, rights)

    def _rights(self, said: Described, data: bytes) -> Rights:
        licence = said.licence or self.arguments.licence
        source = "metadata licence" if said.licence else "argument licence"
        notes = (Signal(source=source, evidence=licence, effect="note"),) if licence else ()
        signals = (*notes, *self.evidence(data))
        return Rights(allowed=decide(signals).allowed, signals=signals, licence=licence or None)

    def _capture(self, entry: Entry, sniffed: Sniffed, said: Described, rights: Rights) -> Capture:
        kind = said.view or self.arguments.view
        width, height = sniffed.width or 0, sniffed.height or 0
        tall = width > height if sniffed.turned else height > width
        listing = page = None
        app_id = said.app_id or entry.name
        if kind == "listing":
            listing = Listing(
                app_id=app_id,
                name=said.title,
                developer=said.developer,
                summary=said.summary,
                description=said.description,
                categories=said.categories,
                rating=said.rating,
                rating_count=said.rating_count,
                locale=said.locale,
                position=said.position,
            )
        else:
            page = Page(title=said.title, description=said.description, lang=said.locale)
        return self.capture_image(
            entry.data,
            sniffed,
            url=said.url or self._url(entry.name),
            identity=entry.name,
            site=self._site(entry, said),
            form_factor=said.form_factor or ("phone" if tall else "desktop"),
            rights=rights,
            kind=kind,
            listing=listing,
            page=page,
            theme=said.theme,
        )

    def _site(self, entry: Entry, said: Described) -> str:
        """The group that must not be split: what the row says, else the folder, else the image alone."""
        if said.site or said.app_id:
            return said.site or said.app_id
        if said.url:
            return site_of(said.url)
        return f"{self.source}/{entry.group or entry.name}"

    def _url(self, name: str) -> str:
        return f"folder://{self.source}/{name.replace(' ', '%20')}"

    def _entry_failure(self, name: str, problem: EntryError) -> Failure:
        url = self._url(name)
        return self.failure(url, problem.kind, f"{name}: {problem}", site=f"{self.source}/{name}")


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
