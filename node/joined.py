"""What a node that follows takes to begin from a snapshot, put together from its settings."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from ledger.errors import LedgerError
from ledger.keys import PublicKey
from ledger.policy import Policy
from ledger.policy_file import parse_policy
from node.network.following import FollowingEngine
from node.network.joining import Backfill, Joining
from node.network.peers import PeerBook
from node.network.snapshot import Ground, SnapshotError
from node.network.vigilance import Standing, Vigilance
from node.news import News
from node.pipeline import VerifiedSignatures
from node.replica import GENESIS_LEAVES, Replica, ReplicaError
from node.settings import Settings
from node.storage.disk import DiskGuard
from node.storage.store import SqlStore

BACKFILL_PAUSES: Final = 1.0
"""Half of its time the backfill leaves to the log's end and to whoever asks the node."""


class Follow(Protocol):
    """Makes an engine that follows with a replica, all else being the node's."""

    def __call__(
        self,
        of: Replica,
        told: News,
        asked: PeerBook,
        watch: Vigilance,
        *,
        pauses: float,
        progress: str,
    ) -> FollowingEngine:
        """The engine, not yet started."""
        ...


def believed_policy(path: Path | None) -> Policy | None:
    """The policy given. Raises `ReplicaError`."""
    if path is None:
        return None
    try:
        return parse_policy(path.read_bytes())
    except (LedgerError, OSError) as error:
        raise ReplicaError(f"believed_policy {path}: {error}") from error


def log_keys_of(policy: Policy | None) -> tuple[PublicKey, ...]:
    """The log keys of a policy."""
    return () if policy is None else tuple(entry.key.public_key for entry in policy.logs)


def joining(  # noqa: PLR0913, PLR0917  what it brings together
    settings: Settings,
    policy: Policy | None,
    replica: Replica,
    signatures: VerifiedSignatures,
    news: News,
    room: DiskGuard,
    open_peers: Callable[[], PeerBook],
    standing: Standing,
    follow: Follow,
) -> Joining | None:
    """How the node joins; None where it is not to begin from a snapshot. Raises `ReplicaError`."""
    if not settings.snapshots.join or policy is None:
        return None

    def backfill_of(store: SqlStore) -> Backfill:
        behind = Replica(store, replica.origin, verify=signatures, also=log_keys_of(policy))
        told = News()
        peers = open_peers()
        watch = Vigilance(behind, settings.evidence)
        engine = follow(behind, told, peers, watch, pauses=BACKFILL_PAUSES, progress="backfilling")
        return Backfill(behind, engine, told, watch)

    with replica.store.snapshot() as snapshot:
        founding = tuple(snapshot.leaves(0, GENESIS_LEAVES))
    try:
        ground = Ground(replica.origin, replica.head.ledger, founding, policy, room)
    except SnapshotError as error:
        raise ReplicaError(str(error)) from error
    far = settings.snapshots.join_leaves_min
    return Joining(replica, news, open_peers(), ground, far, standing, backfill_of)
