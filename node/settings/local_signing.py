"""Signing for local systems."""

from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator

from ledger.records.keys import CUSTODIAN
from node.settings.part import Part


class LocalSigning(Part):
    """Signing for local systems: whose keys the node holds, and the tokens callers need."""

    token_file: Path | None = Field(
        default=None,
        description="File with the token, 16 characters or more, that lets local systems have "
        "statements signed as every writer here; mode 0600.",
    )
    writer_tokens_file: Path | None = Field(
        default=None,
        description="File with a `writer:token` per line, each of which lets sign as that writer "
        "alone; mode 0600. One of the two files is needed.",
    )
    outbox: Path = Field(
        default=Path("outbox.db"),
        description="Database of what was signed and is not answered yet.",
    )
    passphrase_file: Path | None = Field(
        default=None, description="File with the passphrase of the writers' keys; mode 0600."
    )
    keys: dict[str, Path] = Field(
        min_length=1,
        description='Key per writer: `"health/main" = "keys/main.pem"`, or `pkcs11:…`, `agent:…`.',
    )

    @field_validator("keys")
    @classmethod
    def check_writers(cls, keys: dict[str, Path]) -> dict[str, Path]:
        """Refuse custodians: with one, the token of local systems would end and appoint writers."""
        for writer in keys:
            if writer.partition("/")[2] == CUSTODIAN:
                raise ValueError(f"the key of {writer} is kept offline, no node signs with it")
        return keys

    @model_validator(mode="after")
    def check_tokens(self) -> Self:
        """Refuse to sign for whoever asks."""
        if self.token_file is None and self.writer_tokens_file is None:
            raise ValueError("token_file, or writer_tokens_file, says who may have anything signed")
        return self
