"""Which standing grant serves a request at once (R402), and why another one does not.

offer: fields a, b; until 2027-06-30; for counties
county asks for a until 2027-03-31          it serves
county asks for a, c                        outside: `terms`, in `fields`
city asks for a                             outside: `audience`
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from contracts.sharing import backflow, bars
from contracts.terms import narrows, wider_parts
from contracts.values import Bar, GrantedRight, Group, Member, RequestedItem
from contracts.view import StateView, held, read
from ledger.records.sharing import Audience
from ledger.types import MemberId


class Outside(NamedTuple):
    """Why a standing grant does not serve a request; of terms, the parts in which it asks more."""

    why: Literal["audience", "barred", "schema", "suspended", "terms", "territory"]
    parts: tuple[str, ...] = ()


def outside(
    view: StateView, offer: GrantedRight, asked: RequestedItem, barring: Sequence[Bar]
) -> Outside | None:
    """Why a standing grant does not serve a request; None if it does."""
    if any(bars.holds(bar, offer) for bar in barring):
        return Outside("barred")
    if offer.suspensions and offer.suspensions[-1].until is None:
        return Outside("suspended")
    if offer.schema != asked.schema:
        return Outside("schema")
    if not narrows(asked.terms, offer.terms):
        return Outside("terms", wider_parts(asked.terms, offer.terms))
    if offer.audience is not None and not _is_meant(view, offer.audience, asked.member):
        return Outside("audience")
    if not backflow.is_for(offer.audience, asked):
        return Outside("territory")
    return None


def _is_meant(view: StateView, audience: Audience, member: MemberId) -> bool:
    """Whether a standing grant stands for a member as it is now."""
    jurisdiction = held(view, Member, f"member/{member}").jurisdiction
    territories = audience.territories
    is_near = not territories or any(jurisdiction.code.startswith(one) for one in territories)
    is_level = not audience.levels or jurisdiction.level in audience.levels
    if audience.group is None:
        return is_near and is_level
    group = read(view, Group, f"group/{audience.group}")
    return is_near and is_level and group is not None and member in group.members
