"""Choosing a head and holding it to the embedding that it is to score: by encoder, and by dimension."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from curation.encoder.place import Place
from curation.features.base import NotAtHand
from curation.heads import trained
from curation.heads.head import Activation, Head, HeadError, Input
from curation.heads.load import read_head, stated, stated_encoder, weights_hash
from curation.heads.published import HEADS, PUBLISHED, QUALITY, Published, at_hand, by_name

ANY = "any"


class HeadChoice(BaseModel):
    """A head by path, by the name of a published one, or `auto`: the one trained on this home's labels (`gesso label
    train`) or damaged captures (`gesso train head`), else a published one that fits the encoder and is at hand, else
    for `aesthetic` the quality head that ships with Gesso's encoder.

    `input` is how the vector is scaled (`l2`, `l2_sqrt_d`, `raw`), `hidden` and `output` the activations that a state
    dict does not state, `encoder` the model it was trained on (`any` lifts the check but for the dimension). What is
    left out comes from the file or the table of published heads.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    input: Input | None = None
    hidden: Activation | None = None
    output: Activation | None = None
    encoder: str | None = None


class Chosen(BaseModel):
    """A choice settled on a file."""

    model_config = ConfigDict(frozen=True)

    choice: HeadChoice
    path: Path
    published: Published | None

    def identity(self) -> dict[str, Any]:
        """What decides the values: the weights and how they are applied, and not where they lie."""
        facts = self.choice.model_dump(mode="json", exclude={"path", "encoder"})
        return facts | {"input": self.input, "weights": weights_hash(self.path)}

    @property
    def input(self) -> Input | None:
        return self.choice.input or (self.published.input if self.published else None)

    def read(self) -> Head:
        return read_head(self.path, input=self.input, hidden=self.choice.hidden, output=self.choice.output)


def choose(
    name: str,
    choice: HeadChoice,
    home: Path,
    place: Place,
    dimensions: int,
    kind: Literal["aesthetic", "nsfw"] | None,
    fingerprints: Collection[str] = (),
    beside: int = 0,
) -> tuple[Chosen, Head]:
    """Settle on a file and read it. `name` is for messages, `kind` what `auto` may take.

    `fingerprints` are those under which the embedding may be known: a head that states one belongs to no other. `auto`
    is the head that was trained on this home's labels, where it belongs to this embedding; else a published one, else
    the shipped one. `beside` is how many numbers the caller can give behind the embedding: a head may take them or not.

    Raises NotAtHand where `auto` or a published head is not on this machine, HeadError where a head does not fit.
    """
    chosen = (
        _auto(name, choice, home, place, kind, fingerprints) if choice.path == "auto" else _named(name, choice, home)
    )
    _same_encoder(name, chosen, place)
    _same_vectors(name, chosen, fingerprints)
    head = chosen.read()
    if head.inputs not in (dimensions, dimensions + beside):
        raise HeadError(
            f"head {name!r} ({chosen.path.name}) takes {head.inputs} numbers, the embedding of {place.title} has "
            f"{dimensions}: choose the encoder that it was trained on, or another head"
        )
    return chosen, head


def _auto(
    name: str, choice: HeadChoice, home: Path, place: Place, kind: str | None, fingerprints: Collection[str]
) -> Chosen:
    if kind is not None and (path := trained.current(kind, home, fingerprints)):
        return Chosen(choice=choice, path=path, published=None)
    fitting = [head for head in PUBLISHED if head.kind == kind and place.fits(head.encoder)]
    for head in fitting:
        if path := at_hand(head, home):
            return Chosen(choice=choice, path=path, published=_verified(head, path))
    if kind == "aesthetic" and QUALITY.is_file() and stated(QUALITY).get("embedding", "") in fingerprints:
        return Chosen(choice=choice, path=QUALITY, published=None)
    if fitting:
        why = f"put {fitting[0].file} from {fitting[0].source} into {home / 'heads'}, or point {HEADS} to its folder"
    elif place.folder is not None and place.title == place.name:
        why = f"a folder does not say which published head fits it; name one, as in {name}: {{path: FILE}}"
    else:
        known = ", ".join(sorted({head.encoder for head in PUBLISHED if head.kind == kind}))
        why = f"no published head fits {place.title}; there are some for {known}"
    raise NotAtHand(f"{name} left out: {why}")


def _named(name: str, choice: HeadChoice, home: Path) -> Chosen:
    published = by_name(choice.path)
    if published is not None and not Path(choice.path).exists():
        path = at_hand(published, home)
        if path is None:
            where = f"put {published.file} from {published.source} into {home / 'heads'}"
            raise HeadError(f"head {name!r}: {choice.path} is not on this machine: {where}")
        return Chosen(choice=choice, path=path, published=_verified(published, path))
    path = Path(choice.path)
    if not path.exists():
        names = ", ".join(head.name for head in PUBLISHED)
        raise HeadError(f"head {name!r}: no file {choice.path}: give a path, or one of {names}, auto")
    same = by_name(path.name)
    known = same if same is not None and (not same.sha256 or same.sha256 == weights_hash(path)) else None
    return Chosen(choice=choice, path=path, published=known)


def _verified(head: Published, path: Path) -> Published:
    if head.sha256 and weights_hash(path) != head.sha256:
        raise HeadError(f"{path} is not the {head.name} that was published (another sha256): fetch it anew")
    return head


def _same_encoder(name: str, chosen: Chosen, place: Place) -> None:
    trained = chosen.choice.encoder or (chosen.published.encoder if chosen.published else stated_encoder(chosen.path))
    if trained and trained != ANY and place.fits(trained) is False:
        raise HeadError(
            f"head {name!r} was trained on {trained}, the embedding is of {place.title}: "
            f"set embedding: {{model: {trained}}}, choose another head, or say encoder: any"
        )


def _same_vectors(name: str, chosen: Chosen, fingerprints: Collection[str]) -> None:
    """A model gives other vectors of other views of a picture: what was trained on those is no judge of these."""
    meant = stated(chosen.path).get("embedding", "") if chosen.choice.encoder is None else ""
    if meant and fingerprints and meant not in fingerprints:
        raise HeadError(
            f"head {name!r} was trained on vectors that this embedding does not give (other weights, views, version): "
            "train it again on this one, set the embedding that it was trained on, or say encoder: any"
        )
