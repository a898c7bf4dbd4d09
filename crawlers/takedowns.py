"""What was taken out of a store on somebody's word: an append-only list that reading and crawling hold to."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

NAME = "takedowns.jsonl"


@dataclass(frozen=True)
class Takedown:
    """A site, or single captures with the addresses they were of, that may be neither shown nor fetched again."""

    at: str
    site: str | None = None
    capture_ids: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()

    def line(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":")) + "\n"


@dataclass
class Takedowns:
    """All of a store's, as sets to ask."""

    sites: set[str] = field(default_factory=set)
    capture_ids: set[str] = field(default_factory=set)
    urls: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.sites or self.capture_ids)

    def holds(self, site: str, capture_id: str) -> bool:
        """Whether a capture is among them."""
        return site in self.sites or capture_id in self.capture_ids

    def refuses(self, site: str, canonical_url: str) -> bool:
        """Whether an address may not be fetched again."""
        return site in self.sites or canonical_url in self.urls


def parse_takedowns(text: bytes) -> Takedowns:
    """The sets of a takedowns.jsonl; a torn line is none."""
    found = Takedowns()
    for line in text.split(b"\n"):
        try:
            fields: dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        if fields.get("site"):
            found.sites.add(fields["site"])
        found.capture_ids.update(fields.get("capture_ids", ()))
        found.urls.update(fields.get("urls", ()))
    return found
