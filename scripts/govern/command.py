"""`blockpool govern`: put an action to the vote, vote, see what is decided."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from contracts.governance.votes import REACHES, threshold_of
from contracts.values import Case, CastBallot, Ledger, ProposedAction, RoleHolders
from ledger.keys import PrivateKey
from ledger.records import Ballot, Body, Decision, Proposal
from ledger.records.governance import Action, AdmitMembers, ReinstateMember, SuspendMember
from ledger.times import DAY_MS, from_ms
from node.client import Client, Receipted, Writer
from scripts.answers import any_value, read_value
from scripts.console_text import (
    USAGE,
    fail,
    info,
    print_fields,
    print_json,
    print_table,
    success,
)
from scripts.explain.sources import NodeSource
from scripts.govern import draft, draft_members, members
from scripts.govern.actions import premises_for, read_action, read_admissions, read_matter
from scripts.options import JsonFlag, with_options
from scripts.parameters import parameters_told
from scripts.profile import Reading, Signing, clock
from scripts.record.showing import members_told
from scripts.sealed_text import SealOption, document_digest, maybe_sealed
from scripts.signers import load_signer
from scripts.spelling import build, typed
from scripts.submission import ReceiptsOption, keep_receipts, print_done, submit
from scripts.zone import zone_of

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="What the committee decides: propose, vote, and see what was adopted and by how many.",
)

draft.app.add_typer(draft_members.app)
app.add_typer(draft.app, name="draft")
app.add_typer(members.app)

_VOTE_MS: Final = 14 * DAY_MS

Vote = Literal["no", "yes"]
CosignOption = Annotated[
    list[Path] | None,
    typer.Option(help="Key file that the action introduces: a new custodian's, both log keys."),
]
ProposalArgument = Annotated[str, typer.Argument(help="Id of the proposal: its record digest.")]


@app.command("propose")
@with_options
def propose(
    file: Annotated[Path | None, typer.Argument(help="The action as JSON.")] = None,
    *,
    admit: Annotated[
        Path | None, typer.Option(help="Admit the members of a table, at most 128.")
    ] = None,
    suspend: Annotated[str | None, typer.Option(help="Suspend this member.")] = None,
    reinstate: Annotated[str | None, typer.Option(help="Reinstate this member.")] = None,
    reason: Annotated[str, typer.Option(help="Why.")],
    seal_to: SealOption = None,
    until: Annotated[
        str | None,
        typer.Option(help="Last day of the vote, such as 2027-01-31; in 14 days."),
    ] = None,
    rests_on: Annotated[
        list[str] | None,
        typer.Option(help="State key it rests on: it falls if that changes; may be repeated."),
    ] = None,
    cosign: CosignOption = None,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Put an action to the vote. It is done by the ballot that reaches the threshold.

    What replaces parameters or calendar rests on the present ones by itself. To write an action
    down: `blockpool govern draft`.

    Example: `blockpool govern propose --admit members.csv --reason "minutes of 3 May"`
    """
    action = _action(file, admit, suspend, reinstate)
    cosigners = _cosigners(cosign, at)
    with at.open() as (client, writer):
        in_14_days = from_ms(clock()() + _VOTE_MS)
        closes_at = in_14_days if until is None else zone_of(client).over(until)
        body = build(
            Proposal,
            action=action,
            closes_at=closes_at,
            reason=maybe_sealed(reason, seal_to),
            rests_on=premises_for(client, action, rests_on or []),
        )
        done = _submit(writer, body, cosigners, receipts)
    print_done([done], [(done.digest, f"open until {closes_at}")], as_json=as_json)


