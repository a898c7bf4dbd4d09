"""Pictures with a table of their listings' texts, as shards to train an encoder on: `python -m models.encoder.pack`.

The table (Parquet) names a picture's file in `image`, its app in `app_id`, its maker in `repo` (owner/name); whole
makers go to one split, so that what an app looks like is never known from its sister. The shards have the columns of
docs/contracts.md as far as the table has them, and read like those of any dataset version. Web pages come from the
training split of a dataset version, each site a group `web.<site>` beside the apps.
"""

from __future__ import annotations

import argparse
import hashlib
import html
import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from models.errors import GessoError

MAX_FILE = 64 << 20
MOST_OF_A_MAKER = 3  # makers with more apps stay in training: they would fill the test with one look
GROUP_ROWS = 64
TAG = re.compile(r"<[^>]{0,400}>")
SPACE = re.compile(r"\s+")
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+|•|\* ")
SCHEMA = pa.schema(
    [
        pa.field("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        *((name, pa.string()) for name in ("capture_id", "app_id", "site", "name", "summary", "description")),
        ("categories", pa.list_(pa.string())),
        *((name, pa.string()) for name in ("locale", "form_factor", "image_sha256", "licence", "url")),
        ("position", pa.int32()),
        ("caption", pa.string()),
        ("caption_short", pa.string()),
        ("caption_points", pa.list_(pa.string())),
        ("split", pa.string()),
    ]
)


class PackError(GessoError):
    """The table or a picture that it names cannot be read."""


def plain(text: str | None, most: int = 2000) -> str:
    """A listing's text without mark-up, in one line, at most so many characters."""
    return SPACE.sub(" ", html.unescape(TAG.sub(" ", text or ""))).strip()[:most]


def points(description: str | None, most: int = 24) -> list[str]:
    """The description's sentences and list items, of four words or more, without mark-up."""
    text = html.unescape(TAG.sub("\n", (description or "")[:6000]))
    found = [SPACE.sub(" ", part).strip(" -–*#_") for part in SENTENCE.split(text)]
    return [part[:300] for part in dict.fromkeys(found) if len(part.split()) >= 4][:most]


def splits(makers: dict[str, set[str]], test: int, val: int, seed: int) -> dict[str, str]:
    """App → split: makers in a seeded order fill the test split with at least `test` apps, then val, then train."""
    order = sorted(makers, key=lambda maker: hashlib.blake2b(f"{seed},{maker}".encode(), digest_size=8).digest())
    wanted = [("test", test), ("val", val)]
    chosen: dict[str, str] = {}
    for maker in order:
        while wanted and wanted[0][1] <= sum(split == wanted[0][0] for split in chosen.values()):
            wanted.pop(0)
        split = wanted[0][0] if wanted and len(makers[maker]) <= MOST_OF_A_MAKER else "train"
        chosen.update(dict.fromkeys(sorted(makers[maker]), split))
    return chosen


Sources = Sequence[tuple[Path, Path]]


def pack(
    table: Path,
    images: Path,
    out: Path,
    *,
    also: Sources = (),
    web: Sequence[Path] = (),
    test: int = 30,
    val: int = 10,
    seed: int = 7,
) -> dict[str, int]:
    """Write `<split>-00000-of-00001.parquet` of each split to `out`; returns split → rows.

    `also` are further (table, images), trained on whole: what is drawn or generated tests nothing. `web` are folders of
    dataset versions, whose training split is trained on.
    Raises PackError where a table or a picture cannot be read.
    """
    makers: dict[str, set[str]] = defaultdict(set)
    parts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    at = table
    try:
        rows = _table(table)
        for row in rows:
            makers[str(row.get("repo") or row["app_id"]).partition("/")[0].lower()].add(row["app_id"])
        chosen = splits(makers, test, val, seed)
        for row in rows:
            parts[chosen[row["app_id"]]].append(_packed(row, images, chosen[row["app_id"]]))
        for at, pictures in also:
            for row in _table(at):
                if chosen.get(row["app_id"], "train") == "train":  # else it is of an app that tests
                    parts["train"].append(_packed(row, pictures, "train"))
        for folder in web:
            parts["train"] += _pages(folder)
    except KeyError as error:
        raise PackError(f"{at} has no column {error}: it needs image and app_id") from None
    out.mkdir(parents=True, exist_ok=True)
    for split, some in sorted(parts.items()):
        some.sort(key=lambda row: hashlib.blake2b(f"{seed},{row['capture_id']}".encode()).digest())
        path = out / f"{split}-00000-of-00001.parquet"
        aside = path.with_name(f".{path.name}.part")
        pq.write_table(pa.Table.from_pylist(some, SCHEMA), aside, row_group_size=GROUP_ROWS, compression="zstd")
        aside.replace(path)
    return {split: len(some) for split, some in sorted(parts.items())}


def _table(path: Path) -> list[dict[str, Any]]:
    try:
        return list(pq.read_table(path).to_pylist())
    except (OSError, pa.ArrowException) as error:
        raise PackError(f"{path} is no readable Parquet table ({error})") from None


def _pages(folder: Path) -> list[dict[str, Any]]:
    """The training rows of a dataset version that are of web pages."""
    paths = sorted(folder.glob("train-*-of-*.parquet"))
    if not paths:
        raise PackError(f"{folder} has no train-*-of-*.parquet: give the folder of a dataset version")
    found = []
    for path in paths:
        known = set(pq.read_schema(path).names)
        if missing := {"image", "site", "capture_id"} - known:
            raise PackError(f"{path} has no column {', '.join(sorted(missing))}: give a dataset version of web pages")
        wanted = [name for name in SCHEMA.names if name in known]
        rows = pq.read_table(path, columns=[*wanted, *({"title"} & known)]).to_pylist()
        found += [_page(row) for row in rows if not row.get("app_id")]
    return found


def _page(row: dict[str, Any]) -> dict[str, Any]:
    kept = {name: row.get(name) for name in SCHEMA.names}
    summary = plain(row.get("title"), 200) or None
    return kept | {"app_id": f"web.{row['site']}", "summary": summary, "split": "train"}


def _packed(row: dict[str, Any], images: Path, split: str) -> dict[str, Any]:
    path = images / Path(str(row["image"])).name
    try:
        if path.stat().st_size > MAX_FILE:
            raise PackError(f"{path} has more than {MAX_FILE >> 20} MB")
        data = path.read_bytes()
    except OSError as error:
        raise PackError(f"picture {path} cannot be read ({error.strerror})") from None
    name, summary = plain(row.get("app_name"), 120), plain(row.get("summary"), 400)
    digest = hashlib.sha256(data).hexdigest()
    facts = {key: row.get(key) for key in ("locale", "form_factor", "licence", "position", "categories")}
    return facts | {
        "image": {"bytes": data, "path": path.name},
        "capture_id": hashlib.sha256(f"{row['app_id']},{digest}".encode()).hexdigest()[:24],
        "app_id": row["app_id"],
        "site": row["app_id"],
        "name": name,
        "summary": summary,
        "description": plain(row.get("description")),
        "image_sha256": digest,
        "url": f"https://github.com/{row['repo']}" if row.get("repo") else None,
        "caption": ". ".join(part.rstrip(".") for part in (name, summary) if part),
        "caption_short": plain(row.get("file_hint") or row.get("caption"), 200) or None,
        "caption_points": points(row.get("description")),
        "split": split,
    }


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="models.encoder.pack", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("table", type=Path, help="Parquet, one row a picture")
    parser.add_argument("images", type=Path, help="the folder of the pictures")
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--also", nargs=2, type=Path, action="append", default=[], metavar=("TABLE", "IMAGES"),
        help="further pictures, trained on whole",
    )  # fmt: skip
    parser.add_argument("--web", type=Path, action="append", default=[], metavar="VERSION", help="a dataset version")
    parser.add_argument("--test", type=int, default=30, help="apps that no training sees, at least")
    parser.add_argument("--val", type=int, default=10, help="apps to validate on while training, at least")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(arguments)
    try:
        how = {name: getattr(options, name) for name in ("also", "web", "test", "val", "seed")}
        counts = pack(options.table, options.images, options.out, **how)
    except PackError as error:
        sys.stderr.write(f"models.encoder.pack: {error}\n")
        return 2
    sys.stdout.write(", ".join(f"{split} {rows}" for split, rows in counts.items()) + f": {options.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
