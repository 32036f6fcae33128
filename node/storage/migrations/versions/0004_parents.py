"""Rights passed on name their parent, which no earlier ledger has."""

import sqlalchemy as sa
from alembic import op

from node.storage.columns import TEXT

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("grant_view", sa.Column("parent", TEXT, nullable=True))
    op.create_index(
        "grant_by_parent",
        "grant_view",
        ["parent"],
        sqlite_where=sa.text("parent IS NOT NULL"),
        postgresql_where=sa.text("parent IS NOT NULL"),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup: a ledger is not taken back by a migration")
