"""Filters that no index served: uses by right, cases by state, steps by ground, and others."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "usage_by_grant",
        "usage_view",
        ["grant", "index"],
        sqlite_where=sa.text('"grant" IS NOT NULL'),
        postgresql_where=sa.text('"grant" IS NOT NULL'),
    )
    op.create_index("case_by_state", "case_view", ["workflow", "state"])
    op.drop_index("ix_case_view_workflow", "case_view")
    op.create_index(
        "step_by_ground",
        "step_view",
        ["ground", "index"],
        sqlite_where=sa.text("ground IS NOT NULL"),
        postgresql_where=sa.text("ground IS NOT NULL"),
    )
    op.create_index("duty_by_workflow", "duty_view", ["workflow", "due"])
    op.create_index(
        "duty_open",
        "duty_view",
        ["due"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "duty_passed",
        "duty_view",
        ["due"],
        sqlite_where=sa.text("passed_at IS NOT NULL"),
        postgresql_where=sa.text("passed_at IS NOT NULL"),
    )
    op.create_index("ix_delivery_view_acknowledged", "delivery_view", ["acknowledged"])
    op.create_index("ix_entry_view_record", "entry_view", ["record"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup: a ledger is not taken back by a migration")
