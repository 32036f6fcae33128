"""`blockpool todo`: what a member may or must do by when, and the commands that do it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated

import typer

from scripts.console_text import USAGE, fail, heading, print_json, print_table, success
from scripts.explain.language import Language
from scripts.explain.languages import LANGUAGES, LanguageOption
from scripts.options import JsonFlag, with_options
from scripts.profile import Reading
from scripts.record.listing import AsAtOption, as_at_of
from scripts.todo.gathering import Asked, Gathered, gather
from scripts.todo.lines import Line, Page
from scripts.todo.steps import COMMANDS, acknowledging, command_of


@with_options
def todo(
    *,
    member: Annotated[str | None, typer.Option(help="Whose tasks; the writer's member.")] = None,
    writer: Annotated[
        str | None,
        typer.Option(
            envvar="BLOCKPOOL_WRITER",
            help="Only what this writer, MEMBER/NAME, may sign, and what its member does for "
            "others.",
        ),
    ] = None,
    must: Annotated[
        bool, typer.Option("--must", help="Only where a deadline runs against the member.")
    ] = False,
    as_at: AsAtOption = None,
    lang: LanguageOption = "en",
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """List what waits for a member, most urgent first, with the commands for each step.

    What waits for members merged into it, or for the parts of others it holds since a split, is
    listed, too, with whose writer signs.

    Example: `blockpool todo --member transport --must`
    """
    whose = member or (writer or "").partition("/")[0]
    if not whose:
        fail("whose tasks?", hint="give --member, or --writer MEMBER/NAME", code=USAGE)
    if writer is not None and writer.partition("/")[0] != whose:
        writer = None  # the environment names who signs here; another member was asked about
    with at.client() as client:
        asked = Asked(whose, writer, as_at_of(client, as_at), must)
        gathered = gather(client, asked)
        asks_more = must and not gathered and not as_json
        others = gather(client, replace(asked, must=False)) if asks_more else Gathered(())
    if as_json:
        print_json([*_told(gathered)])
        return
    language = LANGUAGES[lang]
    if gathered:
        _print([*Page(gathered, whose, language).lines()], language)
    elif others:
        success(language.phrase("todo-none-due", count=len(others)))
    else:
        success(language.phrases["todo-none"])


def _told(gathered: Gathered) -> Iterator[Mapping[str, object]]:
    """A document for each step, delivery and entry."""
    answers = dict(gathered.answers)
    for one in gathered.tasks:
        yield {"command": command_of(one, answers.get(one.case)), "task": one}
    yield from ({"command": acknowledging(one), "handed": one} for one in gathered.handed)
    yield from ({"command": COMMANDS["entry"], "returned": one} for one in gathered.returned)


def _print(lines: list[Line], language: Language) -> None:
    columns = ("todo-due", "todo-days", "", "todo-what", "todo-with", "todo-step", "todo-part")
    head = ("", *(language.phrases.get(one, "") for one in columns))
    print_table(head, [(n, *one.cells) for n, one in enumerate(lines, 1)])
    heading(language.phrases["todo-command"])
    for number, line in enumerate(lines, 1):
        first, *others = line.commands
        success(f"{number:>3}  {first}")
        for text in (*others, *line.remarks):
            success(f"     {text}")
