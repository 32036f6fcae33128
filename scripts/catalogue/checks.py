"""What stands against publishing a sheet, as far as the sheet alone does not tell it.

Table rows are looked at by themselves, so that one run tells what is wrong with all of them; what
holds of a row only together with the ledger, the rules are asked (`scripts.rehearsal`).
"""

from collections.abc import Iterator, Sequence
from functools import cache

from contracts.catalogue.columns import is_covered
from contracts.transition import Rejected
from contracts.values import Dataset, EntryTerms, Ledger, Member
from ledger.types import DatasetId, MemberId, WriterId
from node.client import Client
from scripts.answers import read_value
from scripts.catalogue.entries import Planned
from scripts.catalogue.plan import Standing, bodies_for
from scripts.catalogue.sheet import CELL_OF_NAME, SheetProblem, SheetRow
from scripts.console_text import progress
from scripts.forewarning import Doubt, doubt_of
from scripts.rehearsal import rehearsed
from scripts.spelling import SpellingError, typed, words
from scripts.tables import file_digest


def ledger_problems(
    client: Client, rows: Sequence[SheetRow], member: MemberId
) -> Iterator[SheetProblem]:
    """What the ledger would refuse in table rows, whatever else is wrong with them."""
    ledger = read_value(client, Ledger, "ledger")
    adopted = () if ledger is None else ledger.purposes

    @cache
    def is_member(name: str) -> bool:
        return read_value(client, Member, f"member/{name}") is not None

    for row in rows:
        if row["row"] != "table":
            continue
        for code in words(row["purposes"]):
            if code != "all" and not is_covered(code, adopted):
                what = f"`{code}` is not adopted; adopted are {', '.join(adopted)}"
                yield SheetProblem(row.line, "purposes", what)
        for column, name in _members_named(row):
            if _is(MemberId, name) and not is_member(name):
                yield SheetProblem(row.line, column, f"`{name}` is no member")
        owner = _owner(client, row["dataset"]) if _is(DatasetId, row["dataset"]) else None
        if owner not in {None, member}:
            what = f"`{row['dataset']}` is {owner}'s; choose another id"
            yield SheetProblem(row.line, "dataset", what)


def check_contents(planned: Sequence[Planned]) -> list[SheetProblem]:
    """Which files are no longer those that were scanned."""
    problems = []
    with progress("checking contents", len(planned)) as advance:
        for one in planned:
            problem = _content_problem(one)
            problems += [] if problem is None else [problem]
            advance()
    return problems


def rehearse_entries(
    client: Client, writer: WriterId, standings: Sequence[Standing]
) -> Iterator[SheetProblem | Doubt]:
    """What the rules would refuse of what is to be submitted, and what they would find."""
    line_of = {one.dataset: one.planned.line for one in standings}
    bodies = bodies_for(client, standings)
    outcomes = rehearsed(client, writer, [body for _, body in bodies])
    with progress("asking the rules", len(bodies)) as advance:
        for (dataset, _), outcome in zip(bodies, outcomes, strict=True):
            advance()
            if isinstance(outcome, Rejected):
                yield _refused(line_of[dataset], outcome)
            else:
                yield from (doubt_of(one) for one in outcome)


def _refused(line: int, why: Rejected) -> SheetProblem:
    column = next((name for name in why.fields if name in CELL_OF_NAME), "")
    return SheetProblem(line, column, f"{why.reason.code}: {why.detail or why.reason.meaning}")


def _owner(client: Client, dataset: DatasetId) -> MemberId | None:
    """Whose a dataset is; nobody's where no entry is in force or under review."""
    known = read_value(client, Dataset, f"dataset/{dataset}")
    if known is None:
        return None
    is_said = known.pending is not None or read_value(client, EntryTerms, f"entry/{dataset}")
    return known.provider if is_said else None


def _content_problem(planned: Planned) -> SheetProblem | None:
    """Whether the file to be released is no longer the one that was scanned."""
    contents = planned.contents
    if contents is None or contents.path is None:
        return None
    try:
        same = file_digest(contents.path) == contents.sha256
    except OSError as error:
        return SheetProblem(planned.line, "location", f"cannot be read: {error.strerror}")
    what = "the file has changed since it was scanned; scan it again"
    return None if same else SheetProblem(planned.line, "sha256", what)


def _members_named(row: SheetRow) -> Iterator[tuple[str, str]]:
    """The members that cells of a table row name, as they are written."""
    yield from (("co_providers", name) for name in words(row["co_providers"]))
    yield from (("collector", name) for name in words(row["collector"]))
    stages = (word.partition("=") for word in words(row["responsible"]))
    yield from (("responsible", name.strip()) for _, _, name in stages)


def _is(kind: object, text: str) -> bool:
    """Whether a cell is an id of that kind: what is none is told where cells are read."""
    try:
        typed(text, kind)
    except SpellingError:
        return False
    return True
