"""Records that open cases: what somebody asks for, objects to or orders, and what went wrong.

One record opens one case, or one against each member it lists; the n-th is `<record digest>-<n>`.
From there on `step` records move it (`ledger.records.cases`).
"""

from typing import Annotated, Final, Literal

from msgspec import Meta

from ledger.canonical import Canonical, require_ascending
from ledger.records.assessment import FigureObjection
from ledger.records.catalogue import VersionContent
from ledger.records.genesis import Days
from ledger.sealed import MaybeSealed
from ledger.types import CaseId, Count, DatasetId, DigestHex, MemberId, Time

AGAINST_MAX: Final = 128
Opened = Literal[
    "complaint",
    "correction",
    "demand",
    "dispute",
    "figure-objection",
    "inspection",
    "objection",
    "rectification",
    "supervision-order",
]
"""The workflows of which somebody opens a case by a record of the kind `case`."""
ORDERS: Final = frozenset({"inspection", "rectification", "supervision-order"})
_AGAINST: Final = ORDERS | {"complaint", "objection"}
_ON_CASES: Final = ORDERS | {"complaint", "dispute"}


class CaseOpening(Canonical):
    """Opens a case of one workflow, or one against each member listed.

    Attributes:
        against: complaint, objection, order: the members it is against, ascending.
        case: the case disputed; of a complaint or an order, the case it rests on, if any.
        days: of an order: working days to report; the ledger's own if missing.
        evidence: digests of documents it rests on, ascending.
        figure: the figure objected to, and what must not count in it.
        produces: of an order: whether the report must name documents.
        record: the record objected to.
        release: the release to be corrected, and its contents.
        settles: of a rectification: whether the finding it rests on is closed with it.
        text: what is asked for, and why; may be sealed.
        workflow: the course it takes.
    """

    against: Annotated[tuple[MemberId, ...], Meta(max_length=AGAINST_MAX)] = ()
    case: CaseId | None = None
    days: Days | None = None
    evidence: Annotated[tuple[DigestHex, ...], Meta(max_length=32)] = ()
    figure: FigureObjection | None = None
    produces: bool = False
    record: DigestHex | None = None
    release: VersionContent | None = None
    settles: bool = False
    text: MaybeSealed
    workflow: Opened

    def __post_init__(self) -> None:
        require_ascending("against", self.against)
        require_ascending("evidence", self.evidence)
        if bool(self.against) != (self.workflow in _AGAINST):
            raise ValueError("`against` goes with a complaint, an objection or an order")
        if self.workflow == "dispute" and self.case is None:
            raise ValueError("a dispute is about a `case`")
        if self.case is not None and self.workflow not in _ON_CASES:
            raise ValueError("`case` goes with a dispute, a complaint or an order")
        if (self.figure is not None) != (self.workflow == "figure-objection"):
            raise ValueError("`figure` goes with an objection to a figure")
        if (self.record is not None) != (self.workflow == "objection"):
            raise ValueError("`record` goes with an objection")
        if (self.release is not None) != (self.workflow == "correction"):
            raise ValueError("`release` goes with a correction")
        if self.produces and self.workflow not in ORDERS:
            raise ValueError("`produces` goes with an order")
        if self.settles and (self.workflow != "rectification" or self.case is None):
            raise ValueError("`settles` goes with a rectification that rests on a `case`")
        if self.days is not None and self.workflow not in ORDERS:
            raise ValueError("`days` goes with an order")


class Incident(Canonical):
    """Something happened to data, or was done with it. It opens a case against who must report.

    Attributes:
        category: what happened.
        datasets: the datasets concerned, ascending.
        discovered_at: when it was discovered.
        evidence: digests of documents, ascending.
        member: where it happened; the reporting member itself if missing.
        people: how many people's information is concerned, as far as known.
        stage: what was being done with the data.
        text: what happened, and what was done about it; may be sealed.
    """

    category: Literal["leak", "loss", "misuse", "tampering"]
    datasets: Annotated[tuple[DatasetId, ...], Meta(max_length=128)] = ()
    discovered_at: Time
    evidence: Annotated[tuple[DigestHex, ...], Meta(max_length=32)] = ()
    member: MemberId | None = None
    people: Count = 0
    stage: Literal["collect", "destroy", "process", "share", "store", "transfer", "use"]
    text: MaybeSealed

    def __post_init__(self) -> None:
        require_ascending("datasets", self.datasets)
        require_ascending("evidence", self.evidence)
