"""Where a proposal stands: who voted how, how many votes it needs, why it fell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import Struct, convert

from contracts.governance.votes import REACHES, threshold_of
from contracts.values import ProposedAction
from contracts.view import StateView
from ledger.records.actions import SplitMember
from ledger.records.governance import Action, AdmitMembers, Matter, SucceedMember
from node.client import Client
from scripts.explain.english import ENGLISH
from scripts.explain.fallen import why_fallen
from scripts.explain.language import Language
from scripts.explain.sources import NodeSource
from scripts.profile import present_time


class Cast(Struct, rename="camel"):
    """A record in the course of a proposal: what opened it, or a ballot."""

    kind: str
    writer: str = ""
    body: dict[str, Any] = {}


class Course(Struct, kw_only=True, rename="camel"):
    """What a node answers about a proposal, as far as it is needed here."""

    due: str | None = None
    state: str
    steps: tuple[Cast, ...]

    @property
    def proposer(self) -> str:
        """The member that put it to the vote."""
        return self.steps[0].writer.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Vote:
    """How a member of the committee has voted; None if not yet."""

    member: str
    vote: str | None


def read_course(client: Client, proposal: str, as_at: str | None = None) -> Course:
    """The course of a proposal, up to a moment. Raises `ProblemError` if there is none."""
    return convert(client.get(f"/v1/cases/{proposal}", at=as_at), Course)


def votes_of(client: Client, course: Course, as_at: str | None = None) -> Sequence[Vote]:
    """How each member of the committee, as it was then, had voted."""
    rows = client.items("/v1/members", status="active", at=as_at)
    committee = [str(row["id"]) for row in rows if "committee" in _words(row.get("roles"))]
    cast = {
        one.writer.partition("/")[0]: str(one.body["vote"])
        for one in course.steps
        if one.kind == "ballot"
    }
    return [Vote(member, cast.get(member)) for member in committee]


def standing(client: Client, proposal: str, proposed: ProposedAction) -> str:
    """Where a proposal stands after a ballot: of an open one how many votes it has, and needs."""
    course = read_course(client, proposal)
    if course.state == "fallen":
        return f"fallen: {fallen_told(NodeSource(client, ''), proposed, ENGLISH)}"
    if course.state != "open":
        return course.state
    votes = votes_of(client, course)
    yes = sum(one.vote == "yes" for one in votes)
    return f"open, with {yes} of the {_needed(client, proposed, len(votes))} votes it needs"


def next_command(action: Action | Matter) -> str | None:
    """What follows once an action is done, if somebody has to do something for it to be of use."""
    match action:
        case SucceedMember(member=member, successor=successor):
            signs = f"{member}/NAME --custodian KEY_OF_{successor.upper()}"
            return f"{successor} appoints who signs for {member}: blockpool keys appoint {signs}"
        case SplitMember(member=member, successor=successor, datasets=datasets):
            signs = f"{member}/NAME --custodian KEY_OF_{successor.upper()} --datasets"
            some = ",".join(datasets)
            return f"{successor} appoints who signs there: blockpool keys appoint {signs} {some}"
        case AdmitMembers():
            return "each appoints who signs for it: blockpool keys appoint MEMBER/NAME"
        case _:
            return None


def fallen_told(view: StateView, proposed: ProposedAction, language: Language) -> str:
    """Why it fell, as far as the ledger of today tells."""
    return why_fallen(view, proposed, present_time(), language)


def _needed(client: Client, proposed: ProposedAction, electorate: int) -> int:
    reaches = REACHES[threshold_of(NodeSource(client, ""), proposed.action)]
    return next(count for count in range(electorate + 1) if reaches(count, electorate))


def _words(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
