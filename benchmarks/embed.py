"""Phone-size PNG and JPEG files to Parquet embeddings (ViT-B/32, random weights), beside the limit and a peer.

`python -m benchmarks.embed [FOLDER] [--pictures 512] [--view letterbox] [--peer PYTHON]`, pictures from FOLDER (the
corpus beside the checkout, else drawn ones). The limit is what all cores could do if nothing were done but decoding by
the best decoder, scaling and the bare bf16 forward pass (fp32 where the processor has no bf16, for there that is
faster), each measured alone in processor time. The peer is
clip-retrieval's own inference on the same files and weights, in the environment of benchmarks/peers/.
The overhead is what a run without the forward pass costs a picture beyond decoding and scaling, in processor time: the
limit's share follows from it on a machine of any speed.
Both sides are warm before their clocks start: the model is loaded, and what else a process does once is done.
Rates are over the processor time that other processes left to this one, so that a busy machine does not decide.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.decoders import DECODERS, cheapest, milliseconds
from benchmarks.figures import CannotRun, Figure, at_least, main
from crawlers.captures import Capture, CaptureStore
from crawlers.garbage import collect_less_often
from curation import engine
from curation.encoder.place import precision
from curation.encoder.views import views
from curation.features.decode import decode_image
from curation.recipe import FeatureChoice

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "corpus" / "apps"
PEER = ROOT / "benchmarks" / "peers" / "clip-retrieval" / "bin" / "python"
NARROWEST = 1000  # px of a phone's screenshot as its screen has it
SAMPLE = 24  # pictures a format that the parts of the limit are measured on
BATCH = 16
WARMING = 4  # pictures that are not counted: imports and the first call of a decoder come once a process


@dataclass(frozen=True)
class Picture:
    data: bytes
    format: str
    size: tuple[int, int]


@dataclass
class Clock:
    """Wall time, and how many core seconds other processes left meanwhile."""

    def __enter__(self) -> Clock:
        self.own = 0.0
        self._wall, self._own, self._busy = time.perf_counter(), time.process_time(), busy_seconds()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(time.process_time() - self._own)

    def stop(self, own: float) -> None:
        """`own` is the processor time of what was measured; the rest of what was busy was others'."""
        self.own = own
        self.seconds = time.perf_counter() - self._wall
        others = max(0.0, busy_seconds() - self._busy - own)
        self.left = max(self.seconds * cores() - others, own) / cores()


def run(arguments: Sequence[str]) -> list[Figure]:
    parser = argparse.ArgumentParser(prog="benchmarks.embed")
    parser.add_argument("folder", type=Path, nargs="?", default=CORPUS)
    parser.add_argument("--pictures", type=int, default=512)
    parser.add_argument("--view", choices=("letterbox", "tiles", "crop"), default="letterbox")
    parser.add_argument("--peer", type=Path, default=PEER, help="the Python of clip-retrieval's environment")
    parser.add_argument("--peer-batch", type=int, default=256, help="its default; fewer where there are few pictures")
    options = parser.parse_args(arguments)
    collect_less_often()  # as `gesso` does
    pictures = phone_pictures(options.folder, options.pictures)
    with tempfile.TemporaryDirectory(prefix="embed-") as scratch:
        work = Path(scratch)
        encoder = random_encoder(work / "encoder")
        mine = ours(pictures, encoder, work, options.view)
        limit, parts, bare = the_limit(pictures, encoder, options.view)
        theirs, said = peer(pictures, encoder, work, options.peer, options.peer_batch)
    share = None if not limit else round(mine.rate / limit, 3)
    times = None if theirs is None else round(mine.rate / theirs, 2)
    without = f"{mine.rest:.1f} ms without the forward pass, less decoding and scaling"
    mix = f"{len(pictures)} files, half PNG, half JPEG"
    return [
        *parts,
        Figure("limit", round(limit, 2), "img/s", seen=f"{cores()} cores over the sum of the parts above"),
        Figure(f"gesso, {options.view}", round(mine.rate, 2), "img/s", seen=f"{mix}; {processor()}"),
        Figure("gesso, a picture", round(mine.whole, 1), "ms", seen="processor time, all that it takes"),
        Figure("gesso, overhead a picture", round(mine.rest - bare, 1), "ms", seen=without),
        at_least("of the limit", share, "", 0.85),
        Figure("clip-retrieval", None if theirs is None else round(theirs, 2), "img/s", seen=said),
        at_least("times clip-retrieval", times, "×", 5),
    ]


