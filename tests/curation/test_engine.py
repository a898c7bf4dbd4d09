"""The engine: one decode for all pixel features, an error for every value it cannot give, no row ever dropped."""

from __future__ import annotations

import gzip
import json
import threading
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import design
from crawlers.captures import Capture, CaptureStore, Page
from curation import engine, features
from curation.engine import local, parts
from curation.engine.step import Step, table_of
from curation.errors import GessoError
from curation.features.base import Feature, Item, Params, Row, ValueProblem
from curation.features.caption import headings_of
from curation.features.ink import Ink
from curation.recipe import FeatureChoice
from design.tree import walk
from tests.curation.conftest import encoded, fill, make_capture, screen

SNAPSHOT = Path(__file__).parent / "tern-404.dom.json.gz"  # as the crawler stored an example page


def choices(*names: str) -> list[FeatureChoice]:
    return [FeatureChoice(name=name) for name in names]


class Odd(Feature):
    """Throws at one picture, has no value for another."""

    name: ClassVar[str] = "odd"
    needs: ClassVar[tuple[str, ...]] = ("image",)

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([("oddity", pa.int32())])

    def prepare(self, item: Item) -> Row:
        if item.capture.canonical_url.endswith("p0"):
            raise ZeroDivisionError("odd")
        if item.capture.canonical_url.endswith("p1"):
            raise ValueProblem("even", "not odd")
        return {"oddity": 1}


class Twin(Odd):
    """Makes the same column."""

    name: ClassVar[str] = "twin"


@pytest.fixture
def odd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(features.BUILTIN, "odd", f"{__name__}:Odd")


def test_an_odd_capture_is_an_error_in_its_row(tmp_path: Path, odd: None) -> None:
    store = fill(tmp_path, sites=2)
    captures = list(store.captures())
    plan = engine.plan(choices("odd"), tmp_path)
    engine.compute(plan, captures, store, tmp_path)
    values = engine.read_feature(plan, "odd", tmp_path, [c.capture_id for c in captures])
    kinds = {(e or "none").split(":")[0] for e in values["error"].to_pylist()}
    assert kinds == {"crash", "even", "none", "truncated", "not_an_image"}
    assert len(values) == len(captures)
    assert all(
        (v is None) != (e is None) for v, e in zip(*(values[n].to_pylist() for n in ("oddity", "error")), strict=True)
    )


def test_only_what_is_missing_is_computed(tmp_path: Path, odd: None) -> None:
    store = fill(tmp_path, sites=2)
    captures = list(store.captures())
    plan = engine.plan(choices("hashes", "ink"), tmp_path)
    assert engine.compute(plan, captures[:4], store, tmp_path) == 8
    assert engine.compute(plan, captures, store, tmp_path) == 2 * (len(captures) - 4)
    assert engine.compute(plan, captures, store, tmp_path) == 0


def test_values_do_not_depend_on_order_or_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = fill(tmp_path)
    captures = list(store.captures())
    plan = engine.plan(choices("decode", "hashes", "ink", "palette", "caption"), tmp_path)
    ids = [c.capture_id for c in captures]
    seen = []
    for limits, order in ((local.LIMITS, captures), (local.Limits(part_rows=3), captures[::-1])):
        home = tmp_path / str(limits.part_rows)
        monkeypatch.setattr(local, "LIMITS", limits)
        monkeypatch.setattr(Step, "batch", min(64, limits.part_rows))
        engine.compute(plan, order, store, home)
        seen.append({f.name: engine.read_feature(plan, f.name, home, ids).to_pylist() for f in plan.features})
    assert seen[0] == seen[1]


def test_a_part_that_is_not_whole_is_computed_again(tmp_path: Path) -> None:
    store = fill(tmp_path, sites=1)
    captures = list(store.captures())
    plan = engine.plan(choices("ink"), tmp_path)
    engine.compute(plan, captures, store, tmp_path)
    (part,) = plan.folder(tmp_path, "ink").glob("*.parquet")
    part.write_bytes(part.read_bytes()[:-50])
    assert engine.compute(plan, captures, store, tmp_path) == len(captures)
    assert pq.read_table(part).num_rows == len(captures)


def test_what_a_feature_needs_comes_before_it(tmp_path: Path) -> None:
    names = [f.name for f in engine.plan(choices("caption"), tmp_path).features]
    assert names == ["palette", "caption"]


