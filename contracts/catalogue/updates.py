"""Update duties: by when the next version of a dataset is due, as the frequency of its entry says.

A duty is a case of the workflow `update` that hangs from the record after which it is due: the
first from the entry that came into force, each further one from a release. A release meets it and
opens the next, so a provider that is late is found late once for each version it owes. Who releases
more than it promised has the more time, not the more duties met. A duty that stands is not changed
by a change of the entry; the next one is.

Data released on no day that could be named (real time, once, irregular) creates no duty, nor does a
campaign beyond its end.
"""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from contracts import calendar, cases
from contracts.draft import Draft
from contracts.reasons import NOT_PROVIDER
from contracts.values import Case, Dataset, EntryTerms, Party
from contracts.view import held
from ledger.records.catalogue import Entry
from ledger.times import DAY_MS, from_ms, to_ms
from ledger.types import CaseId, Time

PERIOD_DAYS: Final[Mapping[str, int]] = {
    "daily": 1,
    "weekly": 7,
    "monthly": 31,
    "quarterly": 92,
    "yearly": 366,
}
"""Calendar days from one version to the next, the longest there are."""


def promised(draft: Draft, body: Entry) -> tuple[int | None, Time | None]:
    """What an entry promises: the days between versions, and until when.

    Where the ledger sets no `updateDays` nothing is owed, and nothing is kept of it.
    """
    days = PERIOD_DAYS.get(body.frequency)
    if days is None or draft.context.ledger.parameters.update_days is None:
        return None, None
    return days, body.production_end if body.production == "campaign" else None


def owe_first(draft: Draft, entry: EntryTerms) -> None:
    """R319: an entry that comes into force with a frequency owes a version, unless one is owed."""
    key = f"dataset/{entry.dataset}"
    dataset = held(draft, Dataset, key)
    if dataset.duty is None:
        draft.put(key, replace(dataset, duty=_open(draft, entry.record, entry)))


def owe_next(draft: Draft, base: CaseId, dataset: Dataset, entry: EntryTerms) -> Dataset:
    """R320: a release meets the duty that stands, and begins the next.

    It is due when the period of the entry in force is over, and the working days the ledger allows
    besides. What is not released by then is a finding. A further version before half of that period
    is over meets nothing: it gives the duty that stands the deadline that the next would have.
    """
    due = _due(draft, entry)
    if dataset.duty is not None:
        if due is not None and dataset.releases > 1 and _is_early(draft, dataset.duty, entry):
            cases.move_deadline(draft, dataset.duty, due)
            return dataset
        cases.take_step(draft, dataset.duty, "release", NOT_PROVIDER)
    return replace(dataset, duty=_open(draft, base, entry))


def owe_nothing(draft: Draft, dataset: Dataset) -> Dataset:
    """R321: a dataset that comes to its end owes no version any more."""
    if dataset.duty is not None:
        cases.take_step(draft, dataset.duty, "drop", NOT_PROVIDER)
    return replace(dataset, duty=None)


def _open(draft: Draft, base: CaseId, entry: EntryTerms) -> CaseId | None:
    due = _due(draft, entry)
    if due is None:
        return None
    case_id = f"{base}-update"
    provider = Party(member=entry.provider, part="provider")
    cases.open_case(draft, case_id, "update", f"entry/{entry.dataset}", (provider,), due=due)
    return case_id


def _due(draft: Draft, entry: EntryTerms) -> Time | None:
    """By when a version is owed after one that is released now; None if none is."""
    days = draft.context.ledger.parameters.update_days
    if entry.update_every is None or days is None:
        return None
    over = from_ms(draft.context.time_ms + entry.update_every * DAY_MS)
    if entry.updated_until is not None and over > entry.updated_until:
        return None
    return calendar.deadline(over, days, draft.context.ledger.calendar)


def _is_early(draft: Draft, duty: CaseId, entry: EntryTerms) -> bool:
    """Whether the duty has not fallen due, nor stood for half of a period."""
    case = held(draft, Case, f"case/{duty}")
    stood_ms = draft.context.time_ms - to_ms(case.opened_at)
    is_open = case.due is not None and draft.context.time < case.due
    return is_open and 2 * stood_ms < (entry.update_every or 0) * DAY_MS
