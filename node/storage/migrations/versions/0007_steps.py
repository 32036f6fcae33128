"""Who moved which case by which step: filled from the records that moved each case."""

import sqlalchemy as sa
from alembic import op

from ledger.records import parse_record
from ledger.seal import is_seal
from node.storage.columns import TEXT, WHOLE
from node.storage.statements import inserting
from node.storage.store import Snapshot
from node.views.models import CASE_RECORD, STEP, VERSIONED
from node.views.steps import step_of

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "step_view",
        sa.Column("index", WHOLE, autoincrement=False, primary_key=True, nullable=False),
        sa.Column("case", TEXT, primary_key=True, nullable=False),
        sa.Column("workflow", TEXT, nullable=False),
        sa.Column("step", TEXT, nullable=False),
        sa.Column("ground", TEXT, nullable=True),
        sa.Column("member", TEXT, nullable=False),
        sa.Column("writer", TEXT, nullable=False),
        sa.Column("time", TEXT, nullable=False),
    )
    op.create_index("step_by_name", "step_view", ["workflow", "step", "index"], unique=False)
    op.create_index("step_by_member", "step_view", ["member", "index"], unique=False)
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    snapshot, cases = Snapshot(connection), VERSIONED["case"]
    workflows = (
        sa.select(cases.c.id, sa.func.min(cases.c.workflow).label("workflow"))
        .group_by(cases.c.id)
        .subquery()
    )
    query = (
        sa.select(CASE_RECORD.c["case"], CASE_RECORD.c["index"], workflows.c.workflow)
        .join(workflows, workflows.c.id == CASE_RECORD.c["case"])
        .order_by(CASE_RECORD.c["case"], CASE_RECORD.c["index"])
    )
    before = ""
    for case_id, index, workflow in connection.execute(query):
        is_opening, before = case_id != before, case_id
        leaf, block = snapshot.leaf(index), snapshot.block_of(index)
        if is_opening or leaf is None or block is None or is_seal(leaf.leaf):
            continue
        steps = step_of(parse_record(leaf.leaf), index, case_id, workflow, block.time)
        inserting(STEP).run(connection, steps)


def downgrade() -> None:
    raise NotImplementedError("restore a backup: a ledger is not taken back by a migration")
