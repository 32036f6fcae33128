"""Who mediates between the parties of a case: their common superior that is a steward.

The lowest one in the line of the first party counts. Where there is none, it is the stewards that
are no party; where all of them are parties, the government's members that are none. It is computed
when it is asked, so it follows the lines of business as they are now.
"""

from typing import Final

from contracts.values import Case, Member, RoleHolders
from contracts.view import StateView, read
from ledger.types import MemberId

SUPERIORS_MAX: Final = 8
"""How far up a line of superiors is followed."""


def mediators(view: StateView, case: Case) -> tuple[MemberId, ...]:
    """R701: who mediates is the parties' lowest common superior that is a steward.

    Failing that the stewards, and failing them the members with the role government; never a party.
    A line of superiors is followed 8 steps up.
    """
    parties = [party.member for party in case.parties]
    stewards = holders(view, "steward")
    lines = [_superiors(view, member) for member in parties]
    for one in lines[0] if lines else ():
        if one in stewards and one not in parties and all(one in line for line in lines):
            return (one,)
    return _others(stewards, parties) or _others(holders(view, "government"), parties)


def holders(view: StateView, role: str) -> tuple[MemberId, ...]:
    """The members that have a role."""
    found = read(view, RoleHolders, f"role/{role}")
    return () if found is None else found.members


def _others(members: tuple[MemberId, ...], parties: list[MemberId]) -> tuple[MemberId, ...]:
    return tuple(one for one in members if one not in parties)


def _superiors(view: StateView, member: MemberId) -> tuple[MemberId, ...]:
    line: list[MemberId] = []
    above = read(view, Member, f"member/{member}")
    while above is not None and above.line_superior is not None and len(line) < SUPERIORS_MAX:
        line.append(above.line_superior)
        above = read(view, Member, f"member/{above.line_superior}")
    return tuple(line)
