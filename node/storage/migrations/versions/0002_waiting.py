"""Who is waited for: a view of its own, filled from that of the cases."""

import sqlalchemy as sa
from alembic import op

from contracts.values import Case, parse_value
from node.storage.columns import TEXT, WHOLE
from node.storage.store import Snapshot
from node.views.as_at import PastState
from node.views.models import WAITING
from node.views.waiting import waiting_for

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "waiting_view",
        sa.Column("row", WHOLE, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("from_size", sa.BigInteger(), nullable=False),
        sa.Column("to_size", sa.BigInteger(), nullable=True),
        sa.Column("who", TEXT, nullable=False),
        sa.Column("due", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index(op.f("ix_waiting_view_id"), "waiting_view", ["id"], unique=False)
    op.create_index("waiting_by_who", "waiting_view", ["who", "to_size", "due", "id"], unique=False)
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    snapshot = Snapshot(connection)
    cases = connection.execute(sa.text("SELECT id, from_size, to_size, value FROM case_view"))
    for row in cases.fetchall():
        case = parse_value(f"case/{row.id}", row.value)
        if not isinstance(case, Case):
            continue
        for who, due in waiting_for(PastState(snapshot, row.from_size), row.id, case):
            connection.execute(
                WAITING.insert().values(
                    id=row.id, from_size=row.from_size, to_size=row.to_size, who=who, due=due
                )
            )


def downgrade() -> None:
    raise NotImplementedError("restore a backup: a ledger is not taken back by a migration")
