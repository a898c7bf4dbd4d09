"""The features: one file, one small class each, found by name.

The built-in ones stand in `BUILTIN`; users add theirs through the entry point group `gesso.features`
(`name = "package.module:Class"`), and a recipe names either kind alike. Importing this loads no feature.
"""

from __future__ import annotations

import importlib
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from curation.errors import GessoError

if TYPE_CHECKING:
    from curation.features.base import Feature

GROUP = "gesso.features"
BUILTIN = {
    "decode": "curation.features.decode:Decode",
    "hashes": "curation.features.hashes:Hashes",
    "ink": "curation.features.ink:Ink",
    "palette": "curation.features.palette:Palette",
    "text": "curation.features.text:Text",
    "junk": "curation.features.junk:Junk",
    "craft": "curation.features.craft:Craft",
    "embedding": "curation.features.embedding:Embedding",
    "heads": "curation.features.heads:Heads",
    "aesthetic": "curation.features.aesthetic:Aesthetic",
    "tags": "curation.features.tags:Tags",
    "nsfw_pixels": "curation.features.nsfw_pixels:NsfwPixels",
    "nsfw": "curation.features.nsfw:Nsfw",
    "clip_score": "curation.features.clip_score:ClipScore",
    "caption": "curation.features.caption:Caption",
    "design": "curation.features.design:Design",
}


class FeatureError(GessoError):
    """A feature is unknown, has a parameter that it does not know, or cannot be loaded."""


def known() -> dict[str, str]:
    """Name → `module:Class` of every feature at hand; a built-in name cannot be taken by a plug-in."""
    return {point.name: point.value for point in _plugins()} | BUILTIN


def create(name: str, params: dict[str, Any] | None = None) -> Feature:
    """A feature by name with checked parameters. Raises FeatureError; loads no weights."""
    from curation.recipe import suggest, told

    features = known()
    if name not in features:
        close = suggest(name, list(features))
        rest = "" if "known are" in close else f" known are {', '.join(sorted(features))}"
        raise FeatureError(f"unknown feature {name!r}{close}{rest}")
    module, _, cls = features[name].partition(":")
    try:
        feature: type[Feature] = getattr(importlib.import_module(module), cls)
    except (ImportError, AttributeError) as error:
        remedy = (
            "pip install 'gesso[curate]'" if name in BUILTIN else f"mend or uninstall what registers {features[name]}"
        )
        raise FeatureError(f"feature {name!r} cannot be loaded ({error}): {remedy}") from None
    _require_feature(name, features[name], feature)
    try:
        return feature(feature.parameters.model_validate(params or {}))
    except ValidationError as error:
        problem = error.errors()[0]
        at = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            fields = list(feature.parameters.model_fields)
            hint = suggest(at, fields) if fields else ": it takes none"
            raise FeatureError(f"feature {name!r} has no parameter {at!r}{hint}") from None
        where = f"feature {name!r}, parameter {at!r}" if at else f"feature {name!r}"
        raise FeatureError(f"{where}: {told(problem)}") from None


def _require_feature(name: str, place: str, found: object) -> None:
    """Raise FeatureError where an entry point leads to something else."""
    from curation.features.base import Feature

    if not (isinstance(found, type) and issubclass(found, Feature)):
        raise FeatureError(f"feature {name!r}: {place} is no class that derives from curation.features.base.Feature")


def _plugins() -> list[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda point: point.name)
