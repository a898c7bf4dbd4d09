"""One dataset version, opened for reading: DuckDB views over its Parquet files, pandas, pictures and grids."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from curation.dataset.versions import FILE, UNREDACTED, DatasetError, read_manifest, redacts, resolve_dataset

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa
    from PIL import Image

    from curation.dataset.pictures import Pictures
    from curation.grid import Cell, Grid

View = Literal["kept", "review", "rejected"]
VIEWS: tuple[View, ...] = ("kept", "review", "rejected")
SHOWN = 60  # screens of one grid, unless more are asked for
FACTS = ("site", "caption")
PARQUET = b"PAR1"  # the last bytes of a whole file


@dataclass(frozen=True)
class Picture:
    """One capture's row and its decoded RGB picture; where that cannot be had, `image` is None and `error` says why."""

    capture_id: str
    row: dict[str, Any]
    image: Image.Image | None
    error: str = ""


def open_dataset(dataset: str | Path, home: str | Path = "workspace", captures: str | None = None) -> Dataset:
    """Open `name` (newest version), `name@3`, or a version's folder. Raises DatasetError that lists what there is.

    `captures` is the fsspec URL of the capture store that the version was made from, where it is not that of `home`.
    """
    folder = resolve_dataset(Path(home), str(dataset))
    own = folder.resolve().parents[2] if len(folder.resolve().parents) > 2 else None
    return Dataset(folder, own if own and (own / "captures").is_dir() else Path(home), captures)


