"""Snapshots: those this node offers, and whether it begins from one itself."""

from pathlib import Path

from pydantic import Field

from node.settings.part import Part


class Snapshots(Part):
    """Snapshots of the state, for nodes that join a long log."""

    folder: Path = Field(
        default=Path("snapshots"),
        description="Folder for those offered, two at most, and for the database of the one the "
        "node stands on until it has replayed the log.",
    )
    every_leaves: int = Field(
        default=20_000,
        ge=0,
        le=2**53,
        description="Who asks for a snapshot gets one that is at most so many leaves behind, or "
        "has it made; 0: this node offers none.",
    )
    join: bool = Field(
        default=False,
        description="Whether a node that follows, and is far behind, takes a snapshot of another "
        "and serves from it while it replays the log; `believed_policy` has to hold for it.",
    )
    join_leaves_min: int = Field(
        default=20_000, ge=1, le=2**53, description="From so many leaves on the node is far behind."
    )
