"""Every figure that the README or a note quotes is printed by a module here: `python -m benchmarks.NAME [FOLDER…]`."""
