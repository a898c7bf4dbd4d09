"""`gesso label report`, `train` and `import` as a user runs them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from curation.heads import trained
from pipelines import cli
from tests.annotations import crowd
from tests.conftest import run_gesso


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("labelled")
    crowd.labelled_home(place, crowd.Truth(), comparisons=400)
    return place


def test_report_says_who_can_be_relied_on(home: Path) -> None:
    done = run_gesso("label", "report", "--home", str(home), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout, parse_constant=pytest.fail)  # NaN is no JSON
    assert Path(found["report"]).is_file()
    assert Path(found["consensus"]).is_file()
    assert {p["name"]: p["verdict"] for p in found["annotators"]}[crowd.CONTRARY] == "contrary"
    assert {"task", "aspect", "value", "low", "high"} <= set(found["alpha"][0])


def test_train_puts_a_head_where_the_next_curation_looks(home: Path) -> None:
    done = run_gesso("label", "train", "aesthetic", "--home", str(home))
    assert done.returncode == 0, done.stderr
    assert "in force" in done.stdout
    assert trained.current("aesthetic", home, {""}) is not None


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("import", "bad.jsonl"), "bad.jsonl:1: source"),
        (("import", "none.jsonl"), "no file"),
        (("train", "warmth", "--dataset", "labelled"), "train one of"),
        (("train", "aesthetic", "--dataset", "nowhere"), "nowhere"),
        (("report", "--home", "empty"), "gesso label push"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    home: Path,
    tmp_path: Path,
    arguments: tuple[str, ...],
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.jsonl").write_text('{"kind": "like", "item": "x"}\n')
    where = () if "--home" in arguments else ("--home", str(home))
    monkeypatch.setattr(sys, "argv", ["gesso", "label", *arguments, *where])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert why in said[0]
