"""Old leaves leave the database; everything is answered as before, and proved without them."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from ledger.receipt import verify_receipt
from ledger.tiles import Bundle, encode_bundle
from ledger.times import to_ms
from node import archiving
from node.app import create_app
from node.archiving import DAY_MS, Archived, archivable, archive_leaves
from node.composition import Keys
from node.reader import Reader
from node.replica import Replica, ReplicaError
from node.storage.archive import Archive, NotInArchive
from node.storage.database import open_database
from node.storage.store import SqlStore
from node.views.rebuild import rebuild
from tests.log_files import log_signers, long_story
from tests.nodes import close, open_replica, policy_of
from tests.served import settings_in
from tests.world import ORIGIN, World


@dataclass
class Ledger:
    """A database with a log of some bundles."""

    world: World
    folder: Path

    @contextmanager
    def opened(self, *, archive: bool = True) -> Iterator[Replica]:
        folder = Archive(self.folder / "archive") if archive else None
        store = SqlStore(open_database(self.folder / "ledger.db"), folder)
        replica = Replica(store, ORIGIN, log_signers())
        yield replica
        close(replica)

    def archive(self, end: int | None = None) -> Archived:
        """Archive up to `end`, or all that may go."""
        with self.opened() as replica:
            start, last = archivable(replica, 0, to_ms(self.world.now) + DAY_MS)
            folder = Archive(self.folder / "archive")
            return archive_leaves(replica.store, folder, start, end or last, lambda _count: None)

    @property
    def leaf_bytes(self) -> int:
        """What the leaves in the database have."""
        with self.opened() as replica, replica.store.snapshot() as snapshot:
            query = "SELECT sum(length(leaf)) FROM leaf"
            return int(snapshot.connection.exec_driver_sql(query).scalar_one())


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    world = long_story(900)
    close(open_replica(tmp_path / "ledger.db", world))
    return Ledger(world, tmp_path)


def answers(replica: Replica, size: int) -> list[object]:
    """All that is told of leaves in all bundles."""
    reader = Reader(replica)
    told: list[object] = []
    for index in range(0, size, 23):
        leaf = reader.leaf(index)
        assert leaf is not None
        told += [leaf, reader.outcome(leaf).outcome]
        if leaf.digest is not None:
            assert reader.leaf(leaf.digest) == leaf
            assert reader.digests_like(leaf.digest[:16]) == [leaf.digest]
    bundles = [Bundle(number, 256) for number in range(size // 256)]
    return [*told, *map(reader.bundle, bundles)]


def test_everything_is_answered_as_before_from_less(ledger: Ledger) -> None:
    size = len(ledger.world.leaves)
    with ledger.opened() as replica:
        before = answers(replica, size)
    bytes_before = ledger.leaf_bytes
    done = ledger.archive()
    assert (done.start, done.end) == (0, size // 256 * 256)
    with ledger.opened() as replica:
        assert answers(replica, size) == before
    assert done.after_bytes + done.archive_bytes < 0.8 * done.before_bytes
    assert ledger.leaf_bytes < bytes_before / 2
    files = [*(ledger.folder / "archive").rglob("*.gz")]
    assert sum(file.stat().st_size for file in files) == done.archive_bytes
    assert {file.stat().st_mode & 0o077 for file in files} == {0}


def test_the_files_are_those_of_the_log(ledger: Ledger) -> None:
    ledger.archive()
    for number in range(len(ledger.world.leaves) // 256):
        path = ledger.folder / "archive" / f"{Bundle(number, 256).path}.gz"
        leaves = ledger.world.leaves[number * 256 : (number + 1) * 256]
        assert gzip.decompress(path.read_bytes()) == encode_bundle(leaves)


def test_without_the_archive_all_is_proved_and_records_are_told_to_be_away(ledger: Ledger) -> None:
    done = ledger.archive()
    with ledger.opened(archive=False) as replica:
        assert replica.head == ledger.world.head
        reader, policy = Reader(replica), policy_of(ledger.world)
        for index in range(0, done.end, 37):
            leaf = ledger.world.leaves[index]
            assert verify_receipt(reader.receipt(index), leaf, policy).index == index
        with pytest.raises(NotInArchive):
            reader.leaf(5)
        with pytest.raises(NotInArchive):
            reader.bundle(Bundle(0, 256))
        assert reader.leaf(0) is not None
        assert reader.leaf(done.end) is not None
        assert reader.state("member/health").value is not None


def test_a_second_run_goes_on_where_the_first_ended(ledger: Ledger) -> None:
    assert ledger.archive(256).end == 256
    again = ledger.archive()
    assert again.start == 256
    assert again.end > 256
    none = ledger.archive()
    assert (none.start, none.archive_bytes) == (none.end, 0)
    assert none.before_bytes == none.after_bytes


def test_views_are_made_anew_from_the_archive(ledger: Ledger) -> None:
    ledger.archive()
    with ledger.opened() as replica:
        assert rebuild(replica.store) == len(ledger.world.leaves)


def test_what_is_young_or_not_final_stays(ledger: Ledger) -> None:
    with ledger.opened() as replica:
        now_ms = to_ms(ledger.world.now)
        assert archivable(replica, 365, now_ms) == (0, 0)
        assert archivable(replica, 0, now_ms + DAY_MS)[1] == replica.head.size // 256 * 256
        replica._final = None
        assert archivable(replica, 0, now_ms + DAY_MS) == (0, 0)


def test_leaves_that_are_not_those_of_the_tree_stay(ledger: Ledger) -> None:
    with ledger.opened() as replica, replica.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE leaf SET leaf = x'00' WHERE \"index\" = 300")
    bytes_before = ledger.leaf_bytes
    with pytest.raises(ReplicaError, match="not those of the tree"):
        ledger.archive()
    assert ledger.leaf_bytes == bytes_before


def test_a_run_that_is_cut_off_loses_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files are there, the transaction is not."""
    size = len(ledger.world.leaves)
    with ledger.opened() as replica:
        before = answers(replica, size)

    def fail(*_given: object) -> None:
        raise OSError("no power")

    monkeypatch.setattr(archiving, "_blank", fail)
    with pytest.raises(OSError, match="no power"):
        ledger.archive()
    monkeypatch.undo()
    with ledger.opened(archive=False) as replica:
        assert answers(replica, size) == before
    ledger.archive()
    with ledger.opened() as replica:
        assert answers(replica, size) == before


