"""Views that follow records: what was used, and which records moved which case."""

from sqlalchemy import Connection

from contracts.replay import Block, BlockResult
from contracts.transition import Accepted
from ledger.records import Usage
from ledger.seal import Outcome
from node.storage.statements import Row, inserting
from node.views.models import CASE_RECORD, USAGE

_CASE = "case/"
_INSERT_USAGE, _INSERT_CASE_RECORD = inserting(USAGE), inserting(CASE_RECORD)


def write(connection: Connection, block: Block, result: BlockResult) -> None:
    """Add the records of a block."""
    uses: list[Row] = []
    moved = _cases_of(result.settlement, result.head.size - 1)
    for record, verdict in zip(block.records, result.verdicts, strict=True):
        if not isinstance(verdict, Accepted):
            continue
        outcome = verdict.outcome
        index = outcome.index or 0
        if isinstance(record.body, Usage):
            uses.append(_row(record.body, record.chain.writer, index, len(outcome.findings)))
            if not outcome.findings:
                continue
        moved += _cases_of(outcome, index)
    _INSERT_USAGE.run(connection, uses)
    _INSERT_CASE_RECORD.run(connection, moved)


def _row(body: Usage, writer: str, index: int, findings: int) -> Row:
    """In the order of the columns of `UsageView`."""
    content = body.content
    return (
        index,
        writer.partition("/")[0],
        content.dataset,
        content.version,
        body.grant,
        body.purpose,
        body.operation,
        body.started_at,
        body.ended_at,
        body.uses,
        body.rows,
        findings,
    )


def _cases_of(outcome: Outcome, index: int) -> list[Row]:
    return [(key.removeprefix(_CASE), index) for key in outcome.changed if key.startswith(_CASE)]
