"""The level structure: every leaf is a canonical record or seal, in its place.

A record follows its writer's record before; a seal follows the seal before and closes exactly the
records since. That is what the bytes alone can show: whether a record was *entitled* to be there,
and whether the seal says what the records came to, the level `rules` finds out.
"""

from collections import Counter
from dataclasses import dataclass, field

from contracts.audit.report import Doubt, DoubtError, Level, WriterHead
from ledger.errors import FormatError
from ledger.hashing import sha256
from ledger.records import Genesis, Record, parse_record
from ledger.records.statement import subject_of
from ledger.seal import Seal, SealStatement, is_seal, parse_seal
from ledger.types import Count, DigestHex, Time, WriterId


@dataclass(frozen=True, slots=True)
class ReadBlock:
    """The leaves of one block: its records from index `first` on, and its seal."""

    first: Count
    records: tuple[Record, ...]
    seal: Seal
    seal_leaf: bytes

    @property
    def seal_index(self) -> Count:
        """The index of the seal's leaf."""
        return self.first + len(self.records)


@dataclass(slots=True)
class Tally:
    """What has been audited."""

    blocks: int = 0
    records: Counter[str] = field(default_factory=Counter)
    from_time: Time | None = None
    last: Seal | None = None

    def add(self, block: ReadBlock) -> None:
        """Count one more block."""
        self.blocks += 1
        self.records.update(record.kind for record in block.records)
        self.last = block.seal
        if self.from_time is None:
            self.from_time = block.seal.block_time


class Structure:
    """Takes all leaves in order. Raises `DoubtError`; after that it takes no more."""

    def __init__(self) -> None:
        self.ledger: DigestHex | None = None
        self.genesis: Genesis | None = None
        self.size = 0
        self.writers: dict[WriterId, WriterHead] = {}
        self._records: list[Record] = []
        self._last_seal: Seal | None = None
        self._last_seal_digest: DigestHex | None = None

    def read(self, leaf: bytes) -> Record | ReadBlock:
        """The record in the next leaf, or, if it is a seal, the block it ends."""
        try:
            parsed = parse_seal(leaf) if is_seal(leaf) else parse_record(leaf)
        except FormatError as error:
            what = f"leaf {self.size}"
            raise DoubtError(
                Doubt(level="structure", what=what, detail=str(error), index=self.size)
            ) from error
        if isinstance(parsed, Record):
            self._check_place(parsed)
            self._records.append(parsed)
            read: Record | ReadBlock = parsed
        else:
            read = self._end_block(parsed, leaf)
        self.size += 1
        return read

    def finish(self) -> None:
        """After the last leaf: it must have been a seal."""
        if self.size == 0:
            raise DoubtError(
                Doubt(level="structure", what="log", detail="it has no genesis record")
            )
        if self._records:
            detail = f"it ends within a block: {len(self._records)} leaves follow the last seal"
            raise DoubtError(Doubt(level="structure", what="log", detail=detail))

    def _check_place(self, record: Record) -> None:
        chain, body = record.chain, record.body
        if self.size == 0 and isinstance(body, Genesis):
            self.genesis, self.ledger = body, record.digest
        elif self.size == 0:
            raise record_doubt("structure", record, 0, "the log does not start with genesis")
        elif chain.ledger != self.ledger:
            detail = f"it belongs to the ledger {chain.ledger}, not to {self.ledger}"
            raise record_doubt("structure", record, self.size, detail)
        before = self.writers.get(chain.writer)
        sequence, previous = (0, None) if before is None else (before.records, before.head)
        if (chain.sequence, chain.previous) != (sequence, previous):
            detail = (
                f"the chain of {chain.writer} is broken: this is number {chain.sequence} after "
                f"{chain.previous}; number {sequence} after {previous} has to come next"
            )
            raise record_doubt("structure", record, self.size, detail)
        self.writers[chain.writer] = WriterHead(head=record.digest, records=sequence + 1)

    def _end_block(self, statement: SealStatement, leaf: bytes) -> ReadBlock:
        seal, before = statement.predicate, self._last_seal
        first = self.size - len(self._records)
        places = {
            "count": (seal.count, len(self._records)),
            "first": (seal.first, first),
            "height": (seal.height, 0 if before is None else before.height + 1),
            "previousSeal": (seal.previous_seal, self._last_seal_digest),
            "subject": (statement.subject[0], subject_of("genesis", self.ledger or "")),
        }
        for name, (said, derived) in places.items():
            if said != derived:
                detail = f"`{name}` is {said}, where {derived} has to come next"
                raise seal_doubt("structure", seal, self.size, detail)
        if before is not None and seal.block_time <= before.block_time:
            detail = f"`blockTime` {seal.block_time} is not after {before.block_time}"
            raise seal_doubt("structure", seal, self.size, detail)
        block = ReadBlock(first, tuple(self._records), seal, leaf)
        self._records = []
        self._last_seal, self._last_seal_digest = seal, sha256(leaf).hex()
        return block


def record_doubt(
    level: Level, record: Record, index: Count, detail: str, height: Count | None = None
) -> DoubtError:
    """A doubt about a record."""
    writer = record.chain.writer
    what = f"leaf {index}, {record.kind} {record.digest}"
    return DoubtError(
        Doubt(level=level, what=what, detail=detail, index=index, height=height, writer=writer)
    )


def seal_doubt(level: Level, seal: Seal, index: Count, detail: str) -> DoubtError:
    """A doubt about a seal."""
    return DoubtError(
        Doubt(
            level=level,
            what=f"leaf {index}, seal",
            detail=detail,
            index=index,
            height=seal.height,
            writer=seal.proposer,
        )
    )
