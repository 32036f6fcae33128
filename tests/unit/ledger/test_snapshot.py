"""Parts of a snapshot: all pairs, each once, in order; nothing else is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import FormatError
from ledger.snapshot import PART_BYTES_MAX, encode_parts, parse_part

KEYS = st.binary(min_size=1, max_size=40)
PAIRS = st.dictionaries(KEYS, st.binary(max_size=60)).map(lambda found: sorted(found.items()))
HALF = PART_BYTES_MAX // 2
WHOLE = b"\x00\x01a\x00\x00\x00\x01x\x00\x01b\x00\x00\x00\x00"


def read(parts: list[bytes]) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    for part in parts:
        found += parse_part(part, found[-1][0] if found else b"")
    return found


@given(PAIRS)
def test_pairs_come_back_as_they_were(pairs: list[tuple[bytes, bytes]]) -> None:
    assert read(list(encode_parts(pairs))) == pairs


def test_a_part_is_what_the_document_says() -> None:
    assert list(encode_parts([(b"a", b"x"), (b"b", b"")])) == [WHOLE]


def test_parts_are_full_and_not_too_full() -> None:
    pairs = [(bytes([n]), bytes(HALF - 20)) for n in range(1, 6)]
    parts = list(encode_parts(pairs))
    assert [len(parse_part(part, b"")) for part in parts] == [2, 2, 1]
    assert all(len(part) <= PART_BYTES_MAX for part in parts)
    assert read(parts) == pairs


def test_a_pair_fills_a_part_or_is_too_large() -> None:
    room = PART_BYTES_MAX - 2 - 1 - 4
    assert [len(part) for part in encode_parts([(b"a", bytes(room))])] == [PART_BYTES_MAX]
    with pytest.raises(FormatError, match="more than"):
        list(encode_parts([(b"a", bytes(room + 1))]))


def test_a_part_that_is_cut_within_a_pair_is_none() -> None:
    ends = [end for end in range(1, len(WHOLE)) if end != len(WHOLE[:8])]
    for end in ends:
        with pytest.raises(FormatError, match="ends within"):
            parse_part(WHOLE[:end], b"")


@pytest.mark.parametrize(
    ("data", "after", "why"),
    [
        (b"", b"", "1 to"),
        (bytes(PART_BYTES_MAX + 1), b"", "1 to"),
        (WHOLE, b"a", "order"),
        (WHOLE, b"b", "order"),
        (WHOLE[:8] + WHOLE[:8], b"", "order"),
        (WHOLE[8:] + WHOLE[:8], b"", "order"),
        (b"\x00\x00\x00\x00\x00\x00", b"", "order"),
        (b"\x00\x01a\xff\xff\xff\xff", b"", "ends within"),
    ],
    ids=["empty", "large", "again", "before", "twice", "descending", "no key", "beyond"],
)
def test_what_is_no_part_is_refused(data: bytes, after: bytes, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        parse_part(data, after)
