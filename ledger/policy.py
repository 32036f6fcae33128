"""Trust policies (c2sp.org/tlog-policy): whose signatures make a checkpoint one to believe.

A checkpoint holds under a policy if one of the logs signed it and the quorum cosigned it. The
quorum is a witness or a group; a group holds when at least `threshold` of its members do, which are
witnesses or groups defined before it. Each name is a member of at most one group, so a witness
counts once. That makes the groups a tree, and the smallest set of cosignatures that still holds can
be found from its leaves up (`smallest_note`).

A ledger's own policy names all log keys of all ordering nodes, one group `any` per witness member
over its keys, and one group over those:

               witnesses: 3 of 4
        ┌───────────┬──┴────────┬───────────┐
    health/any   tax/any   transport/any   land/any
     ┌──┴──┐        │           │           │
    04    06       …           …           …         Ed25519, ML-DSA-44

`ledger.policy_file` reads and writes policies as files.

>>> from ledger.checkpoint import Checkpoint, log_key, sign_checkpoint, witness_key
>>> from ledger.hashing import EMPTY_ROOT
>>> from ledger.keys import generate_private_key
>>> from ledger.suites import ED25519
>>> log, witness = generate_private_key(ED25519), generate_private_key(ED25519)
>>> keys = [log_key("example.com/log", log.public_key)]
>>> cosigners = {"health": [witness_key("example.com/log", "health", witness.public_key)]}
>>> policy = consortium_policy(keys, cosigners, quorum=1)
>>> note = sign_checkpoint(Checkpoint("example.com/log", 0, EMPTY_ROOT), [log])
>>> verify_policy(policy, note)
Traceback (most recent call last):
    ...
ledger.errors.VerificationError: the quorum needs 1 of 1, has 0; missing: 'health/any'
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from ledger.checkpoint import OpenedCheckpoint, log_key, open_checkpoint
from ledger.errors import FormatError, VerificationError
from ledger.keys import parse_public_key
from ledger.note import Note, VerifierKey, encode_note, parse_note
from ledger.records.genesis import Genesis, log_key_descriptions
from ledger.suites import NOTE_COSIGNATURE, NOTE_ED25519, NOTE_SUBTREE

ENTRIES_MAX: Final = 4096
"""Most logs, witnesses and groups together."""
NO_QUORUM: Final = "none"
"""The name that stands for no quorum; nothing else may have it."""
WITNESSES: Final = "witnesses"
"""The group of all witness members; other readers take no word of the format as a name."""

_NOT_IN_ITEMS = re.compile(r"[\x00-\x20\x7f]", re.ASCII)
_Support = dict[str, tuple[str, ...] | None]
"""For each name the witnesses that fulfil it; None where none do."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A key with which a log may sign; its name is the log's origin."""

    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class WitnessEntry:
    """A key whose cosignature counts; `name` is used inside the policy only."""

    name: str
    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Holds when at least `threshold` of its members do."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A trust policy; raises `FormatError` when made of parts that break its rules.

    Groups stand after the groups they name. `quorum` is None where no cosignature is asked for.
    """

    logs: tuple[LogEntry, ...] = ()
    witnesses: tuple[WitnessEntry, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str | None = None

    def __post_init__(self) -> None:
        if len(self.logs) + len(self.witnesses) + len(self.groups) > ENTRIES_MAX:
            raise FormatError(f"a policy has at most {ENTRIES_MAX} logs, witnesses and groups")
        _check_keys("log", [log.key for log in self.logs], (NOTE_ED25519, NOTE_SUBTREE))
        cosigners = [witness.key for witness in self.witnesses]
        _check_keys("witness", cosigners, (NOTE_COSIGNATURE, NOTE_SUBTREE))
        names = [*(witness.name for witness in self.witnesses), *(g.name for g in self.groups)]
        urls = [log.url for log in self.logs] + [witness.url for witness in self.witnesses]
        _check_words([*names, *(url for url in urls if url is not None)])
        _check_names(names, self.groups)
        if self.quorum is not None and self.quorum not in names:
            raise FormatError(f"the quorum {self.quorum!r} is not defined")


def consortium_policy(
    log_keys: Sequence[VerifierKey], witnesses: Mapping[str, Sequence[VerifierKey]], quorum: int
) -> Policy:
    """The policy of a ledger: `quorum` of its witness members, each by any one of its keys."""
    logs = tuple(LogEntry(key) for key in log_keys)
    keys = [(member, key) for member, keys in witnesses.items() for key in keys]
    entries = tuple(WitnessEntry(f"{member}/{key.key_id.hex()}", key) for member, key in keys)
    groups = [
        Group(f"{member}/any", 1, tuple(f"{member}/{key.key_id.hex()}" for key in keys))
        for member, keys in witnesses.items()
    ]
    if quorum == 0:
        return Policy(logs, entries, tuple(groups))
    groups.append(Group(WITNESSES, quorum, tuple(group.name for group in groups)))
    return Policy(logs, entries, tuple(groups), WITNESSES)


def own_policy(genesis: Genesis) -> Policy:
    """The policy a ledger's own genesis states: its log keys; trust in it is trust in them.

    Raises `WeakKeyError`.
    """
    keys = [parse_public_key(description) for description in log_key_descriptions(genesis)]
    return consortium_policy([log_key(genesis.origin, key) for key in keys], {}, quorum=0)


def verify_policy(policy: Policy, note: bytes) -> OpenedCheckpoint:
    """The checkpoint in `note`, if it holds under `policy`.

    Raises `FormatError`, or `VerificationError` saying which cosigners are missing.
    """
    cosigner_keys = [witness.key for witness in policy.witnesses]
    opened = open_checkpoint(note, [log.key for log in policy.logs], cosigner_keys)
    if policy.quorum is not None:
        support = _support(policy, opened, {})
        if support[policy.quorum] is None:
            raise VerificationError(_shortfall(policy, policy.quorum, support))
    return opened


def smallest_note(policy: Policy, note: bytes) -> bytes:
    """The note without the lines the policy can spare: the log's own and the smallest quorum stay.

    Raises as `verify_policy`.
    """
    opened = verify_policy(policy, note)
    lines = {(line.name, line.key_id): line for line in reversed(parse_note(note).signatures)}
    names = {(w.key.name, w.key.key_id): w.name for w in policy.witnesses}
    sizes = {
        names[at]: len(line.name) + len(line.payload) for at, line in lines.items() if at in names
    }
    chosen = _support(policy, opened, sizes)[policy.quorum] if policy.quorum else None
    keys = [log.key for log in policy.logs]
    keys += [witness.key for witness in policy.witnesses if witness.name in (chosen or ())]
    kept = [lines[key.name, key.key_id] for key in keys if (key.name, key.key_id) in lines]
    return encode_note(Note(opened.checkpoint.text, tuple(kept)))


def _support(policy: Policy, opened: OpenedCheckpoint, sizes: Mapping[str, int]) -> _Support:
    """For each name the witnesses that fulfil it, the smallest such set."""
    good = [signature.key for signature in opened.signatures]
    found: _Support = {w.name: (w.name,) if w.key in good else None for w in policy.witnesses}
    for group in policy.groups:
        fulfilled = [names for member in group.members if (names := found[member]) is not None]
        fulfilled.sort(key=lambda names: sum(sizes.get(name, 0) for name in names))
        enough = len(fulfilled) >= group.threshold
        found[group.name] = tuple(chain(*fulfilled[: group.threshold])) if enough else None
    return found


def _shortfall(policy: Policy, quorum: str, support: _Support) -> str:
    group = next((group for group in policy.groups if group.name == quorum), None)
    members, threshold = (group.members, group.threshold) if group else ((quorum,), 1)
    missing = [member for member in members if support[member] is None]
    return (
        f"the quorum needs {threshold} of {len(members)}, has {len(members) - len(missing)}; "
        f"missing: {', '.join(map(repr, missing))}"
    )


def _check_keys(role: str, keys: Sequence[VerifierKey], types: Sequence[bytes]) -> None:
    seen: dict[bytes, VerifierKey] = {}
    for key in keys:
        if key.signature_type not in types:
            raise FormatError(f"the key {key} is of no type a {role} signs with")
        if seen.setdefault(key.public_key.raw, key) is not key:
            raise FormatError(f"two {role} lines have the public key of {key}")


def _check_words(words: Sequence[str]) -> None:
    for word in words:
        if not word or _NOT_IN_ITEMS.search(word):
            raise FormatError("names and URLs are not empty and hold no space")


def _check_names(names: Sequence[str], groups: Sequence[Group]) -> None:
    witnesses = names[: len(names) - len(groups)]
    free = dict.fromkeys(witnesses, True)  # False once the name is a member of a group
    for group in groups:
        if not 1 <= group.threshold <= len(group.members):
            raise FormatError(
                f"the group {group.name!r} cannot have {group.threshold} members sign"
            )
        for member in group.members:
            if not free.get(member):
                raise FormatError(f"{member!r} is not defined above, or in a group already")
            free[member] = False
        free[group.name] = True
    if NO_QUORUM in names or len(free) < len(names):
        raise FormatError(f"each name is defined once, and {NO_QUORUM!r} never")
