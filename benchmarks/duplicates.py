"""Curate a folder of labelled pictures with recipes/pictures.yaml, and hold relations and rejections to the labels.

`python -m benchmarks.duplicates TRUTH_DIR [--home DIR] [--peer PYTHON]`; TRUTH_DIR has truth.jsonl and what it names.
`--home` keeps what was computed for the next run. `--peer` is an interpreter with
benchmarks/peers/requirements-imagededup.txt: imagededup's perceptual hash and its CNN then judge the same pairs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.figures import CannotRun, Figure, at_least, at_most, main
from crawlers.captures import Capture, CaptureStore, Image, Page, Rights, View, capture_id
from curation.features.base import ValueProblem
from curation.features.decode import decode_image
from curation.recipe import load_recipe
from curation.run import curate

ROOT = Path(__file__).resolve().parents[1]
RECIPE = ROOT / "recipes" / "pictures.yaml"
PEER = ROOT / "benchmarks" / "peers" / "run_imagededup.py"
HERE = ROOT / "benchmarks" / "peers" / "imagededup" / "bin" / "python"  # where --peer does not say
VARIANTS = {"state": "same_state", "theme": "theme", "locale": "locale"}
SAME = ("exact", "copy")
BROKEN = {  # type → the kinds of error that name it
    "truncated": ("truncated", "corrupt"),
    "corrupt": ("corrupt", "truncated"),
    "empty_file": ("empty",),
    "not_an_image": ("not_an_image",),
    "dimension_bomb": ("too_many_pixels",),
}
RULES = {"blank": "blank", "solid": "blank", "near_blank": "blank", "tiny": "too_small"}
PEER_SECONDS = 3600


@dataclass
class Seen:
    """What curation made of a truth folder, by the paths in truth.jsonl."""

    state: dict[str, str] = field(default_factory=dict)
    reason: dict[str, str] = field(default_factory=dict)
    row: dict[str, dict[str, Any]] = field(default_factory=dict)
    twin: dict[str, str] = field(default_factory=dict)  # the first of its equals
    tie: dict[frozenset[str], tuple[str, str]] = field(default_factory=dict)  # pair → relation, why

    def relation(self, a: str, b: str) -> tuple[str, str]:
        """The relation of two pictures and the facts, through their equals; "none" without one."""
        a, b = self.twin.get(a, a), self.twin.get(b, b)
        return ("exact", "equal pixels") if a == b else self.tie.get(frozenset((a, b)), ("none", ""))


def captures(store: CaptureStore, folder: Path, paths: Iterable[str]) -> Iterator[Capture]:
    """A capture a picture: of one site, in its own size, and with no other hint of what it is."""
    for path in paths:
        data = (folder / path).read_bytes()
        format_ = path.rpartition(".")[2].lower().replace("jpg", "jpeg")
        sha256 = store.put_blob(data, format_)
        try:
            width, height = decode_image(data).size
        except ValueProblem:
            width = height = 1
        shape = "phone" if height > 1.2 * width else "desktop"
        view = View(kind="fold", width=width, height=height, dpr=1, form_factor=shape)
        yield Capture(
            capture_id=capture_id("truth", path, view, sha256),
            run_id="truth",
            source="truth",
            spider="truth",
            url=f"http://truth.test/{path}",
            canonical_url=f"http://truth.test/{path}",
            site="truth.test",
            fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
            http_status=200,
            image=Image(sha256=sha256, format=format_, width=width, height=height, bytes=max(1, len(data))),
            view=view,
            page=Page(),
            rights=Rights(allowed=True),
            verdicts=(),
        )


def curated(folder: Path, paths: Sequence[str], home: Path) -> Seen:
    """Run the recipe over the pictures and read the version's own tables."""
    place = home / "captures"
    if not place.exists():
        store = CaptureStore(str(place), create=True)
        store.append("truth", list(captures(store, folder, paths)))
    version = curate(load_recipe(RECIPE), home, report=False)
    seen = Seen()
    path_of = {}
    for row in pq.read_table(version.path / "review.parquet").to_pylist():
        path = row["canonical_url"].removeprefix("http://truth.test/")
        path_of[row["capture_id"]] = path
        seen.state[path], seen.reason[path], seen.row[path] = row["state"], row["reason"] or "", row
    for row in pq.read_table(version.path / "relations.parquet").to_pylist():
        a, b = path_of[row["a"]], path_of[row["b"]]
        if row["relation"] == "exact":
            seen.twin[b] = a
        else:
            seen.tie[frozenset((a, b))] = (row["relation"], row["why"])
    return seen


