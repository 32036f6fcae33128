"""What votes have set, as at a past size: the ledger's own settings, groups, legal bases, pairings.

The state keeps what the settings were before each change of parameters and calendar; all else is
read off the proposals that were adopted, the newest first.

    ledger  now, since May ── ledger/<May> ─▶ since March ── ledger/<March> ─▶ since genesis
"""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace
from sqlalchemy import ColumnElement, and_, select

from contracts import settings
from contracts.values import Basis, Group, Ledger, Pairing, ProposedAction, Value
from contracts.view import StateView, held
from ledger.records.actions import ChangeBases, SetPairing
from ledger.records.governance import Action, ChangePurposes, SetGroup
from ledger.types import Count, Time
from node.storage.store import Snapshot
from node.views.models import VERSIONED

_CASE: Final = VERSIONED["case"]


def ledger_at(present_view: StateView, snapshot: Snapshot, size: Count, time: Time) -> Ledger:
    """The ledger's settings when its log had `size` leaves, after the block of `time`."""
    present = held(present_view, Ledger, "ledger")
    found = settings.ledger_at(present_view, time)
    purposes, bases = {*present.purposes}, present.legal_bases
    for action in _adopted(snapshot, _CASE.c.from_size > size):
        if isinstance(action, ChangePurposes):
            purposes -= {one.code for one in action.purposes}
            purposes |= {*action.retired}
        elif isinstance(action, ChangeBases):
            bases += len(action.retired) - len(action.bases)
    return replace(
        present,
        calendar=found.calendar,
        legal_bases=bases,
        parameters=found.parameters,
        purposes=tuple(sorted(purposes)),
        since=found.since,
    )


def voted_at(snapshot: Snapshot, key: str, size: Count) -> Value | None:
    """What stood under a key of `node.client.past.VOTED` when the log had `size` leaves."""
    prefix, _, code = key.partition("/")
    for action in _adopted(snapshot, _CASE.c.from_size <= size):
        match prefix, action:
            case "basis", ChangeBases(bases=bases, retired=retired):
                named = {one.code: one for one in bases}
                if code in named:
                    one = named[code]
                    return Basis(kind=one.kind, names=one.names, reference=one.reference)
                if code in retired:
                    return None
            case "group", SetGroup(group=group, members=members, names=names) if group == code:
                return Group(members=members, names=names) if members else None
            case "pairing", SetPairing(pairing=pairing) if pairing == code:
                return _pairing(action)
            case _:
                pass
    return None


def _pairing(action: SetPairing) -> Pairing:
    return Pairing(
        goals=action.goals,
        members=action.members,
        names=action.names,
        result=action.result,
        since=action.since,
        until=action.until,
    )


def _adopted(snapshot: Snapshot, when: ColumnElement[bool]) -> Iterator[Action]:
    """The actions adopted in blocks of certain sizes, the last one first."""
    is_adopted = and_(_CASE.c.workflow == "proposal", _CASE.c.state == "adopted")
    query = select(_CASE.c.id).where(is_adopted, when).order_by(_CASE.c.row.desc())
    for row in snapshot.connection.execute(query).all():
        proposed = snapshot.value(f"proposal/{row.id}")
        if isinstance(proposed, ProposedAction):
            yield proposed.action
