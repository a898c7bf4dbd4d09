"""The bytes of pictures: of kept captures from the row groups that hold them, of the others from the capture store."""

from __future__ import annotations

from collections import OrderedDict
from functools import cached_property
from typing import TYPE_CHECKING, Any

from crawlers.captures import CaptureStore, StoreError

if TYPE_CHECKING:
    from PIL import Image

    from curation.dataset.opened import Dataset

OPEN = 4  # row groups of 16 MB that are held at once


class Pictures:
    """Reads pictures of one dataset version, a row group at a time."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self._groups: OrderedDict[tuple[int, int], Any] = OrderedDict()
        self._store: CaptureStore | None = None

    def data(self, capture_id: str, sha256: str | None, format: str | None) -> bytes:
        """The original bytes. Raises StoreError where neither the shards nor the store have them."""
        place = self._places.get(capture_id)
        if place is not None:
            shard, group, row = place
            data: bytes = self._group(shard, group)[row]["bytes"].as_py()
            return data
        if sha256 is None or format is None:
            raise StoreError(f"capture {capture_id} is not in the shards, and its blob is not known")
        if self._store is None:
            self._store = CaptureStore(self.dataset.captures)
        return self._store.read_blob(sha256, format)

    def decoded(self, capture_id: str, sha256: str | None, format: str | None) -> tuple[Image.Image | None, str]:
        """(RGB picture, "") or (None, why not). Never raises for what a picture's bytes hold."""
        from curation.features.base import ValueProblem
        from curation.features.decode import decode_image

        try:
            return decode_image(self.data(capture_id, sha256, format)).image, ""
        except (StoreError, ValueProblem, OSError) as error:
            return None, str(error)

    @cached_property
    def _places(self) -> dict[str, tuple[int, int, int]]:
        """capture_id → (shard, row group, row in it), from the ids alone; nothing where shards hold no pictures."""
        import pyarrow.parquet as pq

        found: dict[str, tuple[int, int, int]] = {}
        for shard, path in enumerate(self.dataset.shards):
            with pq.ParquetFile(path) as file:
                if "image" not in file.schema_arrow.names:
                    continue
                for group in range(file.num_row_groups):
                    ids = file.read_row_group(group, columns=["capture_id"])["capture_id"].to_pylist()
                    found.update({key: (shard, group, row) for row, key in enumerate(ids)})
        return found

    def _group(self, shard: int, group: int) -> Any:
        import pyarrow.parquet as pq

        key = (shard, group)
        if key not in self._groups:
            with pq.ParquetFile(self.dataset.shards[shard]) as file:
                self._groups[key] = file.read_row_group(group, columns=["image"])["image"]
            while len(self._groups) > OPEN:
                self._groups.popitem(last=False)
        self._groups.move_to_end(key)
        return self._groups[key]
