"""Requests, rights and deliveries of a member or dataset in the order of their lists.

Whoever reads all pages of what a member has reads each row once, instead of all of them for a page.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
_COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "request": ("member", "dataset"),
    "grant": ("consumer", "provider", "dataset"),
    "delivery": ("consumer", "provider", "grant"),
}


def upgrade() -> None:
    for view, columns in _COLUMNS.items():
        for name in columns:
            op.drop_index(f"ix_{view}_view_{name}", f"{view}_view")
            op.create_index(f"{view}_by_{name}", f"{view}_view", [name, "id"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup: a ledger is not taken back by a migration")
