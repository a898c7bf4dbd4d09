"""A sample of the development corpus, crawled and curated; nothing in it goes missing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.corpus import CorpusError, read_corpus, unaccounted_entries, unaccounted_screenshots

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
SITES, APPS = 8, 12


def test_a_folder_that_is_no_corpus_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="web/sites"):
        read_corpus(tmp_path)


def test_what_was_not_crawled_is_unaccounted_for() -> None:
    corpus = read_corpus(ROOT / "tests" / "pipelines" / "corpus")
    assert unaccounted_entries(corpus, [], []) == ["one.test"]
    assert unaccounted_screenshots(corpus, [], []) == ["/app.one/en-US/phoneScreenshots/1 a.png"]


@pytest.mark.corpus
@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the development corpus is not beside this checkout")
def test_a_sample_is_wholly_accounted_for(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipelines.corpus", str(CORPUS), "--home", str(tmp_path), "--depth", "0"]
    command += ["--sites", str(SITES), "--apps", str(APPS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=800, check=False)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["sites"] == SITES
    assert summary["apps"] == APPS
    assert summary["screenshots_missing"] == []
    assert summary["sites_missing"] == []
    assert summary["sites_failed"] == {}
    assert summary["kept"] + summary["rejected"] + summary["failed"] == summary["input"] == summary["captures"]
