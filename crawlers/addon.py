"""The one Addon that wires a Scrapy project for Gesso: frontier, browser, robots, store, politeness.

In a project of your own: `ADDONS = {"crawlers.addon.GessoAddon": 100}`.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from scrapy.settings import BaseSettings

from crawlers.handler import identity
from crawlers.urls import is_loopback_name

PRIORITY = "addon"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LOOPBACK_CONCURRENCY = 8
DELAY = 1.0  # seconds between requests to a host


class GessoAddon:
    """Sets what the crawl needs; a project's or command line's own settings win over it."""

    def update_settings(self, settings: BaseSettings) -> None:
        """Called by Scrapy before the crawler's parts are built."""
        for name, value in {
            "GESSO_STORE": "workspace/captures",
            "GESSO_PROXY": "",
            "GESSO_CONTACT": "",
            "GESSO_PAGES": 3,
            "GESSO_DARK": True,
            "GESSO_MAX_HEIGHT": 20_000,
            "GESSO_PAGE_SECONDS": 120,
            "GESSO_REPORT": None,
        }.items():
            if name not in settings:
                settings.set(name, value, PRIORITY)
        settings.set("REQUEST_FINGERPRINTER_CLASS", "crawlers.fingerprints.GessoFingerprinter", PRIORITY)
        settings.set("SCHEDULER", "crawlers.scheduler.FrontierScheduler", PRIORITY)
        settings.set("USER_AGENT", identity(settings.get("GESSO_CONTACT")), PRIORITY)
        settings["DOWNLOAD_HANDLERS"].update(dict.fromkeys(("http", "https"), "crawlers.handler.PageDownloadHandler"))
        settings["DOWNLOADER_MIDDLEWARES"].update(
            {
                "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
                "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
                "crawlers.middlewares.RobotsMiddleware": 100,
                "crawlers.middlewares.ProxyMiddleware": 740,
            }
        )
        settings["ITEM_PIPELINES"].update({"crawlers.pipelines.StorePipeline": 900})
        settings["EXTENSIONS"].update(
            {"crawlers.extensions.ProgressExtension": 500, "crawlers.extensions.BugExtension": 500}
        )
        self._set_pace(settings)

    def _set_pace(self, settings: BaseSettings) -> None:
        """This machine's own servers need no courtesy, nor does anything behind a proxy on it."""
        slots = {host: {"concurrency": LOOPBACK_CONCURRENCY, "delay": 0} for host in LOOPBACK}
        settings.set("DOWNLOAD_SLOTS", {**slots, **settings.getdict("DOWNLOAD_SLOTS")}, PRIORITY)
        near = is_loopback_name(urlsplit(settings.get("GESSO_PROXY") or "").hostname or "")
        settings.set("DOWNLOAD_DELAY", 0 if near else DELAY, PRIORITY)
        settings.set("CONCURRENT_REQUESTS_PER_DOMAIN", LOOPBACK_CONCURRENCY if near else 1, PRIORITY)
