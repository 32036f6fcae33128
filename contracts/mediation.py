"""Who mediates between the parties of a case: their common superior that is a steward.

The lowest one in the line of the first party counts. Where there is none, it is the stewards that
are no party; where all of them are parties, the government's members that are none. It is computed
when it is asked, so it follows the lines of business as they are now.
"""

from collections.abc import Sequence
from typing import Final

from contracts.succession import hands_of
from contracts.values import Case, Member, RoleHolders
from contracts.view import StateView, held, read
from ledger.types import MemberId

SUPERIORS_MAX: Final = 8
"""How far up a line of superiors is followed."""


def mediators(view: StateView, case: Case) -> tuple[MemberId, ...]:
    """R701: who mediates is the parties' lowest common superior that is a steward.

    Failing that the stewards, and failing them the members with the role government; never a party,
    nor who acts for a party that is merged or split, nor who is suspended. A line of superiors is
    followed 8 steps up.
    """
    members = [party.member for party in case.parties]
    barred = [*members, *(hand for member in members for hand in hands_of(view, member))]
    stewards = _able(view, "steward", barred)
    lines = [_superiors(view, member) for member in members]
    for one in lines[0] if lines else ():
        if one in stewards and all(one in line for line in lines):
            return (one,)
    return stewards or _able(view, "government", barred)


def holders(view: StateView, role: str) -> tuple[MemberId, ...]:
    """The members that have a role."""
    found = read(view, RoleHolders, f"role/{role}")
    return () if found is None else found.members


def _able(view: StateView, role: str, barred: Sequence[MemberId]) -> tuple[MemberId, ...]:
    return tuple(
        one
        for one in holders(view, role)
        if one not in barred and held(view, Member, f"member/{one}").status == "active"
    )


def _superiors(view: StateView, member: MemberId) -> tuple[MemberId, ...]:
    line: list[MemberId] = []
    above = read(view, Member, f"member/{member}")
    while above is not None and above.line_superior is not None and len(line) < SUPERIORS_MAX:
        line.append(above.line_superior)
        above = read(view, Member, f"member/{above.line_superior}")
    return tuple(line)
