"""A line for each thing that waits, with all that can be done about it, in a language."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from contracts.tasks import Task
from ledger.types import MemberId
from scripts.case.returned import LastSaid, Returned
from scripts.explain.language import Language, in_course, word
from scripts.explain.measures import measured
from scripts.todo.gathering import Gathered, Handed
from scripts.todo.steps import ACKNOWLEDGE, ACKNOWLEDGE_MANY, COMMANDS, READ_ENTRY, command_of


@dataclass(frozen=True, slots=True)
class Line:
    """What waits: a row of the table, the commands below it, remarks below those."""

    cells: tuple[object, ...]
    commands: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def lines_of(gathered: Gathered, asker: MemberId, language: Language) -> Iterator[Line]:
    """All lines: what is due first, then what may be done at any time."""
    asked, proposed = dict(gathered.asked), dict(gathered.proposed)
    for (case, _), tasks in groupby(gathered.tasks, key=lambda one: (one.case, one.member)):
        yield _of_case([*tasks], asked.get(case), proposed.get(case), asker, language)
    for one in gathered.handed:
        yield _of_handed(one, asker, language)
    for entry in gathered.returned:
        yield _of_returned(entry, asker, language)


def _of_case(
    tasks: Sequence[Task],
    asked: LastSaid | None,
    proposed: str | None,
    asker: MemberId,
    language: Language,
) -> Line:
    """One case, whatever steps are possible: those that meet a deadline first."""
    ordered = sorted(tasks, key=lambda one: one.duty != "must")
    first = ordered[0]
    workflow = word(language.workflows, first.workflow)
    about = proposed or first.dataset or first.code or ""
    hindered = [one.hindered for one in ordered if one.hindered is not None][:1]
    remarks = [
        language.phrase("todo-hindered", why=measured(language.measures, why)) for why in hindered
    ]
    keeper = first.keeper or first.member
    if keeper != asker or first.member != asker:
        remarks.append(_signed_as(first.member, keeper, language))
    if first.workflow == "review" and first.part != "provider":
        command = READ_ENTRY.format(dataset=first.dataset)
        remarks.append(language.phrase("todo-read", command=command))
    if asked is not None:
        remarks.append(language.phrase("todo-asked", what=_why(asked, language)))
    return Line(
        (
            *_when(first, language),
            f"{workflow}: {about}" if about else workflow,
            language.phrases["comma"].join(first.others),
            " / ".join(
                dict.fromkeys(in_course(language.steps, one.workflow, one.step) for one in ordered)
            ),
            _as(" / ".join(_parts(ordered, language)), first.member, asker, language),
        ),
        tuple(dict.fromkeys(map(command_of, ordered))),
        tuple(remarks),
    )


def _of_handed(one: Handed, asker: MemberId, language: Language) -> Line:
    """What was delivered under a right, in a line however often."""
    template = ACKNOWLEDGE if len(one.deliveries) == 1 else ACKNOWLEDGE_MANY
    command = template.format(consumer=one.consumer, delivery=one.deliveries[0], grant=one.grant)
    what = language.phrase("todo-handed", dataset=one.dataset, count=len(one.deliveries))
    step = word(language.kinds, "acknowledgement")
    part = word(language.parts, "consumer")
    return _at_any_time((what, one.provider, step, part), one.consumer, asker, command, language)


def _of_returned(one: Returned, asker: MemberId, language: Language) -> Line:
    """An entry to be mended, and why it was returned."""
    workflow = word(language.workflows, "review")
    state = in_course(language.states, "review", "returned")
    what = f"{workflow}: {one.dataset} ({state})"
    part = word(language.parts, "provider")
    cells = (what, "", language.phrases["todo-mend"], part)
    line = _at_any_time(cells, one.member, asker, COMMANDS["entry"], language)
    why = language.phrase("todo-returned", why=_why(one.said, language))
    return Line(line.cells, line.commands, (*line.remarks, why))


def _at_any_time(
    cells: tuple[str, str, str, str],
    member: MemberId,
    asker: MemberId,
    command: str,
    language: Language,
) -> Line:
    what, other, step, part = cells
    when = (None, None, language.phrases["todo-duty-may"])
    remarks = () if member == asker else (_signed_as(member, member, language),)
    told = (*when, what, other, step, _as(part, member, asker, language))
    return Line(told, (command,), remarks)


def _when(task: Task, language: Language) -> tuple[object, ...]:
    left = language.phrases["todo-overdue"] if task.urgency == "overdue" else task.days_left
    return (task.due, left, language.phrases[f"todo-duty-{task.duty}"])


def _parts(tasks: Sequence[Task], language: Language) -> Iterator[str]:
    yield from dict.fromkeys(word(language.parts, one.part) for one in tasks)


def _as(part: str, member: MemberId, asker: MemberId, language: Language) -> str:
    if member == asker:
        return part
    return language.phrase("todo-for", part=part, member=member)


def _signed_as(member: MemberId, keeper: MemberId, language: Language) -> str:
    name = "todo-sign-as" if keeper == member else "todo-sign-as-kept"
    return language.phrase(name, member=member, keeper=keeper)


def _why(said: LastSaid, language: Language) -> str:
    """A ground and a note, as far as there are any."""
    ground = None if said.ground is None else word(language.grounds, said.ground)
    return ": ".join(one for one in (ground, said.note) if one)
