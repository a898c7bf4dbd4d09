"""`scrapy crawl`, with arguments checked before anything starts and one clear line for what a user can mend."""

from __future__ import annotations

import argparse
import logging
import sys
from asyncio import Future
from typing import Any

from scrapy.commands import crawl
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError

from crawlers.arguments import parse_arguments
from crawlers.errors import GessoError
from crawlers.logs import log_level
from crawlers.policy.identity import check_settings
from crawlers.shards import parse_shard

STOPPED = 3
EXIT_CODES = {"disk_full": 2, "browser_missing": 2, "shutdown": 130, "killed": 130}


def _raise_what_failed(task: Any) -> None:
    """What stopped a crawl from opening: asked for, asyncio does not tell it by itself any more."""
    error = task.exception() if isinstance(task, Future) and task.done() and not task.cancelled() else None
    if error is not None:
        raise error


class Command(crawl.Command):
    """As Scrapy's own; the exit code says how the crawl ended.

    0 finished; 2 a wrong argument, a seed that gave nothing, a full disk, no browser; 3 stopped before its end by a
    limit or by a frontier out of reach; 130 interrupted. After 2 (disk, browser), 3 and 130 the same command goes on.
    """

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """As Scrapy's own; a log level is one in small letters, too. Raises UsageError, which exits with 2."""
        super().process_options(args, opts)
        assert self.settings is not None
        level = log_level(self.settings["LOG_LEVEL"])
        if level is None:
            known = ", ".join(logging.getLevelNamesMapping())
            raise UsageError(f"LOG_LEVEL={self.settings['LOG_LEVEL']} is no level of a log: write one of {known}")
        self.settings.set("LOG_LEVEL", level, "cmdline")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            super().run(args, opts)  # says how it is called
            return
        process = self.crawler_process
        assert process is not None
        try:
            parse_arguments(args[0], opts.spargs)
            parse_shard(opts.spargs.get("shard"))
            if getattr(process.spider_loader.load(args[0]), "needs_network", True):
                check_settings(process.settings)
            crawler = process.create_crawler(args[0])
            task = process.crawl(crawler, **opts.spargs)
            process.start()
            _raise_what_failed(task)
        except GessoError as error:
            print(error, file=sys.stderr)
            self.exitcode = 2
            return
        if process.bootstrap_failed:
            self.exitcode = 1
            return
        seeds = crawler.stats.get_value("gesso/failed_seeds", []) if crawler.stats is not None else []
        for url, kind, reason in seeds:
            print(f"seed {url} gave nothing ({kind}): {reason}", file=sys.stderr)
            self.exitcode = 2
        self._say_how_it_ended(crawler)

    def _say_how_it_ended(self, crawler: Crawler) -> None:
        stats = crawler.stats.get_stats() if crawler.stats is not None else {}
        reason = str(stats.get("finish_reason", "killed"))
        if stats.get("gesso/broken"):
            print(stats["gesso/broken"], file=sys.stderr)
        if reason != "finished":
            self.exitcode = EXIT_CODES.get(reason, STOPPED)
