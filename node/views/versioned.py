"""Views over values of the state: a changed value ends one row and begins the next."""

from sqlalchemy import Connection, bindparam, insert, update

from contracts.replay import BlockResult
from contracts.values import (
    Case,
    Dataset,
    EntryTerms,
    GrantedRight,
    Member,
    RequestedItem,
    Value,
    Writer,
)
from node.views.models import VERSIONED

Columns = dict[str, str | None]


def columns_of(key: str, value: Value) -> Columns:
    """The columns of a view that are asked for, beside id and value."""
    match value:
        case Member() | Writer():
            member = {"member": key.partition("/")[0]} if isinstance(value, Writer) else {}
            return {**member, "status": value.status}
        case Dataset():
            return {"provider": value.provider}
        case EntryTerms():
            return {"provider": value.provider, "sharing": value.sharing}
        case RequestedItem():
            return {"member": value.member, "dataset": value.dataset}
        case GrantedRight():
            return {
                "consumer": value.member,
                "provider": value.provider,
                "dataset": value.dataset,
            }
        case Case():
            return _case_columns(value)
        case _:
            return {"dataset": key.partition("/")[0]}


def write(connection: Connection, result: BlockResult) -> None:
    """Follow the values a block changed."""
    size = result.head.size
    ended: dict[str, list[dict[str, object]]] = {}
    begun: dict[str, list[dict[str, object]]] = {}
    for key, value in result.changes.items():
        prefix, _, rest = key.partition("/")
        if prefix not in VERSIONED:
            continue
        ended.setdefault(prefix, []).append({"changed": rest, "size": size})
        if value is not None:
            row = {"id": rest, "from_size": size, "value": result.values[key]}
            begun.setdefault(prefix, []).append({**row, **columns_of(rest, value)})
    for prefix, rows in ended.items():
        table = VERSIONED[prefix]
        connection.execute(
            update(table)
            .where(table.c.id == bindparam("changed"), table.c.to_size.is_(None))
            .values(to_size=bindparam("size")),
            rows,
        )
    for prefix, rows in begun.items():
        connection.execute(insert(VERSIONED[prefix]), rows)


def _case_columns(case: Case) -> Columns:
    accused = [party.member for party in case.parties if party.part == "accused"]
    return {
        "workflow": case.workflow,
        "state": case.state,
        "code": None if case.finding is None else case.finding.code,
        "accused": f",{','.join(accused)},",
        "parties": f",{','.join(party.member for party in case.parties)},",
    }
