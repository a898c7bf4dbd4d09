"""The rules: from how alike two captures are, what their words say and what is known of them, to one relation or none.

They are asked from the closest tie to the loosest, and the first that holds names the pair. Pixels decide; words and
capture metadata lower or raise what the pixels must show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from curation.relations.likeness import Likeness
from curation.relations.policy import NAMES, Relations
from curation.relations.rows import codes
from curation.relations.words import Words

NONE = -1
COPY, SAME_STATE, LOCALE, THEME, SAME_TEMPLATE = (NAMES.index(name) for name in NAMES[1:])
EMPTY = 0.004  # share of inked area below which there is nothing to compare
EMPTY_DIFFERENCE = 2.0  # grey levels by which two empty pictures may differ and still be one
SPARSE = 0.02  # share of inked area below which like edges may be chance
EDGES_KEPT = 0.8  # of either picture's edges that a theme leaves where they are
OTHER_TONE, OTHER_COLOUR = 0.6, 0.15  # below which correlation, above which share, the tones are others
REPLACED = 1.5  # lines in the place of others, for each line without a partner, in a translation
SURELY_REPLACED = 4  # the same where a language is not known, and the fewest such lines
STRANGERS_WORDS = 0.8  # share of common words that makes one screen of two that are known to be of two sites
STRANGE = 32.0  # grey levels by which two screens of one template may differ on the mean
FEWEST_EDGES = 0.3  # structure that two screens of one template share at least


@dataclass(frozen=True)
class Known:
    """Capture metadata as integer codes, one a row; -1 where nothing is known."""

    site: np.ndarray
    screen: np.ndarray  # the app and the position in its listing, or the page and its view
    theme: np.ndarray
    locale: np.ndarray

    @staticmethod
    def of(table: pa.Table) -> Known:
        page = codes(table, ("canonical_url", "view", "viewport_width"))
        listed = codes(table, ("app_id", "form_factor", "position"))
        return Known(
            site=codes(table, ("site",)),
            screen=np.where(listed >= 0, listed + 1 + page.max(initial=NONE), page),
            theme=codes(table, ("theme",)),
            locale=codes(table, ("locale",)),
        )

    def differ(self, name: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Where both are known, and not the same."""
        one, other = getattr(self, name)[a], getattr(self, name)[b]
        return np.asarray((one >= 0) & (other >= 0) & (one != other))

    def agree(self, name: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Where both are known, and the same."""
        one, other = getattr(self, name)[a], getattr(self, name)[b]
        return np.asarray((one >= 0) & (one == other))


def decide(
    a: np.ndarray, b: np.ndarray, like: Likeness, known: Known, words: Words, policies: Relations
) -> tuple[np.ndarray, list[str]]:
    """For each pair of rows, the relation's place in policy.NAMES or -1, and the facts in words."""
    found = np.full(len(a), NONE, np.int8)
    blank = like.inked < EMPTY
    template = _same_chrome(a, b, like, known, policies) & ~blank
    found[template] = SAME_TEMPLATE
    close = like.structure >= min(policies.locale.min_structure, policies.same_state.min_structure_read)
    told: dict[int, str] = {}
    for index in np.flatnonzero(close & ~blank):
        found[index], told[int(index)] = _by_words(int(index), a, b, like, known, words, policies, found[index])
    found[_other_tones(a, b, like, known, policies) & ~blank] = THEME
    found[_copies(like, policies) & ~blank] = COPY
    same_ground = (like.difference <= EMPTY_DIFFERENCE) & (like.tinted <= policies.copy_.max_tinted)
    found[blank] = np.where(same_ground[blank], COPY, NONE)
    return found, [_why(int(at), index, like, told) if at >= 0 else "" for index, at in enumerate(found)]


def least_structure(policies: Relations) -> float:
    """The structure below which `decide` names no relation, whatever else is known of a pair that is not blank."""
    state, theme = policies.same_state, policies.theme.min_structure / 2
    states = min(state.min_structure, state.min_structure_read)
    return min(FEWEST_EDGES, theme, states, policies.locale.min_structure, policies.copy_.min_structure)


def _copies(like: Likeness, policies: Relations) -> np.ndarray:
    policy = policies.copy_
    return np.asarray(
        (like.structure >= policy.min_structure)
        & (like.worst <= policy.max_worst)
        & (like.tinted <= policy.max_tinted)
        & (like.mean <= policy.max_difference)
    )


def _other_tones(a: np.ndarray, b: np.ndarray, like: Likeness, known: Known, policies: Relations) -> np.ndarray:
    """Like edges in other tones; two themes of one known page need show less."""
    least = policies.theme.min_structure
    edges = np.minimum(like.found, like.kept)
    coloured = (like.tinted >= OTHER_COLOUR) & (like.structure >= policies.copy_.min_structure)
    other = ((like.tone <= OTHER_TONE) & (like.difference >= STRANGE)) | coloured
    seen = (like.structure >= least) & (edges >= EDGES_KEPT) & (like.inked >= SPARSE) & other
    told = known.agree("screen", a, b) & known.differ("theme", a, b) & (like.structure >= least / 2)
    alone = ~known.agree("theme", a, b) & ~known.differ("site", a, b)
    return np.asarray((seen & alone) | told)


def _same_chrome(a: np.ndarray, b: np.ndarray, like: Likeness, known: Known, policies: Relations) -> np.ndarray:
    alike = (like.frame >= policies.same_template.min_frame) & (like.structure >= FEWEST_EDGES)
    tones = (like.difference <= STRANGE) & (like.tinted <= OTHER_COLOUR)
    return np.asarray(alike & tones & ~known.differ("site", a, b))


def _by_words(
    index: int,
    a: np.ndarray,
    b: np.ndarray,
    like: Likeness,
    known: Known,
    words: Words,
    policies: Relations,
    otherwise: int,
) -> tuple[int, str]:
    """A translation or another state of one screen, or what it is otherwise."""
    pair = slice(index, index + 1)
    row, other = int(a[index]), int(b[index])
    structure = float(like.structure[index])
    strangers = bool(known.differ("site", a[pair], b[pair])[0])
    if structure >= policies.locale.min_structure and not known.agree("locale", a[pair], b[pair])[0]:
        same_screen = bool((known.agree("screen", a[pair], b[pair]) & known.differ("locale", a[pair], b[pair]))[0])
        why = _translation(row, other, structure, same_screen, words, policies)
        if why is not None and not (strangers and structure < policies.same_state.min_structure):
            return LOCALE, why
    state = policies.same_state
    shared = words.shared(row, other)
    if strangers and (structure < state.min_structure or (shared or 0) < STRANGERS_WORDS):
        return otherwise, ""
    if structure >= state.min_structure or (shared or 0) >= state.min_shared_words:
        return SAME_STATE, "" if shared is None else f"words {shared:.0%}"
    return otherwise, ""


def _translation(a: int, b: int, structure: float, same_screen: bool, words: Words, policies: Relations) -> str | None:
    one, other = words.language(a), words.language(b)
    tongues = f"{one or '?'}–{other or '?'}"
    if same_screen:
        return f"listed as {tongues}"
    places = words.places(a, b)
    if places is None or places.replaced == 0 or places.replaced < REPLACED * places.alone:
        return None
    if one is not None and other is not None and one != other:
        return f"{tongues}, {places.replaced} lines replaced"
    unsaid = one is None or other is None
    many = places.replaced >= SURELY_REPLACED * max(1, places.alone)
    if structure >= policies.locale.min_structure_unread or (unsaid and many):
        return f"{places.replaced} lines replaced"
    return None


def _why(found: int, index: int, like: Likeness, told: dict[int, str]) -> str:
    facts = [f"cut {like.cut[index]:.0%}"] if like.cut[index] > 0.01 else []
    if found == COPY:
        facts.append(f"worst {like.worst[index]:.2f}, grey {like.mean[index]:.1f}")
    else:
        facts.append(f"edges {like.structure[index]:.2f}")
    if found == THEME:
        facts.append(f"tone {like.tone[index]:.2f}, colour {like.tinted[index]:.0%}")
    if found == SAME_TEMPLATE:
        facts.append(f"rim {like.frame[index]:.2f}")
    if found in (LOCALE, SAME_STATE) and told.get(index):
        facts.append(told[index])
    return ", ".join(facts)
