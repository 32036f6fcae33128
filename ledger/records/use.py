"""Records of use: facts, appended whatever the rules make of them.

One record reports the uses made under one grant during one span of time, event by event. The events
are committed to by `events_root`, the RFC 9162 root over their canonical encodings, so that a
single event can be proved without showing the others; they are listed in `events` or kept by the
writer.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta

from ledger.canonical import Canonical, require_ascending
from ledger.records.catalogue import VersionContent
from ledger.records.sharing import GrantIds
from ledger.records.terms import COLUMNS_MAX, Columns, FieldMasking, Operation, RowFilter, Storage
from ledger.sealed import MaybeSealed
from ledger.types import (
    SAFE_INTEGER_MAX,
    Count,
    DigestHex,
    ItemId,
    MemberId,
    PurposeCode,
    ShortText,
    Slug,
    Time,
)

EventSalt = Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
"""16 bytes as 32 lower-case hex characters."""
EVENTS_MAX: Final = 1_024
EFFECTS_MAX: Final = 32


class Event(Canonical):
    """One use.

    Attributes:
        offset_ms: milliseconds since the start of the record's span.
        ref: where to find it in the writer's own logs.
        rows: rows used.
        salt: 16 random bytes, so that an event kept by its writer cannot be guessed from its hash.
    """

    offset_ms: Count
    ref: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    rows: Count
    salt: EventSalt | None = None


class Transfer(Canonical):
    """Data passed on to third parties.

    Attributes:
        aggregated: whether only aggregates were passed on.
        members: members of the ledger that received it, ascending.
        others: number of recipients that are no members.
    """

    aggregated: bool
    members: Annotated[tuple[MemberId, ...], Meta(max_length=64)] = ()
    others: Count = 0

    def __post_init__(self) -> None:
        require_ascending("members", self.members)


class Usage(Canonical):
    """What was done with a dataset version during a span of time.

    Attributes:
        content: the version used and the digest of what was used.
        ended_at: end of the span.
        events: the uses, if they are listed.
        events_root: RFC 9162 root over the canonical encodings of all events.
        fields: columns used, ascending.
        grant: the grant claimed; none if the data was used without one.
        masking: how fields were masked, ascending by field.
        minimum_group: smallest number of subjects behind any figure that left the consumer.
        onward: what was passed on.
        operation: what was done.
        purpose: what for.
        rows: rows used in total; the sum over the events.
        rows_used: which rows, by code prefixes, ascending by column.
        scene: the matter it was used for; may be sealed.
        started_at: start of the span.
        storage: how the data is kept.
        system: information system that used it.
        uses: number of events.
    """

    content: VersionContent
    ended_at: Time
    events: Annotated[tuple[Event, ...], Meta(max_length=EVENTS_MAX)] = ()
    events_root: DigestHex
    fields: Columns
    grant: ItemId | None = None
    masking: Annotated[tuple[FieldMasking, ...], Meta(max_length=COLUMNS_MAX)] = ()
    minimum_group: Count | None = None
    onward: Transfer | None = None
    operation: Operation
    purpose: PurposeCode
    rows: Count
    rows_used: Annotated[tuple[RowFilter, ...], Meta(max_length=32)] = ()
    scene: MaybeSealed | None = None
    started_at: Time
    storage: Storage = "none"
    system: Slug | None = None
    uses: Annotated[int, Meta(ge=1, le=SAFE_INTEGER_MAX)]

    def __post_init__(self) -> None:
        require_ascending("fields", self.fields)
        require_ascending("masking", [one.field for one in self.masking])
        require_ascending("rowsUsed", [one.column for one in self.rows_used])
        if self.started_at > self.ended_at:
            raise ValueError("`startedAt` lies after `endedAt`")


class Disposal(Canonical):
    """What was obtained under rights was deleted, or given back: every copy of it.

    Attributes:
        certificate: digest of the certificate of deletion, or of the receipt.
        disposed_at: when the last copy was gone.
        grants: the rights under which the data was obtained, ascending.
        note: explanation; may be sealed.
        way: whether the data was deleted or returned.
    """

    certificate: DigestHex | None = None
    disposed_at: Time
    grants: GrantIds
    note: MaybeSealed | None = None
    way: Literal["deleted", "returned"] = "deleted"

    def __post_init__(self) -> None:
        require_ascending("grants", self.grants)


class Effect(Canonical):
    """One figure of what was achieved.

    Attributes:
        measure: how much.
        name: of what.
    """

    measure: ShortText
    name: ShortText


class EffectReport(Canonical):
    """What was achieved with the data of a right during a period.

    Attributes:
        effects: figures.
        ended_at: end of the period.
        evidence: digests of documents, ascending.
        grant: the right.
        started_at: start of the period.
        text: what was achieved; may be sealed.
    """

    effects: Annotated[tuple[Effect, ...], Meta(max_length=EFFECTS_MAX)] = ()
    ended_at: Time
    evidence: Annotated[tuple[DigestHex, ...], Meta(max_length=32)] = ()
    grant: ItemId
    started_at: Time
    text: MaybeSealed

    def __post_init__(self) -> None:
        require_ascending("evidence", self.evidence)
        if self.started_at > self.ended_at:
            raise ValueError("`startedAt` lies after `endedAt`")
