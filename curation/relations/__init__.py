"""Relations: typed ties of two captures, from the closest to the loosest: `exact`, `copy`, `same_state`, `locale`,
`theme`, `same_template`. `find` names them; what becomes of the tied captures is `curation.select`'s to say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from curation.relations.policy import Relations

if TYPE_CHECKING:
    import pyarrow as pa

Progress = Callable[[str, int, int], None]


def find(table: pa.Table, policies: Relations, progress: Progress | None = None) -> pa.Table:
    """All related pairs of the rows of `table`, which are sorted by capture_id.

    Reads the columns that it knows and does without those that are missing; a row without pixels has no relations.
    Gives `a, b: int32` (row numbers, a < b), `relation: string`, `distance: float32` and `why: string` (the facts that
    decided), sorted by (relation, a, b); a pair has one relation, the closest. `distance` is 0 for `exact`, else 1 less
    the correlation of the edges (without thumbnails: share of the hash's bits, or 1 minus the cosine). A group of n
    equals has n-1 `exact` pairs, each with its first row, and only that row has other relations: they hold for its
    equals as well.
    """
    from curation.relations.pairs import find_pairs

    return find_pairs(table, policies, progress)