def phone_pictures(folder: Path, count: int) -> list[Picture]:
    """Half PNG, half JPEG, as they lie in the folder; a format that is scarce is used again from its start."""
    found: dict[str, list[Picture]] = {"png": [], "jpeg": []}
    paths = sorted(folder.rglob("*.[pj][np]*g")) if folder.is_dir() else []
    for path in paths:
        try:
            with Image.open(path) as picture:
                format_, size = (picture.format or "").lower(), picture.size
        except OSError:
            continue
        if format_ in found and size[0] >= NARROWEST and size[1] > 1.5 * size[0]:
            found[format_].append(Picture(path.read_bytes(), format_, size))
    for format_, some in found.items():
        some += [] if some else [drawn(seed, format_) for seed in range(SAMPLE)]
    half = count // 2
    return [found[format_][n % len(found[format_])] for n in range(half) for format_ in ("png", "jpeg")]


def drawn(seed: int, format_: str) -> Picture:
    """A screen of a phone's size with bars, cards, text and a picture-like patch."""
    import io

    random = np.random.default_rng(seed)
    picture = Image.new("RGB", (1080, 2340), tuple(int(v) for v in random.integers(220, 256, 3)))
    draw = ImageDraw.Draw(picture)
    patch = Image.fromarray(random.integers(0, 256, (30, 54, 3), np.uint8)).resize(
        (1080, 600), Image.Resampling.BICUBIC
    )
    picture.paste(patch, (0, 160))
    for top in range(820, 2300, 120):
        draw.rounded_rectangle((40, top, 1040, top + 96), 24, fill=tuple(int(v) for v in random.integers(180, 256, 3)))
        draw.text((72, top + 24), f"Row {top} of screen {seed}", fill="black", font_size=40)
    out = io.BytesIO()
    picture.save(out, format_.upper())
    return Picture(out.getvalue(), format_, picture.size)


def random_encoder(folder: Path) -> Path:
    """ViT-B/32 as open_clip has it, with random weights, as a folder."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    config = open_clip.get_model_config("ViT-B-32")
    model = open_clip.model.CLIP(**config)
    folder.mkdir()
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": {}}))
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "open_clip_model.safetensors")
    return folder


@dataclass(frozen=True)
class Ours:
    """Pictures a second, and processor milliseconds a picture with the forward pass and without it."""

    rate: float
    whole: float
    rest: float


def ours(pictures: list[Picture], encoder: Path, work: Path, view: str) -> Ours:
    """From a capture store to the embedding's Parquet parts, through the local engine."""
    store = CaptureStore(str(work / "captures"), create=True)
    captures = [captured(store, picture, number) for number, picture in enumerate(pictures)]
    embed(captures[:WARMING], encoder, store, work / "warm", view)
    whole = embed(captures, encoder, store, work / "whole", view)
    rest = embed(captures, encoder, store, work / "rest", view, forward=False)
    each = 1000 / len(captures)
    return Ours(len(captures) / whole.left, each * whole.own, each * rest.own)


def embed(
    captures: list[Capture], encoder: Path, store: CaptureStore, home: Path, view: str, forward: bool = True
) -> Clock:
    """The time it took; without `forward` the image tower answers with ones."""
    params = {"model": str(encoder), "view": view, "batch": BATCH}
    plan = engine.plan([FeatureChoice(name="embedding", params=params)], home)
    feature: Any = plan.features[0]
    net = feature.encoder().net
    feature.encoder().encode([np.zeros((224, 224, 3), np.uint8)], BATCH)
    if not forward:
        net.encode_image = lambda batch: batch.new_ones((len(batch), feature.dimensions))
    try:
        with Clock() as clock:
            engine.compute(plan, captures, store, home)
    finally:
        net.__dict__.pop("encode_image", None)
    vectors = engine.read_feature(plan, "embedding", home, [capture.capture_id for capture in captures])
    if vectors["error"].null_count != len(captures):
        raise CannotRun("some of the pictures had no embedding: leave them out")
    return clock


def captured(store: CaptureStore, picture: Picture, number: int) -> Capture:
    fields = {
        "capture_id": f"{number:064x}",
        "run_id": "benchmark",
        "source": "benchmark",
        "spider": "benchmark",
        "url": f"http://benchmark.test/{number}",
        "canonical_url": f"http://benchmark.test/{number}",
        "site": "benchmark.test",
        "fetched_at": "2026-01-01T00:00:00Z",
        "image": {
            "sha256": store.put_blob(picture.data, picture.format),
            "format": picture.format,
            "width": picture.size[0],
            "height": picture.size[1],
            "bytes": len(picture.data),
        },
        "view": {
            "kind": "listing",
            "width": picture.size[0],
            "height": picture.size[1],
            "dpr": 1,
            "form_factor": "phone",
        },
        "page": {"title": "x"},
        "rights": {"allowed": True},
    }
    return Capture.model_validate(fields)