def test_parameters_are_part_of_the_fingerprint(tmp_path: Path) -> None:
    four = engine.plan([FeatureChoice(name="palette", params={"colours": 4}), *choices("caption")], tmp_path)
    six = engine.plan(choices("caption"), tmp_path)
    assert four.fingerprints["palette"] != six.fingerprints["palette"]
    assert four.fingerprints["caption"] != six.fingerprints["caption"]


def test_two_features_cannot_make_one_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: None) -> None:
    monkeypatch.setitem(features.BUILTIN, "twin", f"{__name__}:Twin")
    with pytest.raises(engine.EngineError, match="both make a column"):
        engine.plan(choices("odd", "twin"), tmp_path)


def test_progress_counts_every_capture(tmp_path: Path) -> None:
    store = fill(tmp_path, sites=1)
    captures = list(store.captures())
    seen: list[tuple[str, int, int]] = []
    plan = engine.plan(choices("decode"), tmp_path)
    engine.compute(plan, captures, store, tmp_path, lambda *given: seen.append(given))
    assert seen[-1] == ("decode", len(captures), len(captures))


def with_dom(home: Path, dom: bytes) -> tuple[CaptureStore, list[Capture]]:
    store = CaptureStore(str(home / "captures"), create=True)
    page = Page(title="Aurora", dom_sha256=store.put_blob(dom, "dom"))
    captures = [
        make_capture(store, encoded(screen(1)), "p", page=page),
        make_capture(store, encoded(screen(1, (360, 900))), "p", page=page, kind="full", size=(360, 900)),
        make_capture(store, encoded(screen(2)), "q"),
    ]
    store.append("r", captures)
    return store, captures


def design_rows(home: Path, dom: bytes) -> list[dict[str, Any]]:
    store, captures = with_dom(home, dom)
    plan = engine.plan(choices("design", "caption"), home)
    engine.compute(plan, captures, store, home)
    return list(engine.read_feature(plan, "design", home, [c.capture_id for c in captures]).to_pylist())


@pytest.mark.parametrize(
    "dom",
    [b"", b"no gzip", gzip.compress(b"{}", mtime=0), gzip.compress(b"[1]", mtime=0), gzip.compress(b"{", mtime=0)],
)
def test_a_broken_snapshot_is_a_typed_error_and_no_row_is_lost(tmp_path: Path, dom: bytes) -> None:
    rows = design_rows(tmp_path, dom)
    assert [row["design"] for row in rows] == [None] * 3
    assert [(row["error"] or "none").split(":")[0] for row in rows] == ["snapshot", "snapshot", "none"]


def test_fold_and_full_page_share_one_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    real = design.from_snapshot

    def counted(snapshot: dict[str, Any]) -> design.Imported:
        calls.append(snapshot)
        return real(snapshot)

    monkeypatch.setattr(design, "from_snapshot", counted)
    rows = design_rows(tmp_path, SNAPSHOT.read_bytes())
    assert len(calls) == 1
    assert rows[0] == rows[1]
    assert rows[2]["design"] is None


def test_a_design_comes_with_its_counts_and_slots(tmp_path: Path) -> None:
    row = design_rows(tmp_path, SNAPSHOT.read_bytes())[0]
    tree = design.parse(row["design"])
    nodes = [node for root in tree.roots for node, _ in walk(root)]
    assert "migrated" in row["design"]
    assert row["design_nodes"] == len(nodes)
    assert row["design_texts"] == sum(node.kind == "t" for node in nodes) == 3
    assert list(json.loads(row["design_slots"])) == ["icon"]


def test_headings_come_from_a_real_snapshot() -> None:
    assert headings_of(design.load_snapshot(SNAPSHOT.read_bytes())) == ["404", "This page has migrated."]


class Heavy(Feature):
    """Prepares a megabyte a capture and notes how much lies about before its model takes it."""

    name: ClassVar[str] = "heavy"
    needs: ClassVar[tuple[str, ...]] = ()
    waiting: ClassVar[int] = 0
    most: ClassVar[int] = 0
    lock: ClassVar[threading.Lock] = threading.Lock()

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([("heavy", pa.list_(pa.float16(), 4))])

    def prepare(self, item: Item) -> np.ndarray:
        with self.lock:
            Heavy.waiting += 1
            Heavy.most = max(Heavy.most, Heavy.waiting)
        return np.full(1 << 20, int(item.capture.capture_id[:2], 16), np.uint8)

    def compute(self, prepared: list[Any]) -> dict[str, np.ndarray]:
        with self.lock:
            Heavy.waiting -= len(prepared)
        return {"heavy": np.stack([value[:4] for value in prepared]).astype(np.float16)}


