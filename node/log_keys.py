"""The keys with which a node signs checkpoints: of those it holds, the ones in force.

Which keys are a member's log keys the ledger says: genesis first, then votes (rule R631). A
checkpoint is signed with the keys of the state it commits to, so the first one under new keys is
that of the block in which the vote was adopted; whoever replays the log knows by which keys each
was to be signed. For that block the node holds the new keys beside the old ones, and takes up
whichever are in force.
"""

from collections.abc import Callable, Mapping, Sequence

from contracts.values import Key, Value
from ledger.keys import Signer
from ledger.types import MemberId


def in_force(value_of: Callable[[str], Value | None], held: Sequence[Signer]) -> Sequence[Signer]:
    """Those of the keys held that are log keys in a state, all of one member.

    The present ones are held before those to come: a vote that gives the latter to another member
    does not make this node sign in its name.
    """
    owners = [_owner(value_of(_state_key(one))) for one in held]
    first = next((owner for owner in owners if owner is not None), None)
    return [one for one, owner in zip(held, owners, strict=True) if owner and owner == first]


def are_touched(changes: Mapping[str, Value | None], held: Sequence[Signer]) -> bool:
    """Whether a block has changed what the state says of one of the keys held."""
    return any(_state_key(one) in changes for one in held)


def _state_key(signer: Signer) -> str:
    return f"key/{signer.public_key.keyid}"


def _owner(value: Value | None) -> MemberId | None:
    """Whose log key it is, if it is one in force."""
    if isinstance(value, Key) and value.function == "log" and value.status == "active":
        return value.member
    return None
