"""The view of who is a party to which case, in order of time: what an assessment counts.

A row stands for ever: parties are added to a case, and whoever was one counts as the case stands
when it is looked at.
"""

from sqlalchemy import Connection

from contracts.replay import BlockResult
from contracts.values import Case
from node.storage.statements import Row, upserting
from node.views.models import PARTY

_PREFIX = "case/"
_NAMES = "demand"
"""The workflow in which a step makes somebody a party."""
_WRITE = upserting(PARTY)


def write(connection: Connection, result: BlockResult) -> None:
    """Add the parties of the cases that a block opened, and of those that got others."""
    time = result.head.time
    rows: list[Row] = []
    for key, case in result.changes.items():
        if isinstance(case, Case) and (case.opened_at == time or case.workflow == _NAMES):
            rows += parties_of(key.removeprefix(_PREFIX), case)
    _WRITE.run(connection, rows)


def parties_of(case_id: str, case: Case) -> list[Row]:
    """The rows of a case."""
    members = dict.fromkeys(party.member for party in case.parties)
    return [(member, case.opened_at, case_id, case.workflow) for member in members]
