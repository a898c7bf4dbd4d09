"""A folder to push: `datasets.load_dataset(FOLDER)` reads it and `hf upload NAME FOLDER --repo-type dataset` takes it.

The shards lie in data/, the card in README.md, and in provenance/ what a version knows beyond its rows; without
rejected.parquet where personal data is redacted, for redaction does not reach it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from curation.card import SHARDS
from curation.dataset.versions import UNREDACTED
from curation.exports.folder import ExportError

if TYPE_CHECKING:
    from curation.dataset import Dataset
    from curation.exports.folder import ExportFolder

DEFAULTS: dict[str, Any] = {"link": False}
PROVENANCE = ("manifest.json", "rejected.parquet", "relations.parquet")


def write(
    dataset: Dataset, folder: ExportFolder, progress: Callable[[str, int, int], None], *, link: bool
) -> tuple[int, dict[str, int]]:
    """`link` makes hard links of the shards where the file system can, else they are copied."""
    files = [(path, f"data/{path.name}") for path in dataset.shards]
    held_back = UNREDACTED if dataset.redacted else ()
    files += [(dataset.folder / name, f"provenance/{name}") for name in PROVENANCE if name not in held_back]
    for done, (source, name) in enumerate(files, 1):
        if not folder.has(name):
            _put(source, folder, name, link=link)
        progress("files", done, len(files))
    with folder.file("README.md") as aside:
        aside.write_text(card(dataset.folder / "README.md", "data/"), encoding="utf-8")
    rejected = dataset.manifest["counts"]["rejected"] + dataset.manifest["counts"]["failed"]
    left_out = {"rejected.parquet, which redaction does not reach": rejected} if held_back else {}
    return sum(shard["rows"] for shard in dataset.manifest["shards"]), left_out


def card(path: Path, prefix: str) -> str:
    """The version's card, with its data files below `prefix`. Raises ExportError where it has no front matter."""
    try:
        _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
        fields = yaml.safe_load(front)
        for config in fields["configs"]:
            for files in config["data_files"]:
                files["path"] = prefix + files["path"]
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise ExportError(f"{path} is no dataset card ({error.__class__.__name__}): run gesso curate --force") from None
    body = body.replace(f"'{SHARDS}'", f"'{prefix}{SHARDS}'", 1)
    return f"---\n{yaml.safe_dump(fields, sort_keys=False, allow_unicode=True)}---\n{body}"


def _put(source: Path, folder: ExportFolder, name: str, *, link: bool) -> None:
    target = folder.path / name
    if link:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, target)
            return
        except OSError:
            pass  # another file system: a copy will do
    with folder.file(name) as aside:
        shutil.copyfile(source, aside)
