"""Kill curation at random moments and resume it, on both engines: the dataset version must be the same, byte by byte.

`python -m benchmarks.faults [--captures 48] [--kills 20] [--ray-kills 4] [--minutes 25] [--seed 7]` draws its screens
and encoder. After two thirds of `--minutes` no further kill of the local engine is begun, after all of them none of
Ray's; the figures say how many there were.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil
from PIL import Image as Pictures
from PIL import ImageDraw

from benchmarks import victim
from benchmarks.figures import CannotRun, Figure, at_least, at_most, main
from crawlers.captures import Capture, CaptureStore, Image, Page, Rights, View, capture_id
from pipelines import terminal
from pipelines.terminal import ProgressCallback

FORKED = get_context("forkserver")
SETTINGS = {"OMP_NUM_THREADS": "1", "RAY_worker_niceness": "0"}  # Ray's 15 would make a busy machine part of it
SIZE = (390, 844)
LIMIT_SECONDS = 600
SITES = 8


def screen(number: int, chance: random.Random) -> Pictures.Image:
    """Cards and lines of text at places of chance; every fifth is a copy of the one before with another clock."""
    picture = Pictures.new("RGB", SIZE, chance.choice(("white", "#10141c", "#f4f1ea")))
    draw = ImageDraw.Draw(picture)
    draw.text((12, 8), f"{number % 24:02d}:{number % 60:02d}", fill="#888888")
    y = 40
    while y < SIZE[1] - 60:
        colour = f"#{chance.randrange(1 << 24):06x}"
        if chance.random() < 0.4:
            draw.rounded_rectangle((16, y, chance.randrange(120, 374), y + 56), 8, fill=colour)
        draw.text((24, y + 20), f"Line {chance.randrange(10_000)} of screen {number}", fill=colour)
        y += chance.randrange(24, 80)
    return picture


def fill(store: CaptureStore, captures: int, seed: int) -> None:
    """Screens as PNG and JPEG of several sites, some of them torn: errors must come out the same, too."""
    found: list[Capture] = []
    for number in range(captures):
        out = io.BytesIO()
        form = "jpeg" if number % 3 == 2 else "png"
        screen(number, random.Random(seed * 1000 + number - (number % 5 == 4))).save(out, form)
        data = out.getvalue()[:-300] if number % 29 == 11 else out.getvalue()
        url = f"http://site{number % SITES}.test/{number}"
        sha256 = store.put_blob(data, form)
        view = View(kind="fold", width=SIZE[0], height=SIZE[1], dpr=1, form_factor="phone")
        found.append(
            Capture(
                capture_id=capture_id("faults", url, view, sha256),
                run_id="faults",
                source="faults",
                spider="faults",
                url=url,
                canonical_url=url,
                site=f"site{number % SITES}.test",
                fetched_at=datetime(2026, 1, 2, tzinfo=UTC),
                http_status=200,
                image=Image(sha256=sha256, format=form, width=SIZE[0], height=SIZE[1], bytes=len(data)),
                view=view,
                page=Page(title=f"Screen {number}"),
                rights=Rights(allowed=True),
            )
        )
    store.append("faults", found)


def write_encoder(folder: Path, seed: int) -> None:
    """A small vision transformer with random weights, as open_clip reads it from a folder: the model of the run."""
    import json

    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(seed)
    config = {
        "embed_dim": 64,
        "vision_cfg": {"image_size": 64, "layers": 2, "width": 64, "head_width": 32, "patch_size": 16},
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
    }
    folder.mkdir(parents=True)
    model = open_clip.CLIP(**config)
    mean = std = [0.5, 0.5, 0.5]
    about = {"model_cfg": config, "preprocess_cfg": {"mean": mean, "std": std, "size": [64, 64]}}
    (folder / "open_clip_config.json").write_text(json.dumps(about))
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")


@dataclass
class Bench:
    """A home with captures and an encoder, and copies of it to be killed in."""

    folder: Path
    chance: random.Random
    deadline: float
    tell: ProgressCallback

    def home(self, name: str) -> Path:
        home = self.folder / name
        for part in ("captures", "encoder"):
            shutil.copytree(self.folder / "bare" / part, home / part, copy_function=os.link)
        return home

    def start(self, home: Path, engine: str) -> Run:
        ours, theirs = FORKED.Pipe(duplex=False)
        process = FORKED.Process(target=victim.run, args=(home, engine, theirs, self.folder / "run.log"))
        process.start()
        theirs.close()
        return Run(process, ours)

    def whole(self, home: Path, engine: str) -> Outcome:
        """An undisturbed run."""
        return self.start(home, engine).to_the_end(self.folder / "run.log")


@dataclass(frozen=True)
class Outcome:
    files: dict[str, bytes]
    computed: int
    seconds: float


class Run:
    """A command under way, with what it said so far."""

    def __init__(self, process: BaseProcess, said: Connection) -> None:
        self.process, self.said = process, said
        self.orphans = 0
        self.wait_for("ready")
        self.ready = time.monotonic()

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def wait_for(self, word: str) -> tuple[Any, ...]:
        """What it says after that word."""
        with suppress(EOFError):
            while self.said.poll(LIMIT_SECONDS):
                first, *rest = self.said.recv()
                if first == word:
                    return tuple(rest)
        raise CannotRun("the run ended before its time, or says nothing: see run.log")

    def to_the_end(self, log: Path) -> Outcome:
        try:
            path, computed = self.wait_for("made")
        except CannotRun:
            raise CannotRun(log.read_text(errors="replace")[-1500:]) from None
        self.process.join(LIMIT_SECONDS)
        files = {p.name: p.read_bytes() for p in sorted(Path(path).iterdir()) if p.is_file()}
        return Outcome(files, int(computed), time.monotonic() - self.ready)

    def kill_after(self, seconds: float) -> bool:
        """SIGKILL to the command alone; whether it was still at work. What it had started must end by itself."""
        self.process.join(seconds)
        hit = self.process.is_alive()
        started = psutil.Process(self.pid).children(recursive=True) if hit else []
        self.process.kill()
        _, alive = psutil.wait_procs(started, 30)
        for child in alive:
            child.kill()
        self.orphans = len(alive)
        self.process.join()
        self.said.close()
        return hit


@dataclass(frozen=True)
class Killed:
    """What came of a kill: whether it met a running command, what outlived that, and what the next run made."""

    hit: bool
    orphans: int
    outcome: Outcome


def killed_and_resumed(bench: Bench, kills: int, engine: str, seconds: float) -> list[Killed]:
    """Each kill in a home of its own; every fourth is killed again as it resumes. None is begun after the deadline."""
    found: list[Killed] = []
    for number in range(kills):
        if time.monotonic() > bench.deadline:
            break
        bench.tell(f"kills, {engine}", number, kills)
        home = bench.home(f"{engine}-{number}")
        first = bench.start(home, engine)
        hit = first.kill_after(bench.chance.uniform(0, seconds))
        if number % 4 == 3:
            bench.start(home, engine).kill_after(bench.chance.uniform(0, seconds / 2))
        found.append(Killed(hit, first.orphans, bench.whole(home, engine)))
        shutil.rmtree(home)
    bench.tell(f"kills, {engine}", len(found), kills)
    return found


def worker_killed(bench: Bench) -> tuple[int, Outcome]:
    """An actor of a Ray run dies while the first values come in; the run itself goes on."""
    home = bench.home("ray-worker")
    run = bench.start(home, "ray")
    run.wait_for("at")
    actors = [p for p in psutil.Process(run.pid).children(recursive=True) if "MapWorker" in " ".join(p.cmdline()[:1])]
    for actor in actors:
        actor.kill()
    return len(actors), run.to_the_end(bench.folder / "run.log")


def same(outcomes: Sequence[Outcome], files: dict[str, bytes]) -> float:
    """Per cent of the versions that are the undisturbed one, byte by byte."""
    return round(100 * sum(outcome.files == files for outcome in outcomes) / max(1, len(outcomes)), 2)


def of_ray(bench: Bench, kills: int, files: dict[str, bytes]) -> list[Figure]:
    whole = bench.whole(bench.home("ray"), "ray")
    killed = killed_and_resumed(bench, kills, "ray", whole.seconds)
    workers, outcome = worker_killed(bench)
    return [
        at_least("ray: undisturbed version is local's", same([whole], files), "%", 100),
        at_least(
            "ray: driver killed and resumed, versions the same", same([k.outcome for k in killed], files), "%", 100
        ),
        at_least("ray: actors killed while the run went on", workers, "actors", 1),
        at_least("ray: its version the same", same([outcome], files), "%", 100),
        at_least("ray: kills", len(killed), "kills", kills),
        Figure("ray: kills that hit a running curation", sum(k.hit for k in killed), "kills"),
        at_most("ray: processes that outlived their driver by 30 s", sum(k.orphans for k in killed), "processes", 0),
    ]


def run(argv: Sequence[str]) -> list[Figure]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--captures", type=int, default=48)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--ray-kills", type=int, default=4)
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args(argv)
    if given.ray_kills and find_spec("ray") is None:
        raise CannotRun("Ray is not installed: pip install 'gesso[ray]', or leave it out with --ray-kills 0")
    os.environ.update(SETTINGS)
    FORKED.set_forkserver_preload(["benchmarks.victim"])
    with tempfile.TemporaryDirectory(prefix="gesso-faults-") as name, terminal.progress_lines() as tell:
        end = time.monotonic() + 60 * given.minutes
        bench = Bench(Path(name), random.Random(given.seed), end - 20 * given.minutes, tell)
        fill(CaptureStore(str(bench.folder / "bare" / "captures"), create=True), given.captures, given.seed)
        write_encoder(bench.folder / "bare" / "encoder", given.seed)
        whole = bench.whole(bench.home("whole"), "local")
        killed = killed_and_resumed(bench, given.kills, "local", whole.seconds)
        again = [k.outcome.computed / whole.computed for k in killed if k.hit]
        figures = [
            Figure("files of a version", len(whole.files), "files"),
            at_least("local: kills", len(killed), "kills", given.kills),
            Figure("local: kills that hit a running curation", sum(k.hit for k in killed), "kills"),
            at_least(
                "local: killed and resumed, versions the same", same([k.outcome for k in killed], whole.files), "%", 100
            ),
            Figure("local: values computed after a kill, mean", round(100 * sum(again) / max(1, len(again))), "%"),
        ]
        bench.deadline = end
        return figures + (of_ray(bench, given.ray_kills, whole.files) if given.ray_kills else [])


if __name__ == "__main__":
    raise SystemExit(main("faults", run))
