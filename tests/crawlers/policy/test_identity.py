"""Who we say we are, and which settings may go out at all."""

from __future__ import annotations

import pytest

from crawlers.egress.addresses import AllowError
from crawlers.policy.identity import IdentityError, OptOutError, check_settings, identity, is_near


def test_the_user_agent_names_us_and_the_contact() -> None:
    assert identity("https://lab.example/bot") == "gesso/0.1 (+https://lab.example/bot)"
    assert identity("") == "gesso/0.1"


@pytest.mark.parametrize("contact", ["me@lab.example", "mailto:me@lab.example", "https://lab.example/bot"])
def test_a_contact_that_reaches_somebody(contact: str) -> None:
    check_settings({"GESSO_CONTACT": contact})


@pytest.mark.parametrize(
    "contact", ["me", "me@home", "http://localhost/", "ftp://a.example", "a b@c.example", "https://a.example/)\r\nX: y"]
)
def test_a_contact_that_reaches_nobody(contact: str) -> None:
    with pytest.raises(IdentityError, match="GESSO_CONTACT="):
        check_settings({"GESSO_CONTACT": contact, "GESSO_PROXY": "http://127.0.0.1:1"})


@pytest.mark.parametrize(
    ("settings", "near"),
    [
        ({"GESSO_PROXY": "http://127.0.0.1:8000"}, True),
        ({"GESSO_PROXY": "localhost:8000"}, True),
        ({"GESSO_PROXY": "http://proxy.example:8000", "GESSO_ALLOW": "127.0.0.1:1"}, False),
        ({"GESSO_ALLOW": "127.0.0.1:1"}, True),
        ({"GESSO_ALLOW": "127.0.0.1:1", "GESSO_CONTACT": "me@lab.example"}, False),
        ({}, False),
    ],
)
def test_only_what_stays_here_needs_no_contact(settings: dict[str, str], near: bool) -> None:
    assert is_near(settings) is near
    if not near and "GESSO_CONTACT" not in settings:
        with pytest.raises(IdentityError, match="GESSO_CONTACT is empty"):
            check_settings(settings)


def test_wrong_settings_are_named() -> None:
    with pytest.raises(OptOutError, match="respect or record"):
        check_settings({"OPT_OUT": "ignore", "GESSO_CONTACT": "me@lab.example"})
    with pytest.raises(AllowError, match="GESSO_ALLOW"):
        check_settings({"GESSO_ALLOW": "nowhere", "GESSO_CONTACT": "me@lab.example"})
