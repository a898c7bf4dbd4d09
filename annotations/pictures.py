"""Where labelling pages find their pictures: in the server's own folder, or at signed addresses of our backend."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from annotations.client import Client
from annotations.items import Items

LOCAL_FILES = "/data/local-files/?d="
SAFE_NAME = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,8}")


class Pictures(Protocol):
    """A way to show pictures."""

    def folder(self, items: Items) -> Path: ...

    def address(self, items: Items) -> Callable[[int], str]: ...

    def prepare(self, client: Client, project_id: int) -> None: ...


class LocalPictures:
    """For a server of our own: its local files storage, for which whoever looks must be logged in."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def folder(self, items: Items) -> Path:
        return self.root / "pictures"

    def address(self, items: Items) -> Callable[[int], str]:
        return lambda number: f"{LOCAL_FILES}{quote(f'pictures/{items.file(number)}')}"

    def prepare(self, client: Client, project_id: int) -> None:
        """Label Studio shows local files only to projects with a storage row for their folder."""
        path = self.folder_of_all()
        path.mkdir(parents=True, exist_ok=True)
        client.add_local_files(project_id, str(path))

    def folder_of_all(self) -> Path:
        return self.root / "pictures"


class SignedPictures:
    """For a server that cannot see our files: `<base>/pictures/<name>?sig=…`, which nobody can make without the key."""

    def __init__(self, root: Path, base: str, key: bytes) -> None:
        self.root, self.base, self.key = Path(root), base.rstrip("/"), key

    def folder(self, items: Items) -> Path:
        return self.root / "pictures"

    def address(self, items: Items) -> Callable[[int], str]:
        return lambda number: f"{self.base}/pictures/{items.file(number)}?sig={sign(items.file(number), self.key)}"

    def prepare(self, client: Client, project_id: int) -> None:
        """Nothing: the addresses are enough."""


def sign(name: str, key: bytes) -> str:
    """32 hex digits for a picture's name."""
    return hmac.new(key, f"picture:{name}".encode(), hashlib.sha256).hexdigest()[:32]


def signed(name: str, signature: str, key: bytes) -> bool:
    """Whether the name is one of ours and the signature its."""
    return bool(SAFE_NAME.fullmatch(name)) and hmac.compare_digest(sign(name, key), signature)
