"""Information systems: a view of a kind of value that no earlier ledger holds."""

import sqlalchemy as sa
from alembic import op

from node.storage.columns import TEXT, WHOLE

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "system_view",
        sa.Column("row", WHOLE, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("from_size", sa.BigInteger(), nullable=False),
        sa.Column("to_size", sa.BigInteger(), nullable=True),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index(op.f("ix_system_view_id"), "system_view", ["id"], unique=False)
    op.create_index(op.f("ix_system_view_owner"), "system_view", ["owner"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("restore a backup: a ledger is not taken back by a migration")
