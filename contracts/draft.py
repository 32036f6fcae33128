"""What one record, or the settlement of one deadline, is about to change and to find.

A `Draft` is an overlay with the surroundings of its record. Rules read and write through it; if a
rule refuses, `transition` drops the draft and nothing has happened.
"""

from collections.abc import Callable

from contracts.context import Context
from contracts.reasons import DATASET_NOT_ALLOWED, IN_OTHER_HANDS, refuse_unless
from contracts.succession import keeper_of
from contracts.values import Writer
from contracts.view import Overlay, StateView
from ledger.seal import FindingRef
from ledger.types import DatasetId, DigestHex, MemberId, WriterId

Settle = Callable[["Draft", str], None]
"""Settles a deadline that fell due, by its key. Cases don't know what all rules find in them."""


class Draft(Overlay):
    """An overlay for one record.

    `record` is the digest of the record (in a settlement, of the seal before), `signer` the writer
    that signed it, `member` the signer's member. A settlement has no signer. `is_split` says that
    others hold parts of the signer's member, or that the signer speaks for such a part. `settle` is
    how a deadline passes, should the record touch a case whose deadline fell due.
    """

    __slots__ = (
        "context",
        "findings",
        "is_split",
        "member",
        "record",
        "settle",
        "signer",
        "writer",
    )

    def __init__(  # noqa: PLR0913  a draft is all of these
        self,
        base: StateView,
        context: Context,
        record: DigestHex,
        signer: WriterId = "",
        writer: Writer | None = None,
        *,
        settle: Settle,
        is_split: bool = False,
    ) -> None:
        super().__init__(base)
        self.context = context
        self.is_split = is_split
        self.record = record
        self.settle = settle
        self.signer = signer
        self.member: MemberId = signer.partition("/")[0]
        self.writer = writer
        self.findings: list[FindingRef] = []

    def check_dataset(self, dataset: DatasetId | None) -> None:
        """Refuse a writer that is bound to other datasets; None is a thing that speaks of none.

        R010: a writer appointed for some datasets asks, gives and takes steps for these alone.
        """
        allowed = () if self.writer is None else self.writer.datasets
        refuse_unless(
            not allowed or dataset in allowed, DATASET_NOT_ALLOWED, dataset or "", "dataset"
        )
        refuse_unless(not self.is_in_other_hands(dataset), IN_OTHER_HANDS, dataset or "", "dataset")

    @property
    def is_for_part(self) -> bool:
        """Whether the signer speaks for a part of its member alone: by none of its offices."""
        return self.writer is not None and self.writer.keeper is not None

    def is_in_other_hands(self, dataset: DatasetId | None) -> bool:
        """R629: of a member that was split, each hand speaks of its part alone.

        Writers that the member itself appointed speak of what is in nobody else's hands.
        """
        if not self.is_split or dataset is None:
            return False
        keeper = None if self.writer is None else self.writer.keeper
        return keeper_of(self, self.member, dataset) != keeper
