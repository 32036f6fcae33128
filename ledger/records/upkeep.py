"""How a catalogue is kept up: systems, the end of datasets, sources, confirmations."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from ledger.canonical import Canonical, require_ascending
from ledger.records.catalogue import LegalBasis
from ledger.records.genesis import Names
from ledger.types import ColumnName, DatasetId, DigestHex, LongText, MemberId, Slug

ATTESTED_MAX: Final = 128
DATA_ITEMS_MAX: Final = 64


class System(Canonical):
    """An information system of the signer's member, or a change of what is said of it.

    An entry names a system of its provider. Systems of two members may have one name.

    Attributes:
        names: what it is called.
        operator: the member that runs it, if not the owner.
        status: planned, running or retired.
        summary: what it is for.
        system: its permanent id among the systems of its owner.
    """

    names: Names
    operator: MemberId | None = None
    status: Literal["planned", "retired", "running"]
    summary: LongText | None = None
    system: Slug


class Lifecycle(Canonical):
    """A dataset comes to its end: it is archived, or destroyed.

    Attributes:
        certificate: digest of the certificate of destruction.
        dataset: the dataset.
        note: why, or where it is kept.
        status: archived or destroyed.
    """

    certificate: DigestHex | None = None
    dataset: DatasetId
    note: LongText | None = None
    status: Literal["archived", "destroyed"]

    def __post_init__(self) -> None:
        if (self.status == "destroyed") != (self.certificate is not None):
            raise ValueError("`certificate` goes with the status `destroyed`")


class SourceDesignation(Canonical):
    """The steward names the one source of data items, or takes that back.

    Attributes:
        basis: what it rests on.
        dataset: the dataset that is the source.
        entry: digest of its catalogue entry's record that the steward has read.
        items: the data items, as the columns of the source are named, ascending.
        withdrawn: true to take an earlier designation back.
    """

    basis: LegalBasis | None = None
    dataset: DatasetId
    entry: DigestHex
    items: Annotated[tuple[ColumnName, ...], Meta(min_length=1, max_length=DATA_ITEMS_MAX)]
    withdrawn: bool = False

    def __post_init__(self) -> None:
        require_ascending("items", self.items)


class AttestedEntry(Canonical):
    """One entry confirmed.

    Attributes:
        dataset: its dataset.
        entry: digest of its record.
    """

    dataset: DatasetId
    entry: DigestHex


class Attestation(Canonical):
    """A provider confirms that its catalogue entries in force are still right.

    Attributes:
        entries: 1 to 128 entries, ascending by dataset; or `all` that it has in force.
    """

    entries: (
        Literal["all"]
        | Annotated[tuple[AttestedEntry, ...], Meta(min_length=1, max_length=ATTESTED_MAX)]
    )

    def __post_init__(self) -> None:
        if self.entries != "all":
            require_ascending("entries", [one.dataset for one in self.entries])
