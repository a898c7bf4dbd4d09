"""Two dataset versions side by side: which rows came and went and why, what changed in the recipe, what shifted."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from curation.diff.changes import Change, recipe_changes
from curation.diff.moves import Move, SplitMove, moves, split_moves
from curation.diff.shifts import Mix, Revalued, Shift, mixes, revalued, shifts

if TYPE_CHECKING:
    from curation.dataset import Dataset

__all__ = ["Change", "Difference", "Mix", "Move", "Revalued", "Shift", "SplitMove", "compare"]


@dataclass(frozen=True)
class Difference:
    """What differs between two versions. `moves` counts captures by what became of them before and after, and why."""

    before: str
    after: str
    counts: dict[str, dict[str, int]]
    moves: tuple[Move, ...]
    splits: tuple[SplitMove, ...]
    recipe: tuple[Change, ...]
    shifts: tuple[Shift, ...]
    mixes: tuple[Mix, ...]
    values: tuple[Revalued, ...]

    @property
    def came(self) -> int:
        """Rows that are kept now and were not."""
        return sum(move.captures for move in self.moves if move.after == "kept")

    @property
    def went(self) -> int:
        """Rows that were kept and are not."""
        return sum(move.captures for move in self.moves if move.before == "kept")

    @property
    def same(self) -> bool:
        return not (self.moves or self.splits or self.recipe or self.values)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"came": self.came, "went": self.went, "same": self.same}


def compare(before: Dataset, after: Dataset) -> Difference:
    """Compare two opened versions; both stay as they are. Raises DatasetError where a table is missing."""
    import duckdb

    recipe = recipe_changes(before.manifest, after.manifest)
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, dataset in (("a", before), ("b", after)):
            assert dataset.review is not None  # a missing table is an error here, with its remedy
            connection.read_parquet(str(dataset.folder / "review.parquet")).create_view(name)
        return Difference(
            before=before.name,
            after=after.name,
            counts={"before": before.manifest["counts"], "after": after.manifest["counts"]},
            moves=tuple(moves(connection, before.manifest, after.manifest)),
            splits=tuple(split_moves(connection)),
            recipe=tuple(recipe),
            shifts=tuple(shifts(connection)),
            mixes=tuple(mixes(connection)),
            values=tuple(revalued(connection, before.manifest, after.manifest)),
        )
