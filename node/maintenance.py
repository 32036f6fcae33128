"""What is done to a node's database while the node does not run: found, check, rebuild.

Each holds the lock of the database, so none of it can happen beneath a running node.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from contracts.replay import Head
from contracts.values import Member
from ledger.keys import Signer
from ledger.records import Genesis
from ledger.records.governance import ORDERING
from node.network import joining
from node.replica import Replica, ReplicaError, initialise, origin_of
from node.settings import Settings
from node.storage.database import open_database
from node.storage.lock import locked
from node.storage.store import SqlStore
from node.views.rebuild import rebuild

_SHOWN_CHARS: Final = 16


@dataclass(frozen=True, slots=True)
class Checked:
    """A database that a node can go on with.

    `standing` is where the node stands on a snapshot until it has replayed as much.
    """

    genesis: Genesis
    head: Head
    standing: Head | None = None


def found_ledger(settings: Settings, genesis_leaf: bytes) -> None:
    """Found the ledger of a genesis record in the database of `settings`."""
    with _store(settings) as store:
        initialise(store, genesis_leaf)


def check_ledger(settings: Settings, log_signers: Sequence[Signer]) -> Checked:
    """Open the database as the node would: its tree gives its root.

    Where the node holds log keys, they are those in force.
    """
    with _store(settings) as store:
        origin, genesis, _ = origin_of(store)
        if settings.orders:
            require_log_keys(store, settings, log_signers)
        head = _head_in(store, origin, log_signers)
        joined = settings.snapshots.folder / joining.DATABASE
        if not settings.snapshots.join or not joined.exists():
            return Checked(genesis, head)
        beside = SqlStore(open_database(joined))
        try:
            standing = _head_in(beside, origin, ())
        finally:
            beside.engine.dispose()
        return Checked(genesis, head, standing if standing.size > head.size else None)


def _head_in(store: SqlStore, origin: str, log_signers: Sequence[Signer]) -> Head:
    replica = Replica(store, origin, log_signers)
    try:
        return replica.head
    finally:
        replica.close()


def rebuild_views(settings: Settings, on_block: Callable[[int], None]) -> int:
    """Drop the views and make them anew from the log, as `node.views.rebuild` does it."""
    with _store(settings) as store:
        return rebuild(store, on_block)


def require_log_keys(store: SqlStore, settings: Settings, log_signers: Sequence[Signer]) -> None:
    """Raise `ReplicaError` unless the node has all log keys of its member, should that order.

    Its log keys are those in force: of genesis, or of the last vote on them. A member that does not
    order yet follows `peers` until a vote gives it the role.
    """
    member = settings.member
    with store.snapshot() as snapshot:
        known = snapshot.value(f"member/{member}")
    if not isinstance(known, Member) or not any(role in known.roles for role in ORDERING):
        if settings.peers:
            return
        raise ReplicaError(
            f"`{member}` does not order records in this ledger; name `peers` for it to follow"
        )
    ours = [one.public_key.keyid for one in log_signers]
    missing = [keyid for keyid in known.log_keys if keyid not in ours]
    if missing:
        raise ReplicaError(
            f"the log keys are not those in force for `{member}`: the ledger asks for "
            f"{_shown(missing)}, these are {_shown(ours)}"
        )


def _shown(keyids: Sequence[str]) -> str:
    return ", ".join(f"{one[:_SHOWN_CHARS]}…" for one in keyids)


@contextmanager
def _store(settings: Settings) -> Iterator[SqlStore]:
    with locked(settings.database):
        store = SqlStore(open_database(settings.database))
        try:
            yield store
        finally:
            store.engine.dispose()
