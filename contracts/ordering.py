"""Who orders: one of the members with the role of sequencer is in office, the others are deputies.

    vote    steward is given the role             steward orders from the next block on
    vote    transport is given it, too            transport orders, steward is its deputy
            (transport's machines are lost)
    block   formed by steward                     steward has taken over, and goes on ordering

The block in which a vote is adopted is still formed and signed by who was in office. Deputies are
trusted to take over without a vote, as without a sequencer none can be held; that two of them do it
at once costs no final record, as one history alone gets the witnesses' quorum.
"""

from contracts.draft import Draft
from contracts.values import RoleHolders, SequencerInOffice
from contracts.view import StateView, read
from ledger.records.governance import ORDERING
from ledger.types import MemberId


def in_office(view: StateView) -> MemberId | None:
    """The sequencer in office; None where validators order.

    Before any vote and any block by another one it is the first by name.
    """
    holders = read(view, RoleHolders, "role/sequencer")
    if holders is None:
        return None
    appointed = read(view, SequencerInOffice, "sequencer")
    if appointed is not None and appointed.member in holders.members:
        return appointed.member
    return holders.members[0]


def may_form_blocks(view: StateView, member: MemberId) -> bool:
    """Whether a member is a sequencer, in office or not, or a validator."""
    holders = [read(view, RoleHolders, f"role/{role}") for role in ORDERING]
    return any(one is not None and member in one.members for one in holders)


def take_over(draft: Draft, proposer: MemberId) -> None:
    """R019: a sequencer that forms a block while another one is in office takes over from it."""
    holders = read(draft, RoleHolders, "role/sequencer")
    is_sequencer = holders is not None and proposer in holders.members
    if is_sequencer and in_office(draft) != proposer:
        appoint(draft, proposer)


def appoint(draft: Draft, member: MemberId) -> None:
    """Put a sequencer into office, from the next block on."""
    draft.put("sequencer", SequencerInOffice(member=member, since=draft.context.index))
