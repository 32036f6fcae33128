"""`blockpool todo`: what a member may or must do by when, and the command that does it."""

from collections.abc import Mapping
from typing import Annotated, Final

import typer
from msgspec import convert

from contracts.tasks import Task
from node.client import Client
from scripts.console_text import USAGE, fail, heading, print_json, print_table, success
from scripts.explain.command import LANGUAGES, LanguageOption
from scripts.explain.language import Language, in_course, word
from scripts.explain.measures import measured
from scripts.options import JsonFlag, with_options
from scripts.profile import Reading
from scripts.record.listing import AsAtOption, as_at_of

_COMMANDS: Final[Mapping[str, str]] = {
    "acceptance": "blockpool record accept {case}",
    "amendment": "blockpool record amend {case}",
    "attestation": "blockpool catalogue attest --all",
    "ballot": "blockpool govern vote {case} VOTE  # yes, no",
    "decision": "blockpool govern decide DECISION.json --minutes FILE --reason REASON",
    "delivery": "blockpool record deliver {grant} FILE --rows ROWS --ended-at TIME",
    "disposal": "blockpool record dispose {grant} --disposed-at TIME",
    "effect-report": "blockpool record effect {grant} --text TEXT --started-at TIME"
    " --ended-at TIME",
    "entry": "blockpool catalogue publish CATALOGUE.csv",
    "formalities/grant": "blockpool record grant --request REQUEST",
    "formalities/request": "blockpool record request {dataset} --scene SCENE --emergency {grant}",
    "grant": "blockpool record grant --request {case}",
    "lifecycle": "blockpool catalogue archive {dataset}",
    "release": "blockpool record publish {dataset} FILE",
    "request": "blockpool record request {dataset} --scene SCENE",
    "revocation": "blockpool record revoke {case} --ground GROUND",
    "usage": "blockpool record use LOG.csv --grant {grant}",
    "step": "blockpool case step {step} {case}",
}
"""What to type, by kind of the record that takes the step, in some courses by both."""
_NAMED: Final = {"dataset": "DATASET", "member": "MEMBER", "release": "DATASET@VERSION"}
"""What a step must name, as it is typed."""


@with_options
def todo(
    *,
    member: Annotated[str | None, typer.Option(help="Whose tasks; the writer's member.")] = None,
    writer: Annotated[
        str | None,
        typer.Option(
            envvar="BLOCKPOOL_WRITER", help="Only what this writer, MEMBER/NAME, may sign."
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
    """List what waits for a member, most urgent first, with the command for each step.

    Example: `blockpool todo --member transport --must`
    """
    if member is None and writer is None:
        fail("whose tasks?", hint="give --member, or --writer MEMBER/NAME", code=USAGE)
    if member is not None and writer is not None and writer.partition("/")[0] != member:
        writer = None  # the environment names who signs here; another member was asked about
    with at.client() as client:
        moment = as_at_of(client, as_at)
        tasks = read_tasks(client, member, writer, moment, must=must)
        asks_more = must and not tasks and not as_json
        others = read_tasks(client, member, writer, moment, must=False) if asks_more else []
    if as_json:
        print_json([{"command": command_of(one), "task": one} for one in tasks])
        return
    language = LANGUAGES[lang]
    if tasks:
        _print(tasks, language)
    elif others:
        success(language.phrase("todo-none-due", count=len(others)))
    else:
        success(language.phrases["todo-none"])


def read_tasks(
    client: Client, member: str | None, writer: str | None, as_at: str | None, *, must: bool
) -> list[Task]:
    """All tasks a node tells of, most urgent first."""
    duty = "must" if must else None
    rows = client.items("/v1/tasks", member=member, writer=writer, duty=duty, at=as_at)
    return [convert(row, Task) for row in rows]


def command_of(task: Task) -> str:
    """What to type to take a step; words in capitals are to be filled in, a comment says how."""
    other = "blockpool record submit {record} BODIES.jsonl"
    special = _COMMANDS.get(f"{task.workflow}/{task.record}")
    template = special or _COMMANDS.get(task.record, other)
    command = template.format(
        case=task.case,
        dataset=task.dataset or "DATASET",
        grant=task.subject.removeprefix("grant/"),
        record=task.record,
        step=task.step,
    )
    if task.names is not None:
        command += f" --{task.names} {_NAMED[task.names]}"
    grounds = ", ".join(task.grounds)
    return f"{command} --ground GROUND  # {grounds}" if grounds else command


def _print(tasks: list[Task], language: Language) -> None:
    columns = ("todo-due", "todo-days", "", "todo-what", "todo-step", "todo-part")
    head = ("", *(language.phrases.get(one, "") for one in columns))
    print_table(head, [(n, *_cells(task, language)) for n, task in enumerate(tasks, 1)])
    heading(language.phrases["todo-command"])
    for number, task in enumerate(tasks, 1):
        success(f"{number:>3}  {command_of(task)}")
        if task.hindered is not None:
            why = measured(language.measures, task.hindered)
            success(f"     {language.phrase('todo-hindered', why=why)}")


def _cells(task: Task, language: Language) -> tuple[object, ...]:
    overdue = language.phrases["todo-overdue"]
    workflow = word(language.workflows, task.workflow)
    about = task.dataset or task.code or ""
    return (
        task.due,
        overdue if task.urgency == "overdue" else task.days_left,
        language.phrases[f"todo-duty-{task.duty}"],
        f"{workflow}: {about}" if about else workflow,
        in_course(language.steps, task.workflow, task.step),
        word(language.parts, task.part),
    )
