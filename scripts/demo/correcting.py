"""Act 6: a table is wrong, its provider denies it, and somebody above both of them rules.

The flights of 2013 go to four airports that the table of airports does not have: the demo has not
put that mistake in, it is in the data. What is wrong is not overwritten: a second version corrects
the first, and the first says so.
"""

import csv
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

from contracts.values import Case, ReleasedVersion
from ledger.records import CaseOpening, Release, Step
from ledger.records.catalogue import DatasetVersion, VersionContent
from ledger.types import CaseId
from node.client import Receipted
from scripts.answers import read_value
from scripts.demo.cast import AIRPORTS, AUTHORITY, STEWARD, TRANSPORT
from scripts.demo.folder import Folder
from scripts.demo.stage import Stage, act, expect, tell
from scripts.demo.using import Pool
from scripts.record.release import release_of
from scripts.spelling import moment

MISSING: Final = (
    ("BQN", "Rafael Hernandez", 18.4949, -67.1294, 237, -4, "N", "America/Puerto_Rico"),
    ("PSE", "Mercedita", 18.0083, -66.563, 29, -4, "N", "America/Puerto_Rico"),
    ("SJU", "Luis Munoz Marin Intl", 18.4394, -66.0018, 9, -4, "N", "America/Puerto_Rico"),
    ("STT", "Cyril E King", 18.3373, -64.9734, 23, -4, "N", "America/St_Thomas"),
)
"""The rows that the table lacks."""
_GAPS: Final = """
    select dest, count(*) from flights where dest not in (select faa from airports)
    group by dest order by dest
"""


@dataclass(frozen=True, slots=True)
class Correction:
    """A version that was corrected, after a ruling: its case, who ruled, what was missing."""

    case: CaseId
    opened: Receipted
    flights: int
    rows: tuple[int, int]


def correct_the_airports(stage: Stage, pool: Pool, folder: Folder, data: Path) -> Correction:
    """The whole act."""
    act("6  A table is wrong, and is put right")
    gaps = pool.execute(_GAPS).fetchall()
    flights = sum(count for _, count in gaps)
    expect([one[0] for one in gaps] == [one[0] for one in MISSING], f"what is missing: {gaps}")
    opened = _ask_for_correction(stage, flights)
    case = f"{opened.digest}-0"
    tell(
        f"the {TRANSPORT.en} finds {flights:,} flights to {len(gaps)} airports that `airports` "
        "lacks, and asks for a correction"
    )
    _escalate(stage, case)
    rows = _release_corrected(stage, folder, data, case)
    return Correction(case, opened, flights, rows)


def _ask_for_correction(stage: Stage, flights: int) -> Receipted:
    released = _version(stage, 1)
    codes = ", ".join(one[0] for one in MISSING)
    body = CaseOpening(
        release=VersionContent(dataset=AIRPORTS.dataset, sha256=released.sha256, version=1),
        text=f"No row for {codes}, where {flights} flights of 2013 went.",
        workflow="correction",
    )
    return stage.department(TRANSPORT).says(body)


def _escalate(stage: Stage, case: CaseId) -> None:
    """Denied by the provider, taken further by the consumer, ruled by neither of them."""
    denied = Step(
        cases=(case,), ground="as-source", note="It is as the source has it.", step="reject"
    )
    stage.department(AUTHORITY).says(denied)
    stage.department(TRANSPORT).says(Step(cases=(case,), step="escalate"))
    ruling = Step(cases=(case,), note="A table of airports has all of them.", step="uphold")
    stage.department(STEWARD).says(ruling)
    _expect_state(stage, case, "upheld")
    tell(
        f"the {AUTHORITY.en} denies it (ground: as-source); the {TRANSPORT.en} escalates, "
        f"the {STEWARD.en} rules: upheld"
    )


def _release_corrected(stage: Stage, folder: Folder, data: Path, case: CaseId) -> tuple[int, int]:
    """The second version, with the rows that were missing; returns the rows of both."""
    table = folder.catalogue / f"{AIRPORTS.dataset}.csv"
    table.write_bytes((data / AIRPORTS.file).read_bytes() + _missing_rows())
    item, _ = release_of(
        stage.client,
        AIRPORTS.dataset,
        [table],
        as_of=moment(AIRPORTS.cells["as_of"]),
        corrects=1,
        quality=["destinations-without-a-row=0:yes"],
    )
    provider = stage.department(AUTHORITY)
    provider.says(Release(items=(item,)))
    corrected = DatasetVersion(dataset=AIRPORTS.dataset, version=2)
    provider.says(Step(cases=(case,), release=corrected, step="correct"))
    _expect_state(stage, case, "corrected")
    first, second = _version(stage, 1), _version(stage, 2)
    expect(first.corrected_by == 2, "the first version says that it was corrected")
    tell(
        f"version 2 of `{AIRPORTS.dataset}` has {second.rows:,} rows instead of {first.rows:,}; "
        "version 1 stays, and says that it was corrected"
    )
    return first.rows, second.rows


def _missing_rows() -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(MISSING)
    return text.getvalue().encode()


def _version(stage: Stage, version: int) -> ReleasedVersion:
    found = read_value(stage.client, ReleasedVersion, f"release/{AIRPORTS.dataset}/{version}")
    if found is None:
        raise LookupError(f"{AIRPORTS.dataset}@{version}")
    return found


def _expect_state(stage: Stage, case: CaseId, state: str) -> None:
    value = read_value(stage.client, Case, f"case/{case}")
    expect(value is not None and value.state == state, f"the correction is {state}")
