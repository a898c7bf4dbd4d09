"""Downloader middlewares: permission before anything else, patience with busy hosts, and the guarded way out."""

from crawlers.middlewares.egress import EgressMiddleware
from crawlers.middlewares.patience import PatienceMiddleware
from crawlers.middlewares.permission import RobotsMiddleware
from crawlers.middlewares.probe import ProbeMiddleware
from crawlers.middlewares.refused import Refused

__all__ = ["EgressMiddleware", "PatienceMiddleware", "ProbeMiddleware", "Refused", "RobotsMiddleware"]