class Dataset:
    """A version's tables and pictures. Nothing is read before it is asked for, and nothing is ever written.

    Views for `sql`: `kept` (the shards: one row a kept capture, all columns), `review` (every input capture and what
    became of it), `rejected` and `relations`; their columns are described in `curation.review`.
    """

    def __init__(self, folder: Path, home: Path, captures: str | None = None) -> None:
        self.folder = Path(folder)
        self.home = Path(home)
        self.captures = captures or str(self.home / "captures")
        self.manifest: dict[str, Any] = read_manifest(self.folder)

    @property
    def name(self) -> str:
        """`landing@3`."""
        return f"{self.manifest.get('name', self.folder.parent.name)}@{self.folder.name}"

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits of the manifest, with its hashes of all files: exports and indexes name it."""
        return hashlib.sha256((self.folder / FILE).read_bytes()).hexdigest()[:16]

    @property
    def shards(self) -> list[Path]:
        """The shard files, in the manifest's order; a name in it never leads out of the folder."""
        return [self.folder / Path(str(shard["file"])).name for shard in self.manifest.get("shards", [])]

    @property
    def redacted(self) -> tuple[str, ...]:
        """The kinds of personal data that are masked in the shards; review.parquet and the capture store keep them."""
        return redacts(self.manifest)

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """An in-memory DuckDB with the views. Yours to add tables, macros and extensions to."""
        import duckdb

        connection = duckdb.connect(":memory:")
        connection.execute("SET TimeZone = 'UTC'")
        for view in ("review", "rejected", "relations"):
            path = self.folder / f"{view}.parquet"
            if not path.is_file():
                if self.redacted and path.name in UNREDACTED and self.shards:
                    continue  # a published copy is without it
                raise DatasetError(f"{path} is missing: run gesso curate again")
            connection.read_parquet(str(path)).create_view(view)
        if self.shards:
            self.see_whole()
            connection.read_parquet([str(path) for path in self.shards]).create_view("kept")
        else:
            connection.sql("FROM review WHERE state = 'kept'").create_view("kept")
        return connection

    def see_whole(self) -> None:
        """Raise DatasetError where a shard is missing, or torn: a Parquet file ends with its mark."""
        for path in self.shards:
            if not path.is_file():
                raise DatasetError(f"{self.folder} lacks {path.name}: run gesso curate again")
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - len(PARQUET)))
                if file.read() != PARQUET:
                    raise DatasetError(f"{path} is torn, or no Parquet: copy it again, or run gesso curate --force")

    @cached_property
    def pictures(self) -> Pictures:
        """Original bytes and decoded pictures by capture."""
        from curation.dataset.pictures import Pictures

        return Pictures(self)

    def sql(self, query: str) -> duckdb.DuckDBPyRelation:
        """A lazy DuckDB relation: `.df()`, `.arrow()`, `.fetchall()`, `.filter(…)`. Raises duckdb.Error."""
        return self.connection.sql(query)

    @property
    def kept(self) -> duckdb.DuckDBPyRelation:
        """The shards as a lazy relation."""
        return self.connection.table("kept")

    @property
    def review(self) -> duckdb.DuckDBPyRelation:
        """Every input capture: its state, stage, reason, split, margins, and all scores. Lazy."""
        return self.connection.table("review")

    @property
    def rejected(self) -> duckdb.DuckDBPyRelation:
        """The captures that were not kept, each with stage and reason. Lazy."""
        return self.connection.table("rejected")

    @property
    def relations(self) -> duckdb.DuckDBPyRelation:
        """Related pairs: a, b, relation, distance. Lazy."""
        return self.connection.table("relations")

    @property
    def columns(self) -> dict[str, str]:
        """Column of the shards → its type in DuckDB."""
        return {name: str(kind) for name, kind in zip(self.kept.columns, self.kept.types, strict=True)}

    def to_pandas(
        self, columns: Sequence[str] | None = None, where: str | None = None, view: View = "kept"
    ) -> pd.DataFrame:
        """Rows of a view as a DataFrame; without `columns`, all but the image bytes. Raises DatasetError."""
        return self.rows(columns, where, view=view).df()

    def rows(
        self,
        columns: Sequence[str] | None = None,
        where: str | None = None,
        order: str | None = None,
        n: int | None = None,
        view: View = "kept",
    ) -> duckdb.DuckDBPyRelation:
        """Rows of a view: `where` and `order` are SQL. Raises DatasetError that says what DuckDB did not take."""
        import duckdb

        known = self._known(view)
        unknown = [name for name in columns or () if name not in known]
        if unknown:
            raise DatasetError(f"{view} of {self.name} has no column {unknown[0]!r}: it has {', '.join(known)}")
        wanted = [name for name in known if name != "image"] if columns is None else list(columns)
        query = f"SELECT {', '.join(_quoted(name) for name in wanted)} FROM {view}"
        try:
            if where is not None:
                duckdb.SQLExpression(where)  # one expression, and nothing after it
                query += f" WHERE ({where}\n)"
            query += f" ORDER BY {order}" if order is not None else ""
            query += f" LIMIT {int(n)}" if n is not None else ""
            return self.connection.sql(query)
        except duckdb.Error as error:
            said = " ".join(str(error).split("\n\n")[0].split())
            raise DatasetError(f"{self.name}: {said} (where {where!r}, order {order!r}): mend the SQL") from None

    def _known(self, view: str) -> list[str]:
        if view not in VIEWS:
            raise DatasetError(f"no view {view!r}: use one of {', '.join(VIEWS)}")
        return list(self.connection.table(view).columns)

    def batches(self, columns: Sequence[str], size: int = 2048) -> Iterator[pa.RecordBatch]:
        """The kept rows as Arrow batches of at most `size` rows, in the order of the shards; memory stays flat."""
        import pyarrow.parquet as pq

        self.see_whole()
        for path in self.shards:
            with pq.ParquetFile(path) as file:
                yield from file.iter_batches(size, columns=list(columns))

    def images(
        self,
        n: int | None = None,
        where: str | None = None,
        order: str | None = None,
        columns: Sequence[str] | None = None,
        view: View = "kept",
    ) -> Iterator[Picture]:
        """Decoded pictures with their rows, one at a time; without `order`, as they lie in the shards.

        Kept ones come from the shards, the others from the capture store of `home`.
        """
        wanted = list(columns) if columns is not None else [c for c in self._known(view) if c not in HEAVY]
        needed = [c for c in ("capture_id", "image_sha256", "format") if c not in wanted]
        for row in self.rows([*wanted, *needed], where, order, n, view).to_arrow_table().to_pylist():
            image, error = self.pictures.decoded(row["capture_id"], row.get("image_sha256"), row.get("format"))
            yield Picture(row["capture_id"], {c: row[c] for c in wanted}, image, error)

    def show(
        self,
        n: int = 12,
        where: str | None = None,
        order: str | None = None,
        facts: Sequence[str] | None = None,
        view: View = "kept",
        title: str = "",
    ) -> Grid:
        """A grid of up to 60 screens with `facts` (columns) below each; what was not kept says why."""
        from curation.grid import Grid, Group

        if not 1 <= n <= SHOWN:
            raise DatasetError(f"show({n}): one grid holds 1 to {SHOWN} screens; images() walks through all of them")
        known = self._known(view)
        chosen = list(facts) if facts is not None else [name for name in FACTS if name in known]
        extra = [name for name in ("state", "reason") if name in known and name not in chosen]
        cells = [cell_of(p, chosen) for p in self.images(n, where, order, [*chosen, *extra], view)]
        return Grid((Group(tuple(cells)),), title)

    def pairs(self, relation: str, n: int = 6, order: str = "distance DESC", facts: Sequence[str] = ("site",)) -> Grid:
        """Up to n pairs of one relation side by side, by default the least alike first. Raises DatasetError."""
        import duckdb

        from curation.grid import Grid, Group

        if not 1 <= n <= SHOWN // 2:
            raise DatasetError(f"pairs({n}): one grid holds 1 to {SHOWN // 2} pairs")
        try:
            query = f"SELECT a, b, distance FROM relations WHERE relation = $name ORDER BY {order}, a, b LIMIT {int(n)}"
            found = self.connection.execute(query, {"name": relation}).fetchall()
        except duckdb.Error as error:
            raise DatasetError(f"{self.name}: {' '.join(str(error).split())[:200]}: mend the SQL of order") from None
        ids = sorted({key for a, b, _ in found for key in (a, b)})
        quoted = ", ".join("'" + key.replace("'", "''") + "'" for key in ids) or "''"
        columns = [*facts, *(name for name in ("state", "reason") if name not in facts)]
        pictures = {p.capture_id: p for p in self.images(None, f"capture_id IN ({quoted})", None, columns, "review")}
        groups = [
            Group(tuple(cell_of(pictures[key], facts) for key in (a, b)), f"distance {distance:.4g}")
            for a, b, distance in found
        ]
        return Grid(tuple(groups), f"{relation}: {len(groups)} pair{'s' * (len(groups) != 1)}")

    def __repr__(self) -> str:
        counts = self.manifest["counts"]
        return f"<Dataset {self.name}: {counts['kept']} kept of {counts['input']} captures, {len(self.shards)} shards>"

    def _repr_html_(self) -> str:
        from curation.dataset.summary import summary

        return summary(self)


HEAVY = ("image", "embedding", "design", "margins", "rights")


def cell_of(picture: Picture, facts: Sequence[str]) -> Cell:
    """A picture with facts below it; what was not kept says why."""
    from curation.grid import Cell

    row = picture.row
    lines = [fact(name, row[name]) for name in facts if row.get(name) is not None]
    state = row.get("state") or "kept"
    mark = {"rejected": "reject", "failed": "doubt"}.get(state, "")
    if mark:
        lines.insert(0, f"{state}: {row.get('reason')}")
    return Cell(picture.capture_id, picture.image, tuple(lines), mark)


def fact(name: str, value: Any) -> str:
    """A value in a few words: a number with its column's name, a text by itself."""
    if isinstance(value, bool | int):
        return f"{name} {value}"
    if isinstance(value, float):
        return f"{name} {value:.4g}"
    if isinstance(value, list | tuple):
        value = ", ".join(str(part) for part in value)
    text = " ".join(str(value).split())
    return text if len(text) <= 160 else text[:159] + "…"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
