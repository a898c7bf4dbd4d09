"""The `gesso` command, the demo, doctor: rooms joined into whole runs."""
