"""Tables of a node, apart from the views.

What cannot be recomputed from elsewhere on this node is here: leaves with their outcomes, blocks,
tiles, the state with the nodes of its map, and the latest checkpoint. Everything is
written in the one transaction of its block; a row of `head` says which block that was.
"""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, inspect
from sqlmodel import Field, SQLModel
from sqlmodel.main import SQLModelMetaclass

from node.storage.columns import TEXT, WHOLE

EPOCH_LEAVES = 1 << 16


def table_of(model: SQLModelMetaclass) -> Table:
    """The table of a model, for the statements the hot path writes with SQLAlchemy Core."""
    table = inspect(model).local_table
    if not isinstance(table, Table):
        raise TypeError(f"{model} is not stored in a table")
    return table


class LeafRow(SQLModel, table=True):
    """One leaf. `digest_start` is the first eight bytes of the record digest as a signed integer.

    An index over short integers stays small; the few that collide are told apart by reading the
    leaf. Digests come in any order, so the index is kept in epochs of so many leaves: however long
    the log, a block writes to the last one's pages only. Seals have neither digest nor outcome.
    """

    __tablename__ = "leaf"
    __table_args__ = (Index("leaf_by_digest", "epoch", "digest_start"),)

    index: int = Field(sa_column=Column("index", WHOLE, primary_key=True, autoincrement=False))
    epoch: int = Field(sa_column=Column(WHOLE, nullable=False))
    digest_start: int | None = Field(default=None, sa_column=Column(BigInteger))
    leaf: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    outcome: bytes | None = Field(default=None, sa_column=Column(LargeBinary))


class BlockRow(SQLModel, table=True):
    """One block: leaves `[first, first + count]`, the last of which is its seal."""

    __tablename__ = "block"

    height: int = Field(sa_column=Column(WHOLE, primary_key=True, autoincrement=False))
    first: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    count: int = Field(sa_column=Column(WHOLE, nullable=False))
    time: str = Field(sa_column=Column(TEXT, nullable=False, index=True))
    settlement: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class TileRow(SQLModel, table=True):
    """The widest version of a tile; narrower ones are its prefixes."""

    __tablename__ = "tile"
    __table_args__ = {"sqlite_with_rowid": False}

    level: int = Field(sa_column=Column(WHOLE, primary_key=True, autoincrement=False))
    index: int = Field(sa_column=Column("index", WHOLE, primary_key=True, autoincrement=False))
    data: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class StateRow(SQLModel, table=True):
    """One value of the state. `path_start`: the first eight bytes of SHA-256 of its key, as above.

    It finds the value from its place in the map, which proofs of absence need.
    """

    __tablename__ = "state"
    __table_args__ = (Index("state_by_path", "path_start"), {"sqlite_with_rowid": False})

    key: str = Field(sa_column=Column(TEXT, primary_key=True))
    path_start: int = Field(sa_column=Column(BigInteger, nullable=False))
    value: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class MapNodeRow(SQLModel, table=True):
    """One inner node of the state map."""

    __tablename__ = "map_node"
    __table_args__ = {"sqlite_with_rowid": False}

    path: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    node: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class HeadRow(SQLModel, table=True):
    """The one row that says where the log stands."""

    __tablename__ = "head"

    id: int = Field(default=1, sa_column=Column(WHOLE, primary_key=True, autoincrement=False))
    ledger: str = Field(sa_column=Column(TEXT, nullable=False))
    height: int = Field(sa_column=Column(WHOLE, nullable=False))
    size: int = Field(sa_column=Column(WHOLE, nullable=False))
    seal: str = Field(sa_column=Column(TEXT, nullable=False))
    time: str = Field(sa_column=Column(TEXT, nullable=False))
    state_root: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    root: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class CheckpointRow(SQLModel, table=True):
    """The latest checkpoint published (id 1), the latest with a quorum (2), one under way (3).

    And (4), where the database began from a snapshot, its size and the checkpoint it was under.
    """

    __tablename__ = "checkpoint"

    id: int = Field(default=1, sa_column=Column(WHOLE, primary_key=True, autoincrement=False))
    size: int = Field(sa_column=Column(WHOLE, nullable=False))
    note: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
