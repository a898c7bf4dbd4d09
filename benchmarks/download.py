"""Listing pictures from a server on loopback into Parquet shards: Gesso's crawl and curate, against img2dataset.

`python -m benchmarks.download [--images 1000] [--rounds 3] [--side 512] [--peer PYTHON]` draws its own pictures and
serves them as an F-Droid repository. PYTHON is that of an environment with
benchmarks/peers/requirements-img2dataset.txt.

Both start from addresses and SHA-256 hashes, check those, and end with the pictures in Parquet; each command's start is
part of its time, with its modules compiled, as an installed package's are. Compared are like and like: pictures scaled
to `--side` (img2dataset's usual work, with its `keep_ratio_largest`), the bytes as they came (img2dataset with
re-encoding off, its fastest way). Told beside them, without a target since nothing like it is on the other side, is
what shards cost with features of every picture, next to img2dataset's default, which decodes each and encodes it again.
Gesso syncs what it stores, img2dataset leaves that to
the system. The limits are what the machine does in the same minutes with nothing around it.
"""

from __future__ import annotations

import argparse
import compileall
import hashlib
import io
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from multiprocessing import Pipe, get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFilter

from benchmarks.figures import CannotRun, Figure, at_least, main
from crawlers import durable
from crawlers.run import CrawlSummary, crawl

ROOT = Path(__file__).resolve().parents[1]
PEER = "GESSO_IMG2DATASET"  # the peer's Python, where --peer does not say
HERE = ROOT / "benchmarks" / "peers" / "img2dataset" / "bin" / "python"  # where neither does
SIZE = (1080, 1920)
AN_APP = 6  # screenshots
THREADS = (16, 64)  # img2dataset's, tried once; the best is measured

RECIPE = "name: listings\nfeatures: [decode, hashes, ink]\n"
SCALED = "shards: {longest_side: SIDE}\n"
PACKAGES = ("crawlers", "curation", "design", "pipelines")

# Without what relations compare by: img2dataset looks for no copies either.
CURATE = """
import sys
from pathlib import Path
from crawlers.garbage import collect_less_often
collect_less_often()  # as `gesso` does
import pyarrow.parquet as pq
from crawlers.captures import CaptureStore
from curation import captures_table
from curation.recipe import load_recipe
from curation.run import curate_table, table_of
home, features = Path(sys.argv[1]), sys.argv[2] == "features"
recipe = load_recipe(home / "recipe.yaml")
table = table_of(recipe, home) if features else captures_table.of_store(CaptureStore(str(home / "captures")), home)
pq.write_table(table.select([name for name in table.column_names if name[0] != "_"]), home / "captures.parquet")
print(curate_table(recipe, home, home / "captures.parquet").path)
"""


