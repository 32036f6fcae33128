"""Cases that wait, by deadline: the webhook looks every minute, however many have waited before."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "waiting_by_due",
        "waiting_view",
        ["due", "id"],
        sqlite_where=sa.text("to_size IS NULL"),
        postgresql_where=sa.text("to_size IS NULL"),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup: a ledger is not taken back by a migration")
