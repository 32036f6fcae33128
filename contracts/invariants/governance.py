"""Invariants of members, roles and votes."""

from collections.abc import Iterator

from contracts.invariants.facts import Facts
from contracts.succession import GENERATIONS_MAX
from contracts.values import (
    Basis,
    Case,
    CastBallot,
    HandedDataset,
    HandedPart,
    Ledger,
    Member,
    ProposedAction,
    RoleHolders,
    SequencerInOffice,
    Writer,
)
from ledger.records import Ballot


def roles_agree(facts: Facts) -> Iterator[str]:
    """The holders of a role are the members that have it."""
    holders: dict[str, list[str]] = {}
    for name, member in sorted(facts.all("member", Member)):
        for role in member.roles:
            holders.setdefault(role, []).append(name)
    if {role: list(one.members) for role, one in facts.all("role", RoleHolders)} != holders:
        yield "roles and their holders differ"


def the_ledger_can_go_on(facts: Facts) -> Iterator[str]:
    """Somebody active orders blocks, the quorum fits the active witnesses, a committee can vote."""
    active: dict[str, int] = {}
    for _, member in facts.all("member", Member):
        for role in member.roles if member.status == "active" else ():
            active[role] = active.get(role, 0) + 1
    ledger = facts.get(Ledger, "ledger")
    quorum = 0 if ledger is None else ledger.parameters.quorum
    witnesses = active.get("witness", 0)
    if quorum > witnesses or (witnesses and 3 * quorum <= 2 * witnesses):
        yield f"a quorum of {quorum} with {witnesses} active witnesses"
    if ledger is not None and not active.get("sequencer", 0) + active.get("validator", 0):
        yield "nobody active orders blocks"
    if any(facts.all("proposal", ProposedAction)) and not active.get("committee"):
        yield "nobody active is in the committee"


def the_sequencer_in_office_is_one(facts: Facts) -> Iterator[str]:
    """Who was appointed to order, or took over, has the role of sequencer."""
    appointed = facts.get(SequencerInOffice, "sequencer")
    holders = facts.get(RoleHolders, "role/sequencer")
    if appointed and (holders is None or appointed.member not in holders.members):
        yield f"{appointed.member} orders, and is no sequencer"


def proposals_are_decided_by_ballots(facts: Facts) -> Iterator[str]:
    """What was adopted, was so by ballots on the log; the votes kept are the last ones cast."""
    votes: dict[str, CastBallot] = {}
    for _, record in facts.records:
        if isinstance(record.body, Ballot):
            voter = record.chain.writer.partition("/")[0]
            cast = CastBallot(record=record.digest, vote=record.body.vote)
            votes[f"{record.body.proposal}/{voter}"] = cast
    if dict(facts.all("ballot", CastBallot)) != votes:
        yield "the votes kept are not those of the log"
    for name, proposed in facts.all("proposal", ProposedAction):
        case, tally = facts.get(Case, f"case/{name}"), proposed.tally
        if case is None or (case.state == "adopted") != (tally is not None):
            yield f"proposal {name} and its case differ"
        yes = sum(key.startswith(name) and cast.vote == "yes" for key, cast in votes.items())
        if tally is not None and not (yes >= tally.yes and 2 * tally.yes > tally.electorate):
            yield f"proposal {name} was adopted without a majority on the log"


def successions_come_to_an_end(facts: Facts) -> Iterator[str]:
    """Whoever acts for a member lies above it, has not left, and is reached in eight steps."""
    for name, member in facts.all("member", Member):
        heir = None if member.successor is None else facts.get(Member, f"member/{member.successor}")
        if member.successor is not None and (heir is None or heir.generation <= member.generation):
            yield f"{name} is not below {member.successor}, which acts for it"
        if heir is not None and heir.status == "removed":
            yield f"nobody acts for {name}"
        if member.generation > GENERATIONS_MAX:
            yield f"{member.generation} mergers lie below {name}"
        if member.roles and (member.successor is not None or member.status == "removed"):
            yield f"{name} has left, and has roles"


def divisions_are_counted(facts: Facts) -> Iterator[str]:
    """What is in other hands is counted by both sides, and somebody is there who can act for it."""
    parts: dict[str, int] = {}
    for name, handed in facts.all("hand", HandedDataset):
        key = f"{name.partition('/')[0]}/{handed.member}"
        parts[key] = parts.get(key, 0) + 1
    if {name: part.datasets for name, part in facts.all("part", HandedPart)} != parts:
        yield "the parts of members and what is in other hands differ"
    members = dict(facts.all("member", Member))
    for name, member in members.items():
        heirs = tuple(sorted(key.partition("/")[2] for key in parts if key.startswith(f"{name}/")))
        kept = sum(key.endswith(f"/{name}") for key in parts)
        if (member.heirs, member.keeps) != (heirs, kept):
            yield f"{name} has other hands than it says, or holds other parts"
        if member.status == "removed" and (heirs or kept):
            yield f"{name} was removed, and was split or holds parts"
    for name, writer in facts.all("writer", Writer):
        if writer.keeper is not None and (writer.keeper not in members or not writer.datasets):
            yield f"{name} is kept by nobody, or speaks of everything"


def legal_bases_are_counted(facts: Facts) -> Iterator[str]:
    """The ledger counts the legal bases that are adopted."""
    ledger = facts.get(Ledger, "ledger")
    count = sum(1 for _ in facts.all("basis", Basis))
    if ledger is not None and ledger.legal_bases != count:
        yield f"{count} legal bases are adopted, not {ledger.legal_bases}"
