"""What is done to a node's database while the node does not run: found, check, rebuild.

Each holds the lock of the database, so none of it can happen beneath a running node.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from contracts.replay import Head
from ledger.keys import Signer, parse_public_key
from ledger.records import Genesis
from node.replica import Replica, ReplicaError, initialise, origin_of
from node.settings import Settings
from node.storage.database import open_database
from node.storage.lock import locked
from node.storage.store import SqlStore
from node.views.rebuild import rebuild


@dataclass(frozen=True, slots=True)
class Checked:
    """A database that a node can go on with."""

    genesis: Genesis
    head: Head


def found_ledger(settings: Settings, genesis_leaf: bytes) -> None:
    """Found the ledger of a genesis record in the database of `settings`."""
    with _store(settings) as store:
        initialise(store, genesis_leaf)


def check_ledger(settings: Settings, log_signers: Sequence[Signer]) -> Checked:
    """Open the database as the node would: its tree gives its root, the keys are those it names."""
    with _store(settings) as store:
        origin, genesis, _ = origin_of(store)
        require_orderer(genesis, settings.member, log_signers)
        replica = Replica(store, origin, log_signers)
        try:
            return Checked(genesis, replica.head)
        finally:
            replica.close()


def rebuild_views(settings: Settings, on_block: Callable[[int], None]) -> int:
    """Drop the views and make them anew from the log, as `node.views.rebuild` does it."""
    with _store(settings) as store:
        return rebuild(store, on_block)


def require_orderer(genesis: Genesis, member: str, log_signers: Sequence[Signer]) -> None:
    """Raise `ReplicaError` unless `member` orders records and these are its own log keys, all."""
    own = next((one.log_keys for one in genesis.members if one.id == member), None)
    if own is None:
        raise ReplicaError(f"`{member}` does not order records in this ledger")
    named = {parse_public_key(one).keyid for one in (own.ed25519, own.ml_dsa44)}
    if named != {signer.public_key.keyid for signer in log_signers}:
        raise ReplicaError(f"the log keys are not those the genesis record names for `{member}`")


@contextmanager
def _store(settings: Settings) -> Iterator[SqlStore]:
    with locked(settings.database):
        store = SqlStore(open_database(settings.database))
        try:
            yield store
        finally:
            store.engine.dispose()
