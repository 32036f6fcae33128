"""Uses by right, in epochs of the log: a block writes to the last one's pages only."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("usage_by_grant", "usage_view")
    op.create_index(
        "usage_by_grant",
        "usage_view",
        [sa.text('("index" >> 16)'), "grant", "index"],
        sqlite_where=sa.text('"grant" IS NOT NULL'),
        postgresql_where=sa.text('"grant" IS NOT NULL'),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup: a ledger is not taken back by a migration")
