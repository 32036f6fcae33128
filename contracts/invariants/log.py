"""Invariants of the log, and of the state as it is stored."""

from collections.abc import Iterator
from typing import Final

from contracts.invariants.facts import Facts
from contracts.values import Case, ChainHead, SeenCheckpoint, parse_value
from ledger.canonical import encode
from ledger.errors import FormatError
from ledger.hashing import sha256
from ledger.records.anchors import Anchor, checkpoint_of
from ledger.types import DigestHex

_CONFIRMED: Final = frozenset({"closed", "confirmed", "rectified", "referred", "unrectified"})
"""States of a finding that was confirmed."""


def values_can_be_read(facts: Facts) -> Iterator[str]:
    """Every value is within the limits of its type: a node that stores it can read it again."""
    for key in facts.state.keys():  # noqa: SIM118  a state is no dict
        value = facts.state.get(key)
        try:
            same = value is not None and parse_value(key, encode(value)) == value
        except FormatError as error:
            yield f"{key}: {error}"
        else:
            if not same:
                yield f"{key} reads back as something else"


def chains_are_whole(facts: Facts) -> Iterator[str]:
    """Each writer's records are one chain, and the state holds its head."""
    heads: dict[str, ChainHead] = {}
    for index, record in facts.records:
        chain, before = record.chain, heads.get(record.chain.writer)
        place = (0, None) if before is None else (before.records, before.head)
        if (chain.sequence, chain.previous) != place:
            yield f"record {index} does not follow in the chain of {chain.writer}"
        heads[chain.writer] = ChainHead(
            head=record.digest, last_index=index, records=chain.sequence + 1
        )
    if dict(facts.all("chain", ChainHead)) != heads:
        yield "the heads of chains are not those of the log"


def anchors_were_put_down(facts: Facts) -> Iterator[str]:
    """A checkpoint of another ledger that stands was put down at its size.

    It is the first one, unless that was confirmed to be wrong; then none may stand.
    """
    said: dict[str, list[tuple[str, str]]] = {}
    for _, record in facts.records:
        if isinstance(record.body, Anchor):
            seen = checkpoint_of(record.body)
            log = sha256(seen.origin.encode()).hex()
            every = said.setdefault(f"{log}/{seen.size}", [])
            every.append((record.digest, seen.root.hex()))
    stand = {name: (one.record, one.root) for name, one in facts.all("anchor", SeenCheckpoint)}
    for name in sorted({*said, *stand}):
        stands, every = stand.get(name), said.get(name, [])
        is_known = stands is None or stands in every
        if not is_known or (every[:1] != [stands] and not _is_wrong(facts, every[0][0])):
            yield f"{name}: {stands} stands, which nobody put down, or another one should"


def _is_wrong(facts: Facts, record: DigestHex) -> bool:
    found = facts.get(Case, f"case/{record}-inconsistent-checkpoints")
    return found is not None and found.state in _CONFIRMED
