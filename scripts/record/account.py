"""`blockpool record account GRANT`: what was counted under a right, and what of it was never used.

Of a service the answers that the provider stated and the uses that the consumer reported stand side
by side, month by month, as the rules will compare them (contracts/RULES.md, R522 to R524).
"""

from typing import Annotated, Final

import typer

from contracts.catalogue.columns import chosen
from contracts.values import ServiceAccount, UnusedFields, UseCounters
from ledger.running_digest import EMPTY_RUN
from ledger.times import date_of_day, day_of, to_ms
from node.client import Client
from scripts.answers import read_value
from scripts.console_text import counted as counted_in
from scripts.console_text import print_fields, print_json
from scripts.options import JsonFlag, with_options
from scripts.profile import Reading
from scripts.record.schemas import column_names
from scripts.record.sharing import right_of
from scripts.short_ids import full_id
from scripts.spelling import moment
from scripts.zone import zone_of

app = typer.Typer()

_NOTHING: Final = ServiceAccount()
_NO_USE: Final = UseCounters(records=0, rows=0, run=EMPTY_RUN, uses=0)


@app.command("account")
@with_options
def account(
    grant: Annotated[str, typer.Argument(help="Id of a grant.")],
    *,
    month: Annotated[
        str | None, typer.Option(help="Month of a service, YYYY-MM; that of the last block.")
    ] = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """Show what was counted under a right, a month of its service by both sides, unused columns.

    Months are counted of services, and unused columns kept, where the ledger asks for them. All
    of it is as of now; what was used until a day lists `blockpool record uses --as-at`.

    Example: `blockpool record account GRANT --month 2026-11`
    """
    with at.client() as client:
        grant = full_id(client, "grant", grant)
        right = right_of(client, grant)
        month = _month(client, month)
        used = read_value(client, UseCounters, f"use/{grant}") or _NO_USE
        unused = read_value(client, UnusedFields, f"unused/{grant}")
        names = () if unused is None else chosen(column_names(client, right.schema), unused.columns)
        counted = read_value(client, ServiceAccount, f"account/{grant}/{month}") or _NOTHING
    if as_json:
        print_json(
            {
                "grant": grant,
                "member": right.member,
                "month": _both_sides(month, counted) if right.accounted else None,
                "unused": None if unused is None else names,
                "used": {"rows": used.rows, "uses": used.uses},
            }
        )
        return
    rows: list[tuple[str, object]] = [
        ("right of", right.member or "whoever applies"),
        ("used in all", _times(used.uses, used.rows)),
        ("never used", ", ".join(names) or None),
    ]
    if right.accounted:
        rows += [
            (f"answered in {month}", _times(counted.answers, counted.answered_rows)),
            (f"used in {month}", _times(counted.uses, counted.used_rows)),
        ]
    print_fields(rows)


def _both_sides(month: str, counted: ServiceAccount) -> dict[str, object]:
    return {
        "answered": {"rows": counted.answered_rows, "times": counted.answers},
        "month": month,
        "used": {"rows": counted.used_rows, "times": counted.uses},
    }


def _times(count: int, rows: int) -> str:
    return f"{counted_in(count, 'time')}, {counted_in(rows, 'row')}"


def _month(client: Client, month: str | None) -> str:
    """A month as typed, or the one in which the last block lies in the ledger's calendar."""
    if month is not None:
        return moment(f"{month}-01T00:00:00Z")[:7]
    last_ms = to_ms(client.ledger().block_time)
    return date_of_day(day_of(last_ms, zone_of(client).utc_offset_minutes))[:7]
