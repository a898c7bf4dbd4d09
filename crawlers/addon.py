"""The one Addon that wires a Scrapy project for Gesso: frontier, browser, robots, store, politeness.

In a project of your own: `ADDONS = {"crawlers.addon.GessoAddon": 100}`.
"""

from __future__ import annotations

from scrapy.settings import BaseSettings

from crawlers.defaults import DEFAULTS, check_values
from crawlers.policy.identity import identity, is_near

PRIORITY = "addon"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LOOPBACK_CONCURRENCY = 8
BEING_STORED = 64 << 20  # bytes of answers whose records are not durable yet, before no more are asked for
DELAY = 1.0  # seconds between requests to a host


class GessoAddon:
    """Sets what the crawl needs; a project's or command line's own settings win over it."""

    def update_settings(self, settings: BaseSettings) -> None:
        """Called by Scrapy before the crawler's parts are built. Raises SettingError."""
        for name, value in DEFAULTS.items():
            if name not in settings:
                settings.set(name, value, PRIORITY)
        check_values(settings)
        settings.set("LOG_FORMATTER", "crawlers.logs.ItemLogFormatter", PRIORITY)
        settings.set("REQUEST_FINGERPRINTER_CLASS", "crawlers.fingerprints.GessoFingerprinter", PRIORITY)
        settings.set("SCRAPER_SLOT_MAX_ACTIVE_SIZE", BEING_STORED, PRIORITY)
        settings.set("SCHEDULER", "crawlers.scheduler.FrontierScheduler", PRIORITY)
        settings.set("USER_AGENT", identity(settings.get("GESSO_CONTACT")), PRIORITY)
        settings["DOWNLOAD_HANDLERS"].update(dict.fromkeys(("http", "https"), "crawlers.handler.PageDownloadHandler"))
        settings["DOWNLOAD_HANDLERS"].update(dict.fromkeys(("file", "data", "ftp", "s3")))
        settings["DOWNLOADER_MIDDLEWARES"].update(
            {
                "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
                "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
                "crawlers.takedown.TakedownMiddleware": 50,
                "crawlers.middlewares.RobotsMiddleware": 100,
                "crawlers.middlewares.ProbeMiddleware": 110,
                "crawlers.middlewares.PatienceMiddleware": 560,
                "crawlers.middlewares.EgressMiddleware": 740,
            }
        )
        settings["ITEM_PIPELINES"].update({"crawlers.pipelines.StorePipeline": 900})
        settings["EXTENSIONS"].update(
            {
                "crawlers.extensions.ProgressExtension": 500,
                "crawlers.extensions.BugExtension": 500,
                "crawlers.extensions.RoomExtension": 100,
                "crawlers.extensions.StatsExtension": 900,
            }
        )
        self._set_pace(settings)

    def _set_pace(self, settings: BaseSettings) -> None:
        """This machine's own servers need no courtesy, nor does anything behind a proxy on it."""
        slots = {host: {"concurrency": LOOPBACK_CONCURRENCY, "delay": 0} for host in LOOPBACK}
        settings.set("DOWNLOAD_SLOTS", {**slots, **settings.getdict("DOWNLOAD_SLOTS")}, PRIORITY)
        near = is_near(settings)
        settings.set("AUTOTHROTTLE_ENABLED", not near, PRIORITY)
        settings.set("AUTOTHROTTLE_START_DELAY", DELAY, PRIORITY)
        settings.set("DOWNLOAD_DELAY", 0 if near else DELAY, PRIORITY)
        settings.set("CONCURRENT_REQUESTS_PER_DOMAIN", LOOPBACK_CONCURRENCY if near else 1, PRIORITY)