def the_limit(pictures: list[Picture], encoder: Path, view: str) -> tuple[float, list[Figure], float]:
    """Pictures a second if all cores did nothing but the parts; the parts in processor milliseconds a picture; the sum
    of those but the forward pass."""
    figures, decoding = [], []
    for format_ in ("png", "jpeg"):
        files = list(dict.fromkeys(picture.data for picture in pictures if picture.format == format_))[:SAMPLE]
        found = {name: milliseconds(decode, files) for name, decode in DECODERS[format_].items()}
        best = cheapest(found)
        decoding.append(found[best])
        all_of_them = ", ".join(f"{name} {value:.1f}" for name, value in sorted(found.items(), key=lambda p: p[1]))
        figures.append(Figure(f"decode {format_} by {best}", round(found[best], 1), "ms", seen=all_of_them))
    images = [decode_image(p.data).image for p in pictures[:SAMPLE]]
    looks = sum(len(views(image, 224, (0, 0, 0), view, 3)) for image in images) / len(images)  # type: ignore[arg-type]
    scale = milliseconds(lambda image: views(image, 224, (0, 0, 0), view, 3), images)  # type: ignore[arg-type]
    forward = forward_milliseconds(encoder)
    figures.append(Figure(f"scale to {view}", round(scale, 1), "ms", seen=f"{looks:.2g} looks a picture"))
    figures.append(
        Figure(f"{precision()} forward of a look", round(forward, 1), "ms", seen=f"{BATCH} at once, one thread")
    )
    bare = sum(decoding) / 2 + scale
    return 1000 * cores() / (bare + looks * forward), figures, bare


def forward_milliseconds(encoder: Path) -> float:
    """The bare image tower, one thread, a look; in bf16 weights, or fp32 where the processor has no bf16."""
    import open_clip
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    dtype = torch.bfloat16 if precision() == "bf16" else torch.float32
    net = open_clip.create_model(f"local-dir:{encoder}").to(dtype).eval()
    batch = torch.randn(BATCH, 3, 224, 224).to(dtype)
    with torch.inference_mode():
        net.encode_image(batch)
        taken = milliseconds(lambda _: net.encode_image(batch), [None] * 3)
    torch.set_num_threads(before)
    return taken / BATCH


def peer(pictures: list[Picture], encoder: Path, work: Path, python: Path, batch: int) -> tuple[float | None, str]:
    """Pictures a second of clip-retrieval, or None and what is missing."""
    if not python.exists():
        return None, f"not installed at {python}: see benchmarks/peers/requirements-clip-retrieval.txt"
    folder = work / "files"
    folder.mkdir()
    for number, picture in enumerate(pictures):
        (folder / f"{number:06}.{'jpg' if picture.format == 'jpeg' else 'png'}").write_bytes(picture.data)
    script = ROOT / "benchmarks" / "peers" / "run_clip_retrieval.py"
    weights = encoder / "open_clip_model.safetensors"
    command = [str(python), str(script), str(folder), str(weights), str(work / "out"), str(batch)]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "WANDB_MODE": "disabled"}
    clock, last = Clock(), ""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            last = line if line.startswith("{") else last
            if line.startswith("CLOCK STARTS"):
                clock.__enter__()
    try:
        measured = json.loads(last)
    except ValueError:
        return None, f"its inference ended with code {child.returncode}"
    clock.stop(measured["processor_seconds"])
    written = sum(len(np.load(path)) for path in (work / "out" / "img_emb").glob("*.npy"))
    if written != len(pictures):
        return None, f"it wrote {written} of {len(pictures)} embeddings"
    shutil.rmtree(work / "out")
    return len(pictures) / clock.left, f"2.45.0, fp32, 4 workers, batch {batch}; the same files and weights"


def busy_seconds() -> float:
    """Processor time of the whole machine so far, all cores; 0 where the system does not tell."""
    try:
        user, nice, system, _, _, irq, softirq, *_ = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    except (OSError, ValueError):
        return 0.0
    return sum(map(int, (user, nice, system, irq, softirq))) / os.sysconf("SC_CLK_TCK")


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor() -> str:
    """Its name, and whether it multiplies in bf16."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "unknown processor"
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    facts = {key.strip(): value.strip() for key, value in facts.items()}
    able = [name for name in ("amx_bf16", "avx512_bf16") if name in facts.get("flags", "").split()]
    return f"{facts.get('model name', 'unknown processor')}, {' and '.join(able) or 'without bf16'}"


if __name__ == "__main__":
    sys.exit(main("embed", run))
