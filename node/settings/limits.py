"""How much anybody may ask for."""

from pydantic import Field

from node.settings.part import Part


class Limits(Part):
    """How often requests may come; beyond, they are answered 429 with `Retry-After`."""

    requests_per_s: int = Field(
        default=200,
        ge=1,
        le=1_000_000,
        description="Requests a second that one reader may make for long; the node of a member "
        "ten times as many. This machine is not held to it where the node is open to it.",
    )
    requests_burst: int = Field(
        default=2_000, ge=1, le=1_000_000, description="Requests it may make at once, the same."
    )
    failures_per_minute: int = Field(
        default=60,
        ge=1,
        le=1_000_000,
        description="Wrong credentials a minute from one address; beyond, none from there is "
        "looked at. This machine is not held to it: a proxy on it speaks for many.",
    )
