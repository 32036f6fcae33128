"""What a catalogue entry says, for whoever approves it: columns, level, basis, conditions."""

from collections.abc import Iterator

from contracts.catalogue.columns import parts_of
from contracts.values import SchemaVersion
from contracts.view import StateView, read
from ledger.records import Entry
from ledger.types import MemberId
from scripts.explain.language import Language, word
from scripts.explain.telling import Sentence, some, terms_told


def entry_said(
    view: StateView, body: Entry, member: MemberId, language: Language
) -> Iterator[Sentence]:
    """Sentences about an entry, in the order in which one reads it."""
    yield (
        "entry",
        {
            "member": member,
            "dataset": body.dataset,
            "title": body.title,
            "sharing": word(language.states, body.sharing),
            "frequency": word(language.states, body.frequency),
        },
    )
    yield "entry-summary", {"summary": body.summary}
    yield from _columns(view, body, language)
    graded = body.classification
    level = word(language.manners, graded.level)
    yield "entry-level", {"category": graded.category, "level": level}
    if body.basis is None:
        yield "entry-basis-none", {}
    else:
        kind = word(language.manners, body.basis.kind)
        yield "entry-basis", {"kind": kind, "reference": body.basis.reference}
    if body.assessments.necessity is not None:
        yield "entry-necessity", {"necessity": body.assessments.necessity}
    yield "entry-conditions", {"terms": terms_told(body.conditions, language)}


def _columns(view: StateView, body: Entry, language: Language) -> Iterator[Sentence]:
    """The columns of its schema, and which of them hold personal information."""
    schema = read(view, SchemaVersion, f"schema/{body.schema}")
    parts = () if schema is None else tuple(parts_of(view, body.schema, schema))
    names = [name for part in parts for name in part.names]
    personal = [name for part in parts for name in part.personal]
    yield "entry-columns", {"count": len(names), "names": some(names, language)}
    if personal:
        yield "entry-personal", {"names": some(personal, language)}
    else:
        yield "entry-impersonal", {}
