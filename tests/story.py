"""How tests of rules get to the point: the usual course of things, a call per stage.

    story = Story()              five members with their writers
    story.publish()              transport's dataset `flights`: schema, entry, review, release
    request = story.ask()        health asks for it
    grant = story.grant()        health asks, transport grants as asked: in force
    offer = story.offer()        transport offers what nobody asked for

A row of a rule table is one thing somebody does at some stage, and what must come of it. Rows cite
the rules they show; the numbers of the reason or findings they expect are cited by themselves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from contracts.findings import Finding
from contracts.reasons import Reason
from contracts.values import Case
from ledger.records import Body, Record
from ledger.records.genesis import Parameters
from ledger.records.terms import Terms
from ledger.types import CaseId, DatasetId, DigestHex, ItemId, MemberId, Time, WriterId
from tests import bodies
from tests.world import World


class Story:
    """A world, and what has happened in it so far."""

    def __init__(self, parameters: Parameters | None = None) -> None:
        self.world = World.genesis(parameters=parameters)
        self.entry: DigestHex = bodies.NOWHERE
        self.grant_id: ItemId = f"{bodies.NOWHERE}-0"
        self.request_id: ItemId = f"{bodies.NOWHERE}-0"

    def says(self, writer: WriterId, body: Body) -> Record:
        """A record that is accepted."""
        record = self.world.sign(writer, body)
        self.world.accept(record)
        return record

    def submit(self, **changes: object) -> DigestHex:
        """The schema, and an entry that awaits review."""
        if self.world.value(f"schema/{bodies.SCHEMA}") is None:
            self.says("transport/main", bodies.schema())
        return self.says("transport/main", bodies.entry(**changes)).digest

    def catalogue(self, **changes: object) -> DigestHex:
        """An entry in force."""
        self.entry = self.submit(**changes)
        self.says("steward/main", bodies.case_step("approve", self.entry))
        return self.entry

    def publish(self, **changes: object) -> "Story":
        """An entry in force and its first release."""
        self.catalogue(**changes)
        dataset = changes.get("dataset", bodies.DATASET)
        item = bodies.release_item(str(dataset))
        self.says("transport/main", bodies.release(item))
        return self

    def ask(
        self,
        terms: Terms = bodies.TERMS,
        by: MemberId = "health",
        dataset: DatasetId = bodies.DATASET,
    ) -> ItemId:
        """A request."""
        item = bodies.request_item(self.entry, terms, dataset)
        self.request_id = f"{self.says(f'{by}/main', bodies.request(item)).digest}-0"
        return self.request_id

    def grant(self, terms: Terms = bodies.TERMS) -> ItemId:
        """A request, granted as asked."""
        item = bodies.grant_item("health", terms=terms, request=self.ask(terms))
        return self._given(bodies.grant(item))

    def offer(self, terms: Terms = bodies.TERMS, to: MemberId = "health") -> ItemId:
        """A right nobody asked for, waiting for acceptance."""
        return self._given(bodies.grant(bodies.grant_item(to, terms=terms)))

    def stand(self, terms: Terms = bodies.TERMS) -> ItemId:
        """A standing grant."""
        return self._given(bodies.grant(bodies.grant_item(standing=True, terms=terms)))

    def in_emergency(
        self, by: MemberId = "transport", ends: Time = bodies.SOON, terms: Terms = bodies.TERMS
    ) -> ItemId:
        """A right given to health in an emergency."""
        item = bodies.grant_item(
            "health", terms=replace(terms, not_after=ends), emergency="disaster"
        )
        self.grant_id = f"{self.says(f'{by}/main', bodies.grant(item)).digest}-0"
        return self.grant_id

    def formalities(self, terms: Terms = bodies.TERMS) -> ItemId:
        """Health asks for what it was given in an emergency."""
        item = replace(bodies.request_item(self.entry, terms), emergency=self.grant_id)
        self.request_id = f"{self.says('health/main', bodies.request(item)).digest}-0"
        return self.request_id

    def pass_on(
        self, grant: ItemId, to: MemberId, terms: Terms = bodies.TERMS, by: MemberId = "health"
    ) -> ItemId:
        """A right passed on and accepted."""
        record = self.says(f"{by}/main", bodies.delegation(grant, to, terms=terms))
        self.says(f"{to}/main", bodies.acceptance(f"{record.digest}-0"))
        return f"{record.digest}-0"

    def steps(self, writer: WriterId, name: str, case: CaseId, ground: str | None = None) -> None:
        """A step that is accepted."""
        self.says(writer, bodies.case_step(name, case, ground=ground))

    def state_of(self, case_id: CaseId) -> str:
        """The state of a case."""
        case = self.world.value(f"case/{case_id}")
        assert isinstance(case, Case)
        return case.state

    def _given(self, body: Body) -> ItemId:
        self.grant_id = f"{self.says('transport/main', body).digest}-0"
        return self.grant_id


def published() -> Story:
    """A story in which `flights` is in the catalogue and released once."""
    return Story().publish()


Expected = Reason | Finding | None | tuple[Finding, ...]


@dataclass(frozen=True)
class Row:
    """`writer` does something, and is refused, or raises findings, or none.

    `what` says it in words; `action` may bring the story to its stage first. `cites` names the
    rules it shows, apart from the reason or findings expected.
    """

    cites: str
    what: str
    writer: WriterId
    action: Callable[[Story], Body]
    expected: Expected = None

    @property
    def numbers(self) -> tuple[str, ...]:
        """Every number the row cites."""
        return (*self.cites.split(), *_numbers(self.expected))


def rule_table(rows: Sequence[Row]) -> pytest.MarkDecorator:
    """Runs a test on every row, each marked with what it cites."""
    return pytest.mark.parametrize(
        "row",
        [pytest.param(row, id=row.what, marks=pytest.mark.rule(*row.numbers)) for row in rows],
    )


def play(story: Story, row: Row) -> None:
    """Do what a row says, and hold the outcome to what it expects."""
    body = row.action(story)
    record = story.world.sign(row.writer, body)
    if isinstance(row.expected, Reason):
        assert story.world.refuse(record) == row.expected
    else:
        codes = [one.code for one in _findings(row.expected)]
        assert list(story.world.find(record)) == codes


def _findings(expected: Expected) -> tuple[Finding, ...]:
    if isinstance(expected, Finding):
        return (expected,)
    return expected if isinstance(expected, tuple) else ()


def _numbers(expected: Expected) -> tuple[str, ...]:
    if isinstance(expected, Reason):
        return (str(expected.number),)
    return tuple(f"F{one.number}" for one in _findings(expected))
