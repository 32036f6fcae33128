"""A line for each thing that waits, with all that can be done about it, in a language."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from contracts.cases import OFFICES
from contracts.tasks import Task
from contracts.workflows import WORKFLOWS
from ledger.types import MemberId
from scripts.case.returned import LastSaid, Returned
from scripts.explain.language import Language, in_course, word
from scripts.explain.measures import measured
from scripts.todo.gathering import Gathered, Handed
from scripts.todo.steps import COMMANDS, READ_ENTRY, acknowledging, command_of


@dataclass(frozen=True, slots=True)
class Line:
    """What waits: a row of the table, the commands below it, remarks below those."""

    cells: tuple[object, ...]
    commands: tuple[str, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """What waits for whoever asks."""

    gathered: Gathered
    asker: MemberId
    language: Language

    def lines(self) -> Iterator[Line]:
        """All lines: what is due first, then what may be done at any time."""
        by_case = groupby(self.gathered.tasks, key=lambda one: (one.case, one.member))
        for _, tasks in by_case:
            yield self._of_case([*tasks])
        yield from map(self._of_handed, self.gathered.handed)
        yield from map(self._of_returned, self.gathered.returned)

    def _of_case(self, tasks: Sequence[Task]) -> Line:
        """One case, whatever steps are possible: those that meet a deadline first."""
        ordered = sorted(tasks, key=lambda one: one.duty != "must")
        first, language = ordered[0], self.language
        workflow = word(language.workflows, first.workflow)
        proposed = dict(self.gathered.proposed).get(first.case)
        about = proposed or first.dataset or first.code or ""
        steps = (in_course(language.steps, one.workflow, one.step) for one in ordered)
        parts = (word(language.parts, one.part) for one in ordered)
        left = language.phrases["todo-overdue"] if first.urgency == "overdue" else first.days_left
        cells = (
            first.due,
            left,
            language.phrases[f"todo-duty-{first.duty}"],
            f"{workflow}: {about}" if about else workflow,
            language.phrases["comma"].join(first.others or self._next_offices(ordered)),
            " / ".join(dict.fromkeys(steps)),
            self._as(" / ".join(dict.fromkeys(parts)), first.member),
        )
        request = dict(self.gathered.answers).get(first.case)
        commands = tuple(dict.fromkeys(command_of(one, request) for one in ordered))
        return Line(cells, commands, tuple(self._remarks(ordered)))

    def _next_offices(self, tasks: Sequence[Task]) -> tuple[str, ...]:
        """Where there is no other party: the offices that wait for the steps."""
        table = WORKFLOWS[tasks[0].workflow]
        taken = {one.step for one in tasks}
        here = (row for row in table.steps if row.state == tasks[0].state)
        after = {row.next for row in here if row.name in taken}
        parts = {part for row in table.steps if row.state in after for part in row.who}
        offices = sorted(parts & {*OFFICES} - {one.part for one in tasks})
        return tuple(word(self.language.parts, one) for one in offices)

    def _remarks(self, tasks: Sequence[Task]) -> Iterator[str]:
        """What one has to know before a step: why not now, in whose name, about what exactly."""
        first, phrase = tasks[0], self.language.phrase
        hindered = next((one.hindered for one in tasks if one.hindered is not None), None)
        if hindered is not None:
            yield phrase("todo-hindered", why=measured(self.language.measures, hindered))
        if any((one.workflow, one.record) == ("supply", "revocation") for one in tasks):
            yield phrase("todo-ends-right")
        if first.workflow != "finding" and first.code is not None:
            finding = first.subject.removeprefix("case/")
            yield phrase("todo-rests-on", command=f"blockpool case show {finding}")
        yield from self._signed_as(first.member, first.keeper or first.member)
        if first.workflow == "review" and first.part != "provider":
            yield phrase("todo-read", command=READ_ENTRY.format(dataset=first.dataset))
        asked = dict(self.gathered.asked).get(first.case)
        if asked is not None:
            yield phrase("todo-asked", what=self._why(asked))

    def _of_handed(self, one: Handed) -> Line:
        """What was delivered under a right, in a line however often."""
        count, language = len(one.deliveries), self.language
        what = language.phrase("todo-handed", dataset=one.dataset, count=count)
        step = word(language.kinds, "acknowledgement")
        cells = self._at_any_time(what, one.provider, step, "consumer", one.consumer)
        remarks = tuple(self._signed_as(one.consumer, one.consumer))
        return Line(cells, (acknowledging(one),), remarks)

    def _of_returned(self, one: Returned) -> Line:
        """An entry to be mended, and why it was returned."""
        language = self.language
        state = in_course(language.states, "review", "returned")
        what = f"{word(language.workflows, 'review')}: {one.dataset} ({state})"
        step = language.phrases["todo-mend"]
        cells = self._at_any_time(what, "", step, "provider", one.member)
        why = language.phrase("todo-returned", why=self._why(one.said))
        return Line(cells, (COMMANDS["entry"],), (*self._signed_as(one.member, one.member), why))

    def _at_any_time(
        self, what: str, other: str, step: str, part: str, member: MemberId
    ) -> tuple[object, ...]:
        named = self._as(word(self.language.parts, part), member)
        return (None, None, self.language.phrases["todo-duty-may"], what, other, step, named)

    def _as(self, part: str, member: MemberId) -> str:
        """A part in a case, and in whose place."""
        if member == self.asker:
            return part
        return self.language.phrase("todo-for", part=part, member=member)

    def _signed_as(self, member: MemberId, keeper: MemberId) -> Iterator[str]:
        """Whose writer signs, if not one of the asker's own."""
        if (member, keeper) != (self.asker, self.asker):
            name = "todo-sign-as" if keeper == member else "todo-sign-as-kept"
            yield self.language.phrase(name, member=member, keeper=keeper)

    def _why(self, said: LastSaid) -> str:
        """A ground and a note, as far as there are any."""
        ground = None if said.ground is None else word(self.language.grounds, said.ground)
        return ": ".join(one for one in (ground, said.note) if one)
