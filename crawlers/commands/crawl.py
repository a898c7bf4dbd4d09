"""`scrapy crawl`, with arguments checked before anything starts and one clear line for what a user can mend."""

from __future__ import annotations

import argparse
import sys

from scrapy.commands import crawl

from crawlers.arguments import parse_arguments
from crawlers.errors import GessoError


class Command(crawl.Command):
    """As Scrapy's own; exits with 2 where an argument is wrong or a seed could not be reached."""

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            if len(args) == 1:
                parse_arguments(args[0], opts.spargs)
            assert self.crawler_process is not None
            process = self.crawler_process
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
