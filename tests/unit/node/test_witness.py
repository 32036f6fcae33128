"""The witness: what it cosigns, by the letter of C2SP tlog-witness, and what it never does."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

import httpx
import pytest
from msgspec import structs

from contracts.audit import policy_in
from ledger.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from ledger.cosignature import witness_name
from ledger.errors import VerificationError
from ledger.hashing import EMPTY_ROOT
from ledger.lexical import encode_base64
from ledger.note import Note, NoteSignature, encode_note, parse_note
from ledger.policy import consortium_policy, verify_policy
from ledger.times import from_ms, to_ms
from ledger.types import Digest
from node.client import evidence
from node.client.evidence import write
from node.network import forwarding
from node.network.cosigned import Cosigned, CosignedError, CosignedStore
from node.network.evidence import of_future
from node.network.offers import WitnessError, encode_offer
from node.network.vigilance import Vigilance
from node.network.witness import Identity, ReplayedLog, Witness
from node.replica import Replica, initialise
from node.storage.database import open_database
from node.storage.store import SqlStore
from scripts.audit.evidence import prove
from tests import bodies
from tests.log_files import log_signers, sign, story
from tests.network import witnessed_world
from tests.nodes import Clock, close, open_replica, policy_of
from tests.story import Story
from tests.unit.contracts.test_arrangements import given
from tests.unit.node.test_following import FakePeer, following, grown
from tests.witnessing import MEMBER, Bench, asking, consistency, offer_of, witness_of
from tests.world import ORIGIN, START, World, log_signer_ml_dsa, signer, witness_signers

PLAIN: Final = "text/plain; charset=utf-8"
OF_LOG: Final = f"/{sha256(ORIGIN.encode()).hexdigest()}/checkpoint"


@pytest.fixture(scope="module")
def world() -> World:
    world = witnessed_world()
    for name in "cde":
        world.accept(world.sign("transport/main", bodies.schema(name)))
    return world


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory, world: World) -> Iterator[Replica]:
    replica = open_replica(tmp_path_factory.mktemp("node") / "ledger.db", world)
    yield replica
    close(replica)


@pytest.fixture
def bench(tmp_path: Path, world: World, replica: Replica) -> Iterator[Bench]:
    with witness_of(tmp_path, world, replica) as bench:
        yield bench


@pytest.fixture
async def client(bench: Bench) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(bench.witness) as client:
        yield client


async def post(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    return await client.post("/add-checkpoint", content=body)


def times(world: World, note: bytes) -> list[int | None]:
    """When the member cosigned a checkpoint, by each of its keys; its lines alone would do."""
    policy = policy_in(world.state, ORIGIN)
    keys = [entry.key for entry in policy.witnesses if entry.name.startswith(f"{MEMBER}/")]
    alone = consortium_policy([log.key for log in policy.logs], {MEMBER: keys}, quorum=1)
    opened = verify_policy(alone, note)
    return [one.timestamp_s for one in opened.signatures if one.key in keys]


async def test_it_cosigns_with_both_keys_as_the_log_grows(
    bench: Bench, client: httpx.AsyncClient, world: World
) -> None:
    old = 0
    for size in bench.sizes:
        answer = await post(client, bench.offer(old, size))
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, PLAIN)
        lines = answer.text.splitlines(keepends=True)
        assert all(line.startswith(f"— {ORIGIN}/witness/{MEMBER} ") for line in lines)
        now_s = bench.clock.now_ms // 1_000
        note = sign(world.leaves[:size]) + answer.content
        assert times(world, note) == [now_s, now_s]
        assert len(lines) == 2
        bench.clock.now_ms += 1_000
        old = size


async def test_it_cosigns_again_at_the_same_size_with_the_time_of_now(
    bench: Bench, client: httpx.AsyncClient, world: World
) -> None:
    size = bench.sizes[-1]
    first = await post(client, bench.offer(0, size))
    bench.clock.now_ms += 7_000
    again = await post(client, bench.offer(size, size))
    assert again.status_code == 200
    note = sign(world.leaves)
    (before, _), (after, _) = (times(world, note + one.content) for one in (first, again))
    assert before is not None
    assert after == before + 7


async def test_the_type_of_the_body_is_of_no_account(
    bench: Bench, client: httpx.AsyncClient
) -> None:
    for old, media_type in ((0, "application/x-www-form-urlencoded"), (bench.sizes[0], "")):
        headers = {"Content-Type": media_type} if media_type else {}
        body = bench.offer(old, bench.sizes[0])
        answer = await client.post("/add-checkpoint", content=body, headers=headers)
        assert answer.status_code == 200


HASH: Final = encode_base64(bytes(32))


def changed(body: bytes, kind: str) -> bytes:
    """A request that is none any more."""
    head, _, note = body.partition(b"\n\n")
    return {
        "nothing": b"",
        "no empty line": head + b"\n" + note,
        "no old size": b"\n\n" + note,
        "a word for it": body.replace(b"old ", b"new ", 1),
        "a zero before": body.replace(b"old ", b"old 0", 1),
        "a sign": body.replace(b"old ", b"old +", 1),
        "a space too many": body.replace(b"old ", b"old  ", 1),
        "a size beyond": b"old 9223372036854775808\n\n" + note,
        "64 hashes": head + f"\n{HASH}".encode() * 64 + b"\n\n" + note,
        "a short hash": head + b"\nYQ==\n\n" + note,
        "a loose hash": head + b"\n" + HASH[:-2].encode() + b"B=\n\n" + note,
        "a hash in other letters": head + b"\n" + b"_" * 43 + b"=\n\n" + note,
        "carriage returns": body.replace(b"\n", b"\r\n"),
        "no checkpoint": head + b"\n\n",
        "bytes after it": body + b"x",
        "a line after it": body + b"x\n",
        "no signature": head + b"\n\n" + note[: note.index(b"\n\n") + 2],
        "a line more in it": body.replace(b"\n\n\xe2", b"\nmore\n\n\xe2"),
        "a loose root": head + b"\n\n" + loose(note),
        "no text": body.replace(b"old", b"\xff"),
    }[kind]


def loose(note: bytes) -> bytes:
    """The same root in another base64."""
    root = note.split(b"\n")[2]
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = letters[letters.index(root[-2:-1]) + 1 :][:1]
    return note.replace(root, root[:-2] + last + b"=", 1)


@pytest.mark.parametrize(
    "kind",
    [
        "nothing", "no empty line", "no old size", "a word for it", "a zero before", "a sign",
        "a space too many", "a size beyond", "64 hashes", "a short hash", "a loose hash",
        "a hash in other letters", "carriage returns", "no checkpoint", "bytes after it",
        "a line after it", "no signature", "a line more in it", "a loose root", "no text",
    ],
)  # fmt: skip
async def test_what_is_no_request_is_refused(
    kind: str, bench: Bench, client: httpx.AsyncClient
) -> None:
    good = bench.offer(0, bench.sizes[0])
    answer = await post(client, changed(good, kind))
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, PLAIN)
    assert (await post(client, good)).status_code == 200


async def test_an_old_size_above_the_new_one_is_refused(
    bench: Bench, client: httpx.AsyncClient
) -> None:
    first, second = bench.sizes[:2]
    await post(client, bench.offer(0, second))
    assert (await post(client, bench.offer(second, first))).status_code == 400


def with_lines(note: bytes, *lines: NoteSignature) -> bytes:
    return encode_note(Note(parse_note(note).text, lines))


@pytest.mark.parametrize("kind", ["strangers", "bad Ed25519", "bad ML-DSA-44", "one of two"])
async def test_what_the_log_has_not_signed_is_not_cosigned(
    kind: str, bench: Bench, client: httpx.AsyncClient, world: World
) -> None:
    size = bench.sizes[-1]
    good = sign(world.leaves)
    ed25519, ml_dsa = parse_note(good).signatures
    strangers = [signer("stranger"), log_signer_ml_dsa("stranger")]
    bad = [
        NoteSignature(one.name, one.key_id, one.payload[:-1] + bytes([one.payload[-1] ^ 1]))
        for one in (ed25519, ml_dsa)
    ]
    note = {
        "strangers": sign(world.leaves, strangers),
        "bad Ed25519": with_lines(good, bad[0], ml_dsa),
        "bad ML-DSA-44": with_lines(good, ed25519, bad[1]),
        "one of two": with_lines(good, ed25519),
    }[kind]
    answer = await post(client, bench.offer(0, size, note))
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, PLAIN)
    assert bench.store.get(ORIGIN) == Cosigned()


async def test_lines_of_strangers_are_ignored_and_not_kept(
    bench: Bench, client: httpx.AsyncClient, world: World
) -> None:
    good = sign(world.leaves)
    named_alike = parse_note(sign(world.leaves, [signer("stranger")])).signatures
    other = NoteSignature("example.com/other", b"abcd", b"no signature at all")
    note = with_lines(good, other, *named_alike, *parse_note(good).signatures)
    assert (await post(client, bench.offer(0, bench.sizes[-1], note))).status_code == 200
    kept = parse_note((await client.get(OF_LOG)).content)
    assert kept.signatures[:2] == parse_note(good).signatures
    assert len(kept.signatures) == 4


async def test_another_log_is_not_known(bench: Bench, client: httpx.AsyncClient) -> None:
    note = sign_checkpoint(Checkpoint("example.com/other", 0, EMPTY_ROOT), log_signers())
    answer = await post(client, encode_offer(0, (), note))
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, PLAIN)


async def test_another_old_size_is_told_the_right_one(
    bench: Bench, client: httpx.AsyncClient
) -> None:
    first, second, third = bench.sizes[:3]
    await post(client, bench.offer(0, second))
    for old in (0, first, third):
        answer = await post(client, bench.offer(old, third))
        assert answer.status_code == 409
        assert answer.content == f"{second}\n".encode()
        assert answer.headers["Content-Type"] == "text/x.tlog.size"
    assert (await post(client, bench.offer(second, third))).status_code == 200


async def test_before_anything_is_cosigned_the_size_is_none(
    bench: Bench, client: httpx.AsyncClient
) -> None:
    answer = await post(client, bench.offer(bench.sizes[0], bench.sizes[1]))
    assert (answer.status_code, answer.content) == (409, b"0\n")


@pytest.mark.parametrize("kind", ["missing", "spare", "altered", "none", "from nothing"])
async def test_a_proof_that_does_not_hold_is_refused(
    kind: str, bench: Bench, client: httpx.AsyncClient, world: World
) -> None:
    first, second = bench.sizes[1:3]
    leaves = world.leaves[:second]
    proof = [*consistency(leaves, first)]
    assert len(proof) > 1
    wrong = {
        "missing": proof[:-1],
        "spare": [*proof, proof[0]],
        "altered": [Digest(bytes(32)), *proof[1:]],
        "none": [],
        "from nothing": proof,
    }[kind]
    old = 0 if kind == "from nothing" else first
    if old:
        assert (await post(client, bench.offer(0, old))).status_code == 200
    answer = await post(client, encode_offer(old, wrong, sign(leaves)))
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, PLAIN)
    assert bench.store.get(ORIGIN).size == old


def forged(world: World, size: int) -> list[bytes]:
    """Other leaves, up to a size at which a block ends."""
    return [*world.leaves[: size - 1], b"another seal"]


@pytest.mark.parametrize("old", ["nothing", "the same size"])
async def test_another_history_is_not_cosigned(
    old: str, bench: Bench, client: httpx.AsyncClient, world: World
) -> None:
    size = bench.sizes[2]
    if old == "the same size":
        await post(client, bench.offer(0, size))
    kept = bench.store.get(ORIGIN)
    body = encode_offer(kept.size, (), sign(forged(world, size)))
    assert is_later(await post(client, body))
    assert bench.watch.standing.alarm == "fork", "the log signed two histories"
    assert bench.store.get(ORIGIN) == kept


async def test_a_size_at_which_no_block_ends_is_refused(
    bench: Bench, client: httpx.AsyncClient
) -> None:
    size = bench.sizes[-1] - 1
    answer = await post(client, bench.offer(0, size))
    assert (answer.status_code, answer.text) == (422, f"no block ends at size {size}\n")


async def test_the_empty_log_has_no_block_to_cosign(
    bench: Bench, client: httpx.AsyncClient
) -> None:
    assert (await post(client, bench.offer(0, 0))).status_code == 422


def is_later(answer: httpx.Response) -> bool:
    """Whether it is to be asked again in a while."""
    return answer.status_code == 503 and answer.headers["Retry-After"] == "5"


async def test_what_it_has_not_replayed_is_not_cosigned(
    bench: Bench, client: httpx.AsyncClient, world: World
) -> None:
    leaves = [*world.leaves, b"a leaf to come"]
    assert is_later(await post(client, offer_of(leaves, 0, sign(leaves))))


async def test_after_an_alarm_nothing_is_cosigned(bench: Bench, client: httpx.AsyncClient) -> None:
    assert (await post(client, bench.offer(0, bench.sizes[0]))).status_code == 200
    bench.watch.standing.alarm = "rules"
    assert is_later(await post(client, bench.offer(bench.sizes[0], bench.sizes[1])))


async def test_an_alarm_raised_while_it_catches_up_counts(bench: Bench, world: World) -> None:
    async def reach(_size: int, _wait_s: float) -> bool:
        bench.watch.standing.alarm = "fork"
        return True

    log = ReplayedLog(bench.replica, bench.log.identity, bench.clock, reach, bench.watch)
    with pytest.raises(WitnessError) as refused:
        await Witness([log], bench.store, bench.clock).add_checkpoint(
            bench.offer(0, len(world.leaves))
        )
    assert refused.value.status == 503


@pytest.mark.parametrize("old", [0, 3])
async def test_a_second_history_is_looked_at_whatever_else_is_wrong(
    old: int, bench: Bench, world: World
) -> None:
    note = sign(forged(world, bench.sizes[2]))
    with pytest.raises(WitnessError) as refused:
        await bench.witness.add_checkpoint(encode_offer(old, (), note))
    assert refused.value.status == 503
    assert bench.watch.standing.alarm == "fork"
    assert bench.store.get(ORIGIN) == Cosigned()


async def test_a_seal_of_the_future_is_not_cosigned(
    bench: Bench, client: httpx.AsyncClient
) -> None:
    size = bench.sizes[-1]
    bench.clock.now_ms -= 61_001
    for _ in range(2):
        assert is_later(await post(client, bench.offer(0, size)))
    assert bench.watch.is_raised()
    (path,) = (bench.path.parent / "evidence").iterdir()
    with evidence.opened(path) as archive:
        proved = prove(archive, policy_of(bench.world), 1)
    assert (proved.kind, proved.size) == ("future", size)
    bench.clock.now_ms += 1
    assert (await post(client, bench.offer(0, size))).status_code == 200
    assert not bench.watch.is_raised()
    again = Vigilance(bench.replica, path.parent)
    assert again.standing.alarm is None, "it is no reason to stop following"
    again.close()


async def test_a_time_that_had_come_is_evidence_of_nothing(bench: Bench, tmp_path: Path) -> None:
    size, note = bench.sizes[-1], bench.replica.published.checkpoint
    head = bench.replica.published.head
    bench.clock.now_ms = to_ms(head.time) - 60_000
    assert not await bench.watch.look_ahead(note, head)
    for name, seen in (("a.zip", from_ms(to_ms(head.time) - 60_000)), ("b.zip", head.time)):
        write(path := tmp_path / name, of_future(bench.replica, note, size, seen))
        with evidence.opened(path) as archive, pytest.raises(VerificationError, match="had come"):
            prove(archive, policy_of(bench.world), 1)
    found = of_future(bench.replica, note, size, START)
    about = structs.replace(found.about, proof=())
    write(path := tmp_path / "c.zip", replace(found, about=about))
    with evidence.opened(path) as archive, pytest.raises(VerificationError, match="proof"):
        prove(archive, policy_of(bench.world), 1)


async def test_what_was_cosigned_is_on_disk_before_the_answer(
    bench: Bench, client: httpx.AsyncClient
) -> None:
    size = bench.sizes[1]
    answer = await post(client, bench.offer(0, size))
    note = (await client.get(OF_LOG)).content
    assert note.endswith(answer.content)
    again = CosignedStore(bench.path)  # beside the open one, as after a kill
    assert again.get(ORIGIN) == Cosigned(size, parse_checkpoint(parse_note(note).text).root)
    assert again.note(ORIGIN) == note
    again.close()


@pytest.mark.parametrize("kind", ["no database", "a folder"])
def test_a_file_that_cannot_hold_it_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "witness.db"
    if kind == "a folder":
        path.mkdir()
    else:
        path.write_bytes(b"no database " * 100)
    with pytest.raises(CosignedError, match=str(path)):
        CosignedStore(path)


async def test_what_cannot_be_kept_is_not_cosigned(
    bench: Bench, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bool:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(CosignedStore, "swap", full)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        await bench.witness.add_checkpoint(bench.offer(0, bench.sizes[0]))


async def test_of_two_at_once_one_is_cosigned(bench: Bench) -> None:
    """Both are checked against the same last one before either is kept."""
    both = asyncio.Barrier(2)

    async def reach(_size: int, _wait_s: float) -> bool:
        await both.wait()
        return True

    log = ReplayedLog(bench.replica, bench.log.identity, bench.clock, reach)
    witness = Witness([log], bench.store, bench.clock)
    old = 0
    for some in (bench.sizes[:2], bench.sizes[3:5]):
        asked = [witness.add_checkpoint(bench.offer(old, size)) for size in some]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        (refused,) = [one for one in answers if isinstance(one, WitnessError)]
        won = next(size for size, one in zip(some, answers, strict=True) if isinstance(one, bytes))
        assert (refused.status, refused.size) == (409, won)
        assert bench.store.get(ORIGIN).size == won
        old = won


async def test_the_same_twice_at_once_is_cosigned_twice(bench: Bench) -> None:
    size = bench.sizes[0]
    await bench.witness.add_checkpoint(bench.offer(0, size))
    asked = [bench.witness.add_checkpoint(bench.offer(size, size)) for _ in range(2)]
    assert all(await asyncio.gather(*asked))


def test_an_older_one_never_takes_the_place_of_a_newer(bench: Bench) -> None:
    one, two, three = (Checkpoint(ORIGIN, size, Digest(bytes([size] * 32))) for size in (1, 2, 3))
    none, first = Cosigned(), Cosigned(one.size, one.root)
    assert bench.store.swap(none, one, b"1")
    assert not bench.store.swap(none, two, b"2")
    assert bench.store.swap(first, three, b"3")
    assert not bench.store.swap(first, two, b"2")
    assert bench.store.note(ORIGIN) == b"3"


async def test_what_was_cosigned_last_can_be_read(
    bench: Bench, client: httpx.AsyncClient, world: World
) -> None:
    before = await client.get(OF_LOG)
    assert (before.status_code, before.headers["Content-Type"]) == (404, PLAIN)
    for old, size in ((0, bench.sizes[0]), (bench.sizes[0], bench.sizes[1])):
        await post(client, bench.offer(old, size))
        answer = await client.get(OF_LOG)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, PLAIN)
        assert answer.headers["Cache-Control"] == "no-cache"
        assert times(world, answer.content) == [bench.clock.now_ms // 1_000] * 2
        assert parse_checkpoint(parse_note(answer.content).text).size == size
    for other in (OF_LOG.upper().replace("CHECKPOINT", "checkpoint"), f"/{'0' * 64}/checkpoint"):
        assert (await client.get(other)).status_code == 404


async def test_who_is_no_witness_knows_nothing() -> None:
    async with asking(None) as client:
        for answer in (await post(client, b""), await client.get(OF_LOG)):
            assert answer.status_code == 404


async def test_it_waits_until_its_node_has_replayed_a_vote_on_the_log_s_keys(
    tmp_path: Path,
) -> None:
    story = Story()
    given(story, "steward")
    world = story.world
    new = [signer("log-to-be"), log_signer_ml_dsa("log-to-be")]
    store = SqlStore(open_database(tmp_path / "ledger.db"))
    initialise(store, world.leaves[0])
    replica = Replica(store, ORIGIN, [*log_signers(), *new])
    *before, last = world.blocks
    for block in before:
        replica.apply(block)

    async def reach(_size: int, _wait_s: float) -> bool:
        if replica.head != world.head:
            replica.apply(last)
        return True

    kept = CosignedStore(tmp_path / "witness.db")
    identity = Identity(witness_name(ORIGIN, "weather"), witness_signers("weather"))
    clock = Clock(to_ms(world.now))
    witness = Witness([ReplayedLog(replica, identity, clock, reach)], kept, clock)
    lines = await witness.add_checkpoint(encode_offer(0, (), sign(world.leaves, new)))
    assert lines.count(b"\n") == 2
    kept.close()
    close(replica)


async def test_a_second_history_shown_to_a_witness_alone_is_kept_as_evidence(
    tmp_path: Path,
) -> None:
    world, other = story(), story()
    grown(world)
    async with following(tmp_path, world, FakePeer([*world.leaves])) as node:
        await node.reach(len(world.leaves))
        kept = CosignedStore(tmp_path / "witness.db")
        identity = Identity(witness_name(ORIGIN, "weather"), witness_signers("weather"))
        log = ReplayedLog(
            node.replica,
            identity,
            Clock(to_ms(world.now)),
            partial(forwarding.reach, node.replica, node.news),
            node.vigilance,
        )
        witness = Witness([log], kept, Clock(to_ms(world.now)))
        at = len(other.leaves)
        assert await witness.add_checkpoint(encode_offer(0, (), sign(other.leaves)))
        grown(other, rows=4)
        with pytest.raises(WitnessError) as refused:
            await witness.add_checkpoint(offer_of(other.leaves, at, sign(other.leaves)))
        assert refused.value.status == 503
        with evidence.opened(await node.alarmed()) as archive:
            assert prove(archive, policy_of(world), 1).kind == "fork"
        kept.close()
