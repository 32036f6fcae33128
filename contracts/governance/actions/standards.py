"""Actions on what holds for everybody: parameters, calendar, purposes, groups, rules.

All but groups change the value `ledger`. A block works with the one it began with.
"""

from msgspec.structs import replace

from contracts.draft import Draft
from contracts.governance.actions.continuity import active_holders, quorum_for
from contracts.governance.rulebooks import RULEBOOKS
from contracts.reasons import (
    ALREADY_EXISTS,
    LIMIT,
    UNKNOWN_GROUP,
    UNKNOWN_MEMBER,
    UNKNOWN_PURPOSE,
    UNKNOWN_RULES,
    refuse_unless,
)
from contracts.values import Group, Ledger
from contracts.view import held
from ledger.records.governance import (
    AdoptRules,
    ChangePurposes,
    SetCalendar,
    SetGroup,
    SetParameters,
)

PURPOSES_MAX = 256
"""Purpose codes adopted at one time."""


def apply_parameters(draft: Draft, action: SetParameters) -> None:
    """R618: parameters are replaced as a whole. Their quorum is one that its witnesses allow.

    What held before stays in the state: periods that are over are assessed by it, and days that run
    already under a right are counted by it, also after they stood still.
    """
    quorum = action.parameters.quorum
    witnesses = len(active_holders(draft, "witness"))
    refuse_unless(
        quorum == quorum_for(quorum, witnesses), LIMIT, f"{witnesses} witnesses", "quorum"
    )
    ledger = held(draft, Ledger, "ledger")
    _follow(draft, ledger, replace(ledger, parameters=action.parameters))


def apply_calendar(draft: Draft, action: SetCalendar) -> None:
    """R619: the calendar is replaced as a whole; deadlines that run already stay.

    So does, in the state, what held before.
    """
    ledger = held(draft, Ledger, "ledger")
    _follow(draft, ledger, replace(ledger, calendar=action.calendar))


def _follow(draft: Draft, before: Ledger, after: Ledger) -> None:
    """Replace what holds for everybody; of one block, the state keeps what held before it."""
    now = draft.context.time
    if before.since != now:
        draft.put(f"ledger/{now}", before)
    draft.put("ledger", replace(after, since=now))


def apply_purposes(draft: Draft, action: ChangePurposes) -> None:
    """R617: purposes adopted are new, those retired were adopted; at least one code remains."""
    ledger = held(draft, Ledger, "ledger")
    adopted = dict.fromkeys(ledger.purposes)
    for code in action.retired:
        refuse_unless(code in adopted, UNKNOWN_PURPOSE, code, "retired")
        del adopted[code]
    for one in action.purposes:
        refuse_unless(one.code not in adopted, ALREADY_EXISTS, one.code, "purposes")
        adopted[one.code] = None
    refuse_unless(
        0 < len(adopted) <= PURPOSES_MAX, LIMIT, f"1 to {PURPOSES_MAX} purposes", "purposes"
    )
    draft.put("ledger", replace(ledger, purposes=tuple(sorted(adopted))))


def apply_rules(draft: Draft, action: AdoptRules) -> None:
    """R621: versions of the rules are adopted one after another, if the program has them."""
    ledger = held(draft, Ledger, "ledger")
    follows = ledger.next_rules is None and action.rules == ledger.rules + 1
    refuse_unless(follows and action.rules in RULEBOOKS, UNKNOWN_RULES, f"{action.rules}", "rules")
    draft.put("ledger", replace(ledger, next_rules=action.rules))


def apply_group(draft: Draft, action: SetGroup) -> None:
    """R627: a group is replaced as a whole by members that there are, or ended.

    Its replacement rests on the group as it is.
    """
    key = f"group/{action.group}"
    for member in action.members:
        refuse_unless(draft.get(f"member/{member}") is not None, UNKNOWN_MEMBER, member, "members")
    if action.members:
        draft.put(key, Group(members=action.members, names=action.names))
    else:
        refuse_unless(draft.get(key) is not None, UNKNOWN_GROUP, action.group, "group")
        draft.remove(key)
