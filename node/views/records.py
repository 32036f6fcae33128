"""Views that follow records: uses, titles, sources of versions; which records moved which case."""

from sqlalchemy import Connection

from contracts.replay import Block, BlockResult
from contracts.transition import Accepted
from ledger.records import Entry, Release, Usage
from ledger.seal import Outcome
from ledger.types import Count, DigestHex
from node.storage.statements import Row, inserting
from node.views.models import CASE_RECORD, DERIVATION, TITLE, USAGE

_CASE = "case/"
_INSERT_USAGE, _INSERT_CASE_RECORD = inserting(USAGE), inserting(CASE_RECORD)
_INSERT_TITLE, _INSERT_DERIVATION = inserting(TITLE), inserting(DERIVATION)


def write(connection: Connection, block: Block, result: BlockResult) -> None:
    """Add the records of a block."""
    uses: list[Row] = []
    titles: list[Row] = []
    derivations: list[Row] = []
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
        elif isinstance(record.body, Entry):
            titles.append(title_of(record.digest, record.body))
        elif isinstance(record.body, Release):
            derivations += derivations_of(index, record.body)
        moved += _cases_of(outcome, index)
    _INSERT_USAGE.run(connection, uses)
    _INSERT_CASE_RECORD.run(connection, moved)
    _INSERT_TITLE.run(connection, titles)
    _INSERT_DERIVATION.run(connection, derivations)


def title_of(record: DigestHex, body: Entry) -> Row:
    """In the order of the columns of `TitleView`."""
    words = f"{body.dataset}\n{body.code}\n{body.title}\n{body.summary}"
    return (record, body.code, words.casefold())


def derivations_of(index: Count, body: Release) -> list[Row]:
    """In the order of the columns of `DerivationView`, each source once for each dataset."""
    return [
        (index, item.dataset, source, item.version)
        for item in body.items
        for source in sorted({one.dataset for one in item.derived_from})
    ]


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
