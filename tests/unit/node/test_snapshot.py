"""A snapshot of a peer is used if all of it holds, and is gone again if anything is wrong."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec.json import encode

from contracts.audit import policy_in
from ledger import merkle_map
from ledger.snapshot import encode_parts, parse_part
from node.client.answers import Offer
from node.client.log_source import SourceError
from node.network.snapshot import Ground, SnapshotError, fetch, read_offer
from node.replica import Replica
from node.storage.database import open_database
from node.storage.disk import DiskGuard
from node.storage.state import StoredState
from node.storage.store import SqlStore
from tests.nodes import close, policy_of
from tests.snapshot_peer import SnapshotPeer
from tests.world import ORIGIN

ROOM = 1 << 40


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SnapshotPeer]:
    found = SnapshotPeer(tmp_path_factory.mktemp("peer"))
    found.grow(3)
    yield found
    found.close()


@pytest.fixture
def peer(node: SnapshotPeer) -> SnapshotPeer:
    node.altered, node.log = {}, []
    node.cosign()
    return node


def ground_of(peer: SnapshotPeer, **changes: object) -> Ground:
    policy = policy_in(peer.world.state, ORIGIN)
    guard = DiskGuard(peer.folder, 1 << 20, lambda _folder: ROOM)
    founding = tuple(peer.world.leaves[:2])
    ground = Ground(ORIGIN, peer.world.head.ledger, founding, policy, guard)
    return replace(ground, **changes)  # type: ignore[arg-type]


def offered(peer: SnapshotPeer) -> Offer:
    for _ in range(1_000):
        try:
            return read_offer(peer)
        except SourceError:
            time.sleep(0.01)
    raise AssertionError("it offers none")


def fetched(
    peer: SnapshotPeer, folder: Path, ground: Ground | None = None, offer: Offer | None = None
) -> Path:
    """The database of the snapshot that the peer offers now, or offered before."""
    database = folder / "joined" / "joined.db"
    known, note = ground or ground_of(peer), peer.final or b""
    fetch(peer, offer or offered(peer), note, known, database, lambda *_: None)
    return database


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a state of a few kilobytes has several parts."""
    for name in ("ledger.snapshot", "node.network.snapshot"):
        monkeypatch.setattr(f"{name}.PART_BYTES_MAX", 4_000)


def test_what_is_fetched_is_a_replica_on_the_way_to_the_checkpoint(
    peer: SnapshotPeer, tmp_path: Path
) -> None:
    offer = offered(peer)
    peer.grow(2)
    peer.cosign()
    database = fetched(peer, tmp_path, offer=offer)
    store = SqlStore(open_database(database))
    replica = Replica(store, ORIGIN)
    known = peer.world.results[-3]
    assert offer.parts > 2
    assert replica.head == known.head
    assert replica.base == known.head.size < peer.world.head.size
    assert replica.underway is not None
    assert replica.published.checkpoint == b""
    for key in ("ledger", "member/health", "member/nobody"):
        assert replica.state.get(key) == peer.replica.state.get(key)
    with store.snapshot() as snapshot:
        state = StoredState(snapshot.connection, 1, 64)
        proof = merkle_map.prove(b"member/health", state, state.leaf_at)
        root = known.head.state_root
        value = dict(pairs_of(peer, offer))[b"member/health"]
        merkle_map.verify_membership(root, b"member/health", value, proof)
    close(replica)


def pairs_of(peer: SnapshotPeer, offer: Offer) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    for number in range(offer.parts):
        data = peer.read(f"v1/snapshots/{offer.size}/{number}", 1 << 20)
        found += parse_part(data or b"", found[-1][0] if found else b"")
    return found


def altered_parts(
    peer: SnapshotPeer, change: Callable[[list[tuple[bytes, bytes]]], list[tuple[bytes, bytes]]]
) -> None:
    """The peer offers other pairs than those of its state, in good form."""
    offer = offered(peer)
    parts = list(encode_parts(change(pairs_of(peer, offer))))
    for number, part in enumerate(parts):
        peer.altered[f"v1/snapshots/{offer.size}/{number}"] = part
    told = replace_offer(offer, parts=len(parts), bytes_count=sum(map(len, parts)))
    peer.altered["v1/snapshot"] = encode(told)


def replace_offer(offer: Offer, **changes: int) -> Offer:
    return Offer(**{**{name: getattr(offer, name) for name in offer.__struct_fields__}, **changes})


def refused(
    peer: SnapshotPeer, folder: Path, why: str | None, ground: Ground | None = None
) -> None:
    """Nothing of it is left."""
    with pytest.raises((SnapshotError, SourceError), match=why):
        fetched(peer, folder, ground)
    left = folder / "joined"
    assert not left.exists() or [*left.iterdir()] == []


PAIRS = {
    "a value": lambda pairs: [(pairs[0][0], pairs[0][1] + b" "), *pairs[1:]],
    "a key": lambda pairs: [*pairs[:-1], (pairs[-1][0] + b"x", pairs[-1][1])],
    "one less": lambda pairs: pairs[1:],
    "one more": lambda pairs: [*pairs, (b"zzz", b"{}")],
    "none": lambda _pairs: [],
}


