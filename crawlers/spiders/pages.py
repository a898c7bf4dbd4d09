"""What spiders that look at pages share: a visit becomes captures."""

from __future__ import annotations

from collections.abc import Iterator

from crawlers.browser.shoot import Shot
from crawlers.captures import Capture, Damage, Page, Rights, capture_id, now
from crawlers.pages import PageResponse
from crawlers.policy.decide import decide
from crawlers.spiders.base import GessoSpider


class PageSpider(GessoSpider):
    """Base of the spiders whose requests carry `meta["page"]`."""

    pages_stat = "gesso/pages"

    def captures_of(self, response: PageResponse, canonical: str, site: str) -> Iterator[Capture]:
        """One capture a picture of a visit."""
        visit = response.visit
        assert response.request is not None
        rights = Rights(allowed=decide(visit.signals).allowed, signals=visit.signals)
        fetched = now()
        for shot in visit.shots:
            page = Page(
                title=visit.title,
                description=visit.description,
                lang=visit.lang,
                dom_sha256=shot.dom_sha256,
                consent=visit.consent,
            )
            yield Capture(
                capture_id=capture_id(self.source, canonical, shot.view, shot.image.sha256),
                run_id=self.run_id,
                source=self.source,
                spider=self.name,
                url=response.request.url,
                canonical_url=canonical,
                site=site,
                fetched_at=fetched,
                http_status=visit.status,
                image=shot.image,
                view=shot.view,
                page=page,
                section=shot.section,
                damage=self._damage(shot, canonical),
                rights=rights,
                verdicts=shot.verdicts,
                metadata=response.request.meta.get("about", {}),
            )

    def _damage(self, shot: Shot, canonical: str) -> Damage | None:
        if shot.damage is None:
            return None
        original = capture_id(self.source, canonical, shot.view, shot.damage.original_sha256)
        return Damage(kind=shot.damage.kind, strength=shot.damage.strength, seed=shot.damage.seed, original=original)
