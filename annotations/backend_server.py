"""The backend as a running server: uvicorn in a thread, on loopback, registered with the projects that there are."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from annotations.backend import Backend, Puller, forget, make_app, register, remember
from annotations.client import ServerError
from annotations.errors import GessoError
from annotations.ledger import Ledger
from annotations.server.identity import server_name
from annotations.server.process import connect, connection, free_port

START_SECONDS = 30.0


class BackendStartError(GessoError):
    """The backend did not come up."""


@contextmanager
def running(
    home: Path,
    secret: str,
    port: int,
    pull: Callable[[], object],
    failed: Callable[[str], None] = lambda text: None,
) -> Iterator[Backend]:
    """Serve the backend while the context lasts; `port` 0 takes a free one. Raises StartError where it is taken."""
    import uvicorn

    chosen = free_port(port)
    backend = Backend(f"http://127.0.0.1:{chosen}", secret)
    puller = Puller(pull, failed)
    app = make_app(home, puller, secret)
    config = uvicorn.Config(app, host="127.0.0.1", port=chosen, log_level="warning", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="backend", daemon=True)
    thread.start()
    try:
        _wait(chosen, thread)
        remember(home, backend)
        puller.start()
        puller.ask()
        _register_all(home, backend, failed)
        yield backend
    finally:
        if puller.started:
            puller.stop()
        server.should_exit = True
        thread.join(10)
        forget(home, backend)


def _wait(port: int, thread: threading.Thread) -> None:
    begun = time.monotonic()
    while time.monotonic() - begun < START_SECONDS and thread.is_alive():
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise BackendStartError(f"the backend did not come up on port {port}: give another --backend-port")


def _register_all(home: Path, backend: Backend, failed: Callable[[str], None]) -> None:
    """Webhooks of earlier pushes point at a port that may have changed. A project that is gone is pull's business."""
    name = server_name(home, connection(home))
    with connect(home) as client, Ledger(home) as ledger:
        for project in ledger.projects(name):
            try:
                register(client, project, backend)
            except ServerError as error:
                failed(str(error))
