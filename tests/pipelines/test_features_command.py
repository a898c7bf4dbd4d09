"""`gesso features`: a script reads all of it, a person sees what is missing."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import run_gesso


def test_features_are_listed_for_scripts_and_for_people(tmp_path: Path) -> None:
    done = run_gesso("features", "--json", "--home", str(tmp_path), GESSO_ENCODER="")
    assert done.returncode == 0, done.stderr
    found = {feature["name"]: feature for feature in json.loads(done.stdout)}
    assert found["ink"]["at_hand"]
    assert found["ink"]["columns"]["entropy"] == "float"
    assert not [name for name, feature in found.items() if feature["offers"].endswith(",")]  # no half sentence
    assert found["embedding"]["at_hand"]  # by the weights that ship
    assert not found["heads"]["at_hand"]
    seen = run_gesso("features", "--home", str(tmp_path), GESSO_ENCODER="", COLUMNS="100").stdout
    assert "✓ ink" in seen
    assert "– heads" in seen
    assert "heads names no head" in seen
