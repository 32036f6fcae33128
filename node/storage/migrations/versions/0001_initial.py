"""The first schema: leaves, blocks, tiles, state, map, head, checkpoint, and the views."""

import sqlalchemy as sa
from alembic import op

from node.storage.columns import TEXT, WHOLE

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "block",
        sa.Column("height", WHOLE, autoincrement=False, nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("count", WHOLE, nullable=False),
        sa.Column("time", TEXT, nullable=False),
        sa.Column("settlement", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("height"),
    )
    op.create_index(op.f("ix_block_first"), "block", ["first"], unique=False)
    op.create_index(op.f("ix_block_time"), "block", ["time"], unique=False)
    op.create_table(
        "case_record_view",
        sa.Column("case", TEXT, nullable=False),
        sa.Column("index", WHOLE, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("case", "index"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "case_view",
        sa.Column("row", WHOLE, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("from_size", sa.BigInteger(), nullable=False),
        sa.Column("to_size", sa.BigInteger(), nullable=True),
        sa.Column("workflow", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("code", TEXT, nullable=True),
        sa.Column("accused", TEXT, nullable=False),
        sa.Column("parties", TEXT, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index(op.f("ix_case_view_code"), "case_view", ["code"], unique=False)
    op.create_index(op.f("ix_case_view_id"), "case_view", ["id"], unique=False)
    op.create_index(op.f("ix_case_view_workflow"), "case_view", ["workflow"], unique=False)
    op.create_table(
        "checkpoint",
        sa.Column("id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("size", WHOLE, nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "dataset_view",
        sa.Column("row", WHOLE, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("from_size", sa.BigInteger(), nullable=False),
        sa.Column("to_size", sa.BigInteger(), nullable=True),
        sa.Column("provider", TEXT, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index(op.f("ix_dataset_view_id"), "dataset_view", ["id"], unique=False)
    op.create_index(op.f("ix_dataset_view_provider"), "dataset_view", ["provider"], unique=False)
    op.create_table(
        "entry_view",
        sa.Column("row", WHOLE, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("from_size", sa.BigInteger(), nullable=False),
        sa.Column("to_size", sa.BigInteger(), nullable=True),
        sa.Column("provider", TEXT, nullable=False),
        sa.Column("sharing", TEXT, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index(op.f("ix_entry_view_id"), "entry_view", ["id"], unique=False)
    op.create_index(op.f("ix_entry_view_provider"), "entry_view", ["provider"], unique=False)
    op.create_table(
        "grant_view",
        sa.Column("row", WHOLE, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("from_size", sa.BigInteger(), nullable=False),
        sa.Column("to_size", sa.BigInteger(), nullable=True),
        sa.Column("consumer", TEXT, nullable=True),
        sa.Column("provider", TEXT, nullable=False),
        sa.Column("dataset", TEXT, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index(op.f("ix_grant_view_consumer"), "grant_view", ["consumer"], unique=False)
    op.create_index(op.f("ix_grant_view_dataset"), "grant_view", ["dataset"], unique=False)
    op.create_index(op.f("ix_grant_view_id"), "grant_view", ["id"], unique=False)
    op.create_index(op.f("ix_grant_view_provider"), "grant_view", ["provider"], unique=False)
    op.create_table(
        "head",
        sa.Column("id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("ledger", TEXT, nullable=False),
        sa.Column("height", WHOLE, nullable=False),
        sa.Column("size", WHOLE, nullable=False),
        sa.Column("seal", TEXT, nullable=False),
        sa.Column("time", TEXT, nullable=False),
        sa.Column("state_root", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "leaf",
        sa.Column("index", WHOLE, autoincrement=False, nullable=False),
        sa.Column("epoch", WHOLE, nullable=False),
        sa.Column("digest_start", sa.BigInteger(), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("index"),
    )
    op.create_index("leaf_by_digest", "leaf", ["epoch", "digest_start"], unique=False)
    op.create_table(
        "map_node",
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("node", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("path"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "member_view",
        sa.Column("row", WHOLE, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("from_size", sa.BigInteger(), nullable=False),
        sa.Column("to_size", sa.BigInteger(), nullable=True),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index(op.f("ix_member_view_id"), "member_view", ["id"], unique=False)
    op.create_table(
        "release_view",
        sa.Column("row", WHOLE, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("from_size", sa.BigInteger(), nullable=False),
        sa.Column("to_size", sa.BigInteger(), nullable=True),
        sa.Column("dataset", TEXT, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index(op.f("ix_release_view_dataset"), "release_view", ["dataset"], unique=False)
    op.create_index(op.f("ix_release_view_id"), "release_view", ["id"], unique=False)
    op.create_table(
        "request_view",
        sa.Column("row", WHOLE, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("from_size", sa.BigInteger(), nullable=False),
        sa.Column("to_size", sa.BigInteger(), nullable=True),
        sa.Column("member", TEXT, nullable=False),
        sa.Column("dataset", TEXT, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index(op.f("ix_request_view_dataset"), "request_view", ["dataset"], unique=False)
    op.create_index(op.f("ix_request_view_id"), "request_view", ["id"], unique=False)
    op.create_index(op.f("ix_request_view_member"), "request_view", ["member"], unique=False)
    op.create_table(
        "state",
        sa.Column("key", TEXT, nullable=False),
        sa.Column("path_start", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sqlite_with_rowid=False,
    )
    op.create_index("state_by_path", "state", ["path_start"], unique=False)
    op.create_table(
        "tile",
        sa.Column("level", WHOLE, autoincrement=False, nullable=False),
        sa.Column("index", WHOLE, autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "index"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_view",
        sa.Column("index", WHOLE, autoincrement=False, nullable=False),
        sa.Column("consumer", TEXT, nullable=False),
        sa.Column("dataset", TEXT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("grant", TEXT, nullable=True),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("operation", TEXT, nullable=False),
        sa.Column("started_at", TEXT, nullable=False),
        sa.Column("ended_at", TEXT, nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("findings", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("index"),
    )
    op.create_index("usage_by_consumer", "usage_view", ["consumer", "index"], unique=False)
    op.create_index("usage_by_dataset", "usage_view", ["dataset", "index"], unique=False)
    op.create_table(
        "writer_view",
        sa.Column("row", WHOLE, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("from_size", sa.BigInteger(), nullable=False),
        sa.Column("to_size", sa.BigInteger(), nullable=True),
        sa.Column("member", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index(op.f("ix_writer_view_id"), "writer_view", ["id"], unique=False)
    op.create_index(op.f("ix_writer_view_member"), "writer_view", ["member"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("restore a backup: a ledger is not taken back by a migration")