@pytest.mark.parametrize("change", PAIRS.values(), ids=PAIRS)
def test_a_state_that_is_not_the_seals_is_refused(
    peer: SnapshotPeer, tmp_path: Path, change: Callable[..., list[tuple[bytes, bytes]]]
) -> None:
    altered_parts(peer, change)
    refused(peer, tmp_path, "not the one of the seal")


def test_a_key_that_is_no_text_is_refused(peer: SnapshotPeer, tmp_path: Path) -> None:
    altered_parts(peer, lambda pairs: [*pairs, (b"\xff", b"{}")])
    refused(peer, tmp_path, "ASCII")


PARTS = {
    "cut": (lambda data: data[:-1], "ends within"),
    "garbage": (lambda data: b"\xff" * len(data), "ends within"),
    "empty": (lambda _data: b"", "1 to"),
    "endless": (lambda data: data * 1_000, "more than"),
    "missing": (lambda _data: None, "is not there"),
    "more than told": (lambda data: data + bytes(7), "order"),
}


@pytest.mark.parametrize(("change", "why"), PARTS.values(), ids=PARTS)
def test_a_part_that_is_none_is_refused(
    peer: SnapshotPeer, tmp_path: Path, change: Callable[[bytes], bytes | None], why: str
) -> None:
    offer = offered(peer)
    path = f"v1/snapshots/{offer.size}/0"
    peer.altered[path] = change(peer.read(path, 1 << 20) or b"")
    refused(peer, tmp_path, why)


def test_the_same_part_twice_is_refused(peer: SnapshotPeer, tmp_path: Path) -> None:
    offer = offered(peer)
    first = peer.read(f"v1/snapshots/{offer.size}/0", 1 << 20)
    peer.altered[f"v1/snapshots/{offer.size}/1"] = first
    refused(peer, tmp_path, "order")


def test_no_more_is_read_than_was_told(peer: SnapshotPeer, tmp_path: Path) -> None:
    offer = offered(peer)
    peer.altered["v1/snapshot"] = encode(replace_offer(offer, bytes_count=4_000, parts=2))
    refused(peer, tmp_path, "more than")


OFFERS = {
    "many parts": ({"parts": 1_000_000}, "1000000 parts"),
    "no room": ({"bytes_count": ROOM // 6}, "are free"),
    "of the future": ({"size": 1_000}, "does not cover"),
    "of genesis": ({"size": 2}, "does not cover"),
    "within a block": ({"size": 23}, None),
}


@pytest.mark.parametrize(("changes", "why"), OFFERS.values(), ids=OFFERS)
def test_an_offer_that_cannot_be_is_refused(
    peer: SnapshotPeer, tmp_path: Path, changes: dict[str, int], why: str | None
) -> None:
    peer.altered["v1/snapshot"] = encode(replace_offer(offered(peer), **changes))
    refused(peer, tmp_path, why)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"null"])
def test_what_is_no_offer_is_refused(peer: SnapshotPeer, tmp_path: Path, data: bytes) -> None:
    peer.altered["v1/snapshot"] = data
    refused(peer, tmp_path, "offers something else")


def test_who_offers_none_is_not_asked_for_parts(peer: SnapshotPeer, tmp_path: Path) -> None:
    peer.altered["v1/snapshot"] = None
    refused(peer, tmp_path, "offers no snapshot")
    assert peer.log == ["v1/snapshot"]


def test_every_file_of_the_log_is_verified(peer: SnapshotPeer, tmp_path: Path) -> None:
    fetched(peer, tmp_path).unlink()
    paths = {path for path in peer.log if path.startswith("tile/")}
    assert {path.split("/")[1] for path in paths} >= {"0", "entries"}
    for path in sorted(paths):
        peer.altered = {path: lambda data: data and data[:-1] + bytes([data[-1] ^ 1])}
        refused(peer, tmp_path, None)
        peer.altered = {path: None}
        refused(peer, tmp_path, None)


def test_without_a_quorum_nothing_is_believed(peer: SnapshotPeer, tmp_path: Path) -> None:
    peer.cosign("audit", "health")
    refused(peer, tmp_path, "quorum needs 3")
    peer.final = peer.replica.published.checkpoint
    refused(peer, tmp_path, "quorum needs 3")


def test_cosignatures_of_others_do_not_count(peer: SnapshotPeer, tmp_path: Path) -> None:
    strange = SnapshotPeer(tmp_path / "strange")
    strange.grow(9)
    peer.final = strange.cosign()  # the same keys, another log: a fork that a quorum has signed
    strange.close()
    refused(peer, tmp_path, None)


def test_a_policy_without_a_quorum_vouches_for_nothing(peer: SnapshotPeer) -> None:
    with pytest.raises(SnapshotError, match="nobody vouches"):
        ground_of(peer, policy=policy_of(peer.world))


def test_the_state_has_to_be_of_this_ledger(peer: SnapshotPeer, tmp_path: Path) -> None:
    refused(peer, tmp_path, "another ledger", ground_of(peer, ledger="0" * 64))


def test_the_state_has_to_agree_with_the_policy(peer: SnapshotPeer, tmp_path: Path) -> None:
    """The operator believes fewer witnesses than the ledger asks for."""
    policy = policy_in(peer.world.state, ORIGIN)
    fewer = replace(policy.groups[-1], threshold=1)
    lax = replace(policy, groups=(*policy.groups[:-1], fewer))
    peer.cosign("audit")
    refused(peer, tmp_path, "quorum needs 3", ground_of(peer, policy=lax))
