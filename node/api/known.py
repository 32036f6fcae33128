"""Filters that name what there is.

A list narrowed to a member that does not exist is empty, and would read as "nothing is owed". So a
name that nobody has is refused, and the one that may have been meant is told. What exists now is
asked, also by a question about the past: a name that came later finds nothing then.

    GET /v1/tasks?member=helth      400 bad-parameter: no member `helth`; did you mean `health`?
"""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Final, get_args

from contracts.findings import FINDING_OF_CODE
from contracts.workflows import WORKFLOWS
from ledger.records.sharing import NarrowingGround, RevocationGround
from node.api.problems import ApiError
from node.storage.store import Snapshot
from node.views import queries

Filters = Mapping[str, str | None]
_MEMBER: Final = "member"
_PREFIX_OF: Final[Mapping[str, str]] = {
    "accused": _MEMBER,
    "case": "case",
    "consumer": _MEMBER,
    "dataset": "dataset",
    "grant": "grant",
    "member": _MEMBER,
    "owner": _MEMBER,
    "parent": "grant",
    "parties": _MEMBER,
    "provider": _MEMBER,
    "writer": "writer",
}
"""By filter, the first part of the state key of what it names."""
_OTHER_GROUNDS: Final = frozenset((*get_args(NarrowingGround), *get_args(RevocationGround)))


def check_known(snapshot: Snapshot, filters: Filters) -> None:
    """Refuse a filter whose value nobody has, or which is no word of the rules."""
    for name, value in filters.items():
        if value is None:
            continue
        prefix, words = _PREFIX_OF.get(name), _words_of(name, filters)
        if prefix is not None and snapshot.value(f"{prefix}/{value}") is None:
            raise _unknown(prefix, value, queries.ids_like(snapshot.connection, prefix, value))
        if words is not None and value not in words:
            raise _unknown(name, value, words)


def _unknown(what: str, value: str, known: Collection[str]) -> ApiError:
    near = get_close_matches(value, sorted(known), n=1)
    meant = f"; did you mean `{near[0]}`?" if near else ""
    return ApiError("bad-parameter", f"no {what} `{value}`{meant}")


def _words_of(name: str, filters: Filters) -> Collection[str] | None:
    """The words of the rules that a filter may be; None if it is none of them.

    Those of a workflow alone, if one is asked about.
    """
    workflow = filters.get("workflow")
    tables = [one for one in WORKFLOWS.values() if workflow in {None, one.name}]
    rows = [row for table in tables for row in table.steps]
    match name:
        case "code":
            return FINDING_OF_CODE.keys()
        case "ground":
            return {ground for row in rows for ground in row.grounds} | _OTHER_GROUNDS
        case "state":
            return {state.name for table in tables for state in table.states}
        case "step":
            return {row.name for row in rows}
        case "workflow":
            return WORKFLOWS.keys()
        case _:
            return None
