"""Actions on what members rest on and agree on: legal bases, pairings, log keys.

change-bases   art-13: regulation, Art. 13      entries that withhold name a code from then on
set-pairing    health and tax: fewer forms      data, for everybody to see
set-log-keys   weather's two log keys           they sign from this block on, if it orders blocks
"""

from typing import Final

from msgspec.structs import replace

from contracts.draft import Draft
from contracts.governance.actions.members import known_member
from contracts.reasons import (
    ALREADY_EXISTS,
    KEY_TAKEN,
    LIMIT,
    UNKNOWN_BASIS,
    UNKNOWN_MEMBER,
    WEAK_KEY,
    WRONG_STATE,
    Refused,
    refuse_unless,
)
from contracts.values import Basis, Key, Ledger, Pairing
from contracts.view import held
from ledger.errors import FormatError, WeakKeyError
from ledger.keys import PublicKey, parse_public_key
from ledger.records.actions import ChangeBases, SetLogKeys, SetPairing
from ledger.records.genesis import LogKeys
from ledger.suites import ED25519, ML_DSA_44

BASES_HELD_MAX: Final = 10_000
"""Legal bases adopted at one time."""


def apply_bases(draft: Draft, action: ChangeBases) -> None:
    """R632: legal bases adopted are new, those retired were adopted; at most 10,000 are."""
    ledger = held(draft, Ledger, "ledger")
    for code in action.retired:
        key = f"basis/{code}"
        refuse_unless(draft.get(key) is not None, UNKNOWN_BASIS, code, "retired")
        draft.remove(key)
    for one in action.bases:
        key = f"basis/{one.code}"
        refuse_unless(draft.get(key) is None, ALREADY_EXISTS, one.code, "bases")
        draft.put(key, Basis(kind=one.kind, names=one.names, reference=one.reference))
    count = ledger.legal_bases + len(action.bases) - len(action.retired)
    refuse_unless(count <= BASES_HELD_MAX, LIMIT, f"{BASES_HELD_MAX} legal bases", "bases")
    draft.put("ledger", replace(ledger, legal_bases=count))


def apply_pairing(draft: Draft, action: SetPairing) -> None:
    """R634: a pairing is of members that there are, and is replaced as a whole.

    Its replacement rests on the pairing as it is.
    """
    for member in action.members:
        refuse_unless(draft.get(f"member/{member}") is not None, UNKNOWN_MEMBER, member, "members")
    draft.put(
        f"pairing/{action.pairing}",
        Pairing(
            goals=action.goals,
            members=action.members,
            names=action.names,
            result=action.result,
            since=action.since,
            until=action.until,
        ),
    )


def apply_log_keys(draft: Draft, action: SetLogKeys) -> None:
    """R631: a member gets log keys, never seen before, one of each suite.

    Both have signed the record that proposes this. Those it had are retired: the checkpoint of the
    block in which this is adopted, and all later ones, are signed with the new ones. It may be
    given the role of an orderer from then on.
    """
    member = known_member(draft, action.member)
    stays = member.status != "removed" and member.successor is None
    refuse_unless(stays, WRONG_STATE, f"{action.member} has left", "member")
    index = draft.context.index
    for keyid in member.log_keys:
        old = held(draft, Key, f"key/{keyid}")
        draft.put(f"key/{keyid}", replace(old, status="retired", until=index))
    keys = parsed_log_keys(action.log_keys)
    for key in keys:
        refuse_unless(draft.get(f"key/{key.keyid}") is None, KEY_TAKEN, key.keyid, "logKeys")
        log_key = Key(
            function="log", key=key.description, lineage=index, member=action.member, since=index
        )
        draft.put(f"key/{key.keyid}", log_key)
    draft.put(f"member/{action.member}", replace(member, log_keys=tuple(key.keyid for key in keys)))


def parsed_log_keys(described: LogKeys) -> tuple[PublicKey, PublicKey]:
    """Both log keys. Refuses with `weak-key` where one is malformed, weak or of another suite."""
    try:
        keys = parse_public_key(described.ed25519), parse_public_key(described.ml_dsa44)
    except (FormatError, WeakKeyError) as error:
        raise Refused(WEAK_KEY, str(error), "logKeys") from error
    suites = tuple(key.suite for key in keys)
    refuse_unless(suites == (ED25519, ML_DSA_44), WEAK_KEY, "one of each suite", "logKeys")
    return keys
