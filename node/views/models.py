"""Tables of the views. `value` is the canonical JSON of the state value a row was made from."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, text
from sqlmodel import Field, SQLModel

from node.storage.columns import TEXT, WHOLE
from node.storage.models import table_of


def _text(*, index: bool = False, nullable: bool = True) -> Column[str]:
    return Column(TEXT, index=index, nullable=nullable)


class MemberView(SQLModel, table=True):
    """Members."""

    __tablename__ = "member_view"
    row: int | None = Field(default=None, sa_column=Column(WHOLE, primary_key=True))
    id: str = Field(sa_column=_text(index=True, nullable=False))
    from_size: int = Field(sa_column=Column(BigInteger, nullable=False))
    to_size: int | None = Field(default=None, sa_column=Column(BigInteger))
    status: str = Field(sa_column=_text(nullable=False))
    value: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class WriterView(SQLModel, table=True):
    """Writers; the chain head is not repeated here."""

    __tablename__ = "writer_view"
    row: int | None = Field(default=None, sa_column=Column(WHOLE, primary_key=True))
    id: str = Field(sa_column=_text(index=True, nullable=False))
    from_size: int = Field(sa_column=Column(BigInteger, nullable=False))
    to_size: int | None = Field(default=None, sa_column=Column(BigInteger))
    member: str = Field(sa_column=_text(index=True, nullable=False))
    status: str = Field(sa_column=_text(nullable=False))
    value: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class SystemView(SQLModel, table=True):
    """Information systems; the id is `<owner>/<system>`."""

    __tablename__ = "system_view"
    row: int | None = Field(default=None, sa_column=Column(WHOLE, primary_key=True))
    id: str = Field(sa_column=_text(index=True, nullable=False))
    from_size: int = Field(sa_column=Column(BigInteger, nullable=False))
    to_size: int | None = Field(default=None, sa_column=Column(BigInteger))
    owner: str = Field(sa_column=_text(index=True, nullable=False))
    status: str = Field(sa_column=_text(nullable=False))
    value: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class DatasetView(SQLModel, table=True):
    """Datasets, from their first entry on."""

    __tablename__ = "dataset_view"
    row: int | None = Field(default=None, sa_column=Column(WHOLE, primary_key=True))
    id: str = Field(sa_column=_text(index=True, nullable=False))
    from_size: int = Field(sa_column=Column(BigInteger, nullable=False))
    to_size: int | None = Field(default=None, sa_column=Column(BigInteger))
    provider: str = Field(sa_column=_text(index=True, nullable=False))
    value: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class EntryView(SQLModel, table=True):
    """Entries in force; their dataset is the id. `record` leads to their title."""

    __tablename__ = "entry_view"
    row: int | None = Field(default=None, sa_column=Column(WHOLE, primary_key=True))
    id: str = Field(sa_column=_text(index=True, nullable=False))
    from_size: int = Field(sa_column=Column(BigInteger, nullable=False))
    to_size: int | None = Field(default=None, sa_column=Column(BigInteger))
    provider: str = Field(sa_column=_text(index=True, nullable=False))
    sharing: str = Field(sa_column=_text(nullable=False))
    record: str | None = Field(default=None, sa_column=_text(index=True))
    value: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ReleaseView(SQLModel, table=True):
    """Released versions; the id is `<dataset>/<version>`."""

    __tablename__ = "release_view"
    row: int | None = Field(default=None, sa_column=Column(WHOLE, primary_key=True))
    id: str = Field(sa_column=_text(index=True, nullable=False))
    from_size: int = Field(sa_column=Column(BigInteger, nullable=False))
    to_size: int | None = Field(default=None, sa_column=Column(BigInteger))
    dataset: str = Field(sa_column=_text(index=True, nullable=False))
    value: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class RequestView(SQLModel, table=True):
    """Datasets asked for."""

    __tablename__ = "request_view"
    __table_args__ = (
        Index("request_by_member", "member", "id"),
        Index("request_by_dataset", "dataset", "id"),
    )
    row: int | None = Field(default=None, sa_column=Column(WHOLE, primary_key=True))
    id: str = Field(sa_column=_text(index=True, nullable=False))
    from_size: int = Field(sa_column=Column(BigInteger, nullable=False))
    to_size: int | None = Field(default=None, sa_column=Column(BigInteger))
    member: str = Field(sa_column=_text(nullable=False))
    dataset: str = Field(sa_column=_text(nullable=False))
    value: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class GrantView(SQLModel, table=True):
    """Rights; a standing grant has no consumer, and only what was passed on has a parent."""

    __tablename__ = "grant_view"
    __table_args__ = (
        Index("grant_by_consumer", "consumer", "id"),
        Index("grant_by_provider", "provider", "id"),
        Index("grant_by_dataset", "dataset", "id"),
        Index(
            "grant_by_parent",
            "parent",
            sqlite_where=text("parent IS NOT NULL"),
            postgresql_where=text("parent IS NOT NULL"),
        ),
    )
    row: int | None = Field(default=None, sa_column=Column(WHOLE, primary_key=True))
    id: str = Field(sa_column=_text(index=True, nullable=False))
    from_size: int = Field(sa_column=Column(BigInteger, nullable=False))
    to_size: int | None = Field(default=None, sa_column=Column(BigInteger))
    consumer: str | None = Field(default=None, sa_column=_text())
    provider: str = Field(sa_column=_text(nullable=False))
    dataset: str = Field(sa_column=_text(nullable=False))
    parent: str | None = Field(default=None, sa_column=_text())
    value: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class DeliveryView(SQLModel, table=True):
    """Deliveries under a right; the id is the digest of the record that stated one."""

    __tablename__ = "delivery_view"
    __table_args__ = (
        Index("delivery_by_consumer", "consumer", "id"),
        Index("delivery_by_provider", "provider", "id"),
        Index("delivery_by_grant", "grant", "id"),
    )
    row: int | None = Field(default=None, sa_column=Column(WHOLE, primary_key=True))
    id: str = Field(sa_column=_text(index=True, nullable=False))
    from_size: int = Field(sa_column=Column(BigInteger, nullable=False))
    to_size: int | None = Field(default=None, sa_column=Column(BigInteger))
    consumer: str = Field(sa_column=_text(nullable=False))
    provider: str = Field(sa_column=_text(nullable=False))
    grant: str = Field(sa_column=Column("grant", TEXT, nullable=False))
    acknowledged: str = Field(sa_column=_text(index=True, nullable=False))
    value: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class CaseView(SQLModel, table=True):
    """Cases, findings among them; `accused` lists members between commas."""

    __tablename__ = "case_view"
    __table_args__ = (Index("case_by_state", "workflow", "state"),)
    row: int | None = Field(default=None, sa_column=Column(WHOLE, primary_key=True))
    id: str = Field(sa_column=_text(index=True, nullable=False))
    from_size: int = Field(sa_column=Column(BigInteger, nullable=False))
    to_size: int | None = Field(default=None, sa_column=Column(BigInteger))
    workflow: str = Field(sa_column=_text(nullable=False))
    state: str = Field(sa_column=_text(nullable=False))
    code: str | None = Field(default=None, sa_column=_text(index=True))
    accused: str = Field(sa_column=_text(nullable=False))
    parties: str = Field(sa_column=_text(nullable=False))
    value: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


USAGE_EPOCH: Final = '("index" >> 16)'
EPOCH_BITS: Final = 16


class UsageView(SQLModel, table=True):
    """Records of use: facts, so they hold from their block on.

    Rights are used in any order, so their index is kept in epochs of the log, as that of leaves by
    digest.
    """

    __tablename__ = "usage_view"
    __table_args__ = (
        Index("usage_by_consumer", "consumer", "index"),
        Index("usage_by_dataset", "dataset", "index"),
        Index(
            "usage_by_grant",
            text(USAGE_EPOCH),
            "grant",
            "index",
            sqlite_where=text('"grant" IS NOT NULL'),
            postgresql_where=text('"grant" IS NOT NULL'),
        ),
    )
    index: int = Field(sa_column=Column("index", WHOLE, primary_key=True, autoincrement=False))
    consumer: str = Field(sa_column=_text(nullable=False))
    dataset: str = Field(sa_column=_text(nullable=False))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    grant: str | None = Field(default=None, sa_column=Column("grant", TEXT))
    purpose: str = Field(sa_column=_text(nullable=False))
    operation: str = Field(sa_column=_text(nullable=False))
    started_at: str = Field(sa_column=_text(nullable=False))
    ended_at: str = Field(sa_column=_text(nullable=False))
    uses: int = Field(sa_column=Column(BigInteger, nullable=False))
    rows: int = Field(sa_column=Column("rows", BigInteger, nullable=False))
    findings: int = Field(sa_column=Column(WHOLE, nullable=False))


class IndicatorView(SQLModel, table=True):
    """Indicators by which members are assessed."""

    __tablename__ = "indicator_view"
    row: int | None = Field(default=None, sa_column=Column(WHOLE, primary_key=True))
    id: str = Field(sa_column=_text(index=True, nullable=False))
    from_size: int = Field(sa_column=Column(BigInteger, nullable=False))
    to_size: int | None = Field(default=None, sa_column=Column(BigInteger))
    value: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class PartyView(SQLModel, table=True):
    """Which member is a party to which case, by the time the case was opened."""

    __tablename__ = "party_view"
    __table_args__ = {"sqlite_with_rowid": False}
    member: str = Field(sa_column=Column(TEXT, primary_key=True))
    opened_at: str = Field(sa_column=Column(TEXT, primary_key=True))
    case: str = Field(sa_column=Column("case", TEXT, primary_key=True))
    workflow: str = Field(sa_column=_text(nullable=False))


class CaseRecordView(SQLModel, table=True):
    """Which records opened and moved a case; a settlement is named by the seal of its block."""

    __tablename__ = "case_record_view"
    __table_args__ = {"sqlite_with_rowid": False}
    case: str = Field(sa_column=Column("case", TEXT, primary_key=True))
    index: int = Field(sa_column=Column("index", WHOLE, primary_key=True, autoincrement=False))


class WaitingView(SQLModel, table=True):
    """Cases that wait, once for everybody who may move them: members, or offices as `@steward`.

    `due` is the deadline, the one missed if it has passed, and `~` where there is none.
    """

    __tablename__ = "waiting_view"
    __table_args__ = (
        Index("waiting_by_who", "who", "to_size", "due", "id"),
        Index(
            "waiting_by_due",
            "due",
            "id",
            sqlite_where=text("to_size IS NULL"),
            postgresql_where=text("to_size IS NULL"),
        ),
    )
    row: int | None = Field(default=None, sa_column=Column(WHOLE, primary_key=True))
    id: str = Field(sa_column=_text(index=True, nullable=False))
    from_size: int = Field(sa_column=Column(BigInteger, nullable=False))
    to_size: int | None = Field(default=None, sa_column=Column(BigInteger))
    who: str = Field(sa_column=_text(nullable=False))
    due: str = Field(sa_column=_text(nullable=False))


class DutyView(SQLModel, table=True):
    """Deadlines, each once for everybody it runs against: members, or offices as `@steward`.

    One that has passed has `passed_at`; one that is over, met or not, has `ended_at` and `outcome`.
    """

    __tablename__ = "duty_view"
    __table_args__ = (
        Index("duty_by_who", "who", "due"),
        Index("duty_by_workflow", "workflow", "due"),
        Index("duty_by_due", "due"),
        Index(
            "duty_open",
            "due",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "duty_passed",
            "due",
            sqlite_where=text("passed_at IS NOT NULL"),
            postgresql_where=text("passed_at IS NOT NULL"),
        ),
    )
    row: int | None = Field(default=None, sa_column=Column(WHOLE, primary_key=True))
    case: str = Field(sa_column=Column("case", TEXT, index=True, nullable=False))
    workflow: str = Field(sa_column=_text(nullable=False))
    state: str = Field(sa_column=_text(nullable=False))
    subject: str = Field(sa_column=_text(nullable=False))
    who: str = Field(sa_column=_text(nullable=False))
    part: str = Field(sa_column=_text(nullable=False))
    due: str = Field(sa_column=_text(nullable=False))
    since: str = Field(sa_column=_text(nullable=False))
    passed_at: str | None = Field(default=None, sa_column=_text())
    ended_at: str | None = Field(default=None, sa_column=_text())
    outcome: str | None = Field(default=None, sa_column=_text())


class StepView(SQLModel, table=True):
    """Who moved which case by which step, when, and on which ground; no deadlines."""

    __tablename__ = "step_view"
    __table_args__ = (
        Index("step_by_name", "workflow", "step", "index"),
        Index("step_by_member", "member", "index"),
        Index(
            "step_by_ground",
            "ground",
            "index",
            sqlite_where=text("ground IS NOT NULL"),
            postgresql_where=text("ground IS NOT NULL"),
        ),
    )
    index: int = Field(sa_column=Column("index", WHOLE, primary_key=True, autoincrement=False))
    case: str = Field(sa_column=Column("case", TEXT, primary_key=True))
    workflow: str = Field(sa_column=_text(nullable=False))
    step: str = Field(sa_column=_text(nullable=False))
    ground: str | None = Field(default=None, sa_column=_text())
    member: str = Field(sa_column=_text(nullable=False))
    writer: str = Field(sa_column=_text(nullable=False))
    time: str = Field(sa_column=_text(nullable=False))


class InputView(SQLModel, table=True):
    """Entries in force of block datasets, once for every right they rest on."""

    __tablename__ = "input_view"
    row: int | None = Field(default=None, sa_column=Column(WHOLE, primary_key=True))
    id: str = Field(sa_column=_text(index=True, nullable=False))
    from_size: int = Field(sa_column=Column(BigInteger, nullable=False))
    to_size: int | None = Field(default=None, sa_column=Column(BigInteger))
    source: str = Field(sa_column=_text(index=True, nullable=False))
    grant: str = Field(sa_column=Column("grant", TEXT, nullable=False))


class DerivationView(SQLModel, table=True):
    """Released versions that say from which datasets they were made."""

    __tablename__ = "derivation_view"
    __table_args__ = (Index("derivation_by_id", "id"), Index("derivation_by_source", "source"))
    index: int = Field(sa_column=Column("index", WHOLE, primary_key=True, autoincrement=False))
    id: str = Field(sa_column=Column(TEXT, primary_key=True))
    source: str = Field(sa_column=Column(TEXT, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))


class TitleView(SQLModel, table=True):
    """What entries are called, by their record; `words` is what a search looks through."""

    __tablename__ = "title_view"
    record: str = Field(sa_column=Column(TEXT, primary_key=True))
    code: str = Field(sa_column=_text(index=True, nullable=False))
    words: str = Field(sa_column=_text(nullable=False))


VERSIONED: Final[dict[str, Table]] = {
    prefix: table_of(model)
    for prefix, model in {
        "member": MemberView,
        "writer": WriterView,
        "system": SystemView,
        "dataset": DatasetView,
        "entry": EntryView,
        "release": ReleaseView,
        "request": RequestView,
        "grant": GrantView,
        "delivery": DeliveryView,
        "case": CaseView,
        "indicator": IndicatorView,
    }.items()
}
"""Views over values of the state, by the first part of the key."""
USAGE: Final[Table] = table_of(UsageView)
CASE_RECORD: Final[Table] = table_of(CaseRecordView)
WAITING: Final[Table] = table_of(WaitingView)
PARTY: Final[Table] = table_of(PartyView)
DUTY: Final[Table] = table_of(DutyView)
INPUT: Final[Table] = table_of(InputView)
DERIVATION: Final[Table] = table_of(DerivationView)
TITLE: Final[Table] = table_of(TitleView)
STEP: Final[Table] = table_of(StepView)
VIEWS: Final = (
    *VERSIONED.values(),
    USAGE,
    CASE_RECORD,
    WAITING,
    PARTY,
    DUTY,
    INPUT,
    DERIVATION,
    TITLE,
    STEP,
)
