"""Rules of columns granted and never used (R519 to R521): who asks for less should have it.

    health's right to `id`, `age`, `sex`          `unused/<grant>`: age, id, sex
    health   usage   of `age` and `id`            `unused/<grant>`: sex
    the deadline of the case `<grant>-fields`     finding `fields-never-used`: 1 of 3 columns: sex

The state keeps what was **not** used, so that it shrinks, and a use costs nothing more once all was
used: the right says whether anything is left (`GrantedRight.unused_fields`). It is kept as a set
over the columns of the right's schema, a bit for each, so that no right and no use costs more than
a few hundred bytes. Where the ledger sets no `fieldUseDays`, nothing is kept.
"""

from collections.abc import Collection

from msgspec.structs import replace

from contracts import cases
from contracts.catalogue import columns
from contracts.draft import Draft
from contracts.settings import parameters_for
from contracts.sharing.chains import Link, chain_of, days_held
from contracts.values import GrantedRight, Party, UnusedFields
from contracts.view import StateView, held
from ledger.types import ColumnName, ItemId, Time


def watch(draft: Draft, grant_id: ItemId, right: GrantedRight) -> GrantedRight:
    """R519: of a right in force the ledger keeps which of the columns granted were never used.

    It does so where it sets days for it. They are due within these days, or at the end of the right
    if that is sooner. What was not used by then is a finding.
    """
    days = draft.context.ledger.parameters.field_use_days
    if days is None or right.member is None or right.in_force_since is None:
        return right
    granted = _granted(draft, right)
    if not granted:
        return right
    _keep(draft, grant_id, right, granted, right.in_force_since)
    consumer = Party(member=right.member, part="consumer")
    provider = Party(member=right.provider, part="provider")
    case_id, subject = f"{grant_id}-fields", f"grant/{grant_id}"
    due = _by_when(draft, grant_id, right, right.in_force_since)
    cases.open_case(draft, case_id, "field-use", subject, (consumer, provider), due=due)
    return replace(right, unused_fields=True)


def note(draft: Draft, link: Link, fields: tuple[ColumnName, ...]) -> None:
    """R520: a use takes the columns it used off the list, of its right and of every one above it.

    When none is left, nothing more is kept.
    """
    # A deadline that waits for its block is judged by what was unused when it fell due.
    cases.as_it_stands(draft, f"{link.grant_id}-fields")
    unused = held(draft, UnusedFields, f"unused/{link.grant_id}")
    names = columns.column_names(draft, link.right.schema)
    before, used = columns.chosen(names, unused.columns), frozenset(fields)
    left = [name for name in before if name not in used]
    if left:
        if len(left) < len(before):
            chosen = columns.choice(names, left)
            draft.put(f"unused/{link.grant_id}", replace(unused, columns=chosen))
        return
    _drop(draft, link.grant_id)
    draft.put(f"grant/{link.grant_id}", replace(link.right, unused_fields=False))


def change(
    draft: Draft, grant_id: ItemId, before: GrantedRight, after: GrantedRight
) -> GrantedRight:
    """R521: where terms change, columns no longer granted leave the list, new ones enter it.

    From when new ones enter, the days count anew; a right that ends sooner or later moves the
    deadline. A right of which nothing is kept stays so. One that was ended is asked no more.
    """
    if not before.unused_fields:
        return after
    case_id = f"{grant_id}-fields"
    case = cases.as_it_stands(draft, case_id)
    is_watched = case is not None and case.state == "watched"
    if after.ended_at is not None:
        if is_watched:
            cases.move_deadline(draft, case_id, None)
        return after
    unused = held(draft, UnusedFields, f"unused/{grant_id}")
    were = frozenset(_granted(draft, before))
    still = frozenset(columns.chosen(columns.column_names(draft, before.schema), unused.columns))
    left = [name for name in _granted(draft, after) if name in still or name not in were]
    if not left:
        _drop(draft, grant_id)
        return replace(after, unused_fields=False)
    since = unused.since if were.issuperset(left) else draft.context.time
    _keep(draft, grant_id, after, left, since)
    if is_watched:
        cases.move_deadline(draft, case_id, _by_when(draft, grant_id, after, since))
    return after


def due_of(draft: Draft, grant_id: ItemId, right: GrantedRight, _: str) -> Time | None:
    """By when every column is to be used; None of a right that ended."""
    if right.ended_at is not None:
        return None
    since = held(draft, UnusedFields, f"unused/{grant_id}").since
    return _by_when(draft, grant_id, right, since)


def measure(view: StateView, grant_id: ItemId) -> str:
    """What was not used, in at most 256 characters."""
    right = held(view, GrantedRight, f"grant/{grant_id}")
    unused = held(view, UnusedFields, f"unused/{grant_id}")
    names = columns.chosen(columns.column_names(view, right.schema), unused.columns)
    told = f"{len(names)} of {unused.granted} columns: {', '.join(names)}"
    return told if len(told) <= 256 else f"{told[:255]}…"


def _keep(
    draft: Draft, grant_id: ItemId, right: GrantedRight, left: Collection[ColumnName], since: Time
) -> None:
    names = columns.column_names(draft, right.schema)
    granted = len(_granted(draft, right))
    unused = UnusedFields(columns=columns.choice(names, left), granted=granted, since=since)
    draft.put(f"unused/{grant_id}", unused)


def _drop(draft: Draft, grant_id: ItemId) -> None:
    draft.remove(f"unused/{grant_id}")
    cases.follow(draft, f"{grant_id}-fields", "use-columns")


def _by_when(draft: Draft, grant_id: ItemId, right: GrantedRight, since: Time) -> Time:
    days = parameters_for(draft, since).field_use_days or 1
    due = days_held(draft, chain_of(draft, grant_id, right), since, days)
    return min(due, right.terms.not_after or due)


def _granted(view: StateView, right: GrantedRight) -> tuple[ColumnName, ...]:
    if right.terms.fields != "all":
        return right.terms.fields
    return columns.column_names(view, right.schema)
