"""What falls with a right: the rights that were passed on from it, or taken up under it.

They hold no more, but they have not ended: the right above may have been suspended only. So nobody
owes yet that their data is deleted (contracts/RULES.md, R510); for that each has to be ended, too.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from contracts.values import GrantedRight
from ledger.types import ItemId
from node.client import Client
from node.client.answers import JsonObject
from scripts.answers import read_value
from scripts.console_text import counted, warn

_TOLD_MAX: Final = 20
"""Ids named in one line; all of them are in `blockpool record grants --parent`."""


def warn_of_fallen(client: Client, grants: Iterable[ItemId], ground: str) -> None:
    """Tell what fell with rights that ended, and what still has to be done about it."""
    for grant in grants:
        fallen = list(_below(client, grant))
        if not fallen:
            continue
        told = [f"{row['id']} ({row['member']})" for row in fallen[:_TOLD_MAX]]
        more = "" if len(fallen) <= _TOLD_MAX else f" and {len(fallen) - _TOLD_MAX} more"
        warn(
            f"{counted(len(fallen), 'right')} fell with {grant}, and nobody owes yet that the data"
            f" is deleted: {', '.join(told)}{more}",
            hint=f"end each of them, too: blockpool record revoke GRANT… --ground {ground}",
        )


def _below(client: Client, grant: ItemId) -> Iterator[JsonObject]:
    """The rights below a right that have not ended, the nearest first."""
    nearest = _taken_up(client, grant) or _passed_on(client, grant)
    while nearest:
        yield from nearest
        nearest = [one for row in nearest for one in _passed_on(client, str(row["id"]))]


def _passed_on(client: Client, grant: ItemId) -> Sequence[JsonObject]:
    rows = client.items("/v1/grants", parent=grant)
    return [row for row in rows if row.get("endedAt") is None]


def _taken_up(client: Client, grant: ItemId) -> Sequence[JsonObject]:
    """What members took up, if it is a standing grant."""
    right = read_value(client, GrantedRight, f"grant/{grant}")
    if right is None or right.member is not None:
        return ()
    rows = client.items("/v1/grants", dataset=right.dataset)
    return [row for row in rows if row.get("standing") == grant and row.get("endedAt") is None]
