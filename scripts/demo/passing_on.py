"""In act 3: a right is passed on, twice, each time narrower; a wider one is refused."""

from contracts.values import GrantedRight
from ledger.records import Acceptance, Delegation
from ledger.records.delegation import DelegationItem
from ledger.types import ItemId
from node.client import Problem
from scripts.answers import read_value
from scripts.demo.cast import AUTHORITY, COMMERCE, METEOROLOGY, Member
from scripts.demo.stage import Stage, expect, tell
from scripts.record.terms import TermsOptions
from scripts.zone import zone_of

ONCE_MORE = TermsOptions(fields="arr_delay, carrier", delegable="1")
NO_FURTHER = TermsOptions(fields="arr_delay", delegable="0")
WIDER = TermsOptions(fields="arr_delay, dep_delay", delegable="0")


def pass_on(stage: Stage, market: ItemId) -> ItemId:
    """From the commerce bureau to the weather service to the airports authority."""
    given = _pass(stage, COMMERCE, market, METEOROLOGY, ONCE_MORE)
    passed = _pass(stage, METEOROLOGY, given, AUTHORITY, NO_FURTHER)
    tell(
        f"the {COMMERCE.en} passes its right on to the {METEOROLOGY.en}, "
        f"and this to the {AUTHORITY.en}: each time narrower"
    )
    body = _delegation(stage, given, AUTHORITY, WIDER)
    (refused,) = stage.department(METEOROLOGY).writer.submit_many([body])
    is_wider = isinstance(refused, Problem) and refused.code == "wider-than-above"
    expect(is_wider, f"no right is passed on wider than it is: {refused}")
    tell(f"the {METEOROLOGY.en} cannot pass on a column it was not given: wider-than-above")
    return passed


def _pass(
    stage: Stage, holder: Member, grant: ItemId, receiver: Member, terms: TermsOptions
) -> ItemId:
    passed = stage.department(holder).says(_delegation(stage, grant, receiver, terms))
    passed_id = f"{passed.digest}-0"
    stage.department(receiver).says(Acceptance(grants=(passed_id,)))
    right = _right(stage, passed_id)
    expect(right.parent == grant and right.in_force_since is not None, "the right is in force")
    return passed_id


def _delegation(stage: Stage, grant: ItemId, receiver: Member, options: TermsOptions) -> Delegation:
    terms = options.over(_right(stage, grant).terms, zone_of(stage.client))
    return Delegation(items=(DelegationItem(grant=grant, members=(receiver.id,), terms=terms),))


def _right(stage: Stage, grant: ItemId) -> GrantedRight:
    right = read_value(stage.client, GrantedRight, f"grant/{grant}")
    if right is None:
        raise LookupError(grant)
    return right
