"""The windows to look through: four presets of our own, and every device that Playwright knows by name."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

from crawlers.errors import GessoError


class DeviceError(GessoError):
    """A name that is neither a preset nor a device."""


@dataclass(frozen=True)
class Viewport:
    """A window to look through, in CSS pixels; `mobile` turns on the mobile viewport rules and touch.

    `form_factor` is the capture's word for it; `user_agent` None stands for ours of that form factor.
    """

    name: str
    width: int
    height: int
    dpr: float = 1
    mobile: bool = False
    form_factor: str = ""
    user_agent: str | None = None

    @property
    def kind(self) -> str:
        """The form factor, guessed from the width where it is not given."""
        if self.form_factor:
            return self.form_factor
        return "phone" if self.mobile and self.width < 600 else "tablet" if self.mobile else "desktop"


DESKTOP = Viewport("desktop", 1440, 900)
LAPTOP = Viewport("laptop", 1280, 800, dpr=2, form_factor="desktop")
TABLET = Viewport("tablet", 820, 1180, dpr=2, mobile=True)
PHONE = Viewport("phone", 390, 844, dpr=2, mobile=True)
PRESETS = {viewport.name: viewport for viewport in (DESKTOP, LAPTOP, TABLET, PHONE)}


def resolve(name: str) -> Viewport:
    """A preset, or a Playwright device such as `iPhone 15` or `Pixel 7 landscape`. Raises DeviceError."""
    preset = PRESETS.get(name.strip().lower())
    if preset is not None:
        return preset
    device = _devices().get(name.strip().lower())
    if device is None:
        raise DeviceError(
            f"view {name[:60]!r} is neither one of {', '.join(PRESETS)} nor a Playwright device such as 'iPhone 15'"
        )
    size = device["viewport"]
    return Viewport(
        name=name.strip(),
        width=int(size["width"]),
        height=int(size["height"]),
        dpr=float(device["device_scale_factor"]),
        mobile=bool(device["is_mobile"]),
    )


def resolve_all(names: Iterable[str]) -> tuple[Viewport, ...]:
    """As `resolve`, each once and in the order given. Raises DeviceError."""
    found = tuple(dict.fromkeys(resolve(name) for name in names if name.strip()))
    if not found:
        raise DeviceError(f"no view is named: give one or more of {', '.join(PRESETS)}")
    return found


@cache
def _devices() -> dict[str, dict[str, Any]]:
    """Playwright's descriptors by lower-case name. Starts its driver for a moment, in a thread that runs no loop."""
    from playwright.sync_api import sync_playwright

    def ask() -> dict[str, dict[str, Any]]:
        with sync_playwright() as playwright:
            return {name.lower(): device for name, device in playwright.devices.items()}

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(ask).result()
