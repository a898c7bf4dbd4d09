"""`scrapy crawl`, with arguments checked before anything starts and one clear line for what a user can mend."""

from __future__ import annotations

import argparse
import sys

from scrapy.commands import crawl
from scrapy.crawler import Crawler

from crawlers.arguments import parse_arguments
from crawlers.errors import GessoError
from crawlers.policy.identity import check_settings
from crawlers.shards import parse_shard

STOPPED = 3
EXIT_CODES = {"disk_full": 2, "shutdown": 130, "killed": 130}


class Command(crawl.Command):
    """As Scrapy's own; the exit code says how the crawl ended.

    0 finished; 2 a wrong argument, a seed that gave nothing, a full disk; 3 stopped before its end by a limit or by a
    frontier out of reach; 130 interrupted. After 2 (disk), 3 and 130 the same command goes on.
    """

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            if len(args) == 1:
                parse_arguments(args[0], opts.spargs)
                parse_shard(opts.spargs.get("shard"))
            assert self.crawler_process is not None
            process = self.crawler_process
            if len(args) == 1 and getattr(process.spider_loader.load(args[0]), "needs_network", True):
                check_settings(process.settings)
            super().run(args, opts)
        except GessoError as error:
            print(error, file=sys.stderr)
            self.exitcode = 2
            return
        for crawler in process.crawlers:
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
