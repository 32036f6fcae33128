"""Rights passed on by their holders, and rights whose terms their giver changes."""

from typing import Annotated

from msgspec import Meta

from ledger.canonical import Canonical, require_ascending
from ledger.records.sharing import ITEMS_MAX, RECIPIENTS_MAX, RIGHTS_MAX, NarrowingGround
from ledger.records.terms import Terms
from ledger.types import DigestHex, ItemId, MemberId


class DelegationItem(Canonical):
    """One right passed on, to each of the members listed.

    Attributes:
        grant: the right that is passed on; its holder keeps it.
        members: who receives it, ascending.
        terms: the use allowed: no more than the right itself allows, and less often passed on.
    """

    grant: ItemId
    members: Annotated[tuple[MemberId, ...], Meta(min_length=1, max_length=RECIPIENTS_MAX)]
    terms: Terms

    def __post_init__(self) -> None:
        require_ascending("members", self.members)


class Delegation(Canonical):
    """Rights passed on by their holder. The n-th right of the record is the grant `<digest>-<n>`.

    Attributes:
        items: 1 to 128 items, together at most 512 rights.
    """

    items: Annotated[tuple[DelegationItem, ...], Meta(min_length=1, max_length=ITEMS_MAX)]

    def __post_init__(self) -> None:
        if sum(len(item.members) for item in self.items) > RIGHTS_MAX:
            raise ValueError(f"`items` give more than {RIGHTS_MAX} rights")


class AmendmentItem(Canonical):
    """The terms of one right from here on.

    Attributes:
        grant: the right; its id stays.
        ground: why it allows less than before, if it does.
        schema: digest of the schema version whose columns are granted from here on.
        terms: the use allowed from here on.
    """

    grant: ItemId
    ground: NarrowingGround | None = None
    schema: DigestHex
    terms: Terms


class Amendment(Canonical):
    """Rights in force whose giver renews them or changes their terms.

    Attributes:
        items: 1 to 128 rights, ascending.
    """

    items: Annotated[tuple[AmendmentItem, ...], Meta(min_length=1, max_length=ITEMS_MAX)]

    def __post_init__(self) -> None:
        require_ascending("items", [item.grant for item in self.items])
