"""Records by which a member's custodian key manages the member's writers, and writers their keys.

Every new key also signs the record that introduces it: the second signature of the envelope is the
proof of possession.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta

from ledger.canonical import Canonical, require_ascending
from ledger.keys import KeyDescription
from ledger.records.names import Names
from ledger.types import (
    Count,
    DatasetId,
    DigestHex,
    MemberId,
    ShortText,
    Slug,
    Time,
    WriterId,
)

CUSTODIAN: Final = "custodian"
"""Name of the writer that stands for a member's custodian key; never appointed, never ended."""

Family = Literal["cases", "catalogue", "governance", "keys", "ledger", "sharing", "use"]


class WriterAppointment(Canonical):
    """The custodian appoints a writer or changes its reach. Signed by custodian and new key.

    Attributes:
        datasets: the only datasets it may write about, ascending; none listed means all.
        families: families of records it may sign, ascending.
        key: its first key; of an active writer, its present key.
        mandate: record digest of the mandate of the contractor that signs, if one does.
        not_after: when the appointment ends by itself.
        writer: the writer, of the custodian's own member.
    """

    datasets: Annotated[tuple[DatasetId, ...], Meta(max_length=256)] = ()
    families: Annotated[tuple[Family, ...], Meta(min_length=1, max_length=7)]
    key: KeyDescription
    mandate: DigestHex | None = None
    not_after: Time | None = None
    writer: WriterId

    def __post_init__(self) -> None:
        require_ascending("datasets", self.datasets)
        require_ascending("families", self.families)
        _require_no_custodian(self.writer)


class Mandate(Canonical):
    """By which contract a contractor works on a system of a member. Signed by the custodian.

    Attributes:
        code: unified code of the contractor.
        contract: digest of the contract.
        contractor: what the contractor is called.
        member: the member it works for.
        not_after: when the period ends.
        not_before: when it begins; left out, at once.
        system: the member's information system.
    """

    code: ShortText
    contract: DigestHex
    contractor: Names
    member: MemberId
    not_after: Time
    not_before: Time | None = None
    system: Slug


class WriterEnd(Canonical):
    """The custodian ends a writer; what it wrote stays valid. Signed by the custodian.

    Attributes:
        ground: why.
        writer: the writer that ends.
    """

    ground: ShortText | None = None
    writer: WriterId

    def __post_init__(self) -> None:
        _require_no_custodian(self.writer)


class KeyRotation(Canonical):
    """A writer, or a custodian, replaces its own key. Signed by the old and the new key.

    Attributes:
        key: the new key.
    """

    key: KeyDescription


class KeyRevocation(Canonical):
    """The custodian revokes a writer's key, since an index. Signed by custodian and replacement.

    Attributes:
        key: key id of the revoked key.
        replacement: the writer's next key; without one the writer ends.
        suspect_since: index of the first leaf from which on its records are suspect.
    """

    key: DigestHex
    replacement: KeyDescription | None = None
    suspect_since: Count


def _require_no_custodian(writer: WriterId) -> None:
    if writer.partition("/")[2] == CUSTODIAN:
        raise ValueError(f"`writer`: a {CUSTODIAN} is neither appointed nor ended")
