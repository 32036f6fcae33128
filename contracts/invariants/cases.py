"""Invariants of everything that has a course: deadlines, parties, findings."""

from collections.abc import Iterator
from typing import Final

from contracts.invariants.facts import Facts
from contracts.values import Case, Due, GrantedRight, Member
from contracts.workflows import WORKFLOWS

_OWED: Final = frozenset({"disposal", "effect-report", "field-use", "first-use", "supply"})
"""Workflows of what a right in force asks for."""


def cases_have_their_deadlines(facts: Facts) -> Iterator[str]:
    """A case that is due has its deadline in order of time, and no other deadline is there."""
    due = {f"{case.due}/{name}" for name, case in facts.all("case", Case) if case.due is not None}
    if due != {name for name, _ in facts.all("due", Due)}:
        yield "cases and deadlines differ"
    for name, case in facts.all("case", Case):
        if case.due is not None and not WORKFLOWS[case.workflow].leads_on(case.state):
            yield f"case {name} is `{case.state}`, which is final, and due"


def parties_are_members(facts: Facts) -> Iterator[str]:
    """Every party of a case is a member, and has one part in it."""
    for name, case in facts.all("case", Case):
        members = [party.member for party in case.parties]
        if len({*members}) != len(members):
            yield f"case {name} has a party twice"
        unknown = [one for one in members if facts.get(Member, f"member/{one}") is None]
        if unknown:
            yield f"case {name} has parties that are no members: {unknown}"


def answers_are_there(facts: Facts) -> Iterator[str]:
    """The release or member that a step named is one."""
    for name, case in facts.all("case", Case):
        # An entry that met a demand may have ended since.
        is_lasting = case.answer is not None and not case.answer.startswith("entry/")
        if is_lasting and facts.state.get(case.answer or "") is None:
            yield f"case {name} was answered by {case.answer}, which is not there"


def findings_have_evidence(facts: Facts) -> Iterator[str]:
    """A finding accuses somebody, and names a record that is in the log."""
    known = {record.digest for _, record in facts.records}
    for name, case in facts.all("case", Case):
        if (case.finding is None) != (case.workflow != "finding"):
            yield f"case {name} is of workflow `{case.workflow}`"
        elif case.finding is not None:
            if case.finding.evidence not in known:
                yield f"finding {name} rests on a record that is not there"
            if not any(party.part == "accused" for party in case.parties):
                yield f"finding {name} accuses nobody"


def what_is_owed_follows_from_rights(facts: Facts) -> Iterator[str]:
    """What a right asks for is owed by who had it in force; a disposal that was met was stated.

    Nobody owes a delivery under a right that has ended or lapsed.
    """
    for name, case in facts.all("case", Case):
        if case.workflow not in _OWED:
            continue
        right = facts.get(GrantedRight, case.subject)
        if right is None or right.in_force_since is None:
            yield f"{name} is owed for no right that was in force"
        elif case.state == "disposed" and right.disposed_at is None:
            yield f"{name} was met by nothing that was stated"
        elif case.workflow == "supply" and case.state in {"expected", "overdue"} and right.ended_at:
            yield f"{name} is owed under a right that has ended"
        elif case.workflow == "supply" and case.state in {"expected", "overdue"}:
            formalities = facts.get(
                Case, f"{case.subject.replace('grant/', 'case/', 1)}-formalities"
            )
            if formalities is not None and formalities.state == "lapsed":
                yield f"{name} is owed under a right that has lapsed"
