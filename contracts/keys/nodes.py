"""Rules of nodes: where a member's node is, and by which keys the others know it.

    health/custodian   node-registration   https://node.health.example, two witness keys, one of TLS
    health             cosigns checkpoints with its witness keys, once its node replayed them

What another node signs or shows counts as the member's word only by keys that stand here. A key
that is given up stays known: what it signed is still verified by it.
"""

from typing import Final, Literal

from msgspec.structs import replace

from contracts.draft import Draft
from contracts.reasons import KEY_TAKEN, NOT_CUSTODIAN, WEAK_KEY, Refused, refuse_unless
from contracts.values import Key, RegisteredNode
from contracts.view import StateView, held, read
from ledger.errors import FormatError, WeakKeyError
from ledger.keys import KeyDescription, PublicKey, parse_public_key
from ledger.records.genesis import custodian_of
from ledger.records.nodes import NodeRegistration
from ledger.suites import ED25519, ML_DSA_44, Suite
from ledger.types import DigestHex

_Function = Literal["transport", "witness"]
_FUNCTIONS: Final = frozenset({"transport", "witness"})


def new_node_keys(view: StateView, body: NodeRegistration) -> tuple[PublicKey, ...]:
    """The keys of a registration that were never seen before; each signs it too.

    Refuses with `key-taken` one that is no node's, or is none any more.
    """
    named, new = _keys_of(body), []
    is_once = len({key.keyid for key, _ in named}) == len(named)
    refuse_unless(is_once, KEY_TAKEN, "one key is named twice", "transport")
    for key, function in named:
        known = read(view, Key, f"key/{key.keyid}")
        if known is None:
            new.append(key)
            continue
        is_kept = known.function in _FUNCTIONS and known.status == "active"
        refuse_unless(is_kept, KEY_TAKEN, key.keyid, function)
    return tuple(new)


def apply_registration(draft: Draft, body: NodeRegistration) -> None:
    """R213: the custodian registers the member's node; the registration before gives way to it.

    Witness keys are one of each suite, those of certificates Ed25519. A key keeps its function and
    its member; keys that the registration leaves out are retired.
    """
    refuse_unless(draft.signer == custodian_of(draft.member), NOT_CUSTODIAN, "", "writer")
    before = read(draft, RegisteredNode, f"node/{draft.member}")
    keyids: dict[_Function, tuple[DigestHex, ...]] = {"transport": (), "witness": ()}
    for key, function in _keys_of(body):
        _keep(draft, key, function)
        keyids[function] += (key.keyid,)
    for keyid in () if before is None else (*before.witness, *before.transport):
        if keyid not in keyids["transport"] and keyid not in keyids["witness"]:
            key_before = held(draft, Key, f"key/{keyid}")
            retired = replace(key_before, status="retired", until=draft.context.index)
            draft.put(f"key/{keyid}", retired)
    draft.put(
        f"node/{draft.member}",
        RegisteredNode(
            endpoint=body.endpoint,
            record=draft.record,
            transport=keyids["transport"],
            witness=keyids["witness"],
        ),
    )


def _keep(draft: Draft, key: PublicKey, function: _Function) -> None:
    """Register a key that is new; one that is known is the member's own, in this function."""
    known = read(draft, Key, f"key/{key.keyid}")
    if known is not None:
        is_own = known.member == draft.member and known.function == function
        refuse_unless(is_own, KEY_TAKEN, key.keyid, function)
        return
    index = draft.context.index
    new = Key(
        function=function, key=key.description, lineage=index, member=draft.member, since=index
    )
    draft.put(f"key/{key.keyid}", new)


def _keys_of(body: NodeRegistration) -> list[tuple[PublicKey, _Function]]:
    """All keys named, each with what it is for. Refuses with `weak-key`."""
    keys: list[tuple[PublicKey, _Function]] = []
    if body.witness is not None:
        keys.append((_parsed(body.witness.ed25519, ED25519, "witness"), "witness"))
        keys.append((_parsed(body.witness.ml_dsa44, ML_DSA_44, "witness"), "witness"))
    keys += [(_parsed(one, ED25519, "transport"), "transport") for one in body.transport]
    return keys


def _parsed(described: KeyDescription, suite: Suite, field: str) -> PublicKey:
    try:
        key = parse_public_key(described)
    except (FormatError, WeakKeyError) as error:
        raise Refused(WEAK_KEY, str(error), field) from error
    refuse_unless(key.suite is suite, WEAK_KEY, f"it is not of the suite {suite.scheme}", field)
    return key
