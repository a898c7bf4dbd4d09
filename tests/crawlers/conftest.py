"""Small sites of our own, served on loopback, and a repository in F-Droid's form."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from pipelines.site_server import SiteServer, serving

SITES = Path(__file__).parent / "sites"


@pytest.fixture(scope="session")
def server() -> Iterator[SiteServer]:
    """Every folder of tests/crawlers/sites as a host, and views.test as 127.0.0.1; `server.address` is the proxy."""
    hosts = {folder.name: folder for folder in SITES.iterdir() if folder.is_dir()}
    with serving({**hosts, "127.0.0.1": SITES / "views.test"}) as running:
        yield running


def picture(
    colour: tuple[int, int, int] = (40, 90, 200), size: tuple[int, int] = (36, 64), format: str = "PNG"
) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, format)
    return out.getvalue()


def file_entry(name: str, data: bytes) -> dict[str, object]:
    return {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}


def write_repository(root: Path, packages: dict[str, object], files: dict[str, bytes]) -> None:
    """An index-v2 repository: entry.json, index-v2.json and the files at their names."""
    index = json.dumps({"repo": {"address": "https://elsewhere.example/repo"}, "packages": packages}).encode()
    files = {**files, "/index-v2.json": index}
    entry = {"timestamp": 1, "version": 20002, "index": file_entry("/index-v2.json", index), "diffs": {}}
    files["/entry.json"] = json.dumps(entry).encode()
    for name, data in files.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
