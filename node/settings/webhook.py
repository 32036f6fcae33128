"""Announcing what happens on the ledger to a system of the department."""

from pathlib import Path

from pydantic import Field, field_validator

from node.settings.part import Part, checked_url


class Webhook(Part):
    """Where findings and deadlines are announced."""

    url: str = Field(
        max_length=2_048,
        description="Address that events are posted to: https, or http on this machine.",
    )
    secret_file: Path = Field(
        description="File with the secret that signs posts, `whsec_` and base64; mode 0600."
    )
    place: Path = Field(
        default=Path("webhook.json"), description="File in which the place in the log is kept."
    )
    members: tuple[str, ...] = Field(
        default=(), description="Members whose findings and deadlines are announced; all."
    )

    @field_validator("url")
    @classmethod
    def check_url(cls, url: str) -> str:
        """Refuse what is no address, and what others on the way could read."""
        return checked_url(url)