def test_what_waits_for_a_model_is_bounded_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(features.BUILTIN, "heavy", f"{__name__}:Heavy")
    monkeypatch.setattr(local, "LIMITS", local.Limits(prepared_bytes=4 << 20))
    Heavy.waiting = Heavy.most = 0
    store = CaptureStore(str(tmp_path / "captures"), create=True)
    captures = [make_capture(store, b"x", f"p{number}") for number in range(80)]
    plan = engine.plan(choices("heavy"), tmp_path)
    engine.compute(plan, captures, store, tmp_path)
    assert Heavy.most <= 4 + 2 * (local.cores() + 1) + 4  # the lane, what the threads hold, one batch with the model
    values = engine.read_feature(plan, "heavy", tmp_path, [c.capture_id for c in captures])["heavy"].to_pylist()
    assert [row[0] for row in values] == [int(c.capture_id[:2], 16) for c in captures]


def test_a_feature_that_cannot_work_ends_the_run_and_keeps_what_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = fill(tmp_path, sites=4)
    captures = list(store.captures())
    plan = engine.plan(choices("ink"), tmp_path)
    real, calls = Ink.prepare, [0]

    def prepare(self: Ink, item: Item) -> Row:
        calls[0] += 1
        if calls[0] > 8:
            raise GessoError("the model is gone")
        return real(self, item)

    monkeypatch.setattr(Step, "batch", 2)
    with monkeypatch.context() as broken:
        broken.setattr(Ink, "prepare", prepare)
        with pytest.raises(GessoError, match="the model is gone"):
            engine.compute(plan, captures, store, tmp_path)
    assert engine.compute(plan, captures, store, tmp_path) < len(captures)


@pytest.mark.parametrize("row", [{"oddity": "one"}, {}, {"oddity": 1 << 40}, None])
def test_a_feature_that_does_not_keep_to_its_schema_is_named_with_the_column(row: Any) -> None:
    with pytest.raises(GessoError, match="feature 'odd' did not give 'oddity' as int32"):
        table_of(Odd(Params()), [("a", {"oddity": 1}), ("b", row)])


def test_many_small_parts_become_few_and_a_value_outranks_an_error(tmp_path: Path) -> None:
    schema = parts.part_schema(pa.schema([("x", pa.int32())]))
    keys = [f"{number:03d}" for number in range(40)]
    for key in keys:
        parts.write_part(pa.table([[key], [None], ["missing: gone"]], schema=schema), tmp_path)
    for key in keys[:20]:
        again = pa.table([[key, f"{key}x"], [int(key), 7], pa.nulls(2, pa.string())], schema=schema)
        parts.write_part(again, tmp_path)
    assert parts.missing(tmp_path, pa.array(keys)).tolist() == [False] * 20 + [True] * 20
    assert parts.join_small_parts(tmp_path) == 59
    (joined,) = tmp_path.glob("*.parquet")
    rows = {row["capture_id"]: row for row in pq.read_table(joined).to_pylist()}
    assert len(rows) == 60
    assert [rows[key]["x"] for key in keys] == [*range(20), *[None] * 20]
    assert parts.missing(tmp_path, pa.array(keys)).tolist() == [False] * 20 + [True] * 20


@given(st.lists(st.one_of(st.none(), st.lists(st.floats(-2, 2, width=16), min_size=3, max_size=3)), max_size=20))
def test_vectors_and_problems_come_out_in_their_rows(values: list[list[float] | None]) -> None:
    class Vectors(Feature):
        name: ClassVar[str] = "vectors"
        schema = pa.schema([("v", pa.list_(pa.float16(), 3))])  # type: ignore[assignment]

        def compute(self, prepared: list[Any]) -> list[Row]:
            return [{"v": np.array(value, np.float16)} for value in prepared]

    rows = [(str(i), ValueProblem("none", "here") if v is None else v) for i, v in enumerate(values)]
    table = table_of(Vectors(Params()), rows)
    assert table["v"].to_pylist() == values
    assert [error is None for error in table["error"].to_pylist()] == [value is not None for value in values]
