"""Versions of the rule book: what a later one does otherwise, and how the state goes over to it.

Version 1 is the rules as `transition` dispatches them. A later version names the kinds of record
whose rule it replaces, by a copy of the rule's module in which it differs, and everything else
stays as the version before had it. The rule of an old block is therefore never touched again: a
replay decides each block under the version that its seal names.

    RULEBOOKS[2] = Rulebook(rules={Request: sharing_v2.apply_request}, migrate=count_requests)

A version comes into force by vote (`adopt-rules`), one after another, and with the next block:
before it settles anything, that block migrates the state. A program that lacks a version refuses
to adopt it; so programs are brought up to date before the vote.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from msgspec.structs import replace

from contracts.draft import Draft
from contracts.values import Ledger
from contracts.view import held
from ledger.records import Body
from ledger.types import Count

Rule: TypeAlias = Callable[[Draft, Body], None]
"""What a record of one kind does, or why it is refused."""


def keep_state(_: Draft) -> None:
    """The migration of a version that reads the state as the one before left it."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What a version changes. `migrate` MUST do a bounded amount of work, whatever the state."""

    rules: Mapping[type[Body], Rule] = field(default_factory=dict)
    migrate: Callable[[Draft], None] = keep_state


RULEBOOKS: dict[Count, Rulebook] = {1: Rulebook()}
"""Every version this code can replay; without gaps."""


def rule_of(version: Count, kind: type[Body]) -> Rule | None:
    """The rule of a kind of record under a version; None is that of version 1."""
    for number in range(version, 1, -1):
        rule = RULEBOOKS[number].rules.get(kind)
        if rule is not None:
            return rule
    return None


def in_force(ledger: Ledger) -> Ledger:
    """What holds in the block that follows a state: a version adopted before begins to.

    Raises `ValueError` on a program older than the state, which must not go on.
    """
    version = ledger.next_rules or ledger.rules
    if version not in RULEBOOKS:
        raise ValueError(f"this program has no version {version} of the rules: bring it up to date")
    if ledger.next_rules is None:
        return ledger
    return replace(ledger, next_rules=None, rules=ledger.next_rules)


def enter(draft: Draft) -> None:
    """R622: a version of the rules is in force from the block after its adoption.

    Before anything else, the settlement of that block migrates the state.
    """
    ledger = draft.context.ledger
    if held(draft, Ledger, "ledger").next_rules is not None:
        draft.put("ledger", ledger)
        RULEBOOKS[ledger.rules].migrate(draft)
