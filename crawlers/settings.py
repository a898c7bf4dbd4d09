"""The Scrapy project's settings: polite defaults. Everything Gesso's own is wired by the addon."""

from scrapy.settings import default_settings

BOT_NAME = "gesso"
SPIDER_MODULES = ["crawlers.spiders"]
COMMANDS_MODULE = "crawlers.commands"
ADDONS = {"crawlers.addon.GessoAddon": 100}
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"

# The pace is the addon's: one request a host at a time, a second apart, and none of that for loopback. A DOWNLOAD_DELAY
# or CONCURRENT_REQUESTS_PER_DOMAIN set here or with -s wins over it.
CONCURRENT_REQUESTS = 16
COOKIES_ENABLED = False
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
EXTENSIONS_BASE = {  # remote control is off, and not loaded either, as None in EXTENSIONS would: it brings aiohttp
    path: order for path, order in default_settings.EXTENSIONS_BASE.items() if ".remote_control." not in path
}
RETRY_TIMES = 2
DOWNLOAD_TIMEOUT = 60
DOWNLOAD_MAXSIZE = 256 << 20
DOWNLOAD_WARNSIZE = 0
LOG_LEVEL = "INFO"
URLLENGTH_LIMIT = 2000
