"""junk: errors and walls are named by their words; screens that only mention them are not."""

from __future__ import annotations

import pytest

from curation.features import create
from curation.features.base import Item, ValueProblem
from curation.features.junk import RULES, junk
from tests.curation.conftest import make_capture


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("404Not Found\nnginx/1.18.0 (Ubuntu)", "error_page"),  # as reading loses the space
        ("Seite nicht gefunden\nZur Startseite", "error_page"),
        ("500\nInternal Server Error", "error_page"),
        ("403\nAccess denied. You do not have permission to view this page.", "access_denied"),
        ("Verify you are human by completing the action below.\nRay ID: 7f3a", "captcha_wall"),
        ("You need to enable JavaScript to run this app.", "js_required"),
        ("This domain is parked. It may be for sale.\nWeb Hosting", "parked_domain"),
        ("Index of /backup\ncss/\n12-Mar-2023 10:11\nold.zip", "directory_listing"),
        ("Welcome to nginx!\nIf you see this page, the web server is installed.", "default_page"),
        ("This site can’t be reached\nERR_NAME_NOT_RESOLVED\nReload", "browser_error"),
        ("Log in to continue\nEmail\nPassword\nLog in", "login_wall"),
        ("Sign in\nUser name\nPassword\nForgot your password?", "login_wall"),
    ],
)
def test_a_page_that_is_none_is_named(text: str, kind: str) -> None:
    assert junk(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Dashboard\nTotal shipments 500\nSales 404\nUsers 1,250\nDaily sales\nCompleted tasks\nManage your tasks",
        "Settings\nAccount\nChange password\nNotifications\nPrivacy\nLanguage\nAbout",
        "Blog\n" + "How we fixed a 502 Bad Gateway, and why a page not found says more than you think. " * 12,
        "Docs\n" + "Enable JavaScript in the settings of your browser, then verify you are human. " * 20,
    ],
)
def test_a_screen_that_mentions_trouble_is_a_screen(text: str) -> None:
    assert junk(text) is None


def test_every_kind_has_one_rule() -> None:
    kinds = [kind for kind, _, _ in RULES]
    assert len(kinds) == len(set(kinds)) == 9


def test_words_over_a_busy_picture_are_a_screen() -> None:
    feature = create("junk")

    def seen(whitespace: float | None) -> str | None:
        others = {"ink": {"whitespace": whitespace}, "text": {"text": "502 Bad Gateway"}}
        return str(feature.prepare(Item(make_capture(None, b"x", "x"), others=others))["junk"])

    assert (seen(0.95), seen(0.4)) == ("error_page", "None")
    with pytest.raises(ValueProblem, match="no_pixels"):
        seen(None)
