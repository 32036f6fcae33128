"""What an assessment asks of the views: indicators, and who is a party to which case."""

import sqlalchemy as sa
from alembic import op

from contracts.values import Case, parse_value
from node.storage.columns import TEXT, WHOLE
from node.storage.statements import Row, upserting
from node.views.models import PARTY, VERSIONED
from node.views.parties import parties_of

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
_ROWS = 1_000


def upgrade() -> None:
    op.create_table(
        "indicator_view",
        sa.Column("row", WHOLE, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("from_size", sa.BigInteger(), nullable=False),
        sa.Column("to_size", sa.BigInteger(), nullable=True),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index(op.f("ix_indicator_view_id"), "indicator_view", ["id"], unique=False)
    op.create_table(
        "party_view",
        sa.Column("member", TEXT, nullable=False),
        sa.Column("opened_at", TEXT, nullable=False),
        sa.Column("case", TEXT, nullable=False),
        sa.Column("workflow", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("member", "opened_at", "case"),
        sqlite_with_rowid=False,
    )
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    """From the cases, every version of them: no earlier ledger has indicators."""
    table = VERSIONED["case"]
    query = sa.select(table.c.id, table.c.value).order_by(table.c.row)
    for rows in connection.execute(query).partitions(_ROWS):
        parties: dict[Row, None] = {}
        for row in rows:
            case = parse_value(f"case/{row.id}", row.value)
            if isinstance(case, Case):
                parties |= dict.fromkeys(parties_of(row.id, case))
        upserting(PARTY).run(connection, list(parties))


def downgrade() -> None:
    raise NotImplementedError("restore a backup: a ledger is not taken back by a migration")
