"""Logs of others, witnessed on consistency alone: this node knows nothing of their leaves.

Its cosignature says that the log has only grown since the one before, and that nobody was shown
another history by this witness. That is less than what a member says of its own ledger, so it is
said under another name and by other keys, which nobody can take for the member's word.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ledger.checkpoint import Checkpoint, CheckpointVerifier
from ledger.errors import LedgerError
from ledger.note import VerifierKey, parse_note, verify_note
from node.client.secret_files import SecretError
from node.network.offers import WitnessError
from node.network.witness import Identity, WitnessedLog, lines_of


@dataclass(frozen=True, slots=True)
class ForeignLog:
    """A log and the keys with which it signs, whatever their name."""

    origin: str
    keys: Sequence[VerifierKey]
    identity: Identity

    async def signed(self, note: bytes, checkpoint: Checkpoint) -> bytes:  # noqa: ARG002  its note
        """As `WitnessedLog.signed`: by one of its keys, and no line of the others is bad."""
        own = lines_of(note, self.keys)
        try:
            verify_note(parse_note(own), [CheckpointVerifier(key) for key in self.keys])
        except LedgerError as error:
            raise WitnessError(403, str(error)) from error
        return own

    async def check(self, note: bytes, checkpoint: Checkpoint) -> None:
        """As `WitnessedLog.check`: that it has only grown was asked of it already."""


def witnessed(
    logs: Mapping[str, Sequence[VerifierKey]],
    foreign: Identity,
    own: WitnessedLog,
    registered: Collection[str],
) -> list[ForeignLog]:
    """The logs of others with these origins and keys, cosigned as `foreign`.

    Refuses a name or key that says more on this ledger, and the ledger's own log: `registered` are
    the ids of the ledger's keys. Raises `SecretError`.
    """
    if foreign.name == own.identity.name:
        raise SecretError(f"witness.foreign_name: {foreign.name} is who cosigns the ledger's log")
    taken = {*registered, *(one.public_key.keyid for one in own.identity.signers)}
    for signer in foreign.signers:
        keyid = signer.public_key.keyid
        if keyid in taken:
            raise SecretError(f"witness.foreign_key: the key {keyid[:16]} has a use on the ledger")
    if own.origin in logs:
        raise SecretError(f"witness.logs: {own.origin} is this ledger's own log")
    return [ForeignLog(origin, keys, foreign) for origin, keys in logs.items()]
