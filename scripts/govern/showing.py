"""The commands of `blockpool govern` that tell: proposals, votes on them, what they have set."""

from typing import Annotated

import typer

from contracts.values import Ledger, ProposedAction
from node.client import Client, ProblemError
from scripts.answers import any_value, read_value
from scripts.console_text import fail, info, print_fields, print_json, print_table, success
from scripts.govern.acts import act_told
from scripts.govern.standing import Course, fallen_told, read_course, votes_of
from scripts.options import JsonFlag, with_options
from scripts.parameters import parameters_told
from scripts.profile import Reading
from scripts.record.listing import AsAtOption, as_at_of
from scripts.record.showing import members_told
from scripts.short_ids import full_id

app = typer.Typer()


@app.command("show")
@with_options
def show(
    proposal: Annotated[str, typer.Argument(help="Id of the proposal: its record digest.")],
    *,
    as_at: AsAtOption = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """Show what a proposal would do, or did, who voted how, and of a fallen one why it fell.

    Example: `blockpool govern show PROPOSAL`
    """
    with at.client() as client:
        proposal, moment = full_id(client, "case", proposal), as_at_of(client, as_at)
        proposed = read_value(client, ProposedAction, f"proposal/{proposal}")
        if proposed is None:
            fail(f"no proposal {proposal}", hint="see: blockpool govern list")
        course = _course(client, proposal, moment)
        votes = votes_of(client, course, moment)
        fell = fallen_told(client, proposed) if course.state == "fallen" else None
    if as_json:
        told = [{"member": one.member, "vote": one.vote} for one in votes]
        print_json({"case": course, "fell": fell, "proposal": proposed, "votes": told})
        return
    tally = proposed.tally if course.state == "adopted" else None
    told_tally = None if tally is None else f"{tally.yes} yes, {tally.no} no of {tally.electorate}"
    print_fields(
        (
            ("proposal", proposal),
            ("proposer", course.proposer),
            ("state", course.state),
            ("because", fell),
            ("until", course.due),
            ("adopted by", told_tally),
            ("rests on", ", ".join(one.key for one in proposed.rests_on) or None),
        )
    )
    success("")
    print_fields(members_told(proposed.action))
    success("")
    print_table(("committee", "vote"), ((one.member, one.vote) for one in votes))
    info(f"the reason: blockpool record show {proposal}")


@app.command("list")
@with_options
def list_proposals(
    *,
    state: Annotated[
        str | None, typer.Option(help="Only open, adopted, rejected, fallen or expired ones.")
    ] = None,
    as_at: AsAtOption = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """List proposals.

    Example: `blockpool govern list --state open`
    """
    with at.client() as client:
        when = as_at_of(client, as_at)
        rows = list(client.items("/v1/cases", workflow="proposal", state=state, at=when))
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
    as_at: AsAtOption = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """Show what votes have set: ledger, group/…, basis/…, pairing/…, member/….

    Example: `blockpool govern value ledger --as-at 2026-12-31`
    """
    with at.client() as client:
        value = any_value(client, key, as_at_of(client, as_at))
    if value is None:
        fail(f"nothing stands under {key}", hint="keys of the state: RULES.md, State")
    if as_json:
        print_json(value)
    else:
        told = dict(members_told(value))
        if isinstance(value, Ledger):  # what is left out holds, too
            told |= {f"parameters.{name}": one for name, one in parameters_told(value.parameters)}
        print_fields(told.items())


def _course(client: Client, proposal: str, as_at: str | None) -> Course:
    try:
        return read_course(client, proposal, as_at)
    except ProblemError as error:
        if error.problem.code != "not-found":
            raise
        return fail(f"no proposal {proposal} then", hint="see: blockpool govern list --as-at")


def _act(client: Client, proposal: str) -> str:
    """What a proposal is to do, in a line."""
    proposed = read_value(client, ProposedAction, f"proposal/{proposal}")
    return "" if proposed is None else act_told(proposed.action)
