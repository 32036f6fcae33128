"""Indicators: figures by which members are assessed, as data that a vote adopts and changes.

An indicator counts *things* of one sort on one side of a member: its cases, its entries, its
systems, its rights. A thing is counted if one of the clauses of `denominator` covers it; a clause
covers what has one of the values it lists under each of its members, and lists nothing of what it
leaves out. The language has no arithmetic, no negation but `unmarked`, and ends on every input.

    of          case
    denominator [{lateness: [in-time, late], sides: [provider], workflows: [request]}]
    numerator   [{lateness: [in-time]}]          answers in time, of all requests that were due

A figure is a share in basis points, ten-thousandths: what the numerator covers of what the
denominator covers. An indicator with `each` instead is a deduction: so many basis points for each
thing counted. `contracts/assessment` says which things there are and evaluates.

>>> clause = Clause(lateness=("in-time",), sides=("provider",))
>>> clause.states
()
"""

from typing import Annotated, Final, Literal

from msgspec import Meta

from ledger.canonical import Canonical, require_ascending, restore_defaults
from ledger.records.names import Names
from ledger.types import Slug

BASIS_POINTS: Final = 10_000
"""The whole: 100 %."""
CLAUSES_MAX: Final = 8
INDICATORS_MAX: Final = 64
THINGS_MAX: Final = 32

BasisPoints = Annotated[int, Meta(ge=0, le=BASIS_POINTS)]
"""A share in ten-thousandths, 0 to 10,000."""
PeriodName = Annotated[
    str, Meta(pattern=r"\A(?:19[7-9][0-9]|[2-9][0-9]{3})(?:-(?:Q[1-4]|0[1-9]|1[0-2]))?\Z")
]
"""A year, quarter or month of the ledger's calendar: `2026`, `2026-Q4`, `2026-11`."""
ThingKey = Annotated[str, Meta(pattern=r"\A(?:case|entry|grant|system)/[!-~]{1,200}\Z")]
"""The state key of what an indicator counts."""
Length = Literal["month", "quarter", "year"]
Lateness = Literal["in-time", "late", "none", "pending", "suspected"]
Mark = Literal["backflow", "catalogued", "registered", "released", "used"]
Side = Literal[
    "accused", "claimant", "consumer", "delegator", "owner", "proposer", "provider", "respondent"
]
Sort = Literal["case", "entry", "grant", "system"]
Codes = Annotated[tuple[Slug, ...], Meta(max_length=64)]


class Clause(Canonical):
    """Covers what has one of the values listed under every member that lists any.

    Attributes:
        codes: codes of findings, ascending.
        lateness: how the member stands to the deadlines that ran against it in the case: `none`
            ran, `pending`, kept `in-time`, `late` as a confirmed finding says, or `suspected`.
        marks: what is said of it, all of them. `backflow`: a request of a lower level about its own
            territory; `catalogued`: a system with an entry in force; `registered`: an entry whose
            system is registered and not retired; `released`: an entry with a version released;
            `used`: a right under which data was used in the period.
        sides: what the member is to it.
        states: where it stands: the state of a case, the sharing class of an entry, the status of a
            system, of a right `in-force`, `suspended` or `ended`; ascending.
        unmarked: what is not said of it, any of them.
        workflows: workflows of cases, ascending.
    """

    codes: Codes = ()
    lateness: Annotated[tuple[Lateness, ...], Meta(max_length=5)] = ()
    marks: Annotated[tuple[Mark, ...], Meta(max_length=5)] = ()
    sides: Annotated[tuple[Side, ...], Meta(max_length=8)] = ()
    states: Codes = ()
    unmarked: Annotated[tuple[Mark, ...], Meta(max_length=5)] = ()
    workflows: Codes = ()

    def __post_init__(self) -> None:
        require_ascending("codes", self.codes)
        require_ascending("lateness", self.lateness)
        require_ascending("marks", self.marks)
        require_ascending("sides", self.sides)
        require_ascending("states", self.states)
        require_ascending("unmarked", self.unmarked)
        require_ascending("workflows", self.workflows)


class Indicator(Canonical):
    """A figure by which members are assessed.

    Attributes:
        cap: the most it comes to, in basis points.
        denominator: what is counted at all: what one of these clauses covers.
        each: of a deduction, basis points for each thing counted.
        id: its code.
        names: what it is called.
        numerator: of a share, what counts for the member: what one of these clauses covers, too.
        of: what sort of things it counts.
        period: the length of the periods over which it is taken.
        weight: of a share, its weight among the shares; of a deduction, how much of it counts.
    """

    cap: BasisPoints = BASIS_POINTS
    denominator: Annotated[tuple[Clause, ...], Meta(min_length=1, max_length=CLAUSES_MAX)]
    each: BasisPoints | None = None
    id: Slug
    names: Names
    numerator: Annotated[tuple[Clause, ...], Meta(max_length=CLAUSES_MAX)] = ()
    of: Sort
    period: Length
    weight: BasisPoints

    def __post_init__(self) -> None:
        restore_defaults(self)
        if bool(self.numerator) == (self.each is not None):
            raise ValueError("a share has a `numerator`, a deduction has `each`")


class FigureObjection(Canonical):
    """What a member objects to in a figure of its own, before it is final.

    Attributes:
        indicator: the indicator.
        period: the period.
        things: state keys of what must not be counted, ascending.
    """

    indicator: Slug
    period: PeriodName
    things: Annotated[tuple[ThingKey, ...], Meta(min_length=1, max_length=THINGS_MAX)]

    def __post_init__(self) -> None:
        require_ascending("things", self.things)


class SetIndicator(Canonical, tag_field="act", tag="set-indicator"):
    """Adopt an indicator, or replace one.

    Attributes:
        indicator: as it is from then on.
    """

    indicator: Indicator


class EndIndicator(Canonical, tag_field="act", tag="end-indicator"):
    """End an indicator. Figures of periods that were over before stay.

    Attributes:
        indicator: its code.
    """

    indicator: Slug
