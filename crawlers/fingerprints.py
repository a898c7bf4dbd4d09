"""Scrapy request fingerprints for the frontier: by method, canonical URL, and which listing a file was asked for."""

from __future__ import annotations

import hashlib
import json

from scrapy import Request

from crawlers.urls import canonical_url


class GessoFingerprinter:
    """REQUEST_FINGERPRINTER_CLASS of this project: one page or listing, one fingerprint."""

    def fingerprint(self, request: Request) -> bytes:
        key = [request.method, canonical_url(request.url), request.meta.get("listed"), bool(request.meta.get("page"))]
        return hashlib.sha256(json.dumps(key).encode() + request.body).digest()[:20]
