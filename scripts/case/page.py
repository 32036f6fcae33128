"""The page of a case: its fields, its course, the steps out of where it stands, in a language."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from contracts.values import Case
from contracts.workflows import Step as Row
from ledger.types import CaseId
from scripts.explain.language import Language, word
from scripts.explain.measures import measured
from scripts.record.chain import Chain


class Taken(Struct, rename="camel"):
    """What moved a case: a record, or in a settlement a deadline that passed."""

    index: int
    kind: str
    block_time: str
    writer: str = ""
    body: dict[str, Any] = {}

    @property
    def note(self) -> str | None:
        """What was added to a step; whether it is sealed, if it is."""
        note = self.body.get("note")
        return note if note is None or isinstance(note, str) else "sealed"


@dataclass(frozen=True, slots=True)
class CasePage:
    """A case, and the language in which it is told."""

    case: CaseId
    value: Case
    language: Language

    def fields(self, right: Chain | None) -> Iterator[tuple[str, object]]:
        """What it is, whom it concerns and how it stands; `right` is that of a grant."""
        values = tuple(self._values(right))
        names = self.language.titles(*(name for name, _ in values))
        yield from zip(names, (value for _, value in values), strict=True)

    def taken(self, one: Taken) -> tuple[object, ...]:
        """A row of its course."""
        language, ground = self.language, one.body.get("ground")
        if one.kind == "settlement":
            (passed,) = language.titles("a deadline passed")
            return (one.index, one.block_time, "", passed, None, None)
        told = None if ground is None else language.typed(language.grounds, ground)
        what = self._step(one.body["step"]) if one.kind == "step" else self._kind(one.kind)
        return (one.index, one.block_time, one.writer, what, told, one.note)

    def following(self, row: Row) -> tuple[str, ...]:
        """A step out of where it stands: who takes it, with which record, on which grounds."""
        language = self.language
        who = (word(language.parts, one) for one in row.who)
        grounds = (language.typed(language.grounds, one) for one in row.grounds)
        record = self._kind(row.by) if row.names is None else f"{row.by} --{row.names}"
        return (self._step(row.name), ", ".join(who), record, ", ".join(grounds))

    def _values(self, right: Chain | None) -> Iterator[tuple[str, object]]:
        case, language, finding = self.value, self.language, self.value.finding
        yield "case", self.case
        yield "what", word(language.workflows, case.workflow)
        yield "subject", case.subject
        yield "state", language.typed(language.states, case.state, case.workflow)
        yield "opened", case.opened_at
        yield "due", case.due
        parties = (
            language.phrase(
                "party", member=language.name_of(one.member), part=word(language.parts, one.part)
            )
            for one in case.parties
        )
        yield "parties", language.phrases["comma"].join(parties)
        yield "answer", case.answer
        if finding is not None:
            yield "finding", f"{finding.code}: {language.findings[finding.code][0]}"
            for name, text in (("measure", finding.measure), ("limit", finding.limit)):
                yield name, None if text is None else measured(language.measures, text)
        if right is not None:
            stands = language.typed(language.states, right.state)
            yield "the right", measured(language.measures, right.why) if right.why else stands

    def _step(self, name: str) -> str:
        return self.language.typed(self.language.steps, name, self.value.workflow)

    def _kind(self, kind: str) -> str:
        """A kind of record: its name, as it is typed, in English."""
        return kind if self.language.code == "en" else word(self.language.kinds, kind)
