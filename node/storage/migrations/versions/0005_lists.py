"""Deliveries, duties, what is made from what, titles: filled from the log, the state and the views.

Of a delivery acknowledged more than once the state knows the last time alone; what it said before
is in no list as at a past size until the views are rebuilt.
"""

from collections.abc import Iterator
from itertools import groupby

import sqlalchemy as sa
from alembic import op

from contracts.values import Case, EntryTerms, ReleasedVersion, StatedDelivery, Value, parse_value
from ledger.canonical import encode
from ledger.records import Entry, Record, Release, parse_record
from ledger.types import DigestHex
from node.storage.columns import TEXT, WHOLE
from node.storage.statements import inserting
from node.storage.store import Snapshot
from node.views.duties import Changes, follow
from node.views.lineage import inputs_of
from node.views.models import DERIVATION, INPUT, TITLE, VERSIONED
from node.views.records import derivations_of, title_of
from node.views.versioned import columns_of

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_deliveries()
    _create_duties()
    _create_lineage()
    _create_titles()
    connection = op.get_bind()
    snapshot = Snapshot(connection)
    if snapshot.head() is not None:
        _fill_duties(connection, snapshot)
        _fill_entries(connection, snapshot)
        _fill_releases(connection, snapshot)
        _fill_deliveries(connection, snapshot)


