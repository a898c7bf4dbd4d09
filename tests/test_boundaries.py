"""The house has floors: an import runs downwards only, and the ground floor is light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("crawlers", "design", "curation", "annotations", "models", "pipelines")
MAY_KNOW: dict[str, set[str]] = {
    "crawlers": set(),
    "design": set(),
    "curation": {"crawlers", "design"},
    "annotations": {"curation", "crawlers", "design"},
    "models": {"curation", "crawlers", "design"},
    "pipelines": {"crawlers", "design", "curation", "annotations", "models"},
}
ONLY_THE_CONTRACT = {  # what the floors between may know of the crawlers
    "crawlers.captures",
    "crawlers.errors",
    "crawlers.places",
}
HEAVY = ("torch", "scrapy", "playwright", "twisted", "open_clip", "diffusers", "transformers")


def imported_modules(path: Path) -> set[str]:
    """Every module that a file names in an import, wherever in the file it stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(), filename=str(path))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative imports hide which room is meant"
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names if node.module in ROOMS)
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_imports_run_downwards_only(room: str) -> None:
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    for path in files:
        for module in imported_modules(path):
            other = module.split(".")[0]
            if other in ROOMS and other != room:
                assert other in MAY_KNOW[room], f"{path.relative_to(ROOT)} imports {module}: that runs upwards"


@pytest.mark.parametrize("room", ["curation", "annotations", "models"])
def test_only_the_capture_contract_is_known_above_the_crawlers(room: str) -> None:
    for path in sorted((ROOT / room).rglob("*.py")):
        for module in imported_modules(path):
            if module.startswith("crawlers."):
                allowed = any(module == known or module.startswith(f"{known}.") for known in ONLY_THE_CONTRACT)
                assert allowed, f"{path.relative_to(ROOT)} imports {module}: only {sorted(ONLY_THE_CONTRACT)} may be"


@pytest.mark.parametrize("module", ["crawlers.captures", "design", "curation.recipe", "pipelines.cli"])
def test_the_light_modules_load_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_nothing_is_unpickled_or_evaluated() -> None:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            modules = imported_modules(path)
            assert not modules & {"pickle", "dill", "shelve", "marshal"}, path
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    assert node.func.id not in {"eval", "exec"}, f"{path}:{node.lineno}"
