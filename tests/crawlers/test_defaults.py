import pytest
from scrapy.settings import Settings

from crawlers.defaults import DEFAULTS, SettingError, check_values, positive


@pytest.mark.parametrize("given", [{}, {"GESSO_PAGES": "3", "GESSO_PROBE": "0", "GESSO_MAX_WAIT": "0"}])
def test_defaults_and_numbers_as_text_pass(given: dict[str, str]) -> None:
    check_values(Settings({**DEFAULTS, **given}))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("GESSO_PAGES", "abc", "GESSO_PAGES=abc is no whole number from 0 up"),
        ("GESSO_PAGES", "-3", "GESSO_PAGES=-3 is no whole number"),
        ("GESSO_MAX_HEIGHT", "1.5", "GESSO_MAX_HEIGHT=1.5 is no whole number"),
        ("GESSO_PAGE_SECONDS", "nan", "GESSO_PAGE_SECONDS=nan is no number above 0: write for example 120.0"),
        ("GESSO_RESPONSE_BYTES", "0", "GESSO_RESPONSE_BYTES=0 is no whole number above 0"),
        ("GESSO_PROBE", "perhaps", "GESSO_PROBE=perhaps is no switch: write 1 or 0"),
    ],
)
def test_what_is_no_number_or_no_switch_is_named_with_its_remedy(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        check_values(Settings({**DEFAULTS, name: value}))


@pytest.mark.parametrize("value", ["0", "-1", "nan", "abc", ""])
def test_a_pace_is_above_zero(value: str) -> None:
    assert positive(Settings(), "GESSO_APPSTORE_CALLS", 20) == 20
    with pytest.raises(SettingError, match=f"GESSO_APPSTORE_CALLS={value} is no number above 0"):
        positive(Settings({"GESSO_APPSTORE_CALLS": value}), "GESSO_APPSTORE_CALLS", 20)
