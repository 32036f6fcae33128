"""`blockpool govern`: put an action to the vote, vote, see what is decided."""

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from contracts.values import ProposedAction
from ledger.keys import Signer
from ledger.records import Ballot, Body, Decision, Proposal
from ledger.records.governance import Action, Matter, ReinstateMember, SuspendMember
from ledger.times import DAY_MS, from_ms
from node.client import Receipted, Writer
from scripts.answers import read_value
from scripts.console_text import USAGE, fail, info
from scripts.govern import acts, draft, draft_members, draft_settings, members, showing
from scripts.govern.actions import premises_for, read_action, read_admissions, read_matter
from scripts.govern.standing import next_command, standing
from scripts.options import JsonFlag, with_options
from scripts.profile import Signing, clock
from scripts.sealed_text import SealOption, document_digest, maybe_sealed
from scripts.short_ids import full_id
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
draft.app.add_typer(draft_settings.app)
app.add_typer(acts.app)
app.add_typer(draft.app, name="draft")
app.add_typer(members.app)
app.add_typer(showing.app)

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
        Path | None,
        typer.Option(help="Admit the members of a table, as of `govern draft admit`, at most 128."),
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

    What replaces parameters or calendar rests on the present ones by itself. What there is to
    propose: `blockpool govern actions`; to write one down: `blockpool govern draft`.

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
    with at.open() as (client, writer):
        proposal = full_id(client, "case", proposal)
        body = build(Ballot, proposal=proposal, vote=choice)
        done = submit(writer, [("ballot", body)], receipts)
        proposed = read_value(client, ProposedAction, f"proposal/{proposal}")
        told = "open" if proposed is None else standing(client, proposal, proposed)
    print_done(done, [(proposal, f"{choice}; it is {told}")], as_json=as_json)
    if proposed is not None and told == "adopted":
        _say_next(proposed.action)


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
    matter = read_matter(file)
    body = build(
        Decision,
        matter=matter,
        minutes=document_digest(minutes),
        reason=maybe_sealed(reason, seal_to),
    )
    with at.open() as (_, writer):
        done = _submit(writer, body, _cosigners(cosign, at), receipts)
    print_done([done], [(done.digest, "decided")], as_json=as_json)
    _say_next(matter)


def _say_next(action: Action | Matter) -> None:
    following = next_command(action)
    if following is not None:
        info(f"next: {following}")


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


def _cosigners(cosign: list[Path] | None, at: Signing) -> tuple[Signer, ...]:
    return tuple(load_signer(one, at.passphrase_file) for one in cosign or ())


def _submit(
    writer: Writer, body: Body, cosigners: tuple[Signer, ...], receipts: Path | None
) -> Receipted:
    done = writer.submit(body, cosigners=cosigners)
    if receipts is not None:
        keep_receipts([done], receipts)
    return done
