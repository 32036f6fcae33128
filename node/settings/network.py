"""The network of departments: the nodes of others, and cosigning."""

from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator

from ledger.errors import LedgerError
from ledger.note import VerifierKey, parse_vkey
from node.settings.part import Part, check_name, checked_url


class Peer(Part):
    """Another member's node: for the first contact, or where its registration does not lead."""

    member: str = Field(min_length=1, description="The member whose node it is.")
    url: str = Field(max_length=2_048, description="Its address: https, or http on this machine.")
    token_file: Path | None = Field(
        default=None, description="File with the token it asks of readers; mode 0600."
    )
    key: Path | None = Field(
        default=None,
        description="File with its public transport key, believed as long as the ledger does not "
        "know that key: for the first contact.",
    )

    @field_validator("url")
    @classmethod
    def check_url(cls, url: str) -> str:
        """Refuse what is no address, and what others on the way could read."""
        return checked_url(url)


class ForeignLog(Part):
    """A log of others that this node witnesses: on consistency alone."""

    vkey: tuple[str, ...] = Field(
        min_length=1,
        description="The log's key as C2SP writes it; or a list of them, one of which has to sign.",
    )
    origin: str | None = Field(
        default=None, description="Its origin, if that is not the name of its key."
    )

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """The log's keys."""
        return tuple(parse_vkey(one) for one in self.vkey)

    @property
    def known_as(self) -> str:
        """The log's origin."""
        return self.keys[0].name if self.origin is None else self.origin

    @field_validator("vkey", mode="before")
    @classmethod
    def listed(cls, given: object) -> object:
        """One key is a list of one."""
        return (given,) if isinstance(given, str) else given

    @field_validator("vkey")
    @classmethod
    def check_vkeys(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse what are no keys of one log."""
        try:
            keys = [parse_vkey(one) for one in given]
        except LedgerError as error:
            raise ValueError(str(error)) from error
        if len({key.name for key in keys}) > 1:
            raise ValueError("the keys are of several logs, each needs an entry of its own")
        for key in keys:
            if key.signature_type != key.public_key.suite.log_type:
                raise ValueError(f"{key} is a witness's key, not a log's")
        return given


class Witness(Part):
    """Cosigning: the witness keys that the member's custodian has registered with its node."""

    key: Path = Field(description="Witness key file, Ed25519; mode 0600.")
    key_pq: Path = Field(description="Witness key file, ML-DSA-44; mode 0600.")
    passphrase_file: Path | None = Field(
        default=None, description="File with the passphrase of these keys; mode 0600."
    )
    database: Path = Field(
        default=Path("witness.db"),
        description="What was cosigned last. Never restored from a backup.",
    )
    foreign_name: str | None = Field(
        default=None,
        description="Name under which logs of others are cosigned: another than the member's.",
    )
    foreign_key: Path | None = Field(
        default=None,
        description="Key file for logs of others, Ed25519: another key than `key`; mode 0600.",
    )
    foreign_key_pq: Path | None = Field(default=None, description="The same, ML-DSA-44; mode 0600.")
    logs: tuple[ForeignLog, ...] = ()

    @property
    def foreign_key_files(self) -> tuple[Path, ...]:
        """The key files for logs of others."""
        files = (self.foreign_key, self.foreign_key_pq)
        return tuple(one for one in files if one is not None)

    @model_validator(mode="after")
    def check_foreign(self) -> Self:
        """Refuse to say of other logs, by a name or key, what the member says of its own."""
        if {self.foreign_key, self.foreign_key_pq} & {self.key, self.key_pq}:
            raise ValueError("foreign_key: has to be another file than that of the member's key")
        if self.foreign_name is not None:
            check_name(self.foreign_name)
        given = (self.foreign_name, self.foreign_key, self.foreign_key_pq)
        if self.logs and None in given:
            raise ValueError("logs: go with `foreign_name`, `foreign_key` and `foreign_key_pq`")
        if not self.logs and given != (None, None, None):
            raise ValueError("foreign_name: goes with `logs`, the logs of others")
        origins = [one.known_as for one in self.logs]
        if len(set(origins)) < len(origins):
            raise ValueError("logs: one log has two entries; give all its keys in one")
        return self
