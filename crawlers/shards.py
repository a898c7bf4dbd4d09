"""A share of a crawl by site, so that many machines crawl side by side with no word between them.

The site alone decides, by a hash that is the same everywhere: politeness and caps of a site stay with one machine.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlers.errors import GessoError
from crawlers.urls import site_of

if TYPE_CHECKING:
    from scrapy import Request

MAX_SHARDS = 65_536
_SHARD = re.compile(r"^(\d{1,5})/(\d{1,5})$", re.ASCII)


class ShardError(GessoError):
    """A share that is none."""


@dataclass(frozen=True)
class Shard:
    """The share number `index` of `count`, counted from 0."""

    index: int
    count: int

    def holds(self, site: str) -> bool:
        """Whether a site, or an app id, is of this share."""
        digest = hashlib.sha256(site.encode("utf-8", "replace")).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.index

    @property
    def suffix(self) -> str:
        """What it adds to a run's name."""
        return f"-{self.index}of{self.count}"


def parse_shard(text: str | None) -> Shard | None:
    """`3/16` → the fourth of sixteen; None for nothing. Raises ShardError."""
    if not text:
        return None
    match = _SHARD.match(text.strip())
    if match is None or not int(match[1]) < int(match[2]) <= MAX_SHARDS:
        raise ShardError(f"shard={text[:40]!r} is no share: give INDEX/COUNT with INDEX from 0, such as 3/16")
    return Shard(int(match[1]), int(match[2]))


def shard_key(request: Request) -> str | None:
    """What decides whose a request is: its site or its app; None for what every share must read, such as an index."""
    about = request.meta.get("frontier") or {}
    key = request.meta.get("site") or request.cb_kwargs.get("app_id") or about.get("group")
    if key:
        return str(key)
    return site_of(request.url) if request.meta.get("page") else None