@app.command("vote")
@with_options
def vote(
    proposal: ProposalArgument,
    choice: Annotated[str, typer.Argument(metavar="yes|no", help="For it or against it.")],
    *,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Vote, or vote otherwise, while nothing is decided.

    Example: `blockpool govern vote PROPOSAL yes`
    """
    typed(choice, Vote)
    body = build(Ballot, proposal=proposal, vote=choice)
    with at.open() as (client, writer):
        done = submit(writer, [("ballot", body)], receipts)
        told = _standing(client, proposal)
    print_done(done, [(proposal, f"{choice}; it is {told}")], as_json=as_json)


@app.command("decide")
@with_options
def decide(
    file: Annotated[Path, typer.Argument(help="The matter as JSON.")],
    *,
    minutes: Annotated[str, typer.Option(help="Minutes of the meeting: a file, or its digest.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    seal_to: SealOption = None,
    cosign: CosignOption = None,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Decide as the government: recover a custodian key, merge, split, rename, reject an admission.

    Example: `blockpool govern decide recovery.json --minutes minutes.pdf --reason "…"
    --cosign new-custodian.pem`
    """
    body = build(
        Decision,
        matter=read_matter(file),
        minutes=document_digest(minutes),
        reason=maybe_sealed(reason, seal_to),
    )
    with at.open() as (_, writer):
        done = _submit(writer, body, _cosigners(cosign, at), receipts)
    print_done([done], [(done.digest, "decided")], as_json=as_json)


@app.command("show")
@with_options
def show(
    proposal: ProposalArgument,
    *,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """Show what a proposal would do, or did, and who voted how.

    Example: `blockpool govern show PROPOSAL`
    """
    with at.client() as client:
        proposed = read_value(client, ProposedAction, f"proposal/{proposal}")
        case = read_value(client, Case, f"case/{proposal}")
        if proposed is None or case is None:
            fail(f"no proposal {proposal}", hint="see: blockpool govern list")
        votes = list(_votes(client, proposal))
    if as_json:
        told = [{"member": member, "vote": said} for member, said in votes]
        print_json({"case": case, "proposal": proposed, "votes": told})
        return
    tally = proposed.tally
    told_tally = None if tally is None else f"{tally.yes} yes, {tally.no} no of {tally.electorate}"
    print_fields(
        (
            ("proposal", proposal),
            ("proposer", case.parties[0].member),
            ("state", case.state),
            ("until", case.due),
            ("adopted by", told_tally),
            ("rests on", ", ".join(one.key for one in proposed.rests_on) or None),
        )
    )
    success("")
    print_fields(members_told(proposed.action))
    success("")
    print_table(("committee", "vote"), votes)
    info(f"the reason: blockpool record show {proposal}")


@app.command("list")
@with_options
def list_proposals(
    *,
    state: Annotated[
        str | None, typer.Option(help="Only open, adopted, rejected, fallen or expired ones.")
    ] = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """List proposals.

    Example: `blockpool govern list --state open`
    """
    with at.client() as client:
        rows = list(client.items("/v1/cases", workflow="proposal", state=state))
        told = [] if as_json else [_act(client, str(row["id"])) for row in rows]
    if as_json:
        print_json(rows)
        return
    cells = (
        (row.get("id"), row.get("state"), row.get("due"), act)
        for row, act in zip(rows, told, strict=True)
    )
    print_table(("proposal", "state", "until", "to"), cells)


@app.command("value")
@with_options
def show_value(
    key: Annotated[str, typer.Argument(help="A key of the state, such as basis/art-13.")],
    *,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """Show what votes have set: ledger, group/…, basis/…, pairing/…, member/….

    Example: `blockpool govern value pairing/forms`
    """
    with at.client() as client:
        value = any_value(client, key)
    if value is None:
        fail(f"nothing stands under {key}", hint="keys of the state: RULES.md, State")
    if as_json:
        print_json(value)
    else:
        told = dict(members_told(value))
        if isinstance(value, Ledger):  # what is left out holds, too
            told |= {f"parameters.{name}": one for name, one in parameters_told(value.parameters)}
        print_fields(told.items())


def _action(
    file: Path | None, admit: Path | None, suspend: str | None, reinstate: str | None
) -> Action:
    given = [one for one in (file, admit, suspend, reinstate) if one is not None]
    if len(given) != 1:
        fail("which action? give a file, or one of --admit, --suspend, --reinstate", code=USAGE)
    if admit is not None:
        return read_admissions(admit)
    if suspend is not None:
        return build(SuspendMember, member=suspend)
    if reinstate is not None:
        return build(ReinstateMember, member=reinstate)
    return read_action(Path(given[0]))


def _cosigners(cosign: list[Path] | None, at: Signing) -> tuple[PrivateKey, ...]:
    return tuple(load_signer(one, at.passphrase_file) for one in cosign or ())


def _submit(
    writer: Writer, body: Body, cosigners: tuple[PrivateKey, ...], receipts: Path | None
) -> Receipted:
    done = writer.submit(body, cosigners=cosigners)
    if receipts is not None:
        keep_receipts([done], receipts)
    return done


def _votes(client: Client, proposal: str) -> Iterator[tuple[str, str | None]]:
    """How each member of the committee of today has voted."""
    committee = read_value(client, RoleHolders, "role/committee")
    for member in () if committee is None else committee.members:
        cast = read_value(client, CastBallot, f"ballot/{proposal}/{member}")
        yield member, None if cast is None else cast.vote


def _standing(client: Client, proposal: str) -> str:
    """Where a proposal stands after a ballot: of an open one how many votes it has, and needs."""
    case = read_value(client, Case, f"case/{proposal}")
    proposed = read_value(client, ProposedAction, f"proposal/{proposal}")
    if case is None or proposed is None:
        return "open"
    if case.state == "fallen":
        return "fallen: it can no longer be done, or what it rests on has changed"
    if case.state != "open":
        return case.state
    votes = [vote for _, vote in _votes(client, proposal)]
    reaches = REACHES[threshold_of(NodeSource(client, ""), proposed.action)]
    needed = next(count for count in range(len(votes) + 1) if reaches(count, len(votes)))
    return f"open, with {votes.count('yes')} of the {needed} votes it needs"


def _act(client: Client, proposal: str) -> str:
    """What a proposal is to do, in a line."""
    proposed = read_value(client, ProposedAction, f"proposal/{proposal}")
    if proposed is None:
        return ""
    told = dict(members_told(proposed.action))
    names = ("member", "indicator", "indicator.id")
    named = [str(told[name]) for name in names if name in told][:1]
    if isinstance(proposed.action, AdmitMembers):
        named = [one.id for one in proposed.action.members]
    return f"{told['act']} {', '.join(named)}".strip()
