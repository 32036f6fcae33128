"""Invariants of writers and keys."""

from collections.abc import Iterator

from contracts.invariants.facts import Facts
from contracts.values import Key, Member, Writer
from ledger.records.governance import ORDERING


def keys_serve_one_writer(facts: Facts) -> Iterator[str]:
    """An active writer has an active key of its own; the custodian's is its member's."""
    for name, writer in facts.all("writer", Writer):
        key = facts.get(Key, f"key/{writer.key}")
        if key is None or key.writer != name:
            yield f"the key of {name} is another's"
        elif (key.status == "active") != (writer.status == "active"):
            yield f"{name} is {writer.status}, its key is {key.status}"
    for keyid, key in facts.all("key", Key):
        holder = facts.get(Writer, f"writer/{key.writer}")
        if key.status == "active" and holder is not None and holder.key != keyid:
            yield f"key {keyid} is active beside the present key of {key.writer}"
        if (key.until is None) != (key.status == "active"):
            yield f"key {keyid} is {key.status}"
    for name, member in facts.all("member", Member):
        custodian = facts.get(Writer, f"writer/{name}/custodian")
        if custodian is None or custodian.key != member.custodian:
            yield f"{name} has another custodian key than its custodian"


def log_keys_are_their_members(facts: Facts) -> Iterator[str]:
    """A member's log keys are active and its own, and whoever orders blocks has them."""
    named = {
        keyid: name for name, member in facts.all("member", Member) for keyid in member.log_keys
    }
    active = {
        keyid: key.member
        for keyid, key in facts.all("key", Key)
        if key.function == "log" and key.status == "active"
    }
    if named != active:
        yield "the log keys that members have are not those that are active"
    for name, member in facts.all("member", Member):
        if not member.log_keys and any(role in member.roles for role in ORDERING):
            yield f"{name} orders blocks without log keys"
