"""Uses that were reported before: a log sent twice would be counted twice.

The ledger takes whatever is stated, and counters draw on all of it; but a log that is sent again,
after a timeout say, states nothing new. So before anything is signed the uses are compared with
those the ledger holds of the same member under the same right:

    a use with the same moment and ref               where the events of both are listed
    a record of the same span, uses and rows         in any case

`--again` insists. Within one file a ref that comes twice is only told: it may be that of a session.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ledger.records import parse_record
from ledger.records.use import Usage
from ledger.times import DAY_MS, from_ms, to_ms
from ledger.types import MemberId
from node.client import Client
from node.client.answers import JsonObject
from scripts.console_text import counted, fail, warn
from scripts.record.use import Manner, Use

_TOLD_MAX: Final = 3
Event = tuple[int, str]
"""When, and the ref."""


def warn_of_refs(log: Mapping[Manner, Sequence[Use]]) -> None:
    """Tell refs that come twice under one right."""
    refs = Counter((manner.grant, use.ref) for manner, uses in log.items() for use in uses)
    twice = [ref for (_, ref), count in refs.items() if count > 1 and ref]
    if twice:
        more = "" if len(twice) <= _TOLD_MAX else f" and {len(twice) - _TOLD_MAX} more"
        warn(
            f"the log has twice: {', '.join(twice[:_TOLD_MAX])}{more}", hint="is each use one row?"
        )


def check_new(client: Client, member: MemberId, bodies: Sequence[Usage], *, again: bool) -> None:
    """End the command if uses are on the ledger already, and nobody insists."""
    if again:
        return
    for body in bodies:
        for row in _overlapping(client, member, body):
            same = _same(client, body, row)
            if same:
                fail(
                    f"{counted(same, 'use')} from {body.started_at} on reported already, in record"
                    f" {row['index']}",
                    hint="send only what is new; what happened twice all the same: --again",
                )


def _overlapping(client: Client, member: MemberId, body: Usage) -> Iterator[JsonObject]:
    """What the member has reported of the span; no record spans more than a day."""
    found = client.items(
        "/v1/usage",
        consumer=member,
        dataset=body.content.dataset,
        grant=body.grant,
        from_=from_ms(to_ms(body.started_at) - DAY_MS),
        to=from_ms(to_ms(body.ended_at) + 1),
    )
    return (row for row in found if str(row["endedAt"]) >= body.started_at)


def _same(client: Client, body: Usage, row: JsonObject) -> int:
    """How many uses of a record to be are in one that is there."""
    span = (row["startedAt"], row["endedAt"], row["uses"], row["rows"])
    if span == (body.started_at, body.ended_at, body.uses, body.rows):
        return body.uses
    other = parse_record(client.leaf(int(str(row["index"])))).body
    return len(_events(body) & _events(other)) if isinstance(other, Usage) else 0


def _events(body: Usage) -> set[Event]:
    started_ms = to_ms(body.started_at)
    return {(started_ms + one.offset_ms, one.ref) for one in body.events if one.ref is not None}
