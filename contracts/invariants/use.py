"""Invariants of use: the log recounts what the rules counted one by one."""

from collections.abc import Iterator

from contracts.catalogue import columns
from contracts.invariants.facts import Facts
from contracts.sharing.chains import Link, chain_of
from contracts.terms import is_counted
from contracts.values import Case, GrantedRight, Ledger, ServiceAccount, UnusedFields, UseCounters
from ledger.records import Delivery, Usage
from ledger.running_digest import run_of
from ledger.times import date_of_day, day_of, to_ms
from ledger.types import SAFE_INTEGER_MAX, DigestHex


def uses_are_counted(facts: Facts) -> Iterator[str]:
    """Counters are the sums over what holders reported under a right and all that hang from it.

    Where a standing grant limits uses, so are those of each member over all its rights under it.
    """
    reports: dict[str, list[tuple[DigestHex, Usage]]] = {}
    for _, record in facts.records:
        body = record.body
        if isinstance(body, Usage) and body.grant is not None:
            right = facts.get(GrantedRight, f"grant/{body.grant}")
            user = record.chain.writer.partition("/")[0]
            if right and (right.member, right.dataset) == (user, body.content.dataset):
                for account in _accounts(facts, body.grant, right):
                    reports.setdefault(account, []).append((record.digest, body))
    for name, counters in facts.all("use", UseCounters):
        counted = reports.pop(name, [])
        standing, _, member = name.partition("/")
        offer = facts.get(GrantedRight, f"grant/{standing}")
        if member and offer is not None and offer.amendments:
            continue  # what it counts may have begun with an amendment
        if (
            counters.records != len(counted)
            or counters.run != run_of(digest for digest, _ in counted)
            or counters.uses != min(sum(use.uses for _, use in counted), SAFE_INTEGER_MAX)
            or counters.rows != min(sum(use.rows for _, use in counted), SAFE_INTEGER_MAX)
        ):
            yield f"uses of {name} are counted wrongly"
    if reports:
        yield f"uses that nobody counted: {sorted(reports)}"


def services_are_counted(facts: Facts) -> Iterator[str]:
    """The account of a month is the sum of what both sides reported, and has its case."""
    offset = 0
    ledger = facts.get(Ledger, "ledger")
    if ledger is not None:
        offset = ledger.calendar.utc_offset_minutes
    counted: dict[str, list[int]] = {}
    for _, record in facts.records:
        body, member = record.body, record.chain.writer.partition("/")[0]
        if not isinstance(body, Delivery | Usage) or body.grant is None:
            continue
        right = facts.get(GrantedRight, f"grant/{body.grant}")
        if right is None or not right.accounted or right.dataset != body.content.dataset:
            continue
        month = date_of_day(day_of(to_ms(body.ended_at), offset))[:7]
        sums = counted.setdefault(f"{body.grant}/{month}", [0, 0])
        if isinstance(body, Usage) and right.member == member:
            sums[0] += body.uses
            sums[1] += body.rows
    accounts = dict(facts.all("account", ServiceAccount))
    for name, account in accounts.items():
        used = [min(one, SAFE_INTEGER_MAX) for one in counted.get(name, [0, 0])]
        if [account.uses, account.used_rows] != used:
            yield f"what was used of {name} is counted wrongly"
        grant, _, month = name.partition("/")
        if facts.get(Case, f"case/{grant}-account-{month}") is None:
            yield f"the account {name} is compared by nobody"
    missing = [name for name, sums in counted.items() if any(sums) and name not in accounts]
    if missing:
        yield f"services that nobody counted: {sorted(missing)}"


def unused_fields_are_granted(facts: Facts) -> Iterator[str]:
    """What was granted and not used is kept exactly of the rights that say so, and was granted."""
    kept = dict(facts.all("unused", UnusedFields))
    if {name for name, one in facts.all("grant", GrantedRight) if one.unused_fields} != set(kept):
        yield "the rights with unused columns are not those of which these are kept"
    for name, unused in kept.items():
        right = facts.get(GrantedRight, f"grant/{name}")
        names = () if right is None else columns.column_names(facts.state, right.schema)
        fields = () if right is None else right.terms.fields
        left = columns.chosen(names, unused.columns)
        is_set = bool(left) and columns.choice(names, left) == unused.columns
        if not is_set or not {*left} <= {*(names if fields == "all" else fields)}:
            yield f"the unused columns of {name} are none, or were not granted"


def _accounts(facts: Facts, grant_id: str, right: GrantedRight) -> Iterator[str]:
    """What a use under a right draws on, but for standing grants whose terms have changed."""
    holder = right.member
    for link in _chain(facts, grant_id, right):
        if link.right.member is not None:
            holder = link.right.member
            yield link.grant_id
        elif is_counted(link.right.terms) and not link.right.amendments:
            yield f"{link.grant_id}/{holder}"


def _chain(facts: Facts, grant_id: str, right: GrantedRight) -> tuple[Link, ...]:
    """A chain; of a broken one, which another invariant sees, the lowest link."""
    try:
        return chain_of(facts.state, grant_id, right)
    except TypeError:
        return (Link(grant_id, right, 0),)
