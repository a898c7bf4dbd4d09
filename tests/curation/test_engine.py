"""The engine: one decode for all pixel features, an error for every value it cannot give, no row ever dropped."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import design
from crawlers.captures import Capture, CaptureStore, Page
from curation import engine, features
from curation.engine import local
from curation.engine.step import Step
from curation.features.base import Feature, Item, Row, ValueProblem
from curation.features.caption import headings_of
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


@pytest.mark.parametrize("dom", [b"", b"no gzip", gzip.compress(b"{}"), gzip.compress(b"[1]"), gzip.compress(b"{")])
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
