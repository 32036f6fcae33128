"""The commands of `blockpool case` that tell: a case with its course, and what was owed by whom."""

from typing import Annotated, Final
from urllib.parse import quote

import typer
from msgspec import convert
from msgspec.structs import fields

from contracts.values import Case
from contracts.workflows import WORKFLOWS
from node.client import Client, ProblemError
from node.client.answers import JsonObject
from scripts.case.page import CasePage, Taken
from scripts.console_text import fail, info, print_fields, print_json, print_table, success
from scripts.explain.language import Language
from scripts.explain.languages import LANGUAGES, LanguageOption, listing_in
from scripts.explain.names import with_names
from scripts.explain.rulings import ruled
from scripts.explain.sources import NodeSource
from scripts.hands import listed
from scripts.options import JsonFlag, with_options
from scripts.profile import Reading
from scripts.record.chain import chain_above
from scripts.record.listing import AsAtOption, as_at_of
from scripts.short_ids import full_id

app = typer.Typer()
OUTCOMES: Final = ("open", "overdue", "met", "met-late", "dropped", "missed")
"""What becomes of a duty."""
_DIGEST_CHARS: Final = 64
"""The id of a case begins with the digest of the record it hangs from."""


@app.command("show")
@with_options
def show(
    case: Annotated[str, typer.Argument(help="Id of the case.")],
    *,
    as_at: AsAtOption = None,
    lang: LanguageOption = "en",
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """Show a case: its parties, its course until now, and who may take which step next.

    Example: `blockpool case show CASE`
    """
    with at.client() as client:
        case, moment = full_id(client, "case", case), as_at_of(client, as_at)
        told = _read(client, case, moment)
        names = {one.encode_name for one in fields(Case)} & told.keys()
        value = convert({name: told[name] for name in names}, Case)
        right = chain_above(client, case, moment) if value.workflow == "grant" else None
        source = NodeSource(client, at.node)
        language = with_names(LANGUAGES[lang], source)
        follows = None if as_json else ruled(source, case, value, language)
        page = CasePage(case, value, language)
        about = () if as_json else tuple(page.fields(right))
    rows = WORKFLOWS[value.workflow].steps
    steps = [one for one in rows if one.state == value.state and one.who]
    if as_json:
        print_json({"case": case, "course": told["steps"], "steps": steps, "value": value})
        return
    print_fields(about)
    success("")
    course = map(page.taken, convert(told["steps"], list[Taken]))
    print_table(language.titles("record", "when", "by", "what", "ground", "note"), course)
    if steps:
        success("")
        titles = language.titles("next step", "by whom", "record", "grounds")
        print_table(titles, dict.fromkeys(map(page.following, steps)))
    if follows is not None:
        info(follows)
    info(f"what it is about: blockpool record show {case[:_DIGEST_CHARS]}")


@app.command("duties")
@with_options
def duties(
    *,
    member: Annotated[str | None, typer.Option(help="Of this member, offices included.")] = None,
    workflow: Annotated[
        str | None, typer.Option(help="Only in this workflow, such as request or review.")
    ] = None,
    outcome: Annotated[str | None, typer.Option(help=f"Only {', '.join(OUTCOMES)}.")] = None,
    as_at: AsAtOption = None,
    lang: LanguageOption = "en",
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """List what is, and was, owed by whom until when, and what became of it.

    What can be done about what is open or overdue, `blockpool todo` says.

    Example: `blockpool case duties --member transport --outcome overdue`
    """
    with at.client() as client:
        path = "/v1/duties"
        filters = {"workflow": workflow, "outcome": outcome, "at": as_at_of(client, as_at)}
        rows = listed(client, path, {"member": member}, filters)
        language = listing_in(lang, NodeSource(client, at.node))
        told = [] if as_json else [_of_duty(row, language) for row in rows]
    if as_json:
        print_json(rows)
        return
    titles = ("due", "who", "workflow", "state", "outcome", "over since", "case")
    print_table(language.titles(*titles), told)


def _of_duty(row: JsonObject, language: Language) -> tuple[object, ...]:
    workflow = str(row["workflow"])
    return (
        row["due"],
        _owing(str(row["who"]), language),
        language.course(workflow),
        language.typed(language.states, str(row["state"]), workflow),
        language.typed(language.states, str(row["outcome"]), "duty"),
        row["endedAt"],
        row["case"],
    )


def _owing(who: str, language: Language) -> str:
    """A member, or an office, which a node tells with an `@`."""
    if not who.startswith("@"):
        return language.name_of(who)
    office = language.parts.get(who.removeprefix("@"))
    return who if office is None else f"{office} {who}"


def _read(client: Client, case: str, as_at: str | None) -> JsonObject:
    try:
        return client.get(f"/v1/cases/{quote(case, safe='')}", at=as_at)
    except ProblemError as error:
        if error.problem.code != "not-found":
            raise
        return fail(f"no case {case}", hint="see: blockpool case list")
