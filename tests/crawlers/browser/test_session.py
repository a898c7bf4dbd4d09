"""How the browser is started."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path

import pytest

from crawlers.browser import session
from crawlers.browser.session import ROOMY, unwanted_defaults

Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(("free", "on_disk"), [(64 << 20, True), (ROOMY, False)])
def test_shared_memory_is_used_where_there_is_room(monkeypatch: pytest.MonkeyPatch, free: int, on_disk: bool) -> None:
    monkeypatch.setattr(session.shutil, "disk_usage", lambda _: Usage(free, 0, free))
    assert ("--disable-dev-shm-usage" not in unwanted_defaults()) is on_disk


def test_without_shared_memory_files_will_do(tmp_path: Path) -> None:
    assert "--disable-dev-shm-usage" not in unwanted_defaults(tmp_path / "none")
