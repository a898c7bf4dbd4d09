"""Pure parsers: bytes to records, no network, a typed error for what is not what it claims to be."""