def test_a_damaged_file_is_no_record(ledger: Ledger) -> None:
    ledger.archive()
    path = ledger.folder / "archive" / f"{Bundle(1, 256).path}.gz"
    for data in (b"", b"garbage", path.read_bytes()[:-9]):
        path.write_bytes(data)
        with ledger.opened() as replica, pytest.raises(NotInArchive):
            Reader(replica).leaf(300)


def test_what_cannot_be_read_back_is_not_let_go(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that promises and does not keep."""
    bytes_before = ledger.leaf_bytes
    monkeypatch.setattr(Archive, "_read", lambda _self, _number: ())
    with pytest.raises(OSError, match="does not hold what was written"):
        ledger.archive()
    assert ledger.leaf_bytes == bytes_before


async def test_over_http_a_record_that_is_away_is_gone_and_its_receipt_is_not(
    ledger: Ledger,
) -> None:
    ledger.archive()
    settings = settings_in(ledger.folder, archive=ledger.folder / "elsewhere")
    app = create_app(settings, Keys(log_signers()))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        away = await client.get("/v1/records/5")
        assert (away.status_code, away.json()["code"]) == (410, "archived")
        assert (await client.get("/tile/entries/000")).status_code == 410
        receipt = await client.get("/v1/records/5/receipt")
        leaf, policy = ledger.world.leaves[5], policy_of(ledger.world)
        assert verify_receipt(receipt.content, leaf, policy).index == 5
        assert (await client.get("/v1/records/0")).status_code == 200
