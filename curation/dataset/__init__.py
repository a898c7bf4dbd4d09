"""Dataset versions on disk, and opening one: SQL, pandas and pictures over its Parquet files."""

from curation.dataset.opened import Dataset, Picture, open_dataset
from curation.dataset.versions import DatasetError, newest, read_manifest, resolve_dataset, taken_down, versions_of

__all__ = [
    "Dataset",
    "DatasetError",
    "Picture",
    "newest",
    "open_dataset",
    "read_manifest",
    "resolve_dataset",
    "taken_down",
    "versions_of",
]
