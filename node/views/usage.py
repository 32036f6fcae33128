"""Views that follow records: what was used, and which records moved which case."""

from sqlalchemy import Connection, insert

from contracts.replay import Block, BlockResult
from contracts.transition import Accepted
from ledger.records import Usage
from ledger.seal import Outcome
from node.views.models import CASE_RECORD, USAGE

_CASE = "case/"


def write(connection: Connection, block: Block, result: BlockResult) -> None:
    """Add the records of a block."""
    uses: list[dict[str, object]] = []
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
    if uses:
        connection.execute(insert(USAGE), uses)
    if moved:
        connection.execute(insert(CASE_RECORD), moved)


def _row(body: Usage, writer: str, index: int, findings: int) -> dict[str, object]:
    return {
        "index": index,
        "consumer": writer.partition("/")[0],
        "dataset": body.content.dataset,
        "version": body.content.version,
        "grant": body.grant,
        "purpose": body.purpose,
        "operation": body.operation,
        "started_at": body.started_at,
        "ended_at": body.ended_at,
        "uses": body.uses,
        "rows": body.rows,
        "findings": findings,
    }


def _cases_of(outcome: Outcome, index: int) -> list[dict[str, object]]:
    return [
        {"case": key.removeprefix(_CASE), "index": index}
        for key in outcome.changed
        if key.startswith(_CASE)
    ]
