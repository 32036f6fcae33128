"""Requests for data, grants, their acceptance and revocation."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from ledger.canonical import Canonical, require_ascending
from ledger.records.catalogue import LegalBasis
from ledger.records.genesis import Level
from ledger.records.terms import Terms
from ledger.sealed import MaybeSealed
from ledger.types import DatasetId, DigestHex, ItemId, MemberId, ShortText, Slug

ITEMS_MAX: Final = 128
RECIPIENTS_MAX: Final = 64
TERRITORIES_MAX: Final = 64
RIGHTS_MAX: Final = 512
"""Rights one record can give: each is a grant and a case of its own."""
GrantIds = Annotated[tuple[ItemId, ...], Meta(min_length=1, max_length=ITEMS_MAX)]
NarrowingGround = Literal["legal-restriction", "not-held", "not-necessary", "security"]
EmergencyGround = Literal["accident", "disaster", "public-health", "public-security"]
RevocationGround = Literal[
    "breach", "legal-change", "purpose-fulfilled", "secrecy", "source-ended", "wrong-grant"
]


class RequestItem(Canonical):
    """One dataset asked for.

    Attributes:
        dataset: the dataset.
        emergency: the right given in an emergency whose formalities this is.
        entry: digest of the catalogue entry's record that the requester has read.
        terms: the use asked for.
    """

    dataset: DatasetId
    emergency: ItemId | None = None
    entry: DigestHex
    terms: Terms


class Request(Canonical):
    """An application for data; each item is answered by itself, at once under a standing grant.

    Attributes:
        basis: the legal basis of the consumer's own task.
        contact: office to ask.
        items: 1 to 128 datasets.
        scene: the matter for which the data is used; may be sealed.
        system: information system that will use it.
    """

    basis: LegalBasis | None = None
    contact: ShortText | None = None
    items: Annotated[tuple[RequestItem, ...], Meta(min_length=1, max_length=ITEMS_MAX)]
    scene: MaybeSealed
    system: Slug | None = None


class Audience(Canonical):
    """For whom a standing grant stands; a member must fit every part that is given.

    Attributes:
        group: code of a group that was adopted.
        levels: levels of jurisdictions, ascending.
        own_territory: whether it stands for rows about a lower level's own territory alone.
        territories: beginnings of the codes of jurisdictions, ascending.
    """

    group: Slug | None = None
    levels: Annotated[tuple[Level, ...], Meta(max_length=5)] = ()
    own_territory: bool = False
    territories: Annotated[tuple[ShortText, ...], Meta(max_length=TERRITORIES_MAX)] = ()

    def __post_init__(self) -> None:
        require_ascending("levels", self.levels)
        require_ascending("territories", self.territories)


class GrantItem(Canonical):
    """A right to use one dataset, given to each of the members listed, or standing for many.

    Attributes:
        audience: for whom a standing grant stands; without it, for all.
        dataset: the dataset.
        emergency: the emergency in which it is given to members who have not asked yet.
        ground: why it is narrower than the request and the entry's conditions.
        members: who receives it, ascending; empty for a standing grant.
        newest: whether the newest version alone is handed over under it.
        request: the request item it answers; it then goes to the requester alone.
        schema: digest of the schema version whose columns are granted.
        standing: true for a grant to whoever applies for it.
        terms: the use allowed.
    """

    audience: Audience | None = None
    dataset: DatasetId
    emergency: EmergencyGround | None = None
    ground: NarrowingGround | None = None
    members: Annotated[tuple[MemberId, ...], Meta(max_length=RECIPIENTS_MAX)] = ()
    newest: bool = False
    request: ItemId | None = None
    schema: DigestHex
    standing: bool = False
    terms: Terms

    def __post_init__(self) -> None:
        require_ascending("members", self.members)
        if self.standing == bool(self.members):
            raise ValueError(
                "`members` are listed, or the grant is `standing`: exactly one of the two"
            )
        if self.audience is not None and not self.standing:
            raise ValueError("an `audience` is that of a `standing` grant")
        if self.request is not None and len(self.members) != 1:
            raise ValueError("a grant that answers a `request` goes to one member")
        if self.emergency is not None and (self.standing or self.request is not None):
            raise ValueError("in an `emergency` members are given what they have not asked for yet")


class Grant(Canonical):
    """Rights given by the provider. The n-th right of the record is the grant `<digest>-<n>`.

    Attributes:
        items: 1 to 128 items, together at most 512 rights.
    """

    items: Annotated[tuple[GrantItem, ...], Meta(min_length=1, max_length=ITEMS_MAX)]

    def __post_init__(self) -> None:
        if sum(max(1, len(item.members)) for item in self.items) > RIGHTS_MAX:
            raise ValueError(f"`items` give more than {RIGHTS_MAX} rights")


class Acceptance(Canonical):
    """The consumer accepts grants narrower than what it asked for, or that it did not ask for.

    Attributes:
        grants: the grants, ascending.
    """

    grants: GrantIds

    def __post_init__(self) -> None:
        require_ascending("grants", self.grants)


class Revocation(Canonical):
    """The provider ends grants, on a coded ground.

    Attributes:
        consultation: digest of the consultation with the consumer, filed with the steward.
        grants: the grants, ascending.
        ground: why.
        note: explanation; may be sealed.
    """

    consultation: DigestHex | None = None
    grants: GrantIds
    ground: RevocationGround
    note: MaybeSealed | None = None

    def __post_init__(self) -> None:
        require_ascending("grants", self.grants)