def _sizes() -> list[sa.Column[object]]:
    return [
        sa.Column("row", WHOLE, primary_key=True, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("from_size", sa.BigInteger(), nullable=False),
        sa.Column("to_size", sa.BigInteger(), nullable=True),
    ]


def _create_deliveries() -> None:
    op.create_table(
        "delivery_view",
        *_sizes(),
        sa.Column("consumer", TEXT, nullable=False),
        sa.Column("provider", TEXT, nullable=False),
        sa.Column("grant", TEXT, nullable=False),
        sa.Column("acknowledged", TEXT, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
    )
    for name in ("id", "consumer", "provider", "grant"):
        op.create_index(op.f(f"ix_delivery_view_{name}"), "delivery_view", [name], unique=False)


def _create_duties() -> None:
    texts = ("case", "workflow", "state", "subject", "who", "part", "due", "since")
    op.create_table(
        "duty_view",
        sa.Column("row", WHOLE, primary_key=True, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in texts),
        *(sa.Column(name, TEXT, nullable=True) for name in _FATE),
    )
    op.create_index(op.f("ix_duty_view_case"), "duty_view", ["case"], unique=False)
    op.create_index("duty_by_who", "duty_view", ["who", "due"], unique=False)
    op.create_index("duty_by_due", "duty_view", ["due"], unique=False)


_FATE = ("passed_at", "ended_at", "outcome")


def _create_lineage() -> None:
    op.create_table(
        "input_view",
        *_sizes(),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("grant", TEXT, nullable=False),
    )
    for name in ("id", "source"):
        op.create_index(op.f(f"ix_input_view_{name}"), "input_view", [name], unique=False)
    op.create_table(
        "derivation_view",
        sa.Column("index", WHOLE, autoincrement=False, primary_key=True, nullable=False),
        sa.Column("id", TEXT, primary_key=True, nullable=False),
        sa.Column("source", TEXT, primary_key=True, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
    )
    op.create_index("derivation_by_id", "derivation_view", ["id"], unique=False)
    op.create_index("derivation_by_source", "derivation_view", ["source"], unique=False)


def _create_titles() -> None:
    op.create_table(
        "title_view",
        sa.Column("record", TEXT, primary_key=True, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("words", TEXT, nullable=False),
    )
    op.create_index(op.f("ix_title_view_code"), "title_view", ["code"], unique=False)
    op.add_column("entry_view", sa.Column("record", TEXT, nullable=True))


def _fill_duties(connection: sa.Connection, snapshot: Snapshot) -> None:
    rows = _values(connection, "case")
    for case_id, some in groupby(rows, key=lambda row: row[0]):
        before: Case | None = None
        for _, size, case in some:
            block = snapshot.block_of(size - 1)
            if isinstance(case, Case) and block is not None:
                changes = Changes([], [], [], [])
                follow(changes, case_id, before, case, block.time)
                changes.run(connection)
                before = case


def _fill_entries(connection: sa.Connection, snapshot: Snapshot) -> None:
    """Entries in force now or before; of one that never was nobody asks for the title."""
    table, known = VERSIONED["entry"], set[DigestHex]()
    ends = {
        (row.id, row.from_size): row.to_size
        for row in connection.execute(sa.select(table.c.id, table.c.from_size, table.c.to_size))
    }
    for dataset, size, entry in list(_values(connection, "entry")):
        if not isinstance(entry, EntryTerms):
            continue
        this = (table.c.id == dataset, table.c.from_size == size)
        connection.execute(table.update().where(*this).values(record=entry.record))
        for begun in inputs_of(connection, dataset, entry, size):
            row = (*begun[:2], ends[dataset, size], *begun[3:])
            inserting(INPUT, without=["row"]).run(connection, [row])
        for _, record in _records(snapshot, {entry.record} - known):
            if isinstance(record.body, Entry):
                inserting(TITLE).run(connection, [title_of(record.digest, record.body)])
        known.add(entry.record)


def _fill_releases(connection: sa.Connection, snapshot: Snapshot) -> None:
    values = (value for _, _, value in _values(connection, "release"))
    digests = {value.record for value in values if isinstance(value, ReleasedVersion)}
    for index, record in _records(snapshot, digests):
        if isinstance(record.body, Release):
            inserting(DERIVATION).run(connection, derivations_of(index, record.body))


def _fill_deliveries(connection: sa.Connection, snapshot: Snapshot) -> None:
    state = sa.table("state", sa.column("key"), sa.column("value"))
    query = sa.select(state.c.key, state.c.value).where(
        state.c.key >= "delivery/", state.c.key < "delivery0"
    )
    for row in connection.execute(query).all():
        value = parse_value(row.key, row.value)
        if isinstance(value, StatedDelivery):
            _fill_delivery(connection, snapshot, row.key.removeprefix("delivery/"), value)


def _fill_delivery(
    connection: sa.Connection, snapshot: Snapshot, digest: DigestHex, value: StatedDelivery
) -> None:
    stated = {name: getattr(value, name) for name in value.__struct_fields__}
    first = StatedDelivery(**{**stated, "acknowledged": None})
    sizes = [_size_of(snapshot, digest)]
    values = [first]
    if value.acknowledged is not None:
        sizes.append(_size_of(snapshot, value.acknowledged))
        values.append(value)
    for one, size, end in zip(values, sizes, [*sizes[1:], None], strict=True):
        row = {"id": digest, "from_size": size, "to_size": end, "value": encode(one)}
        if size != end:
            connection.execute(
                VERSIONED["delivery"].insert().values({**row, **columns_of(digest, one)})
            )


def _values(connection: sa.Connection, view: str) -> Iterator[tuple[str, int, Value]]:
    """The values of a view: id, size from which each holds, value; in that order."""
    table = VERSIONED[view]
    query = sa.select(table.c.id, table.c.from_size, table.c.value)
    for row in connection.execute(query.order_by(table.c.id, table.c.from_size)):
        yield row.id, row.from_size, parse_value(f"{view}/{row.id}", row.value)


def _records(snapshot: Snapshot, digests: set[DigestHex]) -> Iterator[tuple[int, Record]]:
    for digest in sorted(digests):
        for leaf in snapshot.candidates(digest):
            record = parse_record(leaf.leaf)
            if record.digest == digest:
                yield leaf.index, record


def _size_of(snapshot: Snapshot, digest: DigestHex) -> int:
    """The size of the log after the block of a record."""
    for index, _ in _records(snapshot, {digest}):
        block = snapshot.block_of(index)
        if block is not None:
            return block.size
    raise LookupError(digest)


def downgrade() -> None:
    raise NotImplementedError("restore a backup: a ledger is not taken back by a migration")
