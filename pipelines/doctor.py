"""`gesso doctor`: is this machine ready, and what to do where it is not."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

State = Literal["ok", "absent", "missing"]  # absent: optional and not there; missing: needed
TORCH_TO_VISION = 15  # torch 2.N goes with torchvision 0.(N+15), since torch 2.0
LOW_DISK_GB = 5


@dataclass(frozen=True)
class Check:
    """One line of the table; `remedy` is said where `state` is not ok."""

    name: str
    state: State
    found: str
    remedy: str = ""


def version_of(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def python() -> Check:
    found = f"{platform.python_version()} in {Path(sys.prefix).name}"
    return Check("python", "ok" if sys.version_info >= (3, 11) else "missing", found, "use Python 3.11 or newer")


def packages(extra: str, names: tuple[str, ...]) -> Check:
    """Whether an extra of pyproject.toml is installed; optional as a whole, so absent and not missing."""
    absent = [name for name in names if version_of(name) is None]
    if absent:
        return Check(f"extra: {extra}", "absent", f"without {', '.join(absent)}", f"pip install 'gesso[{extra}]'")
    return Check(f"extra: {extra}", "ok", ", ".join(f"{name} {version_of(name)}" for name in names))


def torch_pair() -> Check:
    """torch and torchvision must be of one release; a mismatched pair breaks every import of diffusers."""
    torch, vision = version_of("torch"), version_of("torchvision")
    if torch is None:
        return Check("torch", "absent", "not installed", "pip install 'gesso[train]'")
    if vision is None:
        return Check("torch", "missing", f"{torch} without torchvision", "pip install torchvision")
    minor, vision_minor = int(torch.split(".")[1]), int(vision.split(".")[1])
    pair = f"torch {torch}, torchvision {vision}"
    if torch.startswith("2.") and vision_minor != minor + TORCH_TO_VISION:
        remedy = f"pip install torch=={torch.split('+')[0]} 'torchvision==0.{minor + TORCH_TO_VISION}.*'"
        return Check("torch", "missing", f"{pair}: not a pair", remedy)
    return Check("torch", "ok", pair)


def accelerator() -> Check:
    """What the models will run on. Asks the CPU's flags first: importing torch takes seconds."""
    gpus = shutil.which("nvidia-smi")
    if gpus:
        listed = subprocess.run([gpus, "-L"], capture_output=True, text=True, timeout=20, check=False)
        if listed.returncode == 0 and listed.stdout.strip():
            return Check("compute", "ok", listed.stdout.strip().splitlines()[0].split(" (UUID")[0])
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return Check("compute", "ok", "Apple GPU (mps)")
    info = Path("/proc/cpuinfo")
    flags = set(info.read_text().split()) if info.exists() else set()
    bf16 = [flag for flag in ("amx_bf16", "avx512_bf16") if flag in flags]
    cpus = os.cpu_count() or 1
    found = f"{cpus} CPUs, {'bf16 by ' + bf16[0] if bf16 else 'no bf16: fp32 weights'}"
    return Check("compute", "ok", found)


def browser() -> Check:
    remedy = "playwright install chromium, or apt-get install chromium, or set GESSO_CHROMIUM to a Chromium"
    if importlib.util.find_spec("playwright") is None:
        return Check("browser", "absent", "playwright is not installed", "pip install 'gesso[crawl]'")
    from crawlers.browser.find import find_chromium
    from crawlers.errors import GessoError

    try:
        path = find_chromium()
    except GessoError as error:
        return Check("browser", "missing", str(error), remedy)
    if path is None:
        return Check("browser", "missing", "no Chromium found", remedy)
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=False)
    if answer.returncode:
        return Check("browser", "missing", f"{path} does not start", remedy)
    return Check("browser", "ok", f"{answer.stdout.strip().split(' built on')[0]} at {path}")


def consent() -> Check:
    if importlib.util.find_spec("playwright") is None:
        return Check("consent rules", "absent", "playwright is not installed", "pip install 'gesso[crawl]'")
    from crawlers.browser.consent import find_autoconsent

    folder = find_autoconsent()
    remedy = "make setup, or npm install @duckduckgo/autoconsent and set GESSO_AUTOCONSENT to its folder"
    missing = "not found; consent dialogs are refused by their own buttons, or hidden"
    return Check("consent rules", "ok" if folder else "absent", str(folder or missing), remedy)


def disk(home: Path) -> Check:
    place = home.resolve()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / 1e9
    state: State = "ok" if free > LOW_DISK_GB else "missing"
    return Check(
        "disk", state, f"{free:.0f} GB free at {place}", f"free at least {LOW_DISK_GB} GB, or use another --home"
    )


def server(name: str, command: str, purpose: str, remedy: str) -> Check:
    path = shutil.which(command) or shutil.which(command, path=str(Path(sys.prefix) / "bin"))
    return Check(name, "ok" if path else "absent", path or f"not found; {purpose}", remedy)


def redis() -> Check:
    from crawlers.frontier.redis_server import REMEDY, find_redis_server

    path = find_redis_server()
    found = str(path) if path else "not found; only for crawls with several workers"
    return Check("redis", "ok" if path else "absent", found, REMEDY)


def label_studio() -> Check:
    from annotations.server.install import installation

    place = installation()
    found = str(place.folder) if place.ready else "not installed; only for labelling"
    return Check("label studio", "ok" if place.ready else "absent", found, "gesso label install")


def diagnose(home: Path) -> list[Check]:
    """Every check, in the order of the work. A check that fails itself is reported as missing, never raised."""
    checks: list[tuple[str, Callable[[], Check]]] = [
        ("python", python),
        ("extra: crawl", lambda: packages("crawl", ("scrapy", "playwright"))),
        ("extra: curate", lambda: packages("curate", ("duckdb", "faiss-cpu", "open-clip-torch"))),
        ("extra: train", lambda: packages("train", ("diffusers", "transformers", "accelerate"))),
        ("extra: label", lambda: packages("label", ("fastapi", "httpx2", "uv", "uvicorn"))),
        ("torch", torch_pair),
        ("compute", accelerator),
        ("browser", browser),
        ("consent rules", consent),
        ("disk", lambda: disk(home)),
        ("redis", redis),
        ("label studio", label_studio),
        ("node", lambda: server("node", "node", "only to build the Figma plugin", "install Node.js 20 or newer")),
    ]
    found = []
    for name, check in checks:
        try:
            found.append(check())
        except (OSError, ValueError, IndexError, subprocess.SubprocessError) as error:
            found.append(Check(name, "missing", f"could not be checked: {error}", "see the message"))
    return found
