"""The state as at a past size, as far as the views remember it: what rules asked now need to see.

Members, datasets, requests, rights and cases are read from the views, offices from the members that
held them, a draft of an entry from its record, what votes set from those votes. All else is as it
is today: `node.client.past.is_kept` tells which is which.
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy import or_, select

from contracts.values import (
    AdoptedIndicators,
    EntryTerms,
    Member,
    RoleHolders,
    Value,
    parse_value,
)
from contracts.view import StateView
from ledger.records import Entry, parse_record
from ledger.types import DigestHex
from node.client.past import INDICATORS, LEDGER, VOTED
from node.storage.store import Snapshot
from node.views.models import VERSIONED
from node.views.settings import ledger_at, voted_at

_MEMBER: Final = "member"


class PresentState:
    """The state of the snapshot itself."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.get: Callable[[str], Value | None] = snapshot.value


class PastState:
    """The state when the log had `size` leaves."""

    def __init__(self, snapshot: Snapshot, size: int) -> None:
        self._snapshot = snapshot
        self._size = size
        self._holders: dict[str, RoleHolders] = {}

    def get(self, key: str) -> Value | None:
        """As `StateView.get`."""
        prefix, _, rest = key.partition("/")
        if prefix in VERSIONED:
            rows = self._rows(prefix, rest)
            return rows[0][1] if rows else None
        if key == LEDGER:
            block = self._snapshot.block_of(self._size - 1)
            present, size = PresentState(self._snapshot), self._size
            return None if block is None else ledger_at(present, self._snapshot, size, block.time)
        if key == INDICATORS:
            codes = tuple(code for code, _ in self._rows("indicator"))
            return AdoptedIndicators(codes=codes) if codes else None
        if prefix in VOTED:
            return voted_at(self._snapshot, key, self._size)
        if prefix == "role":
            return self._role(rest)
        if prefix == "entry-draft":
            return self._draft(rest)
        return self._snapshot.value(key)

    def _rows(self, prefix: str, only: str | None = None) -> list[tuple[str, Value]]:
        table = VERSIONED[prefix]
        holds = or_(table.c.to_size.is_(None), table.c.to_size > self._size)
        query = select(table.c.id, table.c.value).where(table.c.from_size <= self._size, holds)
        if only is not None:
            query = query.where(table.c.id == only)
        rows = self._snapshot.connection.execute(query.order_by(table.c.id))
        return [(row.id, parse_value(f"{prefix}/{row.id}", row.value)) for row in rows]

    def _role(self, role: str) -> RoleHolders:
        """Whoever had it; members are read once for all roles."""
        if not self._holders:
            members = self._rows(_MEMBER)
            roles = {
                one for _, value in members if isinstance(value, Member) for one in value.roles
            }
            self._holders = {
                one: RoleHolders(
                    members=tuple(
                        member
                        for member, value in members
                        if isinstance(value, Member) and one in value.roles
                    )
                )
                for one in roles
            }
        return self._holders.get(role, RoleHolders(members=()))

    def _draft(self, digest: DigestHex) -> EntryTerms | None:
        for leaf in self._snapshot.candidates(digest):
            record = parse_record(leaf.leaf)
            block = self._snapshot.block_of(leaf.index)
            body = record.body
            if record.digest == digest and isinstance(body, Entry) and block is not None:
                return EntryTerms(
                    co_providers=body.co_providers,
                    conditions=body.conditions,
                    dataset=body.dataset,
                    joint_rule=body.joint_rule,
                    provider=record.chain.writer.partition("/")[0],
                    record=digest,
                    schema=body.schema,
                    sharing=body.sharing,
                    since=block.time,
                    system=body.system,
                )
        return None


def state_at(snapshot: Snapshot, size: int) -> StateView:
    """The state when the log had `size` leaves."""
    head = snapshot.head()
    is_present = head is not None and head.head.size == size
    return PresentState(snapshot) if is_present else PastState(snapshot, size)
