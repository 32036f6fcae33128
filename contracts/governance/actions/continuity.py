"""What no action may take from the ledger: those who can go on deciding, ordering and witnessing.

The quorum of witnesses lies between more than two thirds of them and all of them, as genesis wants
it. When their number changes, a quorum set for another number would stop the ledger or weaken it,
and a vote on both at once could not be told from a vote on either; so the quorum follows by itself.

>>> [quorum_for(quorum, witnesses) for quorum, witnesses in ((0, 1), (3, 3), (3, 4), (4, 3))]
[1, 3, 3, 3]
"""

from msgspec.structs import replace

from contracts.draft import Draft
from contracts.reasons import LEDGER_WOULD_STOP, refuse_unless
from contracts.values import Ledger, Member, RoleHolders
from contracts.view import StateView, held, read
from ledger.records.governance import ORDERING
from ledger.types import Count, MemberId

_OFFICES = (("committee", ("committee",)), ("orderer", ORDERING), ("witness", ("witness",)))


def active_holders(view: StateView, role: str) -> tuple[MemberId, ...]:
    """The active members that have a role, ascending."""
    holders = read(view, RoleHolders, f"role/{role}")
    every = () if holders is None else holders.members
    return tuple(one for one in every if held(view, Member, f"member/{one}").status == "active")


def quorum_for(quorum: Count, witnesses: Count) -> Count:
    """The possible quorum of so many witnesses that is closest to `quorum`."""
    return min(max(quorum, 2 * witnesses // 3 + 1), witnesses)


def check_quorums(before: StateView, after: StateView) -> None:
    """R610: no action leaves the ledger without committee, orderer or witness quorum.

    Where somebody active votes, orders blocks or witnesses, somebody active does so afterwards.
    """
    for name, roles in _OFFICES:
        had, has = (any(active_holders(view, role) for role in roles) for view in (before, after))
        refuse_unless(has or not had, LEDGER_WOULD_STOP, f"no {name} would be left", "action")


def follow_witnesses(draft: Draft) -> None:
    """R611: where the number of active witnesses changes, the quorum follows.

    It stays as close to what was set as more than two thirds of them and all of them allow.
    """
    ledger = held(draft, Ledger, "ledger")
    quorum = quorum_for(ledger.parameters.quorum, len(active_holders(draft, "witness")))
    if quorum != ledger.parameters.quorum:
        parameters = replace(ledger.parameters, quorum=quorum)
        draft.put("ledger", replace(ledger, parameters=parameters))
