r"""Policy files (c2sp.org/tlog-policy): a `ledger.policy` as lines of text.

    # comment
    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> any|all|<k> <member>...
    quorum <name>|none                              exactly once

Items are separated by spaces and tabs. A line names only what is defined above it. One bad line and
there is no policy; the last line needs its line feed, as `quorum tax` may be what is left of
`quorum tax-and-health`. Names and URLs are octets to the format; they are held as UTF-8 with
surrogate escapes, so that every file is written back as it was.

>>> text = b'''# one log, one witness
... log example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k
... witness w remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2
... quorum w
... '''
>>> policy = parse_policy(text)
>>> policy.logs[0].key.name, policy.quorum
('example.com/foo', 'w')
>>> encode_policy(policy) == text.removeprefix(b'# one log, one witness\n')
True
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.errors import FormatError
from ledger.lexical import parse_decimal
from ledger.note import encode_vkey, parse_vkey
from ledger.policy import ENTRIES_MAX, NO_QUORUM, Group, LogEntry, Policy, WitnessEntry

POLICY_BYTES_MAX: Final = 8_388_608
"""Largest policy file; an ML-DSA-44 key alone takes 1,800 bytes."""

_FORBIDDEN = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Quorum:
    name: str


_Entry = LogEntry | WitnessEntry | Group | _Quorum


def parse_policy(data: bytes) -> Policy:
    """The policy in a file; raises `FormatError` or `WeakKeyError`."""
    if len(data) > POLICY_BYTES_MAX:
        raise FormatError(f"the policy has {len(data)} bytes, more than {POLICY_BYTES_MAX}")
    if _FORBIDDEN.search(data) or not data.endswith(b"\n"):
        raise FormatError("a policy is lines, each ended, without control characters but tabs")
    entries: list[_Entry] = []
    defined = {NO_QUORUM: True}
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), start=1):
        items = [item for item in line.replace("\t", " ").split(" ") if item]
        if not items or items[0].startswith("#"):
            continue
        try:
            entry = _parse_line(items)
            _check_defined(entry, defined)
        except FormatError as error:
            raise FormatError(f"policy line {number}: {error}") from error
        if isinstance(entry, WitnessEntry | Group):
            defined[entry.name] = True
        entries.append(entry)
        if len(entries) > ENTRIES_MAX:
            raise FormatError(f"a policy has at most {ENTRIES_MAX} logs, witnesses and groups")
    return _policy(entries)


def encode_policy(policy: Policy) -> bytes:
    """The policy as a file."""
    lines = [
        *(_line("log", encode_vkey(log.key), log.url) for log in policy.logs),
        *(_line("witness", w.name, encode_vkey(w.key), w.url) for w in policy.witnesses),
        *(_line("group", g.name, _threshold(g), *g.members) for g in policy.groups),
        _line("quorum", policy.quorum or NO_QUORUM),
    ]
    return "".join(lines).encode("utf-8", "surrogateescape")


def _parse_line(items: Sequence[str]) -> _Entry:
    match items:
        case ["log", vkey, *url] if len(url) <= 1:
            return LogEntry(parse_vkey(vkey), *url)
        case ["witness", name, vkey, *url] if len(url) <= 1:
            return WitnessEntry(name, parse_vkey(vkey), *url)
        case ["group", name, "any", *members]:
            return Group(name, 1, tuple(members))
        case ["group", name, "all", *members]:
            return Group(name, len(members), tuple(members))
        case ["group", name, count, *members]:
            return Group(name, parse_decimal(count, at_most=len(members)), tuple(members))
        case ["quorum", name]:
            return _Quorum(name)
        case _:
            raise FormatError("not a log, witness, group or quorum line")


def _check_defined(entry: _Entry, defined: dict[str, bool]) -> None:
    match entry:
        case Group(_, _, members):
            named: Sequence[str] = members
        case _Quorum(name):
            named = (name,)
        case _:
            named = ()
    for name in named:
        if name not in defined:
            raise FormatError(f"{name!r} is not defined above")


def _policy(entries: Sequence[_Entry]) -> Policy:
    quorums = [entry.name for entry in entries if isinstance(entry, _Quorum)]
    if len(quorums) != 1:
        raise FormatError("a policy has exactly one quorum line")
    return Policy(
        logs=tuple(entry for entry in entries if isinstance(entry, LogEntry)),
        witnesses=tuple(entry for entry in entries if isinstance(entry, WitnessEntry)),
        groups=tuple(entry for entry in entries if isinstance(entry, Group)),
        quorum=None if quorums[0] == NO_QUORUM else quorums[0],
    )


def _threshold(group: Group) -> str:
    words = {len(group.members): "all", 1: "any"}  # one of one is "any"
    return words.get(group.threshold, str(group.threshold))


def _line(*items: str | None) -> str:
    return " ".join(item for item in items if item is not None) + "\n"
