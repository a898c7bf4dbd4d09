"""The Scrapy project's settings: polite defaults. Everything Gesso's own is wired by the addon."""

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
EXTENSIONS = {"scrapy.extensions.remote_control.RemoteControl": None}  # off, and not loaded either: it brings aiohttp
RETRY_TIMES = 2
DOWNLOAD_TIMEOUT = 60
DOWNLOAD_MAXSIZE = 256 << 20
DOWNLOAD_WARNSIZE = 0
LOG_LEVEL = "INFO"
URLLENGTH_LIMIT = 2000
