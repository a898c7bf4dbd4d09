"""What curation costs: features a second and core, a second run with another threshold, and how time grows with rows.

`python -m benchmarks.curate [--captures 8] [--rows 25000] [--folder DIR]` draws screens and computes every feature
that is at hand, on 1, 2 and 4 times as many; then makes homes of 1, 2 and 4 times as many rows, whose features are at
hand too, and curates each twice. The encoder has ViT-B/32's shape and random weights. Growth is told by processor time,
which other work on the machine does not change.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image as Pictures
from PIL import ImageDraw

from benchmarks import synthetic
from benchmarks.figures import Figure, at_most, main
from crawlers.captures import Capture, CaptureStore, Image, Page, Rights, View
from curation import engine
from curation.errors import GessoError
from curation.features import known
from curation.recipe import FeatureChoice, Recipe, parse_recipe
from curation.run import curate
from curation.what_if import what_if

GROWTH, SECONDS, WHAT_IF = 1.1, 5.0, 1.0
TIMES = (1, 2, 4)
SECOND_RUNS = 3
SIZE = (1170, 2532)
FEATURES = ["decode", "hashes", "ink", "palette", "embedding", "caption", "design"]


@dataclass(frozen=True)
class Cost:
    """Seconds on the wall, and of the processor on all cores."""

    wall: float
    cpu: float


def timed(work: Callable[[], Any]) -> tuple[Cost, Any]:
    wall, cpu = time.monotonic(), time.process_time()
    made = work()
    return Cost(time.monotonic() - wall, time.process_time() - cpu), made


def run(arguments: Sequence[str]) -> Sequence[Figure]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curate", description=__doc__)
    parser.add_argument("--captures", type=int, default=8, help="drawn screens at 1×")
    parser.add_argument("--rows", type=int, default=25_000, help="rows at 1×; 4× is what the limits are for")
    parser.add_argument("--folder", type=Path, default=None, help="where to work; a temporary folder else")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="curate-") as place:
        folder = Path(place)
        os.environ["GESSO_ENCODER"] = str(write_encoder(folder / "encoder"))
        return [*features(folder, options.captures), *decisions(folder, options.rows)]


def write_encoder(folder: Path) -> Path:
    """ViT-B/32 as open_clip has it, with random weights."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    config = open_clip.get_model_config("ViT-B-32")
    folder.mkdir(parents=True)
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": {}}))
    state = open_clip.model.CLIP(**config).state_dict()
    save_file({name: value.contiguous() for name, value in state.items()}, folder / "open_clip_model.safetensors")
    return folder


def features(folder: Path, captures: int) -> list[Figure]:
    """Captures a second and core with every feature at hand, and what four times as many cost a capture."""
    choices, left_out = at_hand(folder)
    costs = []
    drawn = 0
    for step, number in enumerate([2, *(captures * times for times in TIMES)]):  # the first two load the models
        home = folder / f"features-{step}"
        store = CaptureStore(str(home / "captures"), create=True)
        some = [draw(store, drawn + index) for index in range(number)]
        drawn += number
        plan = engine.plan(choices, home)
        cost, _ = timed(lambda p=plan, s=some, st=store, h=home: engine.compute(p, s, st, h))  # type: ignore[misc]
        costs.append(cost.cpu / number)
    names = ", ".join(choice.name for choice in choices)
    rate = 1 / statistics.median(costs[1:])
    growth = costs[-1] / costs[1]
    return [
        Figure("features", round(rate, 3), "captures/s and core", seen=f"{names}; not at hand: {left_out or 'none'}"),
        Figure("features, a capture", round(1 / rate, 2), "s", seen="of one core"),
        at_most("features, cost a capture at 4× of 1×", round(growth, 3), "ratio", GROWTH),
    ]


def at_hand(home: Path) -> tuple[list[FeatureChoice], str]:
    """Features that run here without a name or a file from the recipe, and the names of the others."""
    found, left_out = [], []
    for name in known():
        choice = FeatureChoice(name=name)
        try:
            planned = any(feature.name == name for feature in engine.plan([choice], home).features)
        except GessoError:
            planned = False
        if planned:
            found.append(choice)
        else:
            left_out.append(name)
    return found, ", ".join(left_out)


def draw(store: CaptureStore, number: int) -> Capture:
    """A phone's screen, PNG and JPEG in turns."""
    random = np.random.default_rng(number)
    picture = Pictures.new("RGB", SIZE, (250, 250, 248))
    pen = ImageDraw.Draw(picture)
    noise = Pictures.fromarray(random.integers(0, 256, (36, 60, 3), np.uint8)).resize((SIZE[0], 700))
    picture.paste(noise, (0, 180))
    for top in range(940, SIZE[1] - 120, 130):
        colour = tuple(int(value) for value in random.integers(180, 256, 3))
        pen.rounded_rectangle((48, top, SIZE[0] - 48, top + 104), 26, fill=colour)
        pen.text((84, top + 28), f"Row {top} of screen {number}", fill="black", font_size=42)
    form = ("png", "jpeg")[number % 2]
    out = io.BytesIO()
    picture.save(out, form.upper())
    row = {"capture_id": synthetic.capture_id(number), "site": f"s{number}.test", "url": f"http://s{number}.test/"}
    made = captured(row, store.put_blob(out.getvalue(), form), form, len(out.getvalue()))
    store.append("drawn", [made])
    return made


