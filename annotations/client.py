"""Label Studio's HTTP interface, as much of it as push and pull need, without waiting for what they do not.

The SDK parses every task into models and retries conflicts; a pull of thousands of tasks takes it minutes. Answers here
are plain JSON of a bounded size, and only what changes nothing is tried again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx2

from annotations.errors import GessoError

TIMEOUT = 60.0
TRIES = 4
MAX_ANSWER = 1 << 28
PAGE = 250


class ServerError(GessoError):
    """The server's answer is an error, or none. `status` is 0 where there was no answer."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class Client:
    """One user's access to one server. `token` is a legacy token (40 hex digits) or a personal one (a JWT)."""

    def __init__(self, url: str, token: str, *, timeout: float = TIMEOUT) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ServerError(f"{url!r} is no server's address: give one like http://127.0.0.1:8080")
        if not token or not token.isascii() or any(character.isspace() for character in token):
            raise ServerError(f"the token for {url} is empty or has spaces in it: copy it from the account's page")
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self._token, self._personal = token, token.count(".") == 2
        self._http = httpx2.Client(base_url=self.url, timeout=timeout, trust_env=not _is_loopback(parts.hostname))
        if not self._personal:
            self._http.headers["Authorization"] = f"Token {token}"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def call(self, method: str, path: str, body: Any = None, params: Mapping[str, Any] | None = None) -> Any:
        """The JSON of an answer; None where it has none. Raises ServerError with the server's own words."""
        if self._personal and "Authorization" not in self._http.headers:
            self._refresh()
        answer = self._send(method, path, body, params)
        if answer.status_code == 401 and self._personal:
            self._refresh()
            answer = self._send(method, path, body, params)
        if answer.status_code >= 400:
            raise ServerError(
                f"{self.url}: {method} {path} gave {answer.status_code}: {_words(answer)}", answer.status_code
            )
        if not answer.content:
            return None
        if len(answer.content) > MAX_ANSWER:
            raise ServerError(f"{self.url}: {method} {path} gave over {MAX_ANSWER} bytes")
        try:
            return json.loads(answer.content)
        except ValueError:
            raise ServerError(f"{self.url}: {method} {path} gave no JSON: is this a Label Studio server?") from None

    def _send(self, method: str, path: str, body: Any, params: Mapping[str, Any] | None) -> httpx2.Response:
        """Sends again what changes nothing, and what was never received."""
        for attempt in range(TRIES):
            last = attempt == TRIES - 1
            try:
                answer = self._http.request(method, path, json=body, params=dict(params or {}))
            except (httpx2.TransportError, httpx2.InvalidURL) as error:
                never_sent = isinstance(error, httpx2.ConnectError)
                if last or not (never_sent or method == "GET"):
                    raise ServerError(
                        f"{self.url} does not answer ({type(error).__name__}): is the server running? gesso label serve"
                    ) from None
            else:
                if answer.status_code < 500 or method != "GET" or last:
                    return answer
            time.sleep(0.2 * 2**attempt)
        raise AssertionError("unreachable")

    def _refresh(self) -> None:
        """An access token for the next five minutes."""
        self._http.headers.pop("Authorization", None)
        answer = self._send("POST", "/api/token/refresh/", {"refresh": self._token}, None)
        access = _json(answer).get("access") if answer.status_code == 200 else None
        if not isinstance(access, str):
            raise ServerError(f"{self.url} does not take the personal token: make a new one in the account's page", 401)
        self._http.headers["Authorization"] = f"Bearer {access}"

    # -- the calls, by what they are about

    def whoami(self) -> dict[str, Any]:
        return _mapping(self.call("GET", "/api/current-user/whoami"))

    def users(self) -> dict[int, str]:
        """User id → address, of everyone who can label."""
        found = self.call("GET", "/api/users/")
        return {int(user["id"]): str(user.get("email") or user["id"]) for user in found if isinstance(user, dict)}

    def projects(self) -> Iterator[dict[str, Any]]:
        page = 1
        while True:
            answer = _mapping(self.call("GET", "/api/projects/", params={"page": page, "page_size": 100}))
            yield from answer.get("results", [])
            if not answer.get("next"):
                return
            page += 1

    def project(self, project: int) -> dict[str, Any]:
        return _mapping(self.call("GET", f"/api/projects/{project}/"))

    def create_project(self, **fields: Any) -> dict[str, Any]:
        return _mapping(self.call("POST", "/api/projects/", fields))

    def update_project(self, project: int, **fields: Any) -> dict[str, Any]:
        return _mapping(self.call("PATCH", f"/api/projects/{project}/", fields))

    def delete_project(self, project: int) -> None:
        self.call("DELETE", f"/api/projects/{project}/")

    def import_tasks(self, project: int, tasks: Sequence[Mapping[str, Any]]) -> list[int]:
        """The new tasks' ids, in order. Not idempotent: the same again makes them twice."""
        answer = self.call("POST", f"/api/projects/{project}/import", list(tasks), {"return_task_ids": "true"})
        ids = [int(one) for one in _mapping(answer).get("task_ids", [])]
        if len(ids) != len(tasks):
            raise ServerError(f"{self.url} took {len(ids)} of {len(tasks)} tasks: push again")
        return ids

    def import_predictions(self, project: int, predictions: Sequence[Mapping[str, Any]]) -> int:
        answer = self.call("POST", f"/api/projects/{project}/import/predictions", list(predictions))
        return int(_mapping(answer).get("created", 0))

    def tasks(
        self, project: int, query: Mapping[str, Any], page: int, size: int = PAGE, *, whole: bool = True
    ) -> Tasks:
        """One page of tasks by a data manager query; with annotations and predictions where `whole`."""
        params = {
            "project": project,
            "query": json.dumps(query),
            "page": page,
            "page_size": size,
            "fields": "all" if whole else "task_only",
        }
        try:
            answer = _mapping(self.call("GET", "/api/tasks/", params=params))
        except ServerError as error:
            if error.status == 404 and page > 1:  # a page beyond the last
                return Tasks([], 0)
            raise
        return Tasks([one for one in answer.get("tasks", []) if isinstance(one, dict)], int(answer.get("total") or 0))

    def delete_predictions(self, project: int, tasks: Sequence[int]) -> None:
        """All predictions of these tasks."""
        chosen = {"selectedItems": {"all": False, "included": list(tasks)}}
        self.call("POST", "/api/dm/actions", chosen, {"id": "delete_tasks_predictions", "project": project})

    def update_prediction(self, prediction: int, **fields: Any) -> dict[str, Any]:
        return _mapping(self.call("PATCH", f"/api/predictions/{prediction}/", fields))

    def delete_task(self, task: int) -> None:
        self.call("DELETE", f"/api/tasks/{task}/")

    def create_annotation(self, task: int, **fields: Any) -> dict[str, Any]:
        return _mapping(self.call("POST", f"/api/tasks/{task}/annotations/", fields))

    def update_annotation(self, annotation: int, **fields: Any) -> dict[str, Any]:
        return _mapping(self.call("PATCH", f"/api/annotations/{annotation}/", fields))

    def delete_annotation(self, annotation: int) -> None:
        self.call("DELETE", f"/api/annotations/{annotation}/")

    def add_local_files(self, project: int, path: str) -> None:
        """Let the project show the pictures below a folder of the server's; nothing is imported from it."""
        there = self.call("GET", "/api/storages/localfiles/", params={"project": project})
        if not any(one.get("path") == path for one in there):
            fields = {"project": project, "path": path, "use_blob_urls": True, "title": "pictures"}
            self.call("POST", "/api/storages/localfiles/", fields)

    def serve_in_order(self, project: int, ordering: str, title: str) -> None:
        """Give the project a first tab of that order: the labelling page serves tasks as the tab has them."""
        if not self.call("GET", "/api/dm/views", params={"project": project}):
            data = {"title": title, "type": "list", "target": "tasks", "ordering": [ordering]}
            self.call("POST", "/api/dm/views", {"project": project, "data": data}, {"project": project})

    def webhooks(self, project: int) -> list[dict[str, Any]]:
        return list(self.call("GET", "/api/webhooks/", params={"project": project}))

    def create_webhook(self, **fields: Any) -> dict[str, Any]:
        return _mapping(self.call("POST", "/api/webhooks/", fields))

    def backends(self, project: int) -> list[dict[str, Any]]:
        return list(self.call("GET", "/api/ml/", params={"project": project}))

    def create_backend(self, **fields: Any) -> dict[str, Any]:
        return _mapping(self.call("POST", "/api/ml/", fields))


class Tasks(list[dict[str, Any]]):
    """A page of tasks, and how many the query has in all."""

    def __init__(self, tasks: list[dict[str, Any]], total: int) -> None:
        super().__init__(tasks)
        self.total = total


def _is_loopback(host: str) -> bool:
    return host in ("127.0.0.1", "localhost", "::1")


def _json(answer: httpx2.Response) -> dict[str, Any]:
    try:
        return _mapping(answer.json())
    except ValueError:
        return {}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _words(answer: httpx2.Response) -> str:
    """What the server says of an error, short and without its pages."""
    found = _json(answer)
    detail = found.get("validation_errors") or found.get("detail") or found
    return str(detail)[:400] if found else answer.text[:200].split("<")[0] or answer.reason_phrase
