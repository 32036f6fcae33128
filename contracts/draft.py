"""What one record, or the settlement of one deadline, is about to change and to find.

A `Draft` is an overlay with the surroundings of its record. Rules read and write through it; if a
rule refuses, `transition` drops the draft and nothing has happened.
"""

from contracts.context import Context
from contracts.reasons import DATASET_NOT_ALLOWED, refuse_unless
from contracts.values import Writer
from contracts.view import Overlay, StateView
from ledger.seal import FindingRef
from ledger.types import DatasetId, DigestHex, MemberId, WriterId


class Draft(Overlay):
    """An overlay for one record.

    `record` is the digest of the record (in a settlement, of the seal before), `signer` the writer
    that signed it, `member` the signer's member. A settlement has no signer.
    """

    __slots__ = ("context", "findings", "member", "record", "signer", "writer")

    def __init__(
        self,
        base: StateView,
        context: Context,
        record: DigestHex,
        signer: WriterId = "",
        writer: Writer | None = None,
    ) -> None:
        super().__init__(base)
        self.context = context
        self.record = record
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
