"""The view of who is waited for: a row for every case that waits and everybody who may move it.

`who` is a member, or `@steward` for whoever holds an office. A case begins anew with every change
of its value; nothing is kept of cases that are over, or that may stay as they are.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, get_args

from sqlalchemy import ColumnElement, Connection, and_, or_, select, tuple_

from contracts.cases import OFFICES, STOOD_IN_FOR
from contracts.replay import BlockResult
from contracts.tasks import awaited, due_after, waits
from contracts.values import Case, Member, Value
from contracts.view import StateView, read
from contracts.workflows import Part
from ledger.records.genesis import Role
from ledger.types import CaseId, MemberId
from node.storage.statements import Row, ending, inserting
from node.views.models import WAITING

NEVER: Final = "~"
"""Sorts behind every time."""
_PREFIX: Final = "case/"
_ROLES: Final = get_args(Role)
_BEGIN, _END = inserting(WAITING, without=["row"]), ending(WAITING)
Key = tuple[str, CaseId]
"""Due time and id: the order in which cases wait."""


class _Changes:
    """What a block has changed, as a view of the state."""

    def __init__(self, changes: Mapping[str, Value | None]) -> None:
        self.get = changes.get


def write(connection: Connection, result: BlockResult) -> None:
    """Follow the cases a block changed."""
    size, time, view = result.head.size, result.head.time, _Changes(result.changes)
    ended: list[Row] = []
    begun: list[Row] = []
    for key, case in result.changes.items():
        if not isinstance(case, Case):
            continue
        case_id = key.removeprefix(_PREFIX)
        if case.opened_at != time:  # one opened in this block has no row yet
            ended.append((size, case_id))
        begun += [(case_id, size, None, *row) for row in waiting_for(view, case_id, case)]
    _END.run(connection, ended)
    _BEGIN.run(connection, begun)


def waiting_for(view: StateView, case_id: CaseId, case: Case) -> Iterator[tuple[str, str]]:
    """Who may move a case that waits, and by when."""
    if waits(case):
        due = due_after(view, case_id, case) or NEVER
        parts = awaited(case)
        members = {party.member for party in case.parties if party.part in parts}
        offices = {f"@{part}" for part in parts if _is_computed(case, part)}
        for who in sorted(members | offices):
            yield who, due


def names_of(view: StateView, member: MemberId) -> list[str]:
    """The names under which cases wait for a member.

    An office that is no role, that of a mediator, is found in each case, among those with a role;
    so is where the government stands in for an office.
    """
    known = read(view, Member, f"member/{member}")
    roles = () if known is None else known.roles
    held = [
        one
        for one in OFFICES
        if one in roles
        or (roles and one not in _ROLES)
        or ("government" in roles and one in STOOD_IN_FOR)
    ]
    return [member, *(f"@{office}" for office in held)]


def page(
    connection: Connection, size: int, names: Sequence[str], after: Key, limit: int, *, latest: bool
) -> list[Key]:
    """The first cases in a log of `size` leaves that wait for any of the names, from `after` on.

    `latest`: the log has no more leaves than these, so what has ended need not be read.
    """
    table = WAITING
    still: ColumnElement[bool] = table.c.to_size.is_(None)
    if not latest:
        still = or_(still, table.c.to_size > size)
    query = (
        select(table.c.due, table.c.id)
        .where(
            and_(table.c.who.in_(names), still, table.c.from_size <= size),
            tuple_(table.c.due, table.c.id) >= after,
        )
        .distinct()
        .order_by(table.c.due, table.c.id)
        .limit(limit)
    )
    return [(row.due, row.id) for row in connection.execute(query)]


def _is_computed(case: Case, part: Part) -> bool:
    """Whether a part is an office rather than that of a party."""
    return part in OFFICES or all(party.part != part for party in case.parties)
