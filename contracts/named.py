"""What a step names beside its cases: a member, a release, a dataset (`Step.names` of the tables).

The thing named becomes the `answer` of the case, as its state key, so that it can be looked up what
met a demand or corrected a release.
"""

from msgspec.structs import replace

from contracts.course import Step
from contracts.draft import Draft
from contracts.reasons import (
    AGAINST_ITSELF,
    REFERENCE_WRONG,
    UNKNOWN_ENTRY,
    UNKNOWN_MEMBER,
    UNKNOWN_VERSION,
    refuse_unless,
)
from contracts.values import Case, Party
from ledger.records.cases import Step as StepBody
from ledger.types import MemberId


def check_named(draft: Draft, body: StepBody) -> None:
    """R702: a member, a dataset's entry, a release that a step names exists."""
    for key, reason, member in (
        (body.member and f"member/{body.member}", UNKNOWN_MEMBER, "member"),
        (body.dataset and f"entry/{body.dataset}", UNKNOWN_ENTRY, "dataset"),
        (_release_key(body), UNKNOWN_VERSION, "release"),
    ):
        refuse_unless(key is None or draft.get(key) is not None, reason, key or "", member)


def take_named(case: Case, row: Step, body: StepBody) -> Case:
    """R703: a step names what its row asks for, and nothing else.

    A member that is named becomes the provider in the case, in place of the one before; it is not
    another party.
    """
    keys = {
        "dataset": body.dataset and f"entry/{body.dataset}",
        "member": body.member and f"member/{body.member}",
        "release": _release_key(body),
    }
    given = [name for name, key in keys.items() if key is not None]
    expected = [] if row.names is None else [row.names]
    refuse_unless(given == expected, REFERENCE_WRONG, ", ".join(expected), *(given or expected))
    if row.names is None:
        return case
    if body.member is not None:
        case = replace(case, parties=_with_provider(case, body.member))
    return replace(case, answer=keys[row.names])


def _release_key(body: StepBody) -> str | None:
    release = body.release
    return None if release is None else f"release/{release.dataset}/{release.version}"


def _with_provider(case: Case, member: MemberId) -> tuple[Party, ...]:
    others = tuple(party for party in case.parties if party.part != "provider")
    is_other = any(party.member == member for party in others)
    refuse_unless(not is_other, AGAINST_ITSELF, member, "member")
    return (*others, Party(member=member, part="provider"))