def picture(number: int) -> bytes:
    """A store screenshot: a soft ground, cards, text and something like a photo. Two of three are JPEG."""
    chance = random.Random(number)
    ground = Pictures.effect_noise((SIZE[0] // 8, SIZE[1] // 8), 60).filter(ImageFilter.GaussianBlur(6))
    image = Pictures.merge("RGB", [ground.point(lambda v, k=k: min(255, v + 20 * k)) for k in range(3)])
    image = image.resize(SIZE, Pictures.Resampling.BILINEAR)
    draw = ImageDraw.Draw(image)
    y = 120
    while (y := y + chance.randrange(20, 300)) < SIZE[1] - 200:  # every app lays its screens out in its own way
        draw.rounded_rectangle(
            (60, y, chance.randrange(400, 1020), y + 130), 24, fill=f"#{chance.randrange(1 << 24):06x}"
        )
        draw.text((90, y + 50), f"Screen {number}, line {chance.randrange(10_000)}", fill="white", font_size=40)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88) if number % 3 else image.quantize(128).save(out, "PNG")
    return out.getvalue()


@dataclass(frozen=True)
class Repository:
    """Answers by path, and the pictures among them in the order of the index."""

    answers: dict[str, bytes]
    pictures: list[str]

    @classmethod
    def of(cls, images: int) -> Repository:
        answers: dict[str, bytes] = {}
        packages: dict[str, Any] = {}
        with ProcessPoolExecutor(len(os.sched_getaffinity(0)), get_context("spawn")) as pool:
            drawn = list(pool.map(picture, range(images), chunksize=16))
        for number, data in enumerate(drawn):
            app = f"org.example.app{number // AN_APP}"
            path = f"/{app}/en-US/phoneScreenshots/{number % AN_APP}.{'jpg' if number % 3 else 'png'}"
            answers[path] = data
            entry = {"name": path, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
            about = packages.setdefault(app, {"metadata": {"name": {"en-US": f"App {number // AN_APP}"}}})["metadata"]
            about.setdefault("screenshots", {"phone": {"en-US": []}})["phone"]["en-US"].append(entry)
        pictures = list(answers)
        index = json.dumps({"repo": {"timestamp": 1}, "packages": packages}).encode()
        named = {"name": "/index-v2.json", "sha256": hashlib.sha256(index).hexdigest(), "size": len(index)}
        answers["/index-v2.json"] = index
        answers["/entry.json"] = json.dumps({"timestamp": 1, "version": 20002, "index": named, "diffs": {}}).encode()
        return cls(answers, pictures)


def serve(answers: dict[str, bytes], said: Any) -> None:
    """A server of bytes in memory, in a process of its own; says its port."""
    from aiohttp import web

    async def answer(request: web.Request) -> web.Response:
        data = answers.get(request.path)
        if data is None:
            return web.Response(status=404)
        kinds = {"jpg": "image/jpeg", "png": "image/png", "json": "application/json"}
        return web.Response(body=data, content_type=kinds[request.path.rpartition(".")[2]])

    async def tell(app: web.Application) -> None:
        said.send(app["socket"].getsockname()[1])

    import socket

    app = web.Application()
    app["socket"] = socket.create_server(("127.0.0.1", 0))
    app.router.add_get("/{path:.*}", answer)
    app.on_startup.append(tell)
    web.run_app(app, sock=app["socket"], print=None, access_log=None)


@contextmanager
def serving(repository: Repository) -> Iterator[str]:
    ours, theirs = Pipe()
    process = get_context("spawn").Process(target=serve, args=(repository.answers, theirs), daemon=True)
    process.start()
    try:
        if not ours.poll(60):
            raise CannotRun("the server did not start")
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.kill()
        process.join()


@dataclass(frozen=True)
class Ours:
    """Seconds of the crawl, and of three ways to make shards of what it brought."""

    crawl: float
    scaled: float
    shards: float
    features: float


def ours(address: str, home: Path, images: int, side: int) -> Ours:
    """As the commands do it, a crawl a core: hashes checked, listings and evidence kept, everything durable."""
    begun = time.monotonic()
    cores = len(os.sched_getaffinity(0))

    def shard(number: int) -> CrawlSummary:
        given = {"repo": address, "entry": "json", "shard": f"{number}/{cores}"}
        allow = {"GESSO_ALLOW": address.removeprefix("http://")}
        return crawl("fdroid", given, store=str(home / "captures"), settings=allow)

    with ThreadPoolExecutor(cores) as pool:
        summaries = list(pool.map(shard, range(cores)))
    crawled = time.monotonic() - begun
    brought = sum(summary.captures for summary in summaries)
    if brought != images:
        failures = [summary.failures for summary in summaries]
        raise CannotRun(f"the crawl brought {brought} of {images} pictures: {failures}")
    scaled = curated(home, images, "as they are", RECIPE + SCALED.replace("SIDE", str(side)))
    kept = curated(home, images, "as they are", RECIPE)
    return Ours(crawled, scaled, kept, curated(home, images, "features", RECIPE))


def curated(home: Path, images: int, how: str, recipe: str) -> float:
    """Seconds from a store to shards, in a process of its own that finds nothing but the store."""
    (home / "recipe.yaml").write_text(recipe)
    for folder in ("tables", "datasets"):
        shutil.rmtree(home / folder, ignore_errors=True)
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-c", CURATE, str(home), how], cwd=ROOT, capture_output=True, text=True)
    seconds = time.monotonic() - begun
    if done.returncode:
        raise CannotRun(f"curate failed: {done.stderr[-500:]}")
    rows = sum(pq.read_metadata(p).num_rows for p in Path(done.stdout.split()[-1]).glob("*-of-*.parquet"))
    if rows != images:
        raise CannotRun(f"{rows} of {images} pictures are in the shards")
    return seconds


@dataclass(frozen=True)
class Limits:
    """Pictures a second on all cores, with nothing around: fetched, decoded and encoded again, written and synced."""

    fetched: float
    encoded: float
    synced: float


def limits(address: str, repository: Repository, folder: Path) -> Limits:
    cores, some = len(os.sched_getaffinity(0)), repository.pictures[:200]
    parts = [some[core::cores] for core in range(cores)]
    with ProcessPoolExecutor(cores, get_context("spawn")) as pool:
        list(pool.map(fetch, [address] * cores, [part[:2] for part in parts]))  # what is imported is imported
        begun = time.monotonic()
        list(pool.map(fetch, [address] * cores, parts))
        fetched = time.monotonic()
        list(pool.map(encode, [[repository.answers[path] for path in part] for part in parts]))
        encoded = time.monotonic()
    durable.write_all([(folder / str(number), repository.answers[path]) for number, path in enumerate(some)])
    synced = time.monotonic()
    return Limits(*(len(some) / took for took in (fetched - begun, encoded - fetched, synced - encoded)))


def fetch(address: str, paths: Sequence[str]) -> None:
    """On one connection that is kept, nothing but the standard library."""
    connection = HTTPConnection(address.removeprefix("http://"))
    for path in paths:
        connection.request("GET", path)
        connection.getresponse().read()


def encode(pictures: Sequence[bytes]) -> None:
    """Decoded and encoded again as JPEG of quality 95, as img2dataset does it by default."""
    for data in pictures:
        Pictures.open(io.BytesIO(data)).convert("RGB").save(io.BytesIO(), "JPEG", quality=95)


@dataclass(frozen=True)
class Peer:
    """img2dataset with this many cores' processes."""

    python: str
    urls: Path
    processes: int

    def seconds(self, folder: Path, images: int, threads: int, how: dict[str, Any]) -> float:
        """`how` is one of KEPT, ENCODED and `scaled_to`: what becomes of the pictures."""
        settings = {
            "url_list": str(self.urls),
            "input_format": "parquet",
            "url_col": "url",
            "verify_hash": ["sha256", "sha256"],
            "output_folder": str(folder),
            "output_format": "parquet",
            "processes_count": self.processes,
            "thread_count": threads,
            "number_sample_per_shard": -(-images // self.processes),
            "extract_exif": False,
            "enable_wandb": False,
            **how,
        }
        words = [self.python, str(ROOT / "benchmarks" / "peers" / "run_img2dataset.py"), json.dumps(settings)]
        environment = {**os.environ, "NO_ALBUMENTATIONS_UPDATE": "1"}
        begun = time.monotonic()
        done = subprocess.run(words, capture_output=True, text=True, env=environment)
        seconds = time.monotonic() - begun
        tables = [pq.read_table(p, columns=["status"]) for p in folder.glob("*.parquet")]
        brought = sum(table["status"].to_pylist().count("success") for table in tables)
        if done.returncode or brought != images:
            raise CannotRun(f"img2dataset brought {brought} of {images} pictures: {done.stderr[-500:]}")
        return seconds


KEPT = {"resize_mode": "no", "disable_all_reencoding": True}
ENCODED = {"resize_mode": "no"}


def scaled_to(side: int) -> dict[str, Any]:
    return {"resize_mode": "keep_ratio_largest", "image_size": side, "resize_only_if_bigger": True}


@dataclass(frozen=True)
class Turn:
    """What one round measured, seconds of each side and the limits beside them."""

    bare: Limits
    mine: Ours
    scaled: float
    kept: float
    encoded: float


def run(argv: Sequence[str]) -> list[Figure]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.download", description=__doc__)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--peer", default=os.environ.get(PEER, str(HERE)))
    given = parser.parse_args(argv)
    if not given.peer or not Path(given.peer).is_file():
        raise CannotRun(f"no img2dataset: give --peer ENV/bin/python, or set {PEER}; see benchmarks/peers/")
    for package in PACKAGES:
        compileall.compile_dir(ROOT / package, quiet=1)
    repository = Repository.of(given.images)
    with tempfile.TemporaryDirectory(prefix="gesso-download-") as name, serving(repository) as address:
        folder = Path(name)
        hashes = [hashlib.sha256(repository.answers[path]).hexdigest() for path in repository.pictures]
        table = {"url": [address + path for path in repository.pictures], "sha256": hashes}
        pq.write_table(pa.table(table), folder / "urls.parquet")
        peer = Peer(given.peer, folder / "urls.parquet", len(os.sched_getaffinity(0)))
        tried = {n: peer.seconds(folder / f"try{n}", given.images, n, KEPT) for n in THREADS}
        threads = min(tried, key=lambda n: tried[n])
        turns = [one_turn(folder / str(n), address, repository, peer, threads, given.side) for n in range(given.rounds)]
    return figures(given.images, given.side, threads, turns)


def one_turn(folder: Path, address: str, repository: Repository, peer: Peer, threads: int, side: int) -> Turn:
    """Each side once, one after the other."""
    images = len(repository.pictures)
    (folder / "disk").mkdir(parents=True)
    return Turn(
        limits(address, repository, folder / "disk"),
        ours(address, folder / "ours", images, side),
        peer.seconds(folder / "scaled", images, threads, scaled_to(side)),
        peer.seconds(folder / "kept", images, threads, KEPT),
        peer.seconds(folder / "encoded", images, threads, ENCODED),
    )


def figures(images: int, side: int, threads: int, turns: Sequence[Turn]) -> list[Figure]:
    def rate(name: str, seconds: Callable[[Turn], float]) -> Figure:
        return Figure(name, round(images / statistics.median(map(seconds, turns)), 1), "images/s")

    def limit(name: str, part: str) -> Figure:
        return Figure(f"limit: {name}", round(statistics.median(getattr(t.bare, part) for t in turns), 1), "images/s")

    def ratio(name: str, theirs: Callable[[Turn], float], ours: Callable[[Turn], float]) -> Figure:
        value = round(statistics.median(theirs(turn) / ours(turn) for turn in turns), 2)
        return at_least(name, value, "×", 1.3)

    def untargeted(name: str, ours: Callable[[Turn], float]) -> Figure:
        value = round(statistics.median(turn.encoded / ours(turn) for turn in turns), 2)
        return Figure(name, value, "×", seen="img2dataset has no features")

    def shards(part: str) -> Callable[[Turn], float]:
        return lambda turn: turn.mine.crawl + float(getattr(turn.mine, part))

    theirs = f"img2dataset, {threads} threads"
    return [
        Figure("pictures of 1080×1920", images, "images"),
        limit("fetched, all cores", "fetched"),
        limit("decoded and encoded again, all cores", "encoded"),
        limit("written and synced", "synced"),
        rate("gesso: the crawl alone, to a store", lambda t: t.mine.crawl),
        rate(f"gesso: to shards, scaled to {side}", shards("scaled")),
        rate("gesso: to shards, bytes as they are", shards("shards")),
        rate("gesso: to shards, decoded, with features", shards("features")),
        rate(f"{theirs}: scaled to {side}", lambda t: t.scaled),
        rate(f"{theirs}: bytes as they are", lambda t: t.kept),
        rate(f"{theirs}: encoded again, its default", lambda t: t.encoded),
        ratio(f"gesso to shards / img2dataset, scaled to {side}", lambda t: t.scaled, shards("scaled")),
        ratio("gesso's crawl / img2dataset, bytes as they are", lambda t: t.kept, lambda t: t.mine.crawl),
        ratio("gesso to shards / img2dataset, bytes as they are", lambda t: t.kept, shards("shards")),
        untargeted("gesso to shards with features / img2dataset, its default", shards("features")),
    ]


if __name__ == "__main__":
    raise SystemExit(main("download", run))
