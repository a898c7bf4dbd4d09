"""The way out: one local proxy that all traffic of a crawl goes through, and that reaches the public web only."""
