"""Rules of rights passed on (R412 to R417): no more than one has, and never back.

    transport ─grant→ health ─delegation→ weather ─delegation→ audit

Each of these is a right of its own, with a case of its own: offered, accepted, revoked. What makes
it one of a chain is its parent alone (`contracts.sharing.chains`).
"""

from collections.abc import Sequence

from contracts import cases
from contracts.catalogue import columns
from contracts.catalogue.providers import entry_in_force, providers_of
from contracts.draft import Draft
from contracts.reasons import (
    NOT_HOLDER,
    RIGHT_RETURNS,
    UNKNOWN_GRANT,
    UNKNOWN_MEMBER,
    WITHHELD,
    refuse_unless,
    required,
)
from contracts.sharing.chains import Link, chain_of, check_effective, check_narrows_above
from contracts.succession import hand_of
from contracts.values import EntryTerms, GrantedRight, Party
from contracts.view import read
from ledger.records.delegation import Delegation, DelegationItem
from ledger.types import ItemId, MemberId


def apply_delegation(draft: Draft, body: Delegation) -> None:
    """R412: the holder of a right in force passes on a narrower one, as often as its terms allow.

    The data is still in the catalogue, and not withheld. A standing grant is nobody's to pass on:
    it is applied for. The n-th right of a record, counted across its items, is the grant
    `<record digest>-<n>`. It is an offer: the right is in force once its receiver accepts it.
    """
    for item in body.items:
        right = read(draft, GrantedRight, f"grant/{item.grant}")
        if right is not None:
            draft.check_dataset(right.dataset)
    count = 0
    for item in body.items:
        right = _check_known(draft, item)
        entry = entry_in_force(draft, right.dataset)
        columns.check_terms(draft, item.terms, right.schema)
        refuse_unless(entry.sharing != "withheld", WITHHELD, right.dataset, "grant")
        chain = chain_of(draft, item.grant, right)
        refuse_unless(right.member == draft.member, NOT_HOLDER, item.grant, "grant")
        check_narrows_above(item.terms, chain)
        _check_recipients(draft, item, chain, entry)
        columns.check_given(draft, item.terms)
        check_effective(draft, chain)
        for member in item.members:
            _offer(draft, f"{draft.record}-{count}", item, right, member, entry)
            count += 1


def _check_known(draft: Draft, item: DelegationItem) -> GrantedRight:
    for member in item.members:
        known = draft.get(f"member/{member}") is not None
        refuse_unless(known, UNKNOWN_MEMBER, member, "members")
    right = read(draft, GrantedRight, f"grant/{item.grant}")
    return required(right, UNKNOWN_GRANT, item.grant, "grant")


def _check_recipients(
    draft: Draft, item: DelegationItem, chain: Sequence[Link], entry: EntryTerms
) -> None:
    """R414: a right never returns: not to its holder, a holder above it, a provider or who gave it.

    Nor does it to a member that was merged into one of these, or into which one of these was; nor
    to one in whose hands what one of these has to do with the dataset came by a split.
    """
    holders = [link.right.member for link in chain if link.right.member is not None]
    givers = [link.right.giver or link.right.provider for link in chain]
    providers = [link.right.provider for link in chain]
    above = (*holders, *givers, *providers, entry.provider, *entry.co_providers)
    hands = {hand_of(draft, one, entry.dataset) for one in above}
    for member in item.members:
        returns = hand_of(draft, member, entry.dataset) in hands
        refuse_unless(not returns, RIGHT_RETURNS, member, "members")


def _offer(
    draft: Draft,
    grant_id: ItemId,
    item: DelegationItem,
    above: GrantedRight,
    member: MemberId,
    entry: EntryTerms,
) -> None:
    """The delegator and the provider at the root are parties: either of them may revoke it."""
    right = GrantedRight(
        accounted=above.accounted,
        dataset=above.dataset,
        member=member,
        newest=above.newest,
        parent=item.grant,
        provider=above.provider,
        schema=above.schema,
        terms=item.terms,
    )
    draft.put(f"grant/{grant_id}", right)
    providers = [one for one in providers_of(entry) if one != draft.member]
    parties = (
        Party(member=member, part="consumer"),
        Party(member=draft.member, part="delegator"),
        *(Party(member=one, part="provider") for one in providers),
    )
    cases.open_case(draft, grant_id, "grant", f"grant/{grant_id}", parties, state="offered")
