"""Arguments of the `gallery` spider: which gallery, how it is read, and how its showcased sites are visited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from crawlers.arguments.fields import ArgumentError, flag, known, number, urls
from crawlers.arguments.visits import NAMES, VisitArguments, visit_fields
from crawlers.parsers.gallery import GallerySelectors

PRESETS = Path(__file__).resolve().parent.parent / "galleries"
SELECTORS = ("item", "link", "detail", "title", "tags", "votes", "rank", "next")
ON_DETAIL = "detail_link"
MAX_PRESET_BYTES = 64 << 10
PAGES = 20
SHOWCASED = 1000


@dataclass(frozen=True, kw_only=True)
class GalleryArguments(VisitArguments):
    """Listing pages to begin with, their selectors, and at most how many listing pages and entries of each.

    `render` reads the gallery's own pages with the browser; no pictures of them are kept either way.
    """

    url: tuple[str, ...] = ()
    selectors: dict[str, Any] = field(default_factory=dict)
    pages: int = PAGES
    limit: int = SHOWCASED
    render: bool = False

    @property
    def how(self) -> GallerySelectors:
        return GallerySelectors.model_validate(self.selectors)


def parse(given: Mapping[str, str]) -> GalleryArguments:
    """Raises ArgumentError."""
    known("gallery", given, {*NAMES, *SELECTORS, ON_DETAIL, "url", "preset", "name", "pages", "limit", "render"})
    fields: dict[str, Any] = _preset(given["preset"]) if given.get("preset") else {}
    own = fields.pop("url", "")  # of a preset that is made for one gallery
    url = urls(given, "url") or urls({"url": str(own)}, "url")
    if not url:
        raise ArgumentError("url is missing: give url=URL of a gallery's listing page, or a preset that has one")
    fields |= {name: given[name] for name in (*SELECTORS, "name") if given.get(name)}
    if given.get(ON_DETAIL):
        fields["on_detail"] = {**fields.get("on_detail", {}), "link": given[ON_DETAIL]}
    where = f"preset={given['preset'][:200]}" if given.get("preset") else "the gallery's selectors"
    return GalleryArguments(
        **visit_fields(given, depth=0),
        url=url,
        selectors=_checked(fields, where).model_dump(mode="json"),
        pages=number(given, "pages", PAGES, least=1, most=10_000) or PAGES,
        limit=number(given, "limit", SHOWCASED, least=1, most=1_000_000) or SHOWCASED,
        render=flag(given, "render"),
    )


def preset_names() -> list[str]:
    """The presets that come with Gesso."""
    return sorted(path.stem for path in PRESETS.glob("*.yaml"))


def _preset(named: str) -> dict[str, Any]:
    """The fields of a preset by name, or of a YAML file. Raises ArgumentError."""
    path = Path(named).expanduser() if named.endswith((".yaml", ".yml")) else PRESETS / f"{named}.yaml"
    if not named.endswith((".yaml", ".yml")) and named not in preset_names():
        raise ArgumentError(f"no preset {named[:80]!r}: there are {', '.join(preset_names())}, or give a FILE.yaml")
    try:
        data = path.read_bytes()
    except OSError:
        raise ArgumentError(f"preset={named[:200]!r} cannot be read: give the path of a YAML file") from None
    if len(data) > MAX_PRESET_BYTES:
        raise ArgumentError(f"preset={named[:200]!r} has {len(data)} bytes, more than a preset needs")
    try:
        fields = yaml.safe_load(data)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ArgumentError(f"preset={named[:200]!r} is not YAML ({str(error).splitlines()[0][:100]})") from None
    if not isinstance(fields, dict):
        raise ArgumentError(f"preset={named[:200]!r} is not a mapping of selectors: see {PRESETS.name}/cards.yaml")
    return fields


def _checked(fields: dict[str, Any], where: str) -> GallerySelectors:
    try:
        return GallerySelectors.model_validate({"item": "", **fields})
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(map(str, first["loc"]))
        said = str(first["msg"]).removeprefix("Value error, ").splitlines()[0]
        raise ArgumentError(f"{where}: {at + ': ' if at else ''}{said}") from None
