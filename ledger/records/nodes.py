"""The record by which a member says where its node is, and by which keys others know it."""

from typing import Annotated

from msgspec import Meta, field

from ledger.canonical import Canonical
from ledger.keys import KeyDescription
from ledger.types import ShortText

TRANSPORT_KEYS_MAX = 2
"""The one in use, and the next one: so a certificate is replaced without an interruption."""


class WitnessKeys(Canonical):
    """The keys with which a member cosigns checkpoints.

    Attributes:
        ed25519: its Ed25519 key.
        ml_dsa44: its ML-DSA-44 key.
    """

    ed25519: KeyDescription
    ml_dsa44: KeyDescription = field(name="mlDsa44")


class NodeRegistration(Canonical):
    """A member's node: its address and its keys. Signed by the custodian and by each new key.

    It replaces the registration before as a whole; keys it leaves out are retired.

    Attributes:
        endpoint: address of the node.
        transport: keys of the certificates it shows other nodes; the next one beside the present
            one.
        witness: keys with which it cosigns, if the member is a witness.
    """

    endpoint: ShortText
    transport: Annotated[tuple[KeyDescription, ...], Meta(max_length=TRANSPORT_KEYS_MAX)] = ()
    witness: WitnessKeys | None = None

    @property
    def keys(self) -> tuple[KeyDescription, ...]:
        """All keys named here, those of the witness first."""
        cosigning = () if self.witness is None else (self.witness.ed25519, self.witness.ml_dsa44)
        return (*cosigning, *self.transport)
