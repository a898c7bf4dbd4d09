"""Scrapy's own commands work in the project's folder, with spiders that have no frontier."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.crawlers.store_server import answering

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("command", "said"),
    [(("fetch", "http://a.test/"), "<title>A</title>"), (("shell", "http://a.test/", "-c", "response.status"), "200")],
)
def test_scrapy_fetch_and_shell_have_no_frontier_and_need_none(
    command: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    with answering({"a.test/": b"<title>A</title>"}) as store:
        settings = ("-s", f"GESSO_PROXY={store.address}", "-s", f"GESSO_STORE={tmp_path}/c")
        asked = [sys.executable, "-m", "scrapy", *command, *settings]
        done = subprocess.run(asked, cwd=ROOT, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert done.stdout.strip() == said
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("frontier*"))
