"""RFC 9162 section 2.1 as it stands there: recursive, from the whole list of leaves."""

from hashlib import sha256

from ledger.types import Digest


def _h(data: bytes) -> Digest:
    return Digest(sha256(data).digest())


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def mth(leaves: list[bytes]) -> Digest:
    """MTH(D_n), section 2.1.1."""
    if not leaves:
        return _h(b"")
    if len(leaves) == 1:
        return _h(b"\x00" + leaves[0])
    k = _split(len(leaves))
    return _h(b"\x01" + mth(leaves[:k]) + mth(leaves[k:]))


def path(index: int, leaves: list[bytes]) -> list[Digest]:
    """PATH(m, D_n), section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = _split(len(leaves))
    if index < k:
        return [*path(index, leaves[:k]), mth(leaves[k:])]
    return [*path(index - k, leaves[k:]), mth(leaves[:k])]


def proof(old_size: int, leaves: list[bytes]) -> list[Digest]:
    """PROOF(m, D_n), section 2.1.4.1."""
    return _subproof(old_size, leaves, known=True)


def _subproof(old_size: int, leaves: list[bytes], *, known: bool) -> list[Digest]:
    if old_size == len(leaves):
        return [] if known else [mth(leaves)]
    k = _split(len(leaves))
    if old_size <= k:
        return [*_subproof(old_size, leaves[:k], known=known), mth(leaves[k:])]
    return [*_subproof(old_size - k, leaves[k:], known=False), mth(leaves[:k])]
