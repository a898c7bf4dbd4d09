"""What Label Studio may call: a webhook that asks for a pull, live predictions, and pictures at signed addresses.

On loopback, and every way in needs a secret. A webhook's body is not believed: it only says that there may be something
to pull, and one pull follows however many calls came meanwhile. What is lost here, the next pull finds.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse

from annotations.client import Client
from annotations.configs import label_task
from annotations.errors import GessoError
from annotations.ledger import Ledger, Project
from annotations.pictures import signed
from annotations.push import live_prediction
from annotations.server.process import pictures_folder, server_folder, write_private

SECRET_HEADER = "X-Gesso-Secret"
USER = "gesso"
MAX_BODY = 8 << 20
MAX_TASKS = 200
ACTIONS = ["ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED", "TASKS_DELETED"]
MODEL_VERSION = "gesso"


class BackendError(GessoError):
    """The backend's secret cannot be read."""


@dataclass(frozen=True)
class Backend:
    """Where the backend listens and what lets a caller in."""

    url: str
    secret: str


def backend_secret(home: Path) -> str:
    """Made at the first call; in a file that only the user can read. It signs pictures and lets Label Studio in."""
    path = server_folder(home) / "backend.json"
    try:
        return str(json.loads(path.read_text())["secret"])
    except FileNotFoundError:
        secret = secrets.token_hex(24)
        write_private(path, {"secret": secret})
        return secret
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackendError(f"{path} cannot be read ({error}): remove it, and push again") from None


class Puller:
    """Runs `pull` in a thread of its own, once for all calls that came while it was at work."""

    def __init__(self, pull: Callable[[], object], failed: Callable[[str], None] = lambda text: None) -> None:
        self._pull, self._failed = pull, failed
        self._wanted, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="pull", daemon=True)
        self.pulls = 0

    @property
    def started(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def ask(self) -> None:
        """There may be something to pull. Returns at once."""
        self._wanted.set()

    def stop(self) -> None:
        self._stop.set()
        self._wanted.set()
        self._thread.join(60)

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            if self._stop.is_set():
                return
            self._wanted.clear()
            try:
                self._pull()
            except GessoError as error:
                self._failed(str(error))
            self.pulls += 1


def make_app(home: Path, puller: Puller, secret: str) -> FastAPI:
    """The backend of a home. Label Studio's model backend interface, and ours."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.middleware("http")
    async def limits(request: Request, call_next: Any) -> Response:
        declared = request.headers.get("content-length", "0")
        if (
            not declared.isdigit()
            or int(declared) > MAX_BODY
            or "chunked" in request.headers.get("transfer-encoding", "")
        ):
            return JSONResponse({"detail": "the body is too large, or does not say how large it is"}, 413)
        open_ = request.url.path == "/health" or request.url.path.startswith("/pictures/")
        if not open_ and not allowed(request.headers, secret):
            return JSONResponse({"detail": "the secret is missing or wrong"}, 401)
        answer: Response = await call_next(request)
        return answer

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "UP", "model_class": "Gesso"}

    @app.get("/pictures/{name}")
    def picture(name: str, sig: str = "") -> Response:
        if not signed(name, sig, secret.encode()):
            return JSONResponse({"detail": "no such picture"}, 404)
        path = pictures_folder(home) / "pictures" / name
        if not path.is_file():
            return JSONResponse({"detail": "no such picture"}, 404)
        headers = {
            "Access-Control-Allow-Origin": "*",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=86400",
        }
        return FileResponse(path, headers=headers)

    @app.post("/webhooks/label-studio", status_code=202)
    def webhook() -> dict[str, str]:
        puller.ask()
        return {"status": "queued"}

    @app.post("/setup")
    def setup() -> dict[str, str]:
        return {"model_version": MODEL_VERSION}

    @app.get("/versions")
    def versions() -> dict[str, list[str]]:
        return {"versions": [MODEL_VERSION]}

    @app.post("/webhook", status_code=202)
    def training_asked() -> dict[str, str]:
        puller.ask()
        return {"status": "queued"}

    @app.post("/predict")
    async def predict(request: Request) -> Response:
        try:
            body = json.loads(await request.body())
            tasks = body["tasks"]
            if not isinstance(tasks, list) or len(tasks) > MAX_TASKS:
                raise ValueError(f"not a list of at most {MAX_TASKS} tasks")
            results = predictions(home, tasks)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            return JSONResponse({"detail": f"no request for predictions: {error}"}, 422)
        return JSONResponse({"results": results, "model_version": MODEL_VERSION})

    return app


def allowed(headers: Mapping[str, str], secret: str) -> bool:
    """By our header, as webhooks send it, or as the password of basic authentication, as model backends are called."""
    given = headers.get(SECRET_HEADER, "")
    kind, _, word = headers.get("authorization", "").partition(" ")
    if not given and kind.lower() == "basic":
        try:
            given = base64.b64decode(word, validate=True).decode().partition(":")[2]
        except ValueError:
            return False
    return hmac.compare_digest(given.encode(), secret.encode())


def predictions(home: Path, tasks: list[Any]) -> list[dict[str, Any]]:
    """What the ledger holds of each task; an empty result for blind questions and for tasks that are none of ours."""
    results = []
    with Ledger(home) as ledger:
        projects = {project.project_id: project for project in ledger.projects()}
        for task in tasks:
            project = projects.get(task.get("project", -1)) if isinstance(task, dict) else None
            key = (task.get("data") or {}).get("task_key") if project else None
            question = ledger.question(project, key) if project and isinstance(key, str) else None
            if project is None or question is None:
                results.append({"result": [], "score": 0.0, "model_version": MODEL_VERSION})
            else:
                results.append(live_prediction(question, label_task(project.task, project.shown)))
    return results


def register(client: Client, project: Project, backend: Backend, *, predict: bool = False) -> None:
    """Tell a project's server where the backend is, once, whatever port it had before. `predict` connects the model."""
    ours = f"{backend.url}/webhooks/label-studio"
    there = [
        hook
        for hook in client.webhooks(project.project_id)
        if str(hook.get("url", "")).endswith("/webhooks/label-studio")
    ]
    for hook in there:
        if hook.get("url") != ours:
            client.call("DELETE", f"/api/webhooks/{hook['id']}/")
    if not any(hook.get("url") == ours for hook in there):
        client.create_webhook(
            project=project.project_id,
            url=ours,
            headers={SECRET_HEADER: backend.secret},
            send_payload=False,
            send_for_all_actions=False,
            actions=ACTIONS,
        )
    if predict and not any(one.get("url") == backend.url for one in client.backends(project.project_id)):
        client.create_backend(
            project=project.project_id,
            url=backend.url,
            title=MODEL_VERSION,
            is_interactive=False,
            auth_method="BASIC_AUTH",
            basic_auth_user=USER,
            basic_auth_pass=backend.secret,
        )


def remember(home: Path, backend: Backend) -> None:
    """Write down where the backend listens, so that a push can register it."""
    write_private(server_folder(home) / "backend.json", asdict(backend))


def known_backend(home: Path) -> Backend | None:
    """The backend that listens now, or None."""
    try:
        found = json.loads((server_folder(home) / "backend.json").read_text())
    except (OSError, ValueError):
        return None
    return Backend(found["url"], found["secret"]) if isinstance(found, dict) and found.get("url") else None


def forget(home: Path, backend: Backend) -> None:
    """The backend has stopped; its secret stays, for the addresses that it signed."""
    write_private(server_folder(home) / "backend.json", {"secret": backend.secret})
