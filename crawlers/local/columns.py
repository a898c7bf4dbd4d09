"""Metadata columns of any naming, read into the fields of a capture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crawlers.parsers.fields import rating, text, texts, web_url, whole

# Where no column is mapped to a field, these names are looked for.
USUAL = {
    "title": ("title", "name"),
    "description": ("description", "caption", "text", "txt"),
    "summary": ("summary",),
    "developer": ("developer", "author"),
    "categories": ("categories", "category", "tags"),
    "rating": ("rating",),
    "rating_count": ("rating_count",),
    "app_id": ("app_id", "package"),
    "url": ("url", "source_url"),
    "site": ("site", "domain"),
    "licence": ("licence", "license"),
    "locale": ("locale", "lang", "language"),
    "form_factor": ("form_factor", "device"),
    "theme": ("theme",),
    "view": ("view",),
    "position": ("position",),
}
VIEWS = ("fold", "full", "listing")


@dataclass(frozen=True)
class Described:
    """What a row says of its image; empty where it says nothing."""

    title: str = ""
    description: str = ""
    summary: str = ""
    developer: str = ""
    categories: tuple[str, ...] = ()
    rating: float | None = None
    rating_count: int | None = None
    app_id: str = ""
    url: str = ""
    site: str = ""
    licence: str = ""
    locale: str = ""
    form_factor: str = ""
    theme: str | None = None
    view: str = ""
    position: int = 0


def wanted_columns(mapped: Mapping[str, str]) -> tuple[str, ...]:
    """The columns that `describe` may read."""
    named = [mapped[field] for field in USUAL if field in mapped]
    return tuple(dict.fromkeys([*named, *(n for field, names in USUAL.items() if field not in mapped for n in names)]))


def describe(row: Mapping[str, Any], mapped: Mapping[str, str]) -> Described:
    """The fields of a row; a value of another type than its field's is left out."""

    def value(field: str) -> Any:
        if field in mapped:
            return row.get(mapped[field])
        return next((row[name] for name in USUAL[field] if row.get(name) not in (None, "")), None)

    theme, view = text(value("theme"), 20).lower(), text(value("view"), 20).lower()
    categories = value("categories")
    return Described(
        title=text(value("title"), 1000),
        description=text(value("description")),
        summary=text(value("summary"), 2000),
        developer=text(value("developer"), 500),
        categories=texts(categories.split(",") if isinstance(categories, str) else categories),
        rating=rating(value("rating")),
        rating_count=whole(value("rating_count")),
        app_id=text(value("app_id"), 200),
        url=web_url(value("url")),
        site=text(value("site"), 253).lower(),
        licence=text(value("licence"), 200),
        locale=text(value("locale"), 40),
        form_factor=text(value("form_factor"), 40),
        theme=theme if theme in ("light", "dark") else None,
        view=view if view in VIEWS else "",
        position=whole(value("position"), most=1_000_000) or 0,
    )
