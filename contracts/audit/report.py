"""What an audit says: how deep it went, what it counted, and every doubt with its culprit."""

from typing import Final, Literal, get_args

from msgspec import Struct

from ledger.types import Count, DigestHex, MemberId, Time, WriterId

Level = Literal["structure", "tree", "signatures", "rules"]
"""How deep an audit goes; each level includes those before it.

    structure    every leaf is a canonical record or seal; chains and seals follow one another
    tree         leaves and tiles lead to the root that the log signed
    signatures   every signature of every record holds
    rules        the rules, replayed, yield the same findings, outcomes, state and seals
"""
LEVELS: Final[tuple[Level, ...]] = get_args(Level)


class Doubt(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """One thing that does not hold, and who or what is to be asked about it.

    Attributes:
        level: the level that found it.
        what: the culprit: a leaf, a tile, a bundle, a seal, the checkpoint.
        detail: what is wrong with it.
        index: the leaf's index.
        height: the block's height.
        place: file and bytes, as `<path> bytes [<start>, <end>)`.
        writer: whose record it is; of a seal, the member that formed the block.
    """

    level: Level
    what: str
    detail: str
    index: Count | None = None
    height: Count | None = None
    place: str | None = None
    writer: WriterId | MemberId | None = None

    def __str__(self) -> str:
        """One line: `tree: leaf 5 of health/main (tile/entries/000 bytes [10, 90)): …`."""
        whose = f" of {self.writer}" if self.writer else ""
        block = f", block {self.height}" if self.height is not None else ""
        place = f" ({self.place})" if self.place else ""
        return f"{self.level}: {self.what}{whose}{block}{place}: {self.detail}"


class DoubtError(Exception):
    """Carries a doubt from where it is found to where it is collected."""

    def __init__(self, doubt: Doubt) -> None:
        super().__init__(str(doubt))
        self.doubt = doubt


class WriterHead(Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a writer's chain stands: to be compared with what the writer itself publishes."""

    head: DigestHex
    records: Count


class Report(Struct, frozen=True, kw_only=True, rename="camel"):
    """What an audit came to. Counts cover what was audited before the first doubt, if there is one.

    Attributes:
        level: how deep the audit went.
        origin: name of the log.
        size: leaves the checkpoint covers.
        root: the root it signs.
        ledger: digest of the genesis record.
        blocks: blocks audited, genesis included.
        records: records audited, by kind.
        findings: findings raised, by code; empty below the level `rules`.
        members: members of the ledger; empty below the level `rules`.
        state_root: root of the state after the last block audited.
        from_time: time of the first block.
        to_time: time of the last block audited.
        writers: chain heads.
        doubts: what does not hold, in the order of the log; the first is the culprit, later ones
            may follow from it. None, if all is well.
    """

    level: Level
    origin: str
    size: Count
    root: DigestHex
    ledger: DigestHex | None
    blocks: Count
    records: dict[str, Count]
    findings: dict[str, Count]
    members: tuple[MemberId, ...]
    state_root: DigestHex | None
    from_time: Time | None
    to_time: Time | None
    writers: dict[WriterId, WriterHead]
    doubts: tuple[Doubt, ...]
