"""What the local signer answers, how it is bounded, and what it needs of the way into the ledger.

    SignerError
    ├── NotHeld        this node holds no key of the writer
    ├── PersonalData   the body holds what looks like an identity or phone number
    ├── SignerBusy     nothing was signed; ask again later
    └── Unsettled      signed and not answered in time; do not repeat, ask the ledger

Each has a permanent `code`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from contracts.transition import Rejected
from contracts.values import ChainHead
from ledger.envelope import Envelope
from ledger.types import WriterId
from node.client.flows import Retry
from node.client.personal import PERSONAL_DATA, REFUSE_ALL, PersonalNumberRule
from node.pipeline import Committed


class Recorder(Protocol):
    """What the signer needs of the way into the ledger; the pipeline is one."""

    async def submit(self, envelopes: Sequence[Envelope], /) -> Sequence[Committed | Rejected]:
        """The answers, in order, once the records are in a block or refused.

        MUST answer a record that is in the ledger already as it was answered before. MAY raise
        anything; the fate of the batch is then unknown, and it is submitted again.
        """
        ...

    def chain_head(self, writer: WriterId, /) -> ChainHead | None:
        """The end of the writer's chain; MUST count in every record answered so far."""
        ...


class SignerError(Exception):
    """Root of what the signer answers besides the ledger's own words; `code` is permanent."""

    code: str = "signer"
    can_retry: bool = False


class NotHeld(SignerError):  # noqa: N818  the name states the fact
    """This node holds no key of the writer."""

    code = "key-not-held"


class PersonalData(SignerError):  # noqa: N818  the name states the fact
    """The body holds what looks like an identity or phone number; nothing was signed."""

    code = PERSONAL_DATA


class SignerBusy(SignerError):  # noqa: N818  the name states the fact
    """Nothing was signed; the same may be asked again later."""

    code = "signer-busy"
    can_retry = True


class Unsettled(SignerError):  # noqa: N818  the name states the fact
    """Signed, but not answered in time. It may still be recorded: ask the ledger, do not repeat."""

    code = "unsettled"


Answer: TypeAlias = Committed | Rejected | SignerError


@dataclass(frozen=True, slots=True)
class SignerLimits:
    """Bounds of the signer.

    Attributes:
        batch_records_max: records signed and submitted together.
        waiting_max: bodies of one writer that may wait; beyond it, callers are turned away.
        retry: patience with a pipeline that does not answer, and with a chain that runs away.
        personal: numbers not to sign; None signs everything.
    """

    batch_records_max: int = 500
    waiting_max: int = 10_000
    retry: Retry = field(default_factory=Retry)
    personal: PersonalNumberRule | None = REFUSE_ALL
