"""TLS: by which key other nodes know this one, and what readers are shown."""

from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator

from node.api.principal import SCOPES, Scope
from node.settings.part import Part


class TlsReader(Part):
    """Somebody who shows a certificate and is no member's node: an auditor, a local system."""

    name: str = Field(min_length=1, description="What it is called in the log.")
    key: Path = Field(description="File with its public key, Ed25519.")
    scopes: tuple[Scope, ...] = Field(
        default=("member",), min_length=1, description="What it may: scopes as those of tokens."
    )

    @field_validator("scopes")
    @classmethod
    def check_scopes(cls, scopes: tuple[Scope, ...]) -> tuple[Scope, ...]:
        """Refuse what readers cannot have."""
        for one in scopes:
            if one not in SCOPES:
                raise ValueError(f"`{one}` is for tokens of `[local_signing]`")
        return scopes


class Tls(Part):
    """The node's own end of TLS. Files may be replaced while it runs."""

    key: Path = Field(
        description="Transport key file, Ed25519, that the member's custodian registers; mode 0600."
    )
    next_key: Path | None = Field(
        default=None,
        description="Transport key file of the key to come; may be put there while the node runs.",
    )
    passphrase_file: Path | None = Field(
        default=None, description="File with the passphrase of these keys; mode 0600."
    )
    certificate: Path | None = Field(
        default=None,
        description="Certificate of an ordinary authority, PEM, the chain after it, for browsers "
        "and tools that know no transport keys.",
    )
    certificate_key: Path | None = Field(
        default=None, description="Its private key, PEM; mode 0600."
    )
    certificate_port: int = Field(
        default=8443,
        ge=0,
        le=65_535,
        description="Port at which that certificate is shown; 0 takes a free one.",
    )

    readers: tuple[TlsReader, ...] = ()

    @property
    def key_files(self) -> tuple[Path, ...]:
        """The transport key files, whether or not they are there."""
        return (self.key,) if self.next_key is None else (self.key, self.next_key)

    @model_validator(mode="after")
    def check_certificate(self) -> Self:
        """Refuse half of a certificate."""
        if (self.certificate is None) != (self.certificate_key is None):
            raise ValueError("certificate: goes with `certificate_key`")
        return self
