"""The design tree and its notation: parse, print, import, compile. Pure: no I/O, no browser, no network."""
