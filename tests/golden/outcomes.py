"""What the rules answered in every test of them: who did what, and what came of it, word for word.

A test says which reason or finding it expects; the tables in `outcomes/` hold the rest of the
answer: its detail, the fields at fault, the measure and the limit of a finding, the parties. They
are readable tables of the rules at work, and no word of an answer changes unseen.

python -m tests.golden.outcomes --write                 brings the tables up to date
python -m tests.golden.outcomes --write test_delegation      the table of one module

Read the difference.
"""

import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from contracts.findings import FINDING_OF_CODE
from contracts.replay import Block, BlockResult
from contracts.transition import Rejected
from contracts.values import Case
from ledger.seal import FindingRef

FOLDER: Final = Path(__file__).with_name("outcomes")
TESTS: Final = Path(__file__).parents[1] / "unit" / "contracts"
WRITING: Final = "BLOCKPOOL_WRITE_OUTCOMES"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
Tables = dict[str, dict[str, list[str]]]
"""By module and test, the lines of what came of it."""
SHARED_STORIES: Final = ("test_audit", "test_questions")
"""Their worlds are made once for many tests, so that what came of them belongs to none."""
EXHAUSTIVE: Final = (
    "test_nothing_but_the_rows_moves_a_case",
    "test_a_task_is_a_step_that_is_accepted_and_no_other_is",
)
"""They try all that could be tried: thousands of lines that say the same."""


def has_table(test: pytest.Function) -> bool:
    """Whether a test is held to a table: all are but these, and those of random examples."""
    is_random = hasattr(test.obj, "hypothesis")
    return not (is_random or test.path.stem in SHARED_STORIES or test.originalname in EXHAUSTIVE)


def lines_of(block: Block, result: BlockResult) -> Iterator[str]:
    """A line for everything a block refused or found."""
    for ref in result.settlement.findings:
        yield f"deadline: {_finding(result, ref)}"
    for record, verdict in zip(block.records, result.verdicts, strict=True):
        who = f"{record.chain.writer} {record.kind}"
        if isinstance(verdict, Rejected):
            fields = f" ({', '.join(verdict.fields)})" if verdict.fields else ""
            detail = "" if verdict.detail == "" else f": {verdict.detail}"  # tells None from ""
            yield f"{who}: {verdict.reason.number} {verdict.reason.code}{fields}{detail}"
        else:
            for ref in verdict.outcome.findings:
                yield f"{who}: {_finding(result, ref)}"


def _finding(result: BlockResult, ref: FindingRef) -> str:
    case = result.changes[f"case/{ref.case}"]
    assert isinstance(case, Case)
    assert case.finding is not None
    parties = ", ".join(f"{one.part} {one.member}" for one in case.parties)
    measure = f": {case.finding.measure}" if case.finding.measure else ""
    limit = f"; {case.finding.limit}" if case.finding.limit else ""
    return f"F{FINDING_OF_CODE[ref.code].number} {ref.code} ({parties}){measure}{limit}"


def shown(line: str) -> str:
    """A line without digests, which say nothing to a reader."""
    return _DIGEST.sub("#", line)


@cache
def table_of(module: str) -> dict[str, list[str]]:
    """The table of one module of tests."""
    path = FOLDER / f"{module}.txt"
    table: dict[str, list[str]] = {}
    if path.exists():
        for part in path.read_text().split("\n\n"):
            name, *lines = part.strip("\n").split("\n")
            table[name] = [line.removeprefix("    ") for line in lines]
    return table


def write(tables: Tables) -> None:
    """Replace the tables of these modules."""
    for module, table in tables.items():
        parts = ["\n    ".join([name, *lines]) for name, lines in sorted(table.items())]
        (FOLDER / f"{module}.txt").write_text("\n\n".join(parts) + "\n")


def main() -> int:
    """Run the tests of the rules, and keep what came of them."""
    if sys.argv[1:2] != ["--write"]:
        print(__doc__)  # noqa: T201
        return 2
    wanted = sys.argv[2:]
    unknown = [module for module in wanted if not (TESTS / f"{module}.py").is_file()]
    if unknown:
        print(f"no module of tests: {', '.join(unknown)}")  # noqa: T201
        return 2
    os.environ[WRITING] = "1"
    for module in wanted or [path.stem for path in FOLDER.glob("*.txt")]:
        (FOLDER / f"{module}.txt").unlink(missing_ok=True)
    paths = [str(TESTS / f"{module}.py") for module in wanted] or [str(TESTS)]
    return int(pytest.main(["-q", "-p", "no:cacheprovider", *paths]))


if __name__ == "__main__":
    sys.exit(main())
