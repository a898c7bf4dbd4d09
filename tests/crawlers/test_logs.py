from typing import Any

import pytest
from scrapy import Spider
from scrapy.utils.test import get_crawler

from crawlers.logs import ItemLogFormatter, log_level


@pytest.mark.parametrize(
    ("written", "level"), [("debug", 10), ("WARNING", 30), (10, 10), ("10", 10), ("loud", None), (None, None)]
)
def test_a_level_is_a_name_in_any_case_or_a_number(written: Any, level: int | None) -> None:
    assert log_level(written) == level


@pytest.mark.parametrize(("written", "told"), [("debug", True), ("INFO", False), ("9", True), ("loud", True)])
def test_items_are_told_where_the_level_shows_them_or_is_not_known(written: str, told: bool) -> None:
    formatter = ItemLogFormatter.from_crawler(get_crawler(settings_dict={"LOG_LEVEL": written}))
    assert (formatter.scraped({"a": 1}, None, Spider("one")) is not None) is told
