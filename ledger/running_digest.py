"""Running digests: a count and 32 bytes that pin a whole ordered list.

`H(H(H("") ‖ d1) ‖ d2) …` over raw digests. Whoever knows count and running digest can be shown the
complete list, and no other one.

>>> one = sha256(b"one").hex()
>>> run_of([one]) == extend_run(EMPTY_RUN, one)
True
"""

from collections.abc import Iterable
from typing import Final

from ledger.hashing import sha256
from ledger.types import DigestHex

EMPTY_RUN: Final[DigestHex] = sha256(b"").hex()
"""Running digest of the empty list."""


def extend_run(run: DigestHex, digest: DigestHex) -> DigestHex:
    """The running digest after one more element."""
    return sha256(bytes.fromhex(run + digest)).hex()


def run_of(digests: Iterable[DigestHex], run: DigestHex = EMPTY_RUN) -> DigestHex:
    """The running digest of a list, continued from `run`."""
    for digest in digests:
        run = extend_run(run, digest)
    return run
