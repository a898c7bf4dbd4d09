"""What features there are, what each needs and gives, and whether this machine has what it takes: `gesso features`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from curation.engine import plan
from curation.errors import GessoError
from curation.features import BUILTIN, create, known
from curation.features.base import Feature
from curation.recipe import FeatureChoice


@dataclass(frozen=True)
class Listed:
    """A feature by name. `columns` are name → Arrow type, {} where only parameters or weights say them.

    `why` is empty where it is at hand, else what is missing; `origin` is `gesso`, or `module:Class` of a plug-in.
    """

    name: str
    needs: tuple[str, ...]
    offers: str
    columns: dict[str, str]
    parameters: dict[str, str]
    at_hand: bool
    why: str
    origin: str


def listed(home: Path) -> list[Listed]:
    """Every built-in feature and plug-in with its default parameters, by name; a plug-in that is broken, too."""
    return [_listed(name, "gesso" if name in BUILTIN else value, home) for name, value in sorted(known().items())]


def _listed(name: str, origin: str, home: Path) -> Listed:
    try:
        feature = create(name)
    except Exception as error:  # a plug-in may throw anything
        return Listed(name, (), "", {}, {}, False, _line(error), origin)
    why = _missing(name, home)
    described = (type(feature).__doc__ or "").strip().split("\n")[0]
    parameters = {key: _default(field) for key, field in feature.parameters.model_fields.items()}
    return Listed(name, feature.needs, feature.offers or described, _columns(feature), parameters, not why, why, origin)


def _missing(name: str, home: Path) -> str:
    """What keeps the feature out of a run on this machine; empty where nothing does."""
    try:
        notes = plan([FeatureChoice(name=name)], home).notes
    except Exception as error:
        return _line(error)
    return notes[-1].removeprefix(f"{name} left out: ") if notes else ""


def _columns(feature: Feature) -> dict[str, str]:
    """Those that can be told without weights."""
    try:
        return {column.name: str(column.type) for column in feature.schema}
    except Exception:
        return {}


def _default(field: object) -> str:
    default = getattr(field, "default", None)
    return "required" if repr(default) == "PydanticUndefined" else str(default)


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, GessoError) else f"{type(error).__name__}: {text}"
