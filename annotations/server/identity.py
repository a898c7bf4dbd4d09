"""What a server is called in ledger and events: the same one after a restart on another port has the same name."""

from __future__ import annotations

import hashlib
from pathlib import Path

from annotations.server.process import Connection, credentials


def server_name(home: Path, connection: Connection) -> str:
    """`local:` and a digest of the account for a server of our own, whose port changes; else the server's address."""
    if connection.own:
        return f"local:{hashlib.sha256(credentials(home).token.encode()).hexdigest()[:12]}"
    return connection.url
