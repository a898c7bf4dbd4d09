"""WebDataset tars: samples in order, resumable at any mark; whatever is damaged is a typed error."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.local.entries import Entry, EntryError
from crawlers.local.tar import Mark, read_tar
from tests.crawlers.conftest import picture

PNG = picture()
KINDS = {"bad_tar", "outside", "not_a_file", "too_large", "truncated", "too_many", "bad_metadata"}


def tar(*members: tuple[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def read(data: bytes, **options: int) -> list[Entry | Mark]:
    return list(read_tar(io.BytesIO(data), "s.tar", **options))


def names(found: list[Entry | Mark]) -> list[str]:
    return [one.name for one in found if isinstance(one, Entry)]


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
@pytest.mark.parametrize("samples", [1, 2, 3])
def test_pieces_add_up_to_the_whole(form: int, samples: int) -> None:
    members = [
        (f"d/{'n' * 80}{n}.{end}", data) for n in range(5) for end, data in (("json", b'{"n": 1}'), ("png", PNG))
    ]
    data = tar(*members, form=form)
    found = read(data, samples=samples)
    while isinstance(found[-1], Mark):
        found = [*found[:-1], *read(data, start=found[-1].offset, samples=samples)]
    assert found == read(data)
    assert len(names(found)) == 5
    assert {one.row["n"] for one in found if isinstance(one, Entry)} == {1}


def test_metadata_may_stand_after_the_image_and_images_may_share_it() -> None:
    first, second = read(tar(("a.left.png", PNG), ("a.right.png", PNG), ("a.txt", b" words ")))
    assert isinstance(first, Entry)
    assert isinstance(second, Entry)
    assert (first.name, second.name, first.row) == ("s.tar/a.left.png", "s.tar/a.right.png", {"txt": "words"})


def test_a_header_that_claims_gigabytes_is_not_believed() -> None:
    info = tarfile.TarInfo("long")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 4 << 30
    with pytest.raises(EntryError) as claimed:
        read(info.tobuf(tarfile.GNU_FORMAT) + bytes(10240))
    big = tarfile.TarInfo("big.png")
    big.size = 4 << 30
    with pytest.raises(EntryError) as cut:
        read(big.tobuf(tarfile.GNU_FORMAT) + bytes(10240))
    assert (claimed.value.kind, cut.value.kind) == ("bad_tar", "bad_tar")


def test_too_many_members_of_one_sample() -> None:
    found = read(tar(*[(f"a.{n}.png", b"x") for n in range(70)], ("b.png", PNG)))
    assert [one.problem is None for one in found if isinstance(one, Entry)][-1]
    assert {one.problem.kind for one in found if isinstance(one, Entry) and one.problem} == {"too_many"}


@given(st.data())
def test_damaged_tars_give_entries_or_typed_errors(data: st.DataObject) -> None:
    raw = bytearray(tar(("a.png", PNG), ("a.json", b"{}"), (f"{'b' * 120}.png", PNG), ("c.txt", b"x")))
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, 6000))] = data.draw(st.integers(0, 255))
    assert outcome(bytes(raw[: data.draw(st.integers(0, len(raw)))])) <= KINDS


def outcome(raw: bytes) -> set[str]:
    """The kinds of what went wrong."""
    kinds: set[str] = set()
    try:
        for one in read_tar(io.BytesIO(raw), "s.tar"):
            if isinstance(one, Entry) and one.problem is not None:
                kinds.add(one.problem.kind)
    except EntryError as error:
        kinds.add(error.kind)
    return kinds
