"""A database as an earlier version of the node left it: what later migrations made is undone.

The migrations of a node have no way back, as no operator needs one; tests do.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, text

UNDO: Final[Mapping[str, Sequence[str]]] = {
    "0011": (
        "DROP INDEX usage_by_grant",
        'CREATE INDEX usage_by_grant ON usage_view ("grant", "index") WHERE "grant" IS NOT NULL',
    ),
    "0010": (
        "DROP INDEX request_by_member",
        'CREATE INDEX ix_request_view_member ON request_view ("member")',
        "DROP INDEX request_by_dataset",
        'CREATE INDEX ix_request_view_dataset ON request_view ("dataset")',
        "DROP INDEX grant_by_consumer",
        'CREATE INDEX ix_grant_view_consumer ON grant_view ("consumer")',
        "DROP INDEX grant_by_provider",
        'CREATE INDEX ix_grant_view_provider ON grant_view ("provider")',
        "DROP INDEX grant_by_dataset",
        'CREATE INDEX ix_grant_view_dataset ON grant_view ("dataset")',
        "DROP INDEX delivery_by_consumer",
        'CREATE INDEX ix_delivery_view_consumer ON delivery_view ("consumer")',
        "DROP INDEX delivery_by_provider",
        'CREATE INDEX ix_delivery_view_provider ON delivery_view ("provider")',
        "DROP INDEX delivery_by_grant",
        'CREATE INDEX ix_delivery_view_grant ON delivery_view ("grant")',
    ),
    "0009": (
        "DROP INDEX usage_by_grant",
        "DROP INDEX case_by_state",
        "CREATE INDEX ix_case_view_workflow ON case_view (workflow)",
        "DROP INDEX step_by_ground",
        "DROP INDEX duty_by_workflow",
        "DROP INDEX duty_open",
        "DROP INDEX duty_passed",
        "DROP INDEX ix_delivery_view_acknowledged",
        "DROP INDEX ix_entry_view_record",
    ),
    "0008": ("DROP INDEX waiting_by_due",),
    "0007": ("DROP TABLE step_view",),
    "0006": ("DROP TABLE indicator_view", "DROP TABLE party_view"),
    "0005": (
        "DROP TABLE delivery_view",
        "DROP TABLE duty_view",
        "DROP TABLE input_view",
        "DROP TABLE derivation_view",
        "DROP TABLE title_view",
        "ALTER TABLE entry_view DROP COLUMN record",
    ),
    "0004": ("DROP INDEX grant_by_parent", "ALTER TABLE grant_view DROP COLUMN parent"),
    "0003": ("DROP TABLE system_view",),
    "0002": ("DROP TABLE waiting_view",),
}
"""What each migration made, the latest first."""


def take_back(connection: Connection, revision: str) -> None:
    """Make the database one of that revision."""
    for later, statements in UNDO.items():
        for statement in statements if later > revision else ():
            connection.execute(text(statement))
    row = {"revision": revision}
    connection.execute(text("UPDATE alembic_version SET version_num = :revision"), row)
