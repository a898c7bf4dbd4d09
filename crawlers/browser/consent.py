"""Consent dialogs: refused by DuckDuckGo's autoconsent rules, else by their own button, else taken out of sight.

Nothing is ever accepted. autoconsent is an npm package (MPL-2.0) that `make setup` fetches; without it the two other
ways remain. It is brought into a page only where something looks like a dialog: most pages never pay for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Error, Frame

from crawlers.browser.tab import Tab

PACKAGE = Path("node_modules/@duckduckgo/autoconsent")
CODE, RULES = Path("dist/autoconsent.playwright.js"), Path("rules/compact-rules.json")
# Only its rules: its heuristics press a lone "Accept", which is more than a crawler may say yes to.
CONFIG = {
    "enabled": True,
    "autoAction": "optOut",
    "disabledCmps": [],
    "enablePrehide": False,
    "enableCosmeticRules": True,
    "enableGeneratedRules": True,
    "enableHeuristicDetection": False,
    "enablePopupMutationObserver": False,
    "enableHeuristicAction": False,
    "heuristicMode": "off",
    "isMainWorld": True,
    "detectRetries": 5,
}
# Takes the place of the extension's background page: hands over rules and settings, and keeps what is reported.
BACKGROUND = """
window.gessoConsent = window.gessoConsent || [];
window.autoconsentSendMessage = async (message) => {
  const answer = (reply) => window.autoconsentReceiveMessage(reply);
  if (window.gessoConsent.length < 500) window.gessoConsent.push(message);
  await null;  // it asks before it can hear
  if (message.type === "init") await answer({ type: "initResp", rules: %s, config: %s });
  if (message.type === "eval") await answer({ type: "evalResp", id: message.id, result: false });
};
%s
"""
POLL_SECONDS = 0.1
NOTICE_SECONDS = 1.5  # for autoconsent to know the dialog
LEAVE_SECONDS = 0.5  # for a dialog to fade after its button was pressed
ENDED = ("autoconsentDone", "optOutResult", "autoconsentError")


@dataclass(frozen=True)
class Consent:
    """How overlays were dealt with: `method` is autoconsent, rejected, hidden, wall or ""; `rule` is autoconsent's."""

    method: str = ""
    rule: str = ""
    verdicts: tuple[str, ...] = ()


async def answer_overlays(tab: Tab, seconds: float) -> Consent:
    """Refuse what asks for consent, then hide what still covers the page. Raises Error or TimeoutError."""
    found = _overlays(await tab.call("overlays"))
    if not found:
        return Consent()
    rule, method = "", ""
    if any(overlay["consent"] for overlay in found):
        rule = await _autoconsent(tab, seconds)
        method = "autoconsent" if rule else ""
        found = _overlays(await tab.call("overlays")) if rule else found
        if any(overlay["consent"] and overlay["rejectable"] for overlay in found) and await tab.call("reject"):
            before = sum(overlay["consent"] for overlay in found)
            found = await _after_leaving(tab, before)
            if sum(overlay["consent"] for overlay in found) < before:
                method = method or "rejected"
    verdicts = ["consent_rejected"] if method else []
    if any(overlay["wall"] for overlay in found):
        return Consent("wall", rule, ("cookie_wall",))
    hidden = await tab.call("hide") if found else []
    if isinstance(hidden, list):
        verdicts += [f"{kind}_hidden" for kind in ("consent", "overlay") if kind in hidden]
    if not method and verdicts:
        method = "hidden"
    return Consent(method, rule, tuple(verdicts))


async def _after_leaving(tab: Tab, before: int) -> list[dict[str, bool]]:
    """The overlays once those that were refused have had the time to go."""
    end = asyncio.get_running_loop().time() + LEAVE_SECONDS
    while True:
        found = _overlays(await tab.call("overlays"))
        if sum(overlay["consent"] for overlay in found) < before or asyncio.get_running_loop().time() > end:
            return found
        await asyncio.sleep(POLL_SECONDS)


async def _autoconsent(tab: Tab, seconds: float) -> str:
    """The name of the rule that refused on our behalf; "" where none knew the dialog, or there is no package."""
    script = autoconsent_script()
    if script is None:
        return ""
    frames = tab.page.frames[:20]
    loop = asyncio.get_running_loop()
    notice, end = loop.time() + NOTICE_SECONDS, loop.time() + seconds
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*(_inject(frame, script) for frame in frames)), seconds)
    while loop.time() < end:
        messages = [m for frame in frames for m in await _messages(frame)]
        known = next((m for m in messages if m["type"] == "cmpDetected"), None)
        done = next((m for m in messages if m["type"] in ENDED), None)
        if done is not None:
            return done["cmp"] if done["type"] != "autoconsentError" and done["result"] else ""
        if known is None and loop.time() > notice:
            return ""
        await asyncio.sleep(POLL_SECONDS)
    return ""


async def _inject(frame: Frame, script: str) -> None:
    with contextlib.suppress(Error):
        await frame.evaluate(script)


async def _messages(frame: Frame) -> list[dict[str, Any]]:
    """What autoconsent has reported in a frame; the page could write there too, so only short words are taken."""
    try:
        given = await asyncio.wait_for(
            frame.evaluate(
                "() => (window.gessoConsent || []).filter((m) => m.type !== 'report').slice(0, 100)"
                ".map((m) => [String(m.type), String(m.cmp || ''), m.result !== false])"
            ),
            2,
        )
    except (Error, TimeoutError):
        return []
    return [
        {"type": str(m[0])[:40], "cmp": str(m[1])[:80] or "autoconsent", "result": bool(m[2])}
        for m in (given if isinstance(given, list) else [])
        if isinstance(m, list) and len(m) == 3
    ]


def _overlays(given: Any) -> list[dict[str, bool]]:
    """The page's answer with the types it should have."""
    return [
        {
            "consent": overlay.get("kind") == "consent",
            "rejectable": bool(overlay.get("rejectable")),
            "wall": bool(overlay.get("wall")),
        }
        for overlay in (given if isinstance(given, list) else [])[:100]
        if isinstance(overlay, dict)
    ]


def find_autoconsent() -> Path | None:
    """The npm package's folder: $GESSO_AUTOCONSENT, else where `make setup` put it."""
    named = os.environ.get("GESSO_AUTOCONSENT")
    folder = Path(named).expanduser() if named else Path(sys.prefix) / "share" / "gesso" / PACKAGE
    return folder if (folder / CODE).is_file() and (folder / RULES).is_file() else None


@cache
def autoconsent_script() -> str | None:
    """What is run in a frame: the package's code with its rules, read once; None where there is no package."""
    folder = find_autoconsent()
    if folder is None:
        return None
    rules = json.dumps({"autoconsent": [], "compact": json.loads((folder / RULES).read_text(encoding="utf-8"))})
    return BACKGROUND % (rules, json.dumps(CONFIG), (folder / CODE).read_text(encoding="utf-8"))
