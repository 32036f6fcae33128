"""Parts of a snapshot: all pairs of a state map, in order of their keys, cut into parts.

    pair   u16(length of key) ‖ key ‖ u32(length of value) ‖ value
    part   at least one pair, at most 1,048,576 bytes

Keys ascend strictly as bytes, within a part and from one part to the next, so each pair is there
once. A part proves nothing: all pairs together give the root of their map (`ledger.merkle_map`),
which is compared with the `stateRoot` of a seal.

>>> parts = list(encode_parts([(b"member/a", b"1"), (b"member/b", b"2")]))
>>> parse_part(parts[0], b"")
[(b'member/a', b'1'), (b'member/b', b'2')]
"""

from collections.abc import Iterable, Iterator
from typing import Final

from ledger.errors import FormatError

PART_BYTES_MAX: Final = 1_048_576
_KEY_LENGTH_BYTES: Final = 2
_VALUE_LENGTH_BYTES: Final = 4

Pair = tuple[bytes, bytes]
"""A key of the map and its value."""


def encode_parts(pairs: Iterable[Pair]) -> Iterator[bytes]:
    """Parts as full as they get; `pairs` ascend by key. Raises `FormatError` for one too large."""
    part = bytearray()
    for key, value in pairs:
        pair = b"".join((len(key).to_bytes(2), key, len(value).to_bytes(4), value))
        if len(pair) > PART_BYTES_MAX:
            raise FormatError(f"a pair has {len(pair)} bytes, more than {PART_BYTES_MAX}")
        if len(part) + len(pair) > PART_BYTES_MAX:
            yield bytes(part)
            part.clear()
        part += pair
    if part:
        yield bytes(part)


def parse_part(data: bytes, after: bytes) -> list[Pair]:
    """The pairs of a part whose keys all come after `after`, the last key of the part before.

    Raises `FormatError`.
    """
    if not 0 < len(data) <= PART_BYTES_MAX:
        raise FormatError(f"a part has 1 to {PART_BYTES_MAX} bytes, this one {len(data)}")
    pairs: list[Pair] = []
    at = 0
    while at < len(data):
        key, at = _framed(data, at, _KEY_LENGTH_BYTES)
        value, at = _framed(data, at, _VALUE_LENGTH_BYTES)
        if key <= after:
            raise FormatError(f"pair {len(pairs)} is not in the order of its key")
        pairs.append((key, value))
        after = key
    return pairs


def _framed(data: bytes, at: int, length_bytes: int) -> tuple[bytes, int]:
    """What stands after its length at a place, and where it ends."""
    start = at + length_bytes
    end = start + int.from_bytes(data[at:start])
    if start > len(data) or end > len(data):
        raise FormatError("the part ends within a pair")
    return data[start:end], end
