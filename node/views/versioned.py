"""Views over values of the state: a changed value ends one row and begins the next."""

from sqlalchemy import Connection

from contracts.replay import BlockResult
from contracts.values import (
    Case,
    Dataset,
    EntryTerms,
    GrantedRight,
    InformationSystem,
    Member,
    RequestedItem,
    StatedDelivery,
    Value,
    Writer,
)
from ledger.records.assessment import Indicator
from node.storage.statements import Row, ending, inserting
from node.views.models import VERSIONED

Columns = dict[str, str | None]
_BEGIN = {prefix: inserting(table, without=["row"]) for prefix, table in VERSIONED.items()}
_END = {prefix: ending(table) for prefix, table in VERSIONED.items()}


def columns_of(key: str, value: Value) -> Columns:
    """The columns of a view that are asked for, beside id and value."""
    match value:
        case Member() | Writer():
            member = {"member": key.partition("/")[0]} if isinstance(value, Writer) else {}
            return {**member, "status": value.status}
        case InformationSystem():
            return {"owner": key.partition("/")[0], "status": value.status}
        case Dataset():
            return {"provider": value.provider}
        case EntryTerms():
            return {"provider": value.provider, "sharing": value.sharing, "record": value.record}
        case RequestedItem():
            return {"member": value.member, "dataset": value.dataset}
        case GrantedRight():
            return {
                "consumer": value.member,
                "provider": value.provider,
                "dataset": value.dataset,
                "parent": value.parent,
            }
        case StatedDelivery():
            return {
                "consumer": value.consumer,
                "provider": value.provider,
                "grant": value.grant,
                "acknowledged": "no" if value.acknowledged is None else "yes",
            }
        case Case():
            return _case_columns(value)
        case Indicator():
            return {}
        case _:
            return {"dataset": key.partition("/")[0]}


def write(connection: Connection, result: BlockResult) -> None:
    """Follow the values a block changed."""
    size = result.head.size
    ended: dict[str, list[Row]] = {}
    begun: dict[str, list[dict[str, object]]] = {}
    for key, value in result.changes.items():
        prefix, _, rest = key.partition("/")
        if prefix not in VERSIONED:
            continue
        ended.setdefault(prefix, []).append((size, rest))
        if value is not None:
            row = {"id": rest, "from_size": size, "to_size": None, "value": result.values[key]}
            begun.setdefault(prefix, []).append({**row, **columns_of(rest, value)})
    for prefix, ends in ended.items():
        _END[prefix].run(connection, ends)
    for prefix, rows in begun.items():
        _BEGIN[prefix].run_named(connection, rows)


def _case_columns(case: Case) -> Columns:
    accused = [party.member for party in case.parties if party.part == "accused"]
    return {
        "workflow": case.workflow,
        "state": case.state,
        "code": None if case.finding is None else case.finding.code,
        "accused": f",{','.join(accused)},",
        "parties": f",{','.join(party.member for party in case.parties)},",
    }
