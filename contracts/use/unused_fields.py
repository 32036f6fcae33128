"""Rules of columns granted and never used (R519 to R521): who asks for less should have it.

    health's right to `id`, `age`, `sex`          `unused/<grant>`: age, id, sex
    health   usage   of `age` and `id`            `unused/<grant>`: sex
    the deadline of the case `<grant>-fields`     finding `fields-never-used`: 1 of 3 columns: sex

The state keeps what was **not** used, so that it shrinks, and a use costs nothing more once all was
used: the right says whether anything is left (`GrantedRight.unused_fields`). Where the ledger sets
no `fieldUseDays`, nothing is kept.
"""

from msgspec.structs import replace

from contracts import calendar, cases
from contracts.catalogue import columns
from contracts.draft import Draft
from contracts.sharing.chains import Link
from contracts.values import Case, GrantedRight, Party, UnusedFields
from contracts.view import StateView, held, read
from ledger.records.terms import COLUMNS_MAX
from ledger.types import ColumnName, ItemId


def watch(draft: Draft, grant_id: ItemId, right: GrantedRight) -> GrantedRight:
    """R519: of a right in force the ledger keeps which of the columns granted were never used.

    It does so where it sets days for it, and for at most 1,024 columns. They are due within these
    days, or at the end of the right if that is sooner. What was not used by then is a finding.
    """
    ledger = draft.context.ledger
    days = ledger.parameters.field_use_days
    if days is None or right.member is None or right.in_force_since is None:
        return right
    granted = _granted(draft, right)
    if not granted or len(granted) > COLUMNS_MAX:
        return right
    draft.put(f"unused/{grant_id}", UnusedFields(columns=granted, granted=len(granted)))
    due = calendar.deadline(right.in_force_since, days, ledger.calendar)
    consumer = Party(member=right.member, part="consumer")
    provider = Party(member=right.provider, part="provider")
    case_id, subject = f"{grant_id}-fields", f"grant/{grant_id}"
    due = min(due, right.terms.not_after or due)
    cases.open_case(draft, case_id, "field-use", subject, (consumer, provider), due=due)
    return replace(right, unused_fields=True)


def note(draft: Draft, link: Link, fields: tuple[ColumnName, ...]) -> None:
    """R520: a use takes the columns it used off the list, of its right and of every one above it.

    When none is left, nothing more is kept.
    """
    key = f"unused/{link.grant_id}"
    cases.settle_due(draft, f"{link.grant_id}-fields")
    unused = held(draft, UnusedFields, key)
    used = frozenset(fields)
    left = tuple(name for name in unused.columns if name not in used)
    if left:
        if len(left) < len(unused.columns):
            draft.put(key, replace(unused, columns=left))
        return
    draft.remove(key)
    draft.put(f"grant/{link.grant_id}", replace(link.right, unused_fields=False))
    cases.follow(draft, f"{link.grant_id}-fields", "use-columns")


def change(
    draft: Draft, grant_id: ItemId, before: GrantedRight, after: GrantedRight
) -> GrantedRight:
    """R521: where terms change, columns no longer granted leave the list, new ones enter it.

    A right of which nothing is kept stays so. One that ends is asked no more.
    """
    if not before.unused_fields:
        return after
    key, case_id = f"unused/{grant_id}", f"{grant_id}-fields"
    cases.settle_due(draft, case_id)
    if after.ended_at is not None:
        if held(draft, Case, f"case/{case_id}").state == "watched":
            cases.move_deadline(draft, case_id, None)
        return after
    were, unused = frozenset(_granted(draft, before)), held(draft, UnusedFields, key)
    still = frozenset(unused.columns)
    granted = _granted(draft, after)
    left = tuple(name for name in granted if name in still or name not in were)
    if left and len(granted) <= COLUMNS_MAX:
        draft.put(key, UnusedFields(columns=left, granted=len(granted)))
        return after
    draft.remove(key)
    cases.follow(draft, case_id, "use-columns")
    return replace(after, unused_fields=False)


def measure(view: StateView, grant_id: ItemId) -> str:
    """What was not used, in at most 256 characters."""
    unused = read(view, UnusedFields, f"unused/{grant_id}")
    names = () if unused is None else unused.columns
    granted = 0 if unused is None else unused.granted
    told = f"{len(names)} of {granted} columns: {', '.join(names)}"
    return told if len(told) <= 256 else f"{told[:255]}…"


def _granted(view: StateView, right: GrantedRight) -> tuple[ColumnName, ...]:
    if right.terms.fields != "all":
        return right.terms.fields
    return tuple(sorted(columns.column_names(view, right.schema)))
