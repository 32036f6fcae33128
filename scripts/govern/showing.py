"""The commands of `blockpool govern` that tell: proposals, votes on them, what they have set."""

from collections.abc import Iterator
from typing import Annotated

import typer

from contracts.values import Ledger, ProposedAction
from node.client import Client, ProblemError
from node.client.answers import JsonObject
from scripts.answers import any_value, read_value
from scripts.console_text import fail, info, print_fields, print_json, print_table, success
from scripts.explain.language import Language
from scripts.explain.languages import LANGUAGES, LanguageOption, listing_in
from scripts.explain.sources import NodeSource
from scripts.govern.acts import act_told
from scripts.govern.standing import Course, Vote, fallen_told, read_course, votes_of
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
    lang: LanguageOption = "en",
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
        source = NodeSource(client, at.node)
        language = listing_in(lang, source)
        fell = None
        if course.state == "fallen":
            fell = fallen_told(source, proposed, LANGUAGES["en"] if as_json else language)
        about = tuple(_about(proposal, proposed, course, fell, language))
        cast = [_vote_told(one, language) for one in votes]
    if as_json:
        told = [{"member": one.member, "vote": one.vote} for one in votes]
        print_json({"case": course, "fell": fell, "proposal": proposed, "votes": told})
        return
    print_fields(about)
    success("")
    print_fields(members_told(proposed.action))
    success("")
    print_table(language.titles("committee", "vote"), cast)
    info(f"the reason: blockpool record show {proposal}")


@app.command("list")
@with_options
def list_proposals(
    *,
    state: Annotated[
        str | None, typer.Option(help="Only open, adopted, rejected, fallen or expired ones.")
    ] = None,
    as_at: AsAtOption = None,
    lang: LanguageOption = "en",
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """List proposals.

    Example: `blockpool govern list --state open`
    """
    with at.client() as client:
        when = as_at_of(client, as_at)
        rows = list(client.items("/v1/cases", workflow="proposal", state=state, at=when))
        language = LANGUAGES[lang]
        told = [] if as_json else [_cells(client, row, language) for row in rows]
    if as_json:
        print_json(rows)
        return
    print_table(language.titles("proposal", "state", "until", "to"), told)


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


def _about(
    proposal: str, proposed: ProposedAction, course: Course, fell: str | None, language: Language
) -> Iterator[tuple[str, object]]:
    """Where a proposal stands, before what it would do and who voted how."""
    tally = proposed.tally if course.state == "adopted" else None
    counted = {} if tally is None else {"yes": tally.yes, "no": tally.no, "of": tally.electorate}
    values = (
        ("proposal", proposal),
        ("proposer", language.name_of(course.proposer)),
        ("state", language.typed(language.states, course.state, "proposal")),
        ("because", fell),
        ("until", course.due),
        ("adopted by", language.phrase("tally", **counted) if counted else None),
        ("rests on", ", ".join(one.key for one in proposed.rests_on) or None),
    )
    names = language.titles(*(name for name, _ in values))
    yield from zip(names, (value for _, value in values), strict=True)


def _vote_told(vote: Vote, language: Language) -> tuple[str, str | None]:
    told = None if vote.vote is None else language.typed(language.acts, vote.vote)
    return (language.name_of(vote.member), told)


def _cells(client: Client, row: JsonObject, language: Language) -> tuple[object, ...]:
    """A proposal in a line: where it stands, and what it is to do."""
    proposed = read_value(client, ProposedAction, f"proposal/{row['id']}")
    act = "" if proposed is None else act_told(proposed.action, language)
    state = language.typed(language.states, str(row["state"]), "proposal")
    return (row["id"], state, row.get("due"), act)
