"""Dataset versions in other people's forms: WebDataset tars, a folder to push to a hub, COCO boxes, a CSV sample.

Every export is a folder that names its version, goes on after a kill, and has the same bytes each time.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.dataset.versions import taken_down
from curation.exports.folder import Export, ExportError, ExportFolder

if TYPE_CHECKING:
    from curation.dataset import Dataset

__all__ = ["TARGETS", "Export", "ExportError", "export"]

Progress = Callable[[str, int, int], None]
TARGETS = {
    "webdataset": "one tar a shard: image, texts, scores, embedding",
    "hub": "a folder that datasets.load_dataset reads and hf upload takes",
    "coco": "pictures, and boxes of the page's elements with their types",
    "csv": "a seeded sample of rows without pictures",
}


def export(
    dataset: Dataset,
    to: str,
    out: Path | None = None,
    *,
    progress: Progress | None = None,
    **options: Any,
) -> Export:
    """Write the export into `out`, by default `<home>/exports/<name>@<version>-<to>`; again after a kill, it goes on.

    Options: csv `rows`, `seed`; hub `link`. Raises ExportError where the folder holds something else, or
    the version captures that were taken down since; DatasetError where a shard is missing or torn.
    """
    if to not in TARGETS:
        raise ExportError(f"no export {to!r}: use one of {', '.join(TARGETS)}")
    if gone := taken_down(dataset.folder):
        raise ExportError(
            f"{dataset.name} holds {len(gone)} captures that were taken down since: "
            "gesso curate makes a version without them, and that one can be handed on"
        )
    dataset.see_whole()
    module = importlib.import_module(f"curation.exports.{to}")
    unknown = sorted(set(options) - set(module.DEFAULTS))
    if unknown:
        takes = ", ".join(module.DEFAULTS) or "none"
        raise ExportError(f"export to {to} takes no option {unknown[0]!r}: it takes {takes}")
    chosen = {**module.DEFAULTS, **options}
    place = Path(out) if out is not None else dataset.home / "exports" / f"{dataset.name}-{to}"
    folder = ExportFolder(place, to, dataset.fingerprint, dataset.name, chosen)
    if (done := folder.finished()) is not None:
        return done
    with folder.writing():
        rows, left_out = module.write(dataset, folder, progress or (lambda task, done, total: None), **chosen)
        return folder.finish(rows, left_out)
