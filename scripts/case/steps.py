"""`blockpool case steps` and `case findings`: what an audit asks first, over all cases at once."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal

import typer

from node.client.answers import JsonObject
from scripts.console_text import print_json, print_table
from scripts.explain.language import Language
from scripts.explain.languages import LanguageOption, listing_in
from scripts.explain.measures import measured
from scripts.explain.sources import NodeSource
from scripts.options import JsonFlag, with_options
from scripts.profile import Reading
from scripts.record.listing import AsAtOption, as_at_of
from scripts.spelling import typed
from scripts.zone import zone_of

app = typer.Typer()
CountBy = Literal["ground", "member", "step", "workflow"]


@app.command("steps")
@with_options
def steps(
    *,
    workflow: Annotated[
        str | None, typer.Option(help="Only in this workflow, such as request or review.")
    ] = None,
    step: Annotated[str | None, typer.Option(help="Only this step, such as refuse.")] = None,
    ground: Annotated[str | None, typer.Option(help="Only on this coded ground.")] = None,
    member: Annotated[str | None, typer.Option(help="Only by this member.")] = None,
    since: Annotated[str | None, typer.Option(help="Only from this day, or moment, on.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Only to this day's end, or before this.")
    ] = None,
    count_by: Annotated[
        str | None, typer.Option(help="Count them by ground, member, step or workflow.")
    ] = None,
    as_at: AsAtOption = None,
    lang: LanguageOption = "en",
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """List who moved which case by which step, when and on which ground: the oldest first.

    Who approved: `--workflow review --step approve`. Refusals by ground: `--workflow request
    --step refuse --count-by ground`. What was put right last year: `--step rectify --since
    2026-01-01 --until 2026-12-31`.

    Example: `blockpool case steps --workflow request --step refuse --count-by ground`
    """
    if count_by is not None:
        typed(count_by, CountBy)
    with at.client() as client:
        zone = zone_of(client)
        rows = list(
            client.items(
                "/v1/steps",
                workflow=workflow,
                step=step,
                ground=ground,
                member=member,
                from_=None if since is None else zone.start(since),
                to=None if until is None else zone.over(until),
                at=as_at_of(client, as_at),
            )
        )
        language = listing_in(lang, NodeSource(client, at.node))
        told = [] if as_json or count_by else [_of_step(row, language) for row in rows]
        if count_by is not None:
            _print_counts(rows, count_by, language, as_json=as_json)
            return
    if as_json:
        print_json(rows)
    else:
        titles = ("record", "when", "by", "workflow", "step", "ground", "case")
        print_table(language.titles(*titles), told)


@app.command("findings")
@with_options
def findings(
    *,
    accused: Annotated[str | None, typer.Option(help="Only against this member.")] = None,
    code: Annotated[str | None, typer.Option(help="Only of this code, as in RULES.md.")] = None,
    state: Annotated[
        str | None, typer.Option(help="Only in this state, such as confirmed or closed.")
    ] = None,
    as_at: AsAtOption = None,
    lang: LanguageOption = "en",
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """List findings: what was broken, by whom as it seems, how far, and where each stands.

    Example: `blockpool case findings --accused health --state confirmed`
    """
    with at.client() as client:
        when = as_at_of(client, as_at)
        rows = list(client.items("/v1/findings", accused=accused, code=code, state=state, at=when))
        language = listing_in(lang, NodeSource(client, at.node))
        told = [] if as_json else [_of_finding(row, language) for row in rows]
    if as_json:
        print_json(rows)
        return
    names = ("finding", "against", "state", "measure", "limit", "raised", "case")
    print_table(language.titles(*names), told)


def finding_named(code: str, language: Language) -> str:
    """A finding by its code, in other languages than English with what it means."""
    return code if language.code == "en" else f"{language.findings[code][0]} {code}"


def _print_counts(
    rows: Sequence[JsonObject], by: str, language: Language, *, as_json: bool
) -> None:
    """How many of each, the most first."""
    counts = Counter(str(row[by] or "") for row in rows)
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    if as_json:
        print_json(dict(ordered))
    else:
        told = ((name and _named(by, name, language), count) for name, count in ordered)
        print_table(language.titles(by, "steps"), told)


def _named(what: str, name: str, language: Language, workflow: str = "") -> str:
    """The name of a ground, a member, a step or a workflow, as it is typed and in words."""
    match what:
        case "ground":
            return language.typed(language.grounds, name)
        case "step":
            return language.typed(language.steps, name, workflow)
        case "workflow":
            return language.course(name)
        case _:
            return language.name_of(name)


def _of_step(row: JsonObject, language: Language) -> tuple[object, ...]:
    workflow, ground = str(row["workflow"]), row["ground"]
    return (
        row["index"],
        row["time"],
        row["writer"],
        language.course(workflow),
        _named("step", str(row["step"]), language, workflow),
        None if ground is None else _named("ground", str(ground), language),
        row["case"],
    )


def _of_finding(row: JsonObject, language: Language) -> tuple[object, ...]:
    match row:
        case {"finding": dict(found), "parties": list(parties)}:
            accused = (str(one["member"]) for one in parties
                       if isinstance(one, dict) and one["part"] == "accused")  # fmt: skip
            said = (found.get(name) for name in ("measure", "limit"))
            return (
                finding_named(str(found["code"]), language),
                language.members(accused),
                language.typed(language.states, str(row["state"]), "finding"),
                *(one and measured(language.measures, str(one)) for one in said),
                row["openedAt"],
                row["id"],
            )
        case _:
            raise ValueError(f"{row.get('id')} is no finding")
