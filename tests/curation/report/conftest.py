"""One small dataset version with its report, written once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.report import write_report
from tests.curation.report.dataset import small


@pytest.fixture(scope="session")
def version_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="session")
def report_file(version_dir: Path) -> Path:
    home = version_dir.parents[2]
    return write_report(version_dir, home, str(home / "captures"))
