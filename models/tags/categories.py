"""F-Droid's categories in sixteen groups, the labels of the group `category` of `tags`.

`Internet`, `Multimedia` and `System` say little, and stand beside a nearer category as a rule: they count only where an
app has no other.
"""

from __future__ import annotations

from collections.abc import Sequence

GROUPS: dict[str, tuple[str, ...]] = {
    "communication": ("Social Network", "Messaging", "Email", "Phone & SMS"),
    "connectivity": (
        *("Connectivity", "File Transfer", "Cloud Storage & File Sync", "Download", "Network Analyzer", "Push"),
        *("Remote Controller", "Browser", "Location Tracker & Sharer"),
    ),
    "development": ("Development",),
    "education": ("Science & Education", "Translation & Dictionary"),
    "finance": ("Money", "Finance Manager", "Market & Price", "Pass Wallet"),
    "games": (
        *("Games", "Puzzle Game", "Board Game", "Card Game", "Action Game", "Role-Playing Game", "Strategy Game"),
    ),
    "health": ("Sports & Health", "Health Manager", "Workout", "Diet", "Habit Tracker"),
    "household": ("Shopping List", "Recipe", "Recipe Manager", "Smart Home"),
    "media": (
        *("Local Media Player", "Online Media Player", "Podcast", "Audiobook", "Cast", "Music Practice Tool"),
        "Recorder",
    ),
    "navigation": ("Navigation", "Weather"),
    "pictures": ("Gallery", "Camera", "Graphics", "Wallpaper"),
    "reading": ("Reading", "Ebook Reader", "News", "Religion"),
    "security": ("Security", "Password & 2FA", "VPN & Proxy", "Firewall"),
    "system": (
        *("Launcher", "Theming", "Keyboard & IME", "App Manager", "App Store", "App Store & Updater", "File Manager"),
        "Calculator",
    ),
    "time": ("Timer", "Time", "Clock", "Alarm Clock", "Stopwatch", "Time Tracker", "Calendar & Agenda"),
    "writing": ("Writing", "Note", "Text Editor", "Diary", "Task", "Office"),
}
WIDE = {"Internet": "connectivity", "Multimedia": "media", "System": "system"}
_GROUP_OF = {category: group for group, categories in GROUPS.items() for category in categories}


def groups_of(categories: Sequence[str]) -> tuple[str, ...]:
    """The groups that a listing's categories lie in, in alphabetical order; none where all are unknown."""
    found = {_GROUP_OF[category] for category in categories if category in _GROUP_OF}
    return tuple(sorted(found or {WIDE[category] for category in categories if category in WIDE}))