def captured(row: dict[str, Any], sha256: str, form: str, size: int) -> Capture:
    return Capture(
        capture_id=row["capture_id"],
        run_id="drawn",
        source="web",
        spider="web",
        url=row["url"],
        canonical_url=row["url"],
        site=row["site"],
        fetched_at=datetime(2026, 1, 2, tzinfo=UTC),
        http_status=200,
        image=Image(sha256=sha256, format=form, width=SIZE[0], height=SIZE[1], bytes=size),
        view=View(kind="fold", width=390, height=844, dpr=3, form_factor="phone"),
        page=Page(title=row.get("title", "A screen")),
        rights=Rights(allowed=row.get("allowed", True)),
    )


def recipe(blankness: float) -> Recipe:
    keep = [{"name": "allowed", "sql": "allowed"}, {"name": "blank", "sql": f"blankness < {blankness} AND entropy > 2"}]
    return parse_recipe({"name": "curate", "features": FEATURES, "keep": keep, "shards": {"images": False}})


def decisions(folder: Path, rows: int) -> list[Figure]:
    """A second run with one threshold changed, at 1, 2 and 4 times `rows`; no image bytes are written."""
    sample = folder / "sample"
    store = CaptureStore(str(sample / "captures"), create=True)
    some = [draw(store, number) for number in range(16)]
    engine.compute(engine.plan(recipe(0.6).features, sample), some, store, sample)
    second: list[Cost] = []
    computed = 0
    for times in TIMES:
        home = folder / f"home-{times}"
        write_home(home, rows * times, sample, [capture.capture_id for capture in some])
        first, version = timed(lambda h=home: curate(recipe(0.6), h, report=False))  # type: ignore[misc]
        computed += version.computed
        costs = []
        for number in range(SECOND_RUNS):
            cost, version = timed(lambda h=home, n=number: curate(recipe(0.55 - n / 50), h, report=False))  # type: ignore[misc]
            costs.append(cost)
            computed += version.computed
        second.append(min(costs, key=lambda cost: cost.wall))
    asked, outcome = timed(lambda: what_if(recipe(0.6), home, ["blankness < 0.3"]))
    asked = min((asked, timed(lambda: what_if(recipe(0.6), home, ["blankness < 0.2"]))[0]), key=lambda c: c.wall)
    growth = (second[-1].cpu / TIMES[-1]) / second[0].cpu
    most = rows * TIMES[-1]
    return [
        at_most("second run, values computed", computed, "values", 0),
        Figure(f"second run, {most:,} rows", round(second[-1].wall, 2), "s", f"≤{SECONDS:g}",
               second[-1].wall <= SECONDS,
               f"{second[-1].cpu:.2f} s of the processor; the first {first.wall:.1f} and {first.cpu:.1f} s"),
        at_most("second run, cost a row at 4× of 1×", round(growth, 3), "ratio", GROWTH),
        Figure(f"what if, {most:,} rows", round(asked.wall, 2), "s", f"≤{WHAT_IF:g}", asked.wall <= WHAT_IF,
               f"{asked.cpu:.2f} s of the processor, {outcome.changed:,} captures change"),
    ]  # fmt: skip


def write_home(home: Path, rows: int, sample: Path, ids: list[str]) -> None:
    """A home whose captures and features are at hand: drawn rows; in other columns a sample's values over again."""
    store = CaptureStore(str(home / "captures"), create=True)
    plan = engine.plan(recipe(0.6).features, sample)
    values = {feature.name: engine.read_feature(plan, feature.name, sample, ids) for feature in plan.features}
    for table, _ in synthetic.tables(rows, 7):
        facts = table.select(["capture_id", "site", "url", "title", "allowed", "image_sha256"]).to_pylist()
        store.append("drawn", [captured(fact, fact["image_sha256"], "png", 100_000) for fact in facts])
        again = pa.array(np.arange(len(table)) % len(ids))
        for feature in plan.features:
            part = {"capture_id": table["capture_id"]}
            for field in feature.schema:
                if field.name in table.schema.names:
                    part[field.name] = table[field.name].cast(field.type)
                elif field.name.startswith("_"):  # pictures of pictures: those of a sample would all be copies
                    part[field.name] = pa.nulls(len(table), field.type)
                else:
                    part[field.name] = values[feature.name][field.name].take(again)
            part["error"] = pa.nulls(len(table), pa.string())
            engine.write_part(pa.table(part), plan.folder(home, feature.name))


if __name__ == "__main__":
    raise SystemExit(main("curate", run))
