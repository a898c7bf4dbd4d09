"""junk: what a picture shows instead of a screen to learn from, by the words that stand on it and how few they are.

The crawler judges pages by their status and tree; this judges what came as a picture only. It is a column and no
decision: a recipe turns away `junk IS NOT NULL`, and should spare store listings, where a login screen is a design.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import pyarrow as pa
from pydantic import Field

from curation.features.base import Feature, Item, Params, Row, ValueProblem

Rules = tuple[tuple[str, int, re.Pattern[str]], ...]


def _rule(kind: str, most: int, *patterns: str) -> tuple[str, int, re.Pattern[str]]:
    return kind, most, re.compile("|".join(f"(?:{p})" for p in patterns), re.I | re.M)


# Kind, the most letters a page of that kind has, and what it says; the first that holds names it. Letters between words
# are optional where reading tends to lose the space.
RULES: Rules = (
    _rule(
        "browser_error",
        900,
        r"\b(?:NET::)?ERR_[A-Z_]{6,}|DNS_PROBE_|(?:SSL|PR|SEC)_ERROR_|MOZILLA_PKIX_ERROR",
        r"site can.?.?t be reached|page isn.?.?t working|connection (?:is|was) (?:not private|reset|refused)",
        r"(?:unable|can.?.?t) (?:to )?connect to the (?:server|internet)|hmm\W+we.?re having trouble finding that site",
        r"secure connection failed|no internet(?: connection)?$|this page can.?.?t be displayed|aw,? snap!",
    ),
    _rule("directory_listing", 6000, r"\A\W*index of\s*/", r"directory listing for /", r"^\W*parent directory\W*$"),
    _rule(
        "default_page",
        2500,
        r"welcome to (?:nginx|openresty|caddy|centos|tengine|lighttpd)|apache2? .{0,30}default page|\A\W*it works!",
        r"(?:http server )?test page\b.{0,60}(?:apache|nginx|centos|fedora|red hat)|internet information services",
        r"default (?:web ?site|web page|site page|page of the)|placeholder page|plesk|future home of something",
        r"site (?:is )?(?:under construction|coming soon)|(?:account|website) (?:has been )?suspended",
    ),
    _rule(
        "captcha_wall",
        1200,
        r"verif(?:y|ying) (?:that )?you ?a?.?re (?:a )?(?:human|not)|not a robot|are you a? ?(?:human|robot)|captcha",
        r"checking (?:if the site connection is secure|your browser)|unusual traffic|security (?:check|verification)",
        r"just a moment\W|review the security of your connection|human verification|press (?:&|and) hold",
        r"ddos protection|kein roboter|pas un robot|no soy un robot|non sono un robot",
    ),
    _rule(
        "js_required",
        700,
        r"(?:enable|activate|turn on|requires?|needs?|without|allow) java ?script",
        r"java ?script (?:is |must be |has been |to be )*(?:required|disabled|enabled)",
        r"java ?script (?:is )?not (?:available|supported|enabled)",
        r"java ?script (?:aktivieren|ist deaktiviert)|active[rz]? java ?script|habilit\w+ java ?script",
    ),
    _rule(
        "parked_domain",
        1500,
        r"domain (?:name )?(?:is |may be )?(?:for sale|parked)|(?:buy|inquire about) this domain|parked free",
        r"this domain (?:is|has been) (?:registered|parked|expired)|courtesy of .{0,20}(?:godaddy|sedo|namecheap)",
        r"domain.{0,20}(?:steht zum verkauf|à vendre|en venta)",
        r"(?:parked|expired) domain|domain has expired|related searches\W*$",
    ),
    _rule(
        "access_denied",
        600,
        r"access (?:to this (?:page|site|resource) )?(?:is |has been |was )?(?:denied|forbidden|restricted|blocked)",
        r"^\W*(?:error\W*)?40[13]\b|\b40[13] ?(?:forbidden|unauthori[sz]ed)|\bforbidden\b",
        r"(?:request|you) (?:was|have been|are) blocked|not (?:authori[sz]ed|allowed|permitted) to",
        r"(?:don.?.?t|do not) have (?:the )?(?:permission|access|authori[sz]ation)",
        r"not available in your (?:country|region)|zugriff verweigert|acc[eè]s (?:refus|interdit)",
        r"acceso denegado|accesso negato",
    ),
    _rule(
        "error_page",
        500,
        r"^\W*(?:error\W*)?(?:404|410|50[0-4]|52[0-7])(?:\W*$|\W{0,3}[a-z])",
        r"(?:error|http|status)\W{0,3}(?:404|410|50[0-4])\b",
        r"(?:page|site|url|file|resource).{0,40}(?:not (?:be )?found|doesn.?.?t exist|does not exist|no longer)",
        r"\bnot found\b|bad gateway|internal server error|service (?:temporarily )?unavailable|gateway time-?out",
        r"(?:application|server|fatal|unexpected|database) error|something went wrong|error establishing",
        r"went wrong on our|seite (?:wurde )?nicht gefunden|page (?:introuvable|non trouv)",
        r"p[aá]gina no encontrada|pagina non trovata|can.?.?t find (?:that|this|the) page|page (?:is )?missing",
        r"lost\?|temporarily (?:down|offline)|down for maintenance",
    ),
    _rule(
        "login_wall",
        500,
        r"(?:log|sign) ?in to (?:continue|view|see|access|proceed|your)",
        r"(?:please|must|need to|have to)(?: be)? (?:log|sign)|(?:log|sign) ?in required|members only",
        r"melden sie sich an|connectez.vous|inicia(?:r)? sesi[oó]n|accedi per",
    ),
)
PASSWORD = re.compile(r"\b(?:password|passwort|kennwort|mot de passe|contrase|senha|wachtwoord)", re.I)
LOGIN = re.compile(r"\b(?:log ?in|sign ?in|anmelden|einloggen|connexion|iniciar|entrar|accedi|inloggen)", re.I)
LITTLE = 160  # letters of a page that is nothing but a form to log in
CALM = 0.75  # least share of calm tiles: what stands alone stands on much ground


class JunkParams(Params):
    """`calm` is the least share of calm tiles (`whitespace`) of a picture that is called junk."""

    calm: float = Field(default=CALM, ge=0, le=1)


class Junk(Feature):
    """`junk` names what stands there instead: error_page, access_denied, captcha_wall, login_wall, js_required,
    parked_domain, directory_listing, default_page, browser_error; null for anything else.
    """

    name: ClassVar[str] = "junk"
    offers: ClassVar[str] = "what stands there instead of a screen: error page, captcha or login wall, parked domain …"
    needs: ClassVar[tuple[str, ...]] = ("ink", "text")
    parameters: ClassVar[type[Params]] = JunkParams
    params: JunkParams

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([("junk", pa.string())])

    def prepare(self, item: Item) -> Row:
        ink: Mapping[str, Any] = item.others.get("ink") or {}
        if ink.get("whitespace") is None:
            raise ValueProblem("no_pixels", "the picture could not be looked at")
        text = (item.others.get("text") or {}).get("text")
        return {"junk": junk(text) if text and ink["whitespace"] >= self.params.calm else None}


def junk(text: str) -> str | None:
    """What a page that says no more than `text` is instead of a page to learn from; None where it may be one."""
    letters = sum(not c.isspace() for c in text)
    said = text.replace("’", "'")
    for kind, most, pattern in RULES:
        if letters <= most and pattern.search(said):
            return kind
    if letters <= LITTLE and PASSWORD.search(said) and LOGIN.search(said):
        return "login_wall"
    return None
