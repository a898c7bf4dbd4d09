"""The scheme of requests that stand for a piece of a local folder: they go through the frontier and to no network."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

SCHEME = "gesso-folder"
HOST = "localhost"  # its download slot has no delay


def piece_url(name: str, **where: int | str) -> str:
    """The address of a piece: a file's or folder's name within what is read, and the piece's position in it."""
    return f"{SCHEME}://{HOST}/{quote(name, safe='/%')}" + (f"?{urlencode(where)}" if where else "")


class FolderDownloadHandler:
    """Answers at once with an empty body: the callback reads the piece itself, image by image."""

    lazy = True

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> FolderDownloadHandler:
        return cls(crawler)

    async def download_request(self, request: Request) -> Response:
        """An empty answer."""
        return Response(request.url, request=request)

    async def close(self) -> None:
        """Nothing is open."""
