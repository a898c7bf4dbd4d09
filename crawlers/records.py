"""The records of a capture store: what was seen, and what was asked for and not had. Types alone, no I/O."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Image(_Record):
    """The original bytes' description; width and height in pixels as stored, before any EXIF turn."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    format: str
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    bytes: int = Field(ge=1)


class View(_Record):
    """How the screen was looked at; width and height of the viewport in CSS pixels."""

    kind: Literal["fold", "full", "section", "listing"]
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    dpr: float = Field(gt=0)
    theme: Literal["light", "dark"] | None = None
    form_factor: str = "desktop"


class Page(_Record):
    title: str = ""
    description: str = ""
    lang: str = ""
    dom_sha256: str | None = None
    consent: str = ""


class Section(_Record):
    """What part of a page a section capture shows: its purpose, its turn from the top, its box in CSS pixels."""

    name: str
    position: int = 0
    x: float
    y: float
    width: float
    height: float


class Damage(_Record):
    """How a capture was damaged on purpose: in which way, from 1 (slight) to 3, from which seed, and what it was.

    `original` is the capture_id of the same view undamaged.
    """

    kind: str
    strength: int = Field(ge=1)
    seed: int = Field(ge=0)
    original: str


class Listing(_Record):
    app_id: str
    name: str = ""
    developer: str = ""
    summary: str = ""
    description: str = ""
    categories: tuple[str, ...] = ()
    rating: float | None = None
    rating_count: int | None = None
    locale: str = ""
    position: int = 0


class Signal(_Record):
    """One piece of evidence about permission: where it was read and its raw text, capped by whoever reads it."""

    source: str
    evidence: str
    effect: Literal["allow", "disallow", "note"]


class Rights(_Record):
    allowed: bool
    signals: tuple[Signal, ...] = ()
    licence: str | None = None


class Capture(_Record):
    """One image as it was met, with where, when, how and under which permissions."""

    capture_id: str
    run_id: str
    source: str
    spider: str
    url: str
    canonical_url: str
    site: str
    fetched_at: datetime
    http_status: int | None = None
    image: Image
    view: View
    page: Page | None = None
    section: Section | None = None
    damage: Damage | None = None
    listing: Listing | None = None
    rights: Rights
    verdicts: tuple[str, ...] = ()
    metadata: dict[str, str | int | float | tuple[str, ...]] = {}  # what was known beforehand: tags, votes, rank …


class Failure(_Record):
    """What was asked for and did not become a capture, with a `kind` to count by and a `reason` to read."""

    failure_id: str
    run_id: str
    source: str
    spider: str
    url: str
    site: str
    failed_at: datetime
    kind: str
    reason: str
