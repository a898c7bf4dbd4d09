"""Accounts and tokens of a Label Studio server, without a browser: its own forms, filled in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from annotations.client import Client, ServerError
from annotations.errors import GessoError

TOKEN_DAYS = 365


class AccessError(GessoError):
    """A log-in, an invitation or a token that the server would not give."""


@dataclass(frozen=True)
class Annotator:
    """An account that can label."""

    email: str
    password: str
    token: str


class Session:
    """A logged-in browser session without the browser. Use it in a `with`."""

    def __init__(self, url: str) -> None:
        host = urlsplit(url).hostname
        self.url = url.rstrip("/")
        self._http = httpx2.Client(
            base_url=self.url, timeout=60, follow_redirects=False, trust_env=host not in ("127.0.0.1", "localhost")
        )

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def log_in(self, email: str, password: str) -> None:
        """Raises AccessError where the server does not know the two."""
        answer = self._post_form("/user/login/", {"email": email, "password": password, "persist_session": "on"})
        if answer.status_code != 302:
            raise AccessError(f"{self.url} does not let {email} in: is the password right?")

    def sign_up(self, invitation: str, email: str, password: str) -> None:
        """Make an account by an invitation's path (`/user/signup/?token=…`); the session is then logged in."""
        answer = self._post_form(invitation, {"email": email, "password": password, "allow_newsletters": "false"})
        if answer.status_code == 403:
            raise AccessError(f"{self.url} does not take this invitation any more: ask for a new one")
        if answer.status_code != 302:
            raise AccessError(f"{self.url} makes no account for {email}: is there one, or is the password too simple?")

    def legacy_token(self) -> str:
        """The account's one token that stays. Raises AccessError where the organisation has turned them off."""
        return self._token(self._http.get("/api/current-user/token"), "token")

    def personal_token(self) -> str:
        """A new refresh token; the server shows it this once. Raises AccessError where there is one already."""
        answer = self._http.post("/api/token/", headers=self._csrf())
        if answer.status_code == 409:
            raise AccessError(
                f"this account of {self.url} has a personal token already: revoke it in the account's page"
            )
        return self._token(answer, "token")

    def _token(self, answer: httpx2.Response, name: str) -> str:
        try:
            found = answer.json().get(name)
        except (ValueError, AttributeError):
            found = None
        if answer.status_code >= 400 or not isinstance(found, str):
            raise AccessError(f"{self.url} gives no token ({answer.status_code}): allow API tokens in the organisation")
        return found

    def _post_form(self, path: str, fields: dict[str, str]) -> httpx2.Response:
        try:
            self._http.get(path)
            value = self._http.cookies.get("csrftoken") or ""
            return self._http.post(path, data={**fields, "csrfmiddlewaretoken": value}, headers=self._csrf())
        except httpx2.TransportError as error:
            raise AccessError(f"{self.url} does not answer ({type(error).__name__}): is the server running?") from None

    def _csrf(self) -> dict[str, str]:
        return {"X-CSRFToken": self._http.cookies.get("csrftoken") or "", "Referer": self.url}


def invitation(client: Client) -> str:
    """The path of the page where whoever has the link makes an account."""
    answer = client.call("GET", "/api/invite")
    path = answer.get("invite_url") if isinstance(answer, dict) else None
    if not isinstance(path, str) or "token=" not in path:
        raise AccessError(f"{client.url} gives no invitation: is this the owner's token?")
    parts = urlsplit(path)
    return f"{parts.path}?{parts.query}"


def invite(client: Client, email: str) -> Annotator:
    """Make an account with a drawn password. Raises AccessError where the address is taken."""
    if "@" not in email:
        raise AccessError(
            f"{email!r} is no e-mail address: Label Studio knows people by one, name@localhost.local will do"
        )
    password = secrets.token_urlsafe(15)
    with Session(client.url) as session:
        session.sign_up(invitation(client), email, password)
        return Annotator(email, password, session.legacy_token())


def allow_tokens(client: Client) -> None:
    """Let the organisation's members use both kinds of token, as an owner may set it."""
    settings = {"api_tokens_enabled": True, "legacy_api_tokens_enabled": True, "api_token_ttl_days": TOKEN_DAYS}
    try:
        client.call("POST", "/api/jwt/settings", settings)
    except ServerError as error:
        raise AccessError(f"the organisation's token settings stay as they are ({error})") from None