def families(pairs: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Picture → its family: those that exact and near pairs join, by the smallest member."""
    root: dict[str, str] = {}

    def find(key: str) -> str:
        while root.setdefault(key, key) != key:
            key = root[key]
        return key

    for pair in pairs:
        a, b = sorted((find(pair["a"]), find(pair["b"])))
        root[b] = a
    return {key: find(key) for key in root}


def same_pictures(pairs: list[dict[str, Any]], seen: Seen) -> list[Figure]:
    """Exact and near pairs found, by how they were made; hard negatives that were merged; precision over both."""
    must = [p for p in pairs if p["label"] in ("exact", "near")]
    found = {p["id"]: seen.relation(p["a"], p["b"])[0] for p in pairs}
    family = families(must)
    right = wrong = 0
    for tied, (relation, _) in seen.tie.items():
        if relation == "copy":
            a, b = tied
            together = a in family and family[a] == family.get(b)
            labelled = any({p["a"], p["b"]} == tied and p["label"] == "hard_negative" for p in pairs)
            right, wrong = right + together, wrong + labelled
    missed = [p["id"] for p in must if found[p["id"]] not in SAME]
    apart = [p for p in pairs if p["label"] == "hard_negative"]
    merged = [p["id"] for p in apart if found[p["id"]] in SAME]
    exact = [p for p in must if p["label"] == "exact"]
    exactly = sum(found[p["id"]] == "exact" for p in exact)
    figures = [
        at_least("exact: recall", share(exactly, len(exact)), "", 1),
        at_least("exact and near: recall", share(len(must) - len(missed), len(must)), "", 0.99),
        Figure("copy: precision on labelled pairs", share(right, right + wrong), "", "", True, f"{right}:{wrong}"),
        at_most("hard negatives merged", share(len(merged), len(apart)), "", 0.01),
    ]
    of_op: dict[str, list[bool]] = defaultdict(list)
    for pair in must:
        of_op[pair["op"]].append(found[pair["id"]] in SAME)
    figures += [Figure(f"recall {op}", share(sum(v), len(v)), "", "", True, f"{len(v)}") for op, v in of_op.items()]
    kinds = Counter(found[p["id"]] for p in apart)
    told = ", ".join(f"{name} {number}" for name, number in kinds.most_common())
    figures.append(Figure("hard negatives called", len(apart), "pairs", "", True, told))
    wrong_ones = [p for p in pairs if p["id"] in missed + merged]
    told_of = [f"{p['op']}: {' '.join(seen.relation(p['a'], p['b']))}" for p in wrong_ones]
    return [
        *figures,
        *(Figure(f"wrong {p['id']}", 0, "", "", True, t) for p, t in zip(wrong_ones, told_of, strict=True)),
    ]


def variants(pairs: list[dict[str, Any]], seen: Seen) -> list[Figure]:
    """Each variant pair with what it was called, and per relation how many are right."""
    given = [p for p in pairs if p["label"] == "variant"]
    if not given:
        return []
    one_by_one, right = [], Counter[str]()
    for pair in given:
        relation, why = seen.relation(pair["a"], pair["b"])
        ok = relation == VARIANTS[pair["op"]]
        right[pair["op"]] += ok
        one_by_one.append(Figure(f"{pair['id']} {pair['op']}", int(ok), "", "", True, f"{relation}: {why}"))
    of_op = Counter(p["op"] for p in given)
    claimed = Counter(seen.relation(p["a"], p["b"])[0] for p in pairs)
    figures = [at_least("variants typed right", share(right.total(), len(given)), "", 0.75)]
    for op, number in sorted(of_op.items()):
        precise = share(right[op], claimed[VARIANTS[op]])
        seen_as = f"precision on labelled pairs {'–' if precise is None else f'{precise:.2f}'}"
        figures.append(Figure(f"{VARIANTS[op]}: recall", share(right[op], number), "", "", True, seen_as))
    return [*figures, *one_by_one]


def pictures(images: list[dict[str, Any]], seen: Seen) -> list[Figure]:
    """Junk typed, ordinary pictures let through, odd formats decoded."""
    junk = [e for e in images if e["label"] == "junk"]
    ordinary = [e for e in images if e["label"] == "ok"]
    odd = [e for e in images if e["label"] == "format"]
    untyped = [e for e in junk if not typed(e, seen)]
    turned = [e for e in ordinary if seen.state[e["image"]] == "failed" or seen.row[e["image"]]["stage"] == "rule"]
    undecoded = [e for e in odd if not well_decoded(e, seen)]
    return [
        at_least("junk and broken files typed", share(len(junk) - len(untyped), len(junk)), "", 1),
        *(Figure(f"not typed: {e['image']}", 1, e["type"], "", False, verdict(e, seen)) for e in untyped),
        at_most("ordinary pictures rejected", len(turned), "pictures", 0),
        *(Figure(f"rejected: {e['image']}", 1, e["type"], "", False, verdict(e, seen)) for e in turned),
        at_least("odd formats decoded right", share(len(odd) - len(undecoded), len(odd)), "", 1),
        *(Figure(f"not decoded: {e['image']}", 1, e["type"], "", False, verdict(e, seen)) for e in undecoded),
    ]


def typed(entry: dict[str, Any], seen: Seen) -> bool:
    """Whether a junk picture is turned away under the name of what it is."""
    kind, path = entry["type"], entry["image"]
    state, reason = seen.state[path], seen.reason[path]
    if kind in BROKEN:
        return state == "failed" and reason.split(":")[0] in BROKEN[kind]
    if kind == "extreme_aspect":
        return state == "rejected" and reason in ("too_long", "too_wide")
    if kind in RULES:
        return state == "rejected" and reason == RULES[kind]
    return state == "rejected" and reason == "junk" and seen.row[path]["junk"] == kind


def well_decoded(entry: dict[str, Any], seen: Seen) -> bool:
    """Decoded, and what is odd about it was seen."""
    row = seen.row[entry["image"]]
    odd = {
        "cmyk_jpeg": lambda: row["mode"] == "CMYK",
        "grayscale_jpeg": lambda: row["mode"] == "L",
        "exif_rotated_jpeg": lambda: row["orientation"] > 1,
        "wrong_extension": lambda: row["decoded_format"] == "jpeg",
        "avif": lambda: row["decoded_format"] == "avif",
        "palette_png": lambda: row["mode"] == "P",
        "alpha_png": lambda: row["has_alpha"],
    }.get(entry["type"], lambda: row["frames"] > 1 if "animated" in entry["type"] else True)
    return seen.state[entry["image"]] != "failed" and bool(odd())


def verdict(entry: dict[str, Any], seen: Seen) -> str:
    row = seen.row[entry["image"]]
    return " ".join(str(v) for v in (row["state"], row["reason"] or "", row.get("junk") or "") if v)


def peer(python: str | None, folder: Path, pairs: list[dict[str, Any]]) -> list[Figure]:
    """imagededup on the same pairs, in its own interpreter, at its own thresholds and at the best of them."""
    names = ("imagededup pHash", "imagededup CNN")
    if python is None:
        return [Figure(n, None, "", "", True, "could not run: give --peer PYTHON") for n in names]
    judged = [{key: p[key] for key in ("id", "label", "a", "b")} for p in pairs if p["label"] != "variant"]
    done = subprocess.run(
        [python, str(PEER), str(folder)],
        input=json.dumps(judged),
        capture_output=True,
        text=True,
        timeout=PEER_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        why = (done.stderr.strip().splitlines() or ["no output"])[-1][:160]
        return [Figure(n, None, "", "", True, f"could not run: {why}") for n in names]
    figures = []
    for row in json.loads(done.stdout.splitlines()[-1]):
        figures.append(Figure(f"{row['name']}: recall", row["recall"], "", "", True, row["seen"]))
        figures.append(Figure(f"{row['name']}: hard negatives merged", row["merged"], "", "", True, row["seen"]))
    return figures


def share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def run(argv: Sequence[str]) -> list[Figure]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.duplicates", description=__doc__)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--peer", default=str(HERE) if HERE.is_file() else None)
    given = parser.parse_args(argv)
    try:
        lines = (given.truth / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CannotRun(f"no truth.jsonl in {given.truth} ({error.__class__.__name__}): give a truth folder") from None
    truth = [json.loads(line) for line in lines if line.strip()]
    pairs = [entry for entry in truth if entry["kind"] == "pair"]
    images = [entry for entry in truth if entry["kind"] == "image"]
    paths = sorted({e["image"] for e in images} | {p[side] for p in pairs for side in ("a", "b")})
    with tempfile.TemporaryDirectory(prefix="gesso-duplicates-") as temporary:
        seen = curated(given.truth, paths, given.home or Path(temporary))
    return [
        *same_pictures(pairs, seen),
        *pictures(images, seen),
        *variants(pairs, seen),
        *peer(given.peer, given.truth, pairs),
    ]


if __name__ == "__main__":
    raise SystemExit(main("duplicates", run))
