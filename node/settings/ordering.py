"""Of a node that orders: its blocks; of every node: how much of the state is at hand."""

from pydantic import Field

from node.settings.part import Part


class Blocks(Part):
    """When a block is closed, and how much may wait."""

    records_max: int = Field(
        default=500, ge=1, le=10_000, description="Records in a block, at most."
    )
    linger_ms: int = Field(
        default=5,
        ge=0,
        le=10_000,
        description="How long the first record of a block waits for company.",
    )
    waiting_max: int = Field(
        default=20_000,
        ge=1,
        le=1_000_000,
        description="Records that may wait; beyond, submissions are answered 429.",
    )
    waiting_per_key_max: int = Field(
        default=5_000,
        ge=1,
        le=1_000_000,
        description="Of these, records signed with one key, and records nobody is known to have "
        "signed; beyond, whoever submits them is answered 429.",
    )


class Cache(Part):
    """How much of the state is kept in memory."""

    values_max: int = Field(
        default=200_000,
        ge=1,
        le=100_000_000,
        description="State values kept in memory, twice at most.",
    )
    nodes_max: int = Field(
        default=200_000,
        ge=1,
        le=100_000_000,
        description="Map nodes kept in memory, twice at most.",
    )
