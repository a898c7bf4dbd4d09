"""Accidents of a crawl itself: a full disk, and processes that are killed under it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.hostile.hazard import Solo
from benchmarks.hostile.markup import css, image, page, picture
from benchmarks.hostile.server import Reply, Site, hostile
from crawlers.browser.processes import records_folder
from crawlers.captures import CaptureStore, StoreFull
from crawlers.egress.dial import Dialler, Streams
from crawlers.egress.outcome import EgressError
from crawlers.run import crawl

ROOT = Path(__file__).resolve().parents[2]
PAGES = 24
HOST = "accident.test"
ONE_VIEW = {"views": "desktop", "themes": "light", "kinds": "fold", "depth": "3", "run": "accident"}
PATIENCE = 60.0
FILE_LIMIT = 200_000
KINDS = {"browser": "", "renderer": "--type=renderer"}


def site() -> Mapping[str, Site]:
    """Pages of one colour each, all linked from the first."""
    links = "".join(f'<a href="/{n}">{n}</a> ' for n in range(1, PAGES))
    routes: dict[str, Reply] = {"/": page(links)}
    for number in range(1, PAGES):
        colour = tuple(hashlib.sha256(str(number).encode()).digest()[:3])
        box = f'<div style="height:300px;background:{css((colour[0], colour[1], colour[2]))}"></div>'
        routes[f"/{number}"] = page(box, title=f"Page {number}")
    return {HOST: routes}


def command(store: Path, address: str) -> list[str]:
    given = [word for key, value in ONE_VIEW.items() for word in ("-a", f"{key}={value}")]
    given += ["-a", f"seeds=http://{HOST}/", "-s", f"GESSO_STORE={store}", "-s", f"GESSO_PROXY={address}"]
    return [sys.executable, "-m", "scrapy", "crawl", "web", *given, "-s", "GESSO_PROBE=0", "-s", "GESSO_PAGES=2"]


def start(store: Path, address: str) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command(store, address), cwd=ROOT, stdout=quiet, stderr=quiet, start_new_session=True)


def end(running: subprocess.Popen[bytes]) -> None:
    """SIGKILL to what we started, and to nothing else."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def taken(store: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in (store / "log").glob("*.jsonl"))


def wait_until(what: Callable[[], object], running: subprocess.Popen[bytes]) -> bool:
    """Whether it came true while the crawl was running."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and running.poll() is None:
        if what():
            return True
        time.sleep(0.02)
    return False


def children(owner: int, kind: str) -> list[int]:
    """Process ids of the browsers of a crawl, or of their renderers: those of this very crawl, by its own records."""
    browsers = [
        int(record["pid"])
        for path in records_folder().glob("*.json")
        if (record := json.loads(path.read_text())).get("owner") == owner
    ]
    if kind == "browser":
        return browsers
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().decode(errors="replace")
                if KINDS[kind] in words and set(ancestors(int(folder.name))) & set(browsers):
                    found.append(int(folder.name))
    return found


def ancestors(pid: int) -> list[int]:
    found: list[int] = []
    while pid > 1 and len(found) < 20:
        with contextlib.suppress(OSError, IndexError, ValueError):
            pid = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
            found.append(pid)
            continue
        break
    return found


def complete(store: Path) -> str | None:
    """What a finished crawl of `site` lacks, or has twice."""
    opened = CaptureStore(str(store))
    captures = list(opened.captures())
    urls = [capture.canonical_url for capture in captures]
    if len(set(urls)) != PAGES:
        failures = sorted({failure.reason[:150] for failure in opened.failures()})
        return f"{len(set(urls))} of {PAGES} pages are there{'; ' if failures else ''}{', '.join(failures)}"
    if len(urls) != len(set(urls)):
        return f"{len(urls) - len(set(urls))} pages are there twice"
    for capture in captures:
        opened.read_image(capture)  # raises where the blob is torn
    return None


def kill_crawler(folder: Path) -> tuple[str, str | None]:
    """Killed with everything it had started, and begun again."""
    store = folder / "s"
    with hostile(site()) as server:
        running = start(store, server.address)
        hit = wait_until(lambda: taken(store) >= PAGES // 4, running)
        end(running)
        if not hit:
            return "it had ended before", None
        code = start(store, server.address).wait(PATIENCE)
    return f"resumed, exit code {code}", complete(store)


def kill_child(kind: str, times: int) -> Callable[[Path], tuple[str, str | None]]:
    """A process of the browser's killed, several times; the crawl goes on."""

    def run(folder: Path) -> tuple[str, str | None]:
        store = folder / "s"
        hits = 0
        with hostile(site()) as server:
            running = start(store, server.address)
            try:
                for turn in range(times):
                    goal = taken(store) + (2 if turn else 3)
                    if not wait_until(lambda goal=goal: taken(store) >= goal and children(running.pid, kind), running):  # type: ignore[misc]
                        break
                    for pid in children(running.pid, kind)[:1]:
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGKILL)
                            hits += 1
                code = running.wait(PATIENCE)
            finally:
                end(running)
        return f"went on, exit code {code}", complete(store) if hits else "no process was hit"

    return run


