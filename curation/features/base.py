"""What a feature is: one small class that turns a capture into columns, or into a typed error.

The engine calls `prepare` once a capture, in a thread, while the decoded picture is at hand, then `compute` with what
`prepare` returned for many captures at once. A feature without a model needs only `prepare`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from crawlers.captures import Capture

if TYPE_CHECKING:
    from curation.features.decode import Decoded

Row = dict[str, Any]
Columns = Mapping[str, Any]


class ValueProblem(Exception):
    """No value for one capture: a `kind` to count by and a message to read. Ends up in the feature's error column."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {' '.join(message.split())[:200]}")
        self.kind = kind


class NotAtHand(Exception):
    """What a feature needs (weights, say) is not on this machine, and the recipe said that it may then be left out."""


class Params(BaseModel):
    """Parameters of a feature: part of its fingerprint, so two recipes that agree share the computed values."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Item:
    """One capture as a feature sees it. `decoded`, `snapshot` and `others` hold what the feature's `needs` ask for."""

    capture: Capture
    data: bytes = b""
    decoded: Decoded | None = None
    snapshot: Callable[[], dict[str, Any] | None] = lambda: None
    others: Mapping[str, Row] = field(default_factory=dict)
    shared: Callable[[str, Callable[[], Any]], Any] = lambda key, make: make()


class Feature:
    """Base of all features.

    `needs` names what `Item` must hold: `image` (decoded pixels), `dom`, or other features by name, whose rows then
    stand in `item.others`. `schema` lists the columns; one that starts with `_` is for curation and not for shards.
    `offers` says in a few words what the columns hold, for `gesso features`.
    Raise `version` whenever the values change: it is the code's part of the fingerprint.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    needs: ClassVar[tuple[str, ...]] = ()
    parameters: ClassVar[type[Params]] = Params
    offers: ClassVar[str] = ""

    def __init__(self, params: Params) -> None:
        self.params = params

    @property
    def schema(self) -> pa.Schema:
        raise NotImplementedError

    def connect(self, needed: Mapping[str, Feature]) -> None:
        """Before `check`: the features that this one stands on, to read their parameters or to share their model."""

    def check(self, home: Path) -> None:
        """Before any work: raise NotAtHand to be left out of the run with a note, a GessoError to stop it."""

    def weights_hash(self) -> str:
        """Identifies the weights, where there are any."""
        return ""

    def fingerprint(self, needed: Mapping[str, str] | None = None) -> str:
        """12 hex digits of name, version, parameters, weights, and the fingerprints of the features it is made from."""
        key = [self.name, self.version, self.identity(), self.weights_hash(), sorted((needed or {}).items())]
        return hashlib.sha256(json.dumps(key, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:12]

    def identity(self) -> dict[str, Any]:
        """The parameters that decide the values; a feature whose parameter is only a place overrides this."""
        return self.params.model_dump(mode="json")

    def prepare(self, item: Item) -> Any:
        """What `compute` needs of this capture, small; raises ValueProblem where it has no value."""
        raise NotImplementedError

    def compute(self, prepared: list[Any]) -> list[Row] | Columns:
        """One row of columns (or the ValueProblem it met) for each prepared value, in order; never fewer.

        Where all have a value, columns by name (NumPy or Arrow arrays) spare a row for each.
        """
        return prepared
