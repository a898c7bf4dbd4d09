"""Screens with their app and its listing, from an app repository in F-Droid's format or from a folder of shards."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.figures import CannotRun

INDEX = "index-v2.json"
SEEN = "seen.json"  # in an encoder's folder: the groups that its training or validation had
LOCALE = "en-US"


@dataclass(frozen=True)
class Listing:
    """What an app's listing says. `summary` is what is searched for, the rest what can be searched in."""

    name: str
    summary: str
    description: str


@dataclass(frozen=True)
class Screen:
    app: str
    data: bytes
    name: str


@dataclass(frozen=True)
class Apps:
    """Screens of apps with two at least, no bytes twice, and each app's listing."""

    screens: tuple[Screen, ...]
    listings: dict[str, Listing]

    @property
    def names(self) -> list[str]:
        return [screen.app for screen in self.screens]


def has_listings(folder: Path) -> bool:
    return (folder / INDEX).is_file() or any(folder.glob("*-of-*.parquet"))


def read_apps(folder: Path, unseen_by: Path | None, split: str = "test", most: int = 1000) -> Apps:
    """The phone screens of at most so many apps that have a summary, without those that an encoder was trained on.

    Of shards the given split is read, all of them where there is no such split. Raises CannotRun.
    """
    screens, listings = _repository(folder) if (folder / INDEX).is_file() else _shards(folder, split)
    seen = seen_by(unseen_by)
    left = sorted({screen.app for screen in screens if screen.app in listings} - seen)
    found: dict[str, list[Screen]] = {app: [] for app in left}
    bytes_seen: set[str] = set()
    for screen in screens:
        digest = hashlib.sha256(screen.data).hexdigest()
        if screen.app in found and digest not in bytes_seen:
            bytes_seen.add(digest)
            found[screen.app].append(screen)
    chosen = [app for app in left if len(found[app]) > 1][:most]
    if len(chosen) < 2:
        why = f"; the encoder was trained on {len(seen)}" if seen else ""
        raise CannotRun(f"{folder} has not two apps with a summary and two screens each{why}")
    return Apps(tuple(screen for app in chosen for screen in found[app]), {app: listings[app] for app in chosen})


def seen_by(encoder: Path | None) -> set[str]:
    """The groups that an encoder's folder says it was trained on; none where it does not say."""
    if encoder is None or not (encoder / SEEN).is_file():
        return set()
    return set(json.loads((encoder / SEEN).read_text(encoding="utf-8"))["groups"])


def _repository(folder: Path) -> tuple[list[Screen], dict[str, Listing]]:
    try:
        packages = json.loads((folder / INDEX).read_text(encoding="utf-8"))["packages"]
    except (OSError, ValueError, KeyError) as error:
        raise CannotRun(f"{folder / INDEX} is no index of an app repository ({error})") from None
    screens: list[Screen] = []
    listings: dict[str, Listing] = {}
    for app, package in sorted(packages.items()):
        facts = package["metadata"]
        texts = {key: _in_english(facts.get(key)) for key in ("name", "summary", "description")}
        if texts["summary"]:
            listings[app] = Listing(**texts)
        for shot in facts.get("screenshots", {}).get("phone", {}).get(LOCALE, []):
            path = (folder / str(shot["name"]).lstrip("/")).resolve()
            if path.is_relative_to(folder.resolve()) and path.is_file():
                screens.append(Screen(app, path.read_bytes(), path.name))
    return screens, listings


def _in_english(texts: dict[str, str] | None) -> str:
    return (texts or {}).get(LOCALE, "") or next(iter((texts or {}).values()), "")


def _shards(folder: Path, split: str) -> tuple[list[Screen], dict[str, Listing]]:
    paths = sorted(folder.glob(f"{split}-*-of-*.parquet")) or sorted(folder.glob("*-of-*.parquet"))
    screens: list[Screen] = []
    listings: dict[str, Listing] = {}
    for path in paths:
        known = pq.read_schema(path).names
        wanted = ["image", "app_id", "name", "summary", "description", "locale", "form_factor"]
        missing = {"image", "app_id", "summary"} - set(known)
        if missing:
            raise CannotRun(f"{path} has no column {', '.join(sorted(missing))}: give shards of store listings")
        for row in pq.read_table(path, columns=[name for name in wanted if name in known]).to_pylist():
            if not _counts(row):
                continue
            texts = {key: row.get(key) or "" for key in ("name", "summary", "description")}
            if texts["summary"]:
                listings.setdefault(row["app_id"], Listing(**texts))
            screens.append(Screen(row["app_id"], row["image"]["bytes"], row["image"]["path"] or ""))
    return screens, listings


def _counts(row: dict[str, Any]) -> bool:
    english = not row.get("locale") or str(row["locale"]).startswith("en")
    return bool(row["app_id"]) and english and row.get("form_factor") in (None, "phone")