def no_room(folder: Path) -> tuple[str, str | None]:
    with hostile(site()) as server:
        try:
            settings = {"GESSO_MIN_FREE": 1 << 60, "GESSO_PROXY": server.address}
            crawl("web", {**ONE_VIEW, "seeds": f"http://{HOST}/"}, store=str(folder / "s"), settings=settings)
        except StoreFull as error:
            return "StoreFull", None if "make room" in str(error) else f"it does not say what to do: {error}"
    return "crawled", None


def full_disk(folder: Path) -> tuple[str, str | None]:
    """No file may grow over 200 KB, and one screenshot would: the crawl ends in order, and goes on with room.

    Without a browser: Chromium would not even start under such a limit.
    """
    shots = {f"/{n}.png": picture((n * 9, 90, 90), (40, 70)) for n in range(PAGES)}
    shots["/7.png"] = picture(size=(400, 600), noise=True)
    packages = {}
    for name, data in shots.items():
        listed = {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        packages[f"app{name[1:-4]}"] = {"metadata": {"screenshots": {"phone": {"en-US": [listed]}}}}
    index = json.dumps({"repo": {"timestamp": 1}, "packages": packages}).encode()
    about = {"name": "/index-v2.json", "sha256": hashlib.sha256(index).hexdigest(), "size": len(index)}
    routes = {name: image(data) for name, data in shots.items()}
    routes |= {"/index-v2.json": image(index, "application/json")}
    routes["/entry.json"] = image(
        json.dumps({"timestamp": 1, "index": about, "diffs": {}}).encode(), "application/json"
    )
    store = folder / "s"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT, resource.RLIM_INFINITY))

    with hostile({HOST: routes}) as server:
        words = [sys.executable, "-m", "scrapy", "crawl", "fdroid", "-a", f"repo=http://{HOST}", "-a", "entry=json"]
        words += ["-a", "run=disk", "-s", f"GESSO_STORE={store}", "-s", f"GESSO_PROXY={server.address}"]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, check=False, timeout=PATIENCE, preexec_fn=limit)
        before = taken(store)
        after = subprocess.run(words, cwd=ROOT, capture_output=True, check=False, timeout=PATIENCE)
    captures = list(CaptureStore(str(store)).captures())
    wrong = None if len(captures) == PAGES else f"{len(captures)} of {PAGES} pictures are there"
    if before >= PAGES:
        wrong = "it had room for all"
    return f"exit code {done.returncode}, then {after.returncode}", wrong


class Noting(Dialler):
    """A dialler that notes where it would connect to, instead of connecting."""

    def __init__(self, answers: list[list[str]]) -> None:
        self.dialled: list[str] = []
        self._answers = iter(answers)

        async def resolver(host: str, port: int) -> list[str]:
            return next(self._answers)

        super().__init__(resolver=resolver)

    async def _connect(self, addresses: list[str], port: int, what: str) -> Streams:
        self.dialled += addresses
        raise EgressError("unreachable", "only noted")


def rebinding(*answers: list[str]) -> Callable[[Path], tuple[str, str | None]]:
    """A name whose answers change or are mixed: asked once a connection, every answer checked, that one dialled."""

    async def dial() -> tuple[str, str | None]:
        dialler, kinds = Noting(list(answers)), []
        for _ in answers:
            try:
                await dialler.dial("rebinding.example", 80)
            except EgressError as error:
                kinds.append("dialled" if error.outcome.kind == "unreachable" else error.outcome.kind)
        inside = [address for address in dialler.dialled if address != PUBLIC]
        return ", ".join(kinds), f"{inside} would be dialled" if inside else None

    return lambda folder: asyncio.run(dial())


PUBLIC = "93.184.216.34"


def solos() -> list[Solo]:
    return [
        Solo("SIGKILL of the crawler", "resumed, exit code 0", 60, kill_crawler),
        Solo("SIGKILL of the browser, 3 times", "went on, exit code 0", 60, kill_child("browser", 3)),
        Solo("SIGKILL of a renderer, 5 times", "went on, exit code 0", 60, kill_child("renderer", 5)),
        Solo("too little room to begin", "StoreFull", 5, no_room),
        Solo("disk full on the way", "exit code 2, then 0", 60, full_disk),
        Solo("name that rebinds", "dialled, egress", 2, rebinding([PUBLIC], ["127.0.0.1"])),
        Solo("name with mixed answers", "egress", 2, rebinding([PUBLIC, "10.0.0.1"])),
        Solo("name of a mapped address", "egress", 2, rebinding(["::ffff:169.254.169.254"])),
        Solo("name of a link-local zone", "egress", 2, rebinding(["fe80::1%eth0"])),
    ]
