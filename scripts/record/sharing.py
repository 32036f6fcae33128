"""Requests and grants: what is not said is taken from the entry, or from the request answered.

blockpool record request flights --scene "road planning"
blockpool record grant --request REQUEST
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from contracts.sharing.backflow import stem_of
from contracts.terms import meet
from contracts.values import Case, EntryTerms, GrantedRight, Member, RequestedItem
from contracts.view import Overlay, read
from ledger.records.sharing import Audience, GrantItem, RequestItem
from ledger.records.terms import RowFilter, Terms
from ledger.types import CaseId, DatasetId, DigestHex, MemberId
from node.client import Client
from scripts.answers import read_value
from scripts.console_text import USAGE, fail, warn
from scripts.explain.english import ENGLISH
from scripts.explain.sources import NodeSource
from scripts.explain.unserved import unserved
from scripts.record.schemas import check_columns
from scripts.record.terms import Row, TermsOptions, items_of, terms_of_row
from scripts.short_ids import full_id
from scripts.spelling import SpellingError, build, words, yes_or_no
from scripts.zone import Zone, zone_of

_AUDIENCE = ("group", "levels", "territories", "own_territory")


def request_items(
    client: Client,
    datasets: Sequence[str],
    table: Path | None,
    options: TermsOptions,
    emergency: str | None = None,
    about: MemberId | None = None,
) -> list[RequestItem]:
    """What to ask for: the datasets named, and those of a table with a column `dataset`.

    `emergency`, or the cell of that name, is the right whose formalities it is. `about` is a member
    that asks for rows about its own territory alone.
    """
    zone = zone_of(client)

    def item(row: Row) -> RequestItem:
        entry = entry_of(client, row.get("dataset", ""))
        offered = entry.conditions if about is None else _own_rows(client, about, entry)
        terms = terms_of_row(row, options.over(offered, zone), zone)
        return build(
            RequestItem,
            dataset=entry.dataset,
            emergency=full_id(client, "grant", row.get("emergency", "")) or None,
            entry=entry.record,
            terms=check_columns(client, entry.dataset, entry.schema, terms),
        )

    named = [{"dataset": one, "emergency": emergency or ""} for one in datasets]
    items = items_of(named, table, ("dataset", "emergency"), item)
    if not items:
        fail("which datasets?", hint="name them, or give a table with --csv", code=USAGE)
    return items


def taken_up(
    client: Client, record: DigestHex, items: Sequence[RequestItem]
) -> Iterator[tuple[str, str]]:
    """The rights that standing grants gave at once to what a record asks for, and what each is."""
    for n, item in enumerate(items):
        grant_id = f"{record}-{len(items) + n}"
        right = read_value(client, GrantedRight, f"grant/{grant_id}")
        if right is not None:
            yield grant_id, f"{item.dataset}, granted at once under {right.standing}"


def tell_unserved(client: Client, requests: Iterable[tuple[CaseId, DatasetId]]) -> None:
    """Say of the requests made why no standing grant serves them, where there are any."""
    view = Overlay(NodeSource(client, ""))
    for request_id, dataset in requests:
        stands = view.get(f"standing/{dataset}") is not None
        case = read(view, Case, f"case/{request_id}") if stands else None
        for told in () if case is None else unserved(view, case, ENGLISH):
            warn(f"{dataset}: {told}")


def grant_items(
    client: Client,
    given: Sequence[Row],
    table: Path | None,
    options: TermsOptions,
    ground: str | None,
) -> list[GrantItem]:
    """What to grant: by `given`, and by the rows of a table.

    A row has `request`, the id of the request it answers, or `dataset` with `members` or
    `standing`, then `group`, `levels`, `territories` and `own_territory` if it does not stand for
    all, or `emergency`; `newest`; and `ground` if it gives less than was asked for and the entry
    offers.
    """
    known = (
        "request",
        "dataset",
        "members",
        "standing",
        *_AUDIENCE,
        "emergency",
        "ground",
        "newest",
    )
    zone = zone_of(client)
    items = items_of(
        given, table, known, lambda row: _grant_item(client, row, options, zone, ground)
    )
    if not items:
        hint = "give --request, or datasets with --members or --standing, or a table with --csv"
        fail("what is granted?", hint=hint, code=USAGE)
    return items


def entry_of(client: Client, dataset: str, as_at: str | None = None) -> EntryTerms:
    """The entry in force. Raises `SpellingError` if there is none."""
    entry = read_value(client, EntryTerms, f"entry/{dataset}", as_at) if dataset else None
    if entry is None:
        raise SpellingError(f"no entry in force for `{dataset}`", "dataset")
    return entry


def right_of(client: Client, grant: str) -> GrantedRight:
    """The right of that id. Raises `SpellingError` if there is none."""
    right = read_value(client, GrantedRight, f"grant/{grant}") if grant else None
    if right is None:
        raise SpellingError(f"no grant `{grant}`", "grant")
    return right


def _own_rows(client: Client, member: MemberId, entry: EntryTerms) -> Terms:
    """What an entry offers, of rows about a member's territory."""
    who = read_value(client, Member, f"member/{member}")
    if entry.territory is None or who is None:
        raise SpellingError(f"`{entry.dataset}` does not say which territory a row is about")
    own = RowFilter(column=entry.territory, prefixes=(stem_of(who.jurisdiction.code),))
    rows = {one.column: one for one in (*entry.conditions.rows, own)}
    return replace(entry.conditions, rows=tuple(rows[column] for column in sorted(rows)))


def _grant_item(
    client: Client, row: Row, options: TermsOptions, zone: Zone, ground: str | None
) -> GrantItem:
    request_id = full_id(client, "request", row.get("request", ""))
    members = words(row.get("members", ""))
    if request_id:
        asked = read_value(client, RequestedItem, f"request/{request_id}")
        if asked is None:
            raise SpellingError(f"no request `{request_id}`", "request")
        entry = entry_of(client, asked.dataset)
        offered = meet(asked.terms, entry.conditions)
        members = (asked.member,)
    else:
        entry = entry_of(client, row.get("dataset", ""))
        offered = entry.conditions
    terms = terms_of_row(row, options.over(offered, zone), zone)
    return build(
        GrantItem,
        audience=_audience(row),
        dataset=entry.dataset,
        emergency=row.get("emergency") or None,
        ground=row.get("ground") or ground,
        members=members,
        newest=yes_or_no(row.get("newest") or "no"),
        request=request_id or None,
        schema=entry.schema,
        standing=yes_or_no(row.get("standing") or "no"),
        terms=check_columns(client, entry.dataset, entry.schema, terms),
    )


def _audience(row: Row) -> Audience | None:
    """For whom a standing grant stands; None for all."""
    if not any(row.get(part) for part in _AUDIENCE):
        return None
    return build(
        Audience,
        group=row.get("group") or None,
        levels=words(row.get("levels", "")),
        own_territory=yes_or_no(row.get("own_territory") or "no"),
        territories=words(row.get("territories", "")),
    )
