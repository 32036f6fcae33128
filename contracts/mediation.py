"""Who decides between the parties of a case: their common superior that is a steward.

The lowest one in the line of the first party counts. Where there is none, it is the stewards that
are no party; where all of them are parties, the government's members that are none. It is computed
when it is asked, so it follows the lines of business as they are now. What stewards and auditors
decide of others, the government decides of them in the same way.
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
    members, barred = [party.member for party in case.parties], _barred(view, case)
    stewards = _able(view, "steward", barred)
    lines = [_superiors(view, member) for member in members]
    for one in lines[0] if lines else ():
        if one in stewards and all(one in line for line in lines):
            return (one,)
    return stewards or _able(view, "government", barred)


def stand_ins(view: StateView, case: Case, offices: Sequence[str]) -> tuple[MemberId, ...]:
    """R721: where nobody in an office may decide, the government decides in its place.

    That is where a step is taken by the steward or the auditor and by no party, and everybody who
    holds these offices is one, acts for one, or is suspended: the members with the role government
    that are none then take it, and its deadline runs against them.
    """
    barred = _barred(view, case)
    if any(_able(view, office, barred) for office in offices):
        return ()
    return _able(view, "government", barred)


def holders(view: StateView, role: str) -> tuple[MemberId, ...]:
    """The members that have a role."""
    found = read(view, RoleHolders, f"role/{role}")
    return () if found is None else found.members


def _barred(view: StateView, case: Case) -> list[MemberId]:
    members = [party.member for party in case.parties]
    return [*members, *(hand for member in members for hand in hands_of(view, member))]


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
