"""`blockpool case`: what waits for whom until when, and the steps that move it."""

from collections.abc import Sequence
from typing import Annotated

import typer
from msgspec.structs import replace

from contracts.values import (
    Case,
    FigureUnderObjection,
    GrantedRight,
    ProposedAction,
    RequestedItem,
)
from contracts.workflows import WORKFLOWS
from ledger.records import Body, Step
from ledger.records.cases import CASES_PER_STEP_MAX
from node.client import Client
from node.client.answers import JsonObject
from scripts.answers import read_value
from scripts.case import opening, showing, steps
from scripts.case.lifting import lost_rulings, open_orders
from scripts.case.opening import EvidenceOption, documents, version_of
from scripts.case.step_names import check_name, check_step
from scripts.case.steps import finding_named
from scripts.catalogue.plan import entry_body
from scripts.console_text import (
    USAGE,
    fail,
    print_json,
    print_table,
)
from scripts.explain.language import Language
from scripts.explain.languages import LANGUAGES, LanguageOption
from scripts.forewarning import AnywayFlag, forewarn
from scripts.govern.acts import act_told
from scripts.hands import listed
from scripts.options import JsonFlag, with_options
from scripts.profile import Reading, Signing
from scripts.record.listing import AsAtOption, as_at_of
from scripts.short_ids import full_ids
from scripts.spelling import build, checked
from scripts.submission import ReceiptsOption, print_done, submit

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help=(
        "See what waits for whom until when, and take steps: approve, refuse, reply, confirm, …; "
        "open cases: demands, corrections, disputes, complaints, orders, incidents."
    ),
)

StateOption = Annotated[str | None, typer.Option(help="Only in this state.")]
WorkflowOption = Annotated[
    str | None, typer.Option(help=f"Only of {', '.join(sorted(WORKFLOWS))}.")
]
PartyOption = Annotated[str | None, typer.Option(help="Only with this member as a party.")]


@app.command("list")
@with_options
def list_cases(
    *,
    workflow: WorkflowOption = None,
    state: StateOption = None,
    party: PartyOption = None,
    as_at: AsAtOption = None,
    lang: LanguageOption = "en",
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """List cases.

    Example: `blockpool case list --workflow request --state open --party transport`
    """
    with at.client() as client:
        filters = {"workflow": workflow, "state": state, "at": as_at_of(client, as_at)}
        rows = listed(client, "/v1/cases", {"party": party}, filters)
        language = LANGUAGES[lang]
        told = [] if as_json else [_cells(client, row, language) for row in rows]
    if as_json:
        print_json(rows)
        return
    print_table(language.titles("case", "workflow", "state", "due", "about"), told)


app.add_typer(showing.app)
app.add_typer(steps.app)
app.add_typer(opening.app)


@app.command("step")
@with_options
def step(
    name: Annotated[str, typer.Argument(help="The step, such as approve, refuse or reply.")],
    cases: Annotated[list[str] | None, typer.Argument(help="Ids of the cases.")] = None,
    *,
    pending: Annotated[
        bool,
        typer.Option("--pending", help="All cases that wait for this step; with the filters."),
    ] = False,
    workflow: WorkflowOption = None,
    party: PartyOption = None,
    ground: Annotated[str | None, typer.Option(help="Coded ground, where one is needed.")] = None,
    note: Annotated[str | None, typer.Option(help="Explanation.")] = None,
    evidence: EvidenceOption = None,
    dataset: Annotated[str | None, typer.Option(help="Dataset that meets a demand.")] = None,
    member: Annotated[str | None, typer.Option(help="Member a demand is assigned to.")] = None,
    release: Annotated[str | None, typer.Option(help="DATASET@VERSION that corrects.")] = None,
    anyway: AnywayFlag = False,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Take a step in one case or in many.

    Example: `blockpool case step refuse CASE --ground not-necessary --note "…"`
    """
    if bool(cases) == pending:
        fail("which cases? name them, or take all with --pending", code=USAGE)
    if pending:
        check_name(name, workflow)
    with at.open() as (client, writer):
        ids = full_ids(client, "case", cases or _waiting_for(client, name, workflow, party))
        if not ids:
            fail(f"no case waits for the step {name}", hint="see: blockpool case list")
        check_step(client, name, ids[0])
        one = build(
            Step,
            cases=ids[:1],
            dataset=dataset,
            evidence=documents(evidence),
            ground=ground,
            member=member,
            note=note,
            release=None if release is None else version_of(release),
            step=name,
        )
        bodies = _steps(one, ids)
        if name == "refuse":  # the one step whose ground the catalogue may contradict
            forewarn(client, at.writer_name, [body for _, body in bodies], anyway=anyway)
        elif name == "close":
            forewarn(client, at.writer_name, (), anyway=anyway, doubts=open_orders(client, ids))
        elif name == "withdraw":
            forewarn(client, at.writer_name, (), anyway=anyway, doubts=lost_rulings(client, ids))
        done = submit(writer, bodies, receipts)
    print_done(done, [(one, name) for one in ids], as_json=as_json)


def _steps(like: Step, ids: Sequence[str]) -> list[tuple[str, Body]]:
    """The step in all the cases, as few records as that takes."""
    return [
        (
            like.step if len(some) == 1 else f"{like.step} of {len(some)} cases",
            checked(replace(like, cases=some), Step),
        )
        for first in range(0, len(ids), CASES_PER_STEP_MAX)
        for some in (tuple(ids[first : first + CASES_PER_STEP_MAX]),)
    ]


def _waiting_for(client: Client, name: str, workflow: str | None, party: str | None) -> list[str]:
    """Cases in a state out of which a step record of that name leads."""
    return [
        str(row["id"])
        for table in WORKFLOWS.values()
        for one in table.steps
        if one.name == name and one.by == "step" and workflow in (None, table.name)
        for row in client.items("/v1/cases", workflow=table.name, state=one.state, party=party)
    ]


def _cells(client: Client, row: JsonObject, language: Language) -> tuple[object, ...]:
    workflow = str(row["workflow"])
    state = language.typed(language.states, str(row["state"]), workflow)
    about = _about(client, row, language)
    return (row["id"], language.course(workflow), state, row.get("due"), about)


def _about(client: Client, row: JsonObject, language: Language) -> str:
    """What a case is about: the code of a finding, the dataset, or whose catalogue."""
    match row.get("finding"), str(row.get("subject")).partition("/"):
        case {"code": str(code)}, _:
            return finding_named(code, language)
        case _, ("case", _, _):
            other = read_value(client, Case, str(row["subject"]))
            workflow = "" if other is None else language.course(other.workflow)
            return workflow and language.phrase("about-case", workflow=workflow)
        case _, ("release", _, version):
            return version.replace("/", "@")
        case _, ("figure", _, _):
            value = read_value(client, FigureUnderObjection, str(row["subject"]))
            said = None if value is None else value.objection
            return "" if said is None else f"{said.indicator}@{said.period}"
        case _, ("catalogue" | "entry", _, name):
            return name
        case _, ("entry-draft", _, digest):
            return entry_body(client, digest).dataset
        case _, ("proposal", _, _):
            proposed = read_value(client, ProposedAction, str(row["subject"]))
            return "" if proposed is None else act_told(proposed.action, language)
        case _, ("request", _, _):
            asked = read_value(client, RequestedItem, str(row["subject"]))
            return "" if asked is None else asked.dataset
        case _, ("grant", _, _):
            right = read_value(client, GrantedRight, str(row["subject"]))
            return "" if right is None else right.dataset
        case _:
            return ""
