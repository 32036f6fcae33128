"""The audit: what is right passes at every level, what is wrong is found and named."""

from collections.abc import Sequence
from contextlib import suppress
from functools import cache

import pytest
from msgspec.structs import replace

from contracts.audit import (
    LEVELS,
    Auditor,
    Doubt,
    Level,
    Report,
    plan,
    policy_of_genesis,
)
from contracts.audit.tree import BundleLeaves, TreeCheck, split_bundle
from ledger.checkpoint import OpenedCheckpoint, parse_checkpoint
from ledger.envelope import Envelope, sign_envelope
from ledger.errors import FormatError, LedgerError
from ledger.hashing import sha256
from ledger.keys import PrivateKey, PublicKey
from ledger.lexical import encode_base64
from ledger.note import parse_note
from ledger.policy import verify_policy
from ledger.records import parse_record
from ledger.records.genesis import Jurisdiction, Names
from ledger.records.governance import (
    Action,
    Admission,
    AdmitMembers,
    Decision,
    RecoverCustodian,
)
from ledger.records.keys import KeyRevocation, KeyRotation
from ledger.seal import encode_seal, is_seal, parse_seal
from ledger.tiles import Bundle, Tile
from ledger.times import DAY_MS
from tests import bodies
from tests.log_files import Files, log_files, long_story, sign, story
from tests.world import World, log_signer_ml_dsa, signer


@cache
def told() -> World:
    return story()


@cache
def told_at_length() -> World:
    return long_story(700)


def audit(files: Files, level: Level = "rules", ahead: int = 0) -> Report:
    """As a caller does: believe the checkpoint, then hand over the files of the plan."""
    first = next(path for path in files if path.startswith("tile/entries/000"))
    bundle = files[first]
    genesis = bundle[2 : 2 + int.from_bytes(bundle[:2])]
    opened = verify_policy(policy_of_genesis(genesis), files["checkpoint"])
    return audit_opened(opened, files, level, ahead)


def audit_opened(
    opened: OpenedCheckpoint, files: Files, level: Level = "rules", ahead: int = 0
) -> Report:
    auditor = Auditor(opened, level, ahead=ahead)
    for name in auditor.plan():
        auditor.take(name, files.get(name.path))
    return auditor.finish()


def trusted(files: Files) -> OpenedCheckpoint:
    """The checkpoint of the untouched log: what an auditor holds from elsewhere."""
    note = files["checkpoint"]
    return OpenedCheckpoint(parse_checkpoint(parse_note(note).text), note, ())


def doubts_of(leaves: Sequence[bytes], level: Level = "rules") -> tuple[Doubt, ...]:
    """The doubts about a log that was made and signed with these leaves."""
    return audit(log_files(leaves), level).doubts


class TestWhatIsRight:
    @pytest.mark.parametrize("level", LEVELS)
    @pytest.mark.parametrize("ahead", [0, 5, 10_000])
    def test_every_level_passes(self, level: Level, ahead: int) -> None:
        world = told_at_length()
        report = audit(log_files(world.leaves), level, ahead)
        assert report.doubts == ()
        assert (report.size, report.blocks) == (len(world.leaves), len(world.blocks) + 1)
        assert report.ledger == world.head.ledger
        assert report.state_root == world.head.state_root.hex()
        assert report.to_time == world.now

    def test_counts(self) -> None:
        report = audit(log_files(told().leaves))
        assert report.records == {
            "entry": 1,
            "genesis": 1,
            "grant": 1,
            "release": 1,
            "request": 1,
            "schema": 1,
            "step": 1,
            "usage": 2,
            "writer-appointment": 5,
        }
        assert report.findings == {"no-effective-grant": 1}
        assert report.members == ("audit", "health", "steward", "transport", "weather")
        assert report.writers["health/main"].records == 3

    def test_keys_that_a_vote_or_a_decision_gave(self) -> None:
        world = World.genesis()
        admission = Admission(
            authorisation=bodies.NOWHERE,
            code="1",
            custodian=signer("newcomer/custodian").public_key.description,
            id="newcomer",
            jurisdiction=Jurisdiction(code="1", level="city"),
            names=Names(en="Newcomer"),
        )
        vote_on(world, AdmitMembers(members=(admission,)))
        world.accept(world.appoint("newcomer/main"))
        voted, decided = signer("voted"), signer("decided")
        vote_on(world, RecoverCustodian(key=voted.public_key.description, member="weather"), voted)
        world.accept(world.appoint("weather/second"))
        matter = RecoverCustodian(key=decided.public_key.description, member="newcomer")
        decision = Decision(matter=matter, minutes=bodies.NOWHERE, reason="resolved")
        world.accept(world.sign("transport/main", decision, decided))
        world.accept(world.appoint("newcomer/second"))
        assert doubts_of(world.leaves) == ()

    def test_keys_that_a_rotation_or_a_revocation_gave(self) -> None:
        world = World.genesis()
        rotated, replaced = signer("rotated"), signer("replaced")
        rotation = KeyRotation(key=rotated.public_key.description)
        world.accept(world.sign("weather/main", rotation, rotated))
        revocation = KeyRevocation(
            key=rotated.public_key.keyid,
            replacement=replaced.public_key.description,
            suspect_since=len(world.leaves),
        )
        world.accept(world.sign("weather/custodian", revocation, replaced))
        world.accept(world.sign("weather/main", bodies.schema()))
        assert doubts_of(world.leaves) == ()

    @pytest.mark.parametrize("blocks", range(5))
    def test_every_sealed_size(self, blocks: int) -> None:
        world = told()
        ends = [index + 1 for index, leaf in enumerate(world.leaves) if is_seal(leaf)]
        assert doubts_of(world.leaves[: ends[blocks]]) == ()


def vote_on(world: World, action: Action, *new: PrivateKey) -> None:
    """The committee adopts an action."""
    proposal = world.sign("audit/main", bodies.proposal(action, world.later(DAY_MS)), *new)
    world.accept(proposal)
    for voter in ("audit", "health"):
        world.accept(world.sign(f"{voter}/main", bodies.ballot(proposal.digest)))


class TestThePlan:
    @pytest.mark.parametrize("size", [*range(1, 20), 255, 256, 257, 511, 512, 600])
    def test_names_every_file_of_the_log_once(self, size: int) -> None:
        names = [name.path for name in plan(size)]
        made = log_files([bytes([number % 256]) for number in range(size)])
        assert sorted(names) == sorted(made.keys() - {"checkpoint"})

    def test_three_levels_of_tiles(self) -> None:
        leaves = [number.to_bytes(3) for number in range(66_000)]
        made = log_files(leaves)
        check = TreeCheck(parse_checkpoint(parse_note(made["checkpoint"]).text))
        feed(check, made, 66_000)
        check.finish()
        assert "tile/2/000.p/1" in made


def feed(check: TreeCheck, files: Files, size: int) -> None:
    for name in plan(size):
        data = files[name.path]
        if isinstance(name, Tile):
            check.add_tile(name, data)
            continue
        spans, fault = split_bundle(data, name.width)
        leaves = [data[start:end] for start, end in spans]
        check.add_bundle(BundleLeaves(name, spans, leaves, fault))


def flipped(data: bytes, at: int, bit: int = 1) -> bytes:
    return data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]


class TestOneByteFlipped:
    """Found, and named: which file, which leaf."""

    def test_in_a_tile(self) -> None:
        files = log_files(told().leaves)
        size = len(told().leaves)
        path = Tile(0, 0, size).path
        for at in range(32 * size):
            report = audit({**files, path: flipped(files[path], at)})
            (doubt,) = report.doubts
            number = at // 32
            assert (doubt.level, doubt.what, doubt.index) == ("tree", path, number)
            assert doubt.place == f"{path} bytes [{32 * number}, {32 * number + 32})"
            assert "so the tile is wrong" in doubt.detail

    def test_in_a_bundle(self) -> None:
        files = log_files(told().leaves)
        path = Bundle(0, len(told().leaves)).path
        opened = trusted(files)
        spans, _ = split_bundle(files[path], len(told().leaves))
        for index, (start, end) in enumerate(spans):
            for at in (start - 2, start - 1, start, *range(start, end, 211), end - 1):
                report = audit_opened(opened, {**files, path: flipped(files[path], at)})
                culprit = report.doubts[0]
                assert culprit.index == index, (at, report.doubts)
                assert (culprit.place or "").startswith(path)
                culprits = [one.level for one in report.doubts if one.index == index]
                assert "tree" in culprits or culprits == ["structure"], at

    def test_in_every_byte_of_a_seal(self) -> None:
        files = log_files(told().leaves)
        path = Bundle(0, len(told().leaves)).path
        opened = trusted(files)
        spans, _ = split_bundle(files[path], len(told().leaves))
        for at in range(*spans[-1]):
            doubts = audit_opened(opened, {**files, path: flipped(files[path], at)}).doubts
            (tree,) = [doubt for doubt in doubts if doubt.level == "tree"]
            assert tree.index == len(spans) - 1
            assert tree.place == f"{path} bytes [{spans[-1][0]}, {spans[-1][1]})"

    @pytest.mark.parametrize("bit", [1, 0x20])
    def test_in_the_checkpoint(self, bit: int) -> None:
        files = log_files(told().leaves)
        note = files["checkpoint"]
        believed = []
        for at in range(len(note)):
            altered = {**files, "checkpoint": flipped(note, at, bit)}
            with suppress(LedgerError):  # no checkpoint any more, or nobody's
                believed.append(audit(altered))
        assert believed, "a policy is content with one of the two signatures"
        for report in believed:
            assert [doubt.what for doubt in report.doubts] == ["checkpoint"]

    def test_in_a_tile_of_a_longer_log(self) -> None:
        files = log_files(told_at_length().leaves)
        for path in [path for path in files if path.startswith("tile/") and "entries" not in path]:
            for at in (0, len(files[path]) // 2, len(files[path]) - 1):
                (doubt,) = audit({**files, path: flipped(files[path], at)}).doubts
                assert (doubt.level, doubt.what) == ("tree", path)
                assert doubt.place is not None
                assert doubt.place.startswith(f"{path} bytes [{at // 32 * 32}, ")

    def test_in_leaf_and_tile(self) -> None:
        files = log_files(told().leaves)
        bundle, tile = (name.path for name in plan(len(told().leaves)))
        both = {
            **files,
            bundle: flipped(files[bundle], -1 + len(files[bundle])),
            tile: flipped(files[tile], 0),
        }
        doubt = audit_opened(trusted(files), both, "tree").doubts[0]
        assert (doubt.level, doubt.what) == ("tree", f"leaf 0 or {tile}")
        assert "more than one place was touched" in doubt.detail


class TestFilesMissingOrCut:
    def test_a_bundle_is_missing(self) -> None:
        files = log_files(told_at_length().leaves)
        path = Bundle(1, 256).path
        del files[path]
        doubt = audit(files).doubts[0]
        assert (doubt.what, doubt.detail) == (path, "it is missing")

    @pytest.mark.parametrize("name", [Tile(0, 1, 256), Tile(1, 0, 2)])
    def test_a_tile_is_missing(self, name: Tile) -> None:
        files = log_files(told_at_length().leaves)
        del files[name.path]
        (doubt,) = audit(files).doubts
        assert (doubt.level, doubt.what, doubt.detail) == ("tree", name.path, "it is missing")

    def test_a_tile_is_cut(self) -> None:
        files = log_files(told().leaves)
        path = Tile(0, 0, len(told().leaves)).path
        files[path] = files[path][:-1]
        (doubt,) = audit(files).doubts
        assert (doubt.what, "bytes instead of" in doubt.detail) == (path, True)

    @pytest.mark.parametrize("level", LEVELS)
    def test_a_bundle_is_cut(self, level: Level) -> None:
        files = log_files(told().leaves)
        size = len(told().leaves)
        path = Bundle(0, size).path
        opened = trusted(files)
        (*_, (_, end), _), _ = split_bundle(files[path], size)
        doubt = audit_opened(opened, {**files, path: files[path][:-1]}, level).doubts[0]
        assert (doubt.level, doubt.index) == ("structure", size - 1)
        assert doubt.place == f"{path} from byte {end} on"
        doubt = audit_opened(opened, {**files, path: files[path][:1]}, level).doubts[0]
        assert (doubt.index, doubt.place) == (0, f"{path} from byte 0 on")
        doubt = audit_opened(opened, {**files, path: files[path] + b"\x00"}, level).doubts[0]
        assert (doubt.level, "1 bytes follow" in doubt.detail) == ("structure", True)

    def test_nothing_more_is_wanted_after_a_broken_bundle(self) -> None:
        files = log_files(told_at_length().leaves)
        auditor = Auditor(trusted(files))
        bundle, tile, *_ = auditor.plan()
        auditor.take(bundle, files[bundle.path][:-1])
        assert not auditor.is_stuck
        auditor.take(tile, files[tile.path])
        assert auditor.is_stuck


def resealed(leaves: Sequence[bytes], index: int, leaf: bytes | None) -> list[bytes]:
    """The log with another leaf at `index`, or without it; later seals follow the one before."""
    changed = list(leaves)
    changed[index : index + 1] = [] if leaf is None else [leaf]
    return relink(changed)


def relink(leaves: Sequence[bytes]) -> list[bytes]:
    """Seals that keep to the structure: counts, places and the digest of the seal before."""
    linked: list[bytes] = []
    ledger = parse_record(leaves[0]).digest
    first, previous = 0, None
    for leaf in leaves:
        if not is_seal(leaf):
            linked.append(leaf)
            continue
        seal = parse_seal(leaf).predicate
        moved = replace(seal, count=len(linked) - first, first=first, previous_seal=previous)
        linked.append(encode_seal(moved, ledger))
        first, previous = len(linked), sha256(linked[-1]).hex()
    return linked


class TestAForgingLog:
    """The log's own keys sign a tree that is sound, over a history that is not."""

    def seal_changed(self, **changes: object) -> tuple[Doubt, ...]:
        leaves = told().leaves
        seal = parse_seal(leaves[-1]).predicate
        return doubts_of([*leaves[:-1], encode_seal(replace(seal, **changes), told().head.ledger)])

    @pytest.mark.parametrize(
        ("member", "value"),
        [("outcomes_root", "0" * 64), ("state_root", "0" * 64), ("rules", 2)],
    )
    def test_a_seal_that_says_something_else(self, member: str, value: object) -> None:
        (doubt,) = self.seal_changed(**{member: value})
        assert (doubt.level, doubt.index) == ("rules", len(told().leaves) - 1)
        assert (doubt.height, doubt.writer) == (len(told().blocks), "steward")
        encoded = {"outcomes_root": "outcomesRoot", "state_root": "stateRoot"}.get(member, member)
        assert f"`{encoded}` is {value}, derived is" in doubt.detail

    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("count", 7),
            ("first", 7),
            ("height", 7),
            ("previous_seal", "0" * 64),
            ("block_time", "2026-11-23T00:00:00.000Z"),
        ],
    )
    def test_a_seal_in_the_wrong_place(self, member: str, value: object) -> None:
        (doubt,) = self.seal_changed(**{member: value})
        assert (doubt.level, doubt.what) == ("structure", f"leaf {len(told().leaves) - 1}, seal")

    def test_a_seal_for_another_ledger(self) -> None:
        seal = parse_seal(told().leaves[-1]).predicate
        (doubt,) = doubts_of([*told().leaves[:-1], encode_seal(seal, "0" * 64)])
        assert (doubt.level, "`subject`" in doubt.detail) == ("structure", True)

    def test_a_block_by_somebody_who_orders_none(self) -> None:
        (doubt,) = self.seal_changed(proposer="health")
        assert (doubt.level, doubt.writer) == ("rules", "health")

    def test_a_block_in_which_nothing_happened(self) -> None:
        world = story()
        assert world.block().is_empty
        assert doubts_of(world.leaves, "signatures") == ()
        (doubt,) = doubts_of(world.leaves)
        assert (doubt.level, doubt.index, doubt.writer) == (
            "rules",
            len(world.leaves) - 1,
            "steward",
        )
        assert doubt.detail == "nothing happened in its block: no engine commits such a one"

    def test_time_shifted(self) -> None:
        """The finding of a clock that is far off would appear: the outcomes differ."""
        (doubt,) = self.seal_changed(block_time="2027-11-23T00:00:00.000Z")
        assert (doubt.level, "`outcomesRoot`" in doubt.detail) == ("rules", True)

    def test_a_record_left_out(self) -> None:
        """The next record of its writer shows it."""
        index = next(
            index
            for index, leaf in enumerate(told().leaves)
            if not is_seal(leaf) and parse_record(leaf).kind == "schema"
        )
        doubt = doubts_of(resealed(told().leaves, index, None))[0]
        assert (doubt.level, doubt.index, doubt.writer) == ("structure", index, "transport/main")
        assert "the chain of transport/main is broken" in doubt.detail

    def test_the_last_record_of_a_writer_left_out(self) -> None:
        """No chain shows it, but then the rules yield another state."""
        (doubt,) = doubts_of(resealed(told().leaves, len(told().leaves) - 2, None))
        assert (doubt.level, "`stateRoot`" in doubt.detail) == ("rules", True)

    def test_two_records_swapped(self) -> None:
        leaves = list(told().leaves)
        leaves[-3], leaves[-2] = leaves[-2], leaves[-3]
        (doubt,) = doubts_of(leaves)
        assert (doubt.level, doubt.index) == ("structure", len(leaves) - 3)

    def test_a_record_that_the_rules_refuse(self) -> None:
        world = story()
        accepted = world.sign("transport/main", bodies.system())
        refused = world.sign("weather/main", bodies.case_step("approve", bodies.NOWHERE))
        seal = parse_seal(world.leaves[-1]).predicate
        forged = replace(seal, height=seal.height + 1, block_time=world.later())
        size = len(world.leaves)
        records = (one.envelope.encoded for one in (accepted, refused))
        leaves = relink([*world.leaves, *records, encode_seal(forged, world.head.ledger)])
        (doubt,) = doubts_of(leaves)
        assert (doubt.level, doubt.index, doubt.writer) == ("rules", size + 1, "weather/main")
        assert doubt.height == forged.height
        assert "the rules refuse it: " in doubt.detail

    def test_a_forged_signature(self) -> None:
        leaves = list(told().leaves)
        record = parse_record(leaves[-2])
        forger = signer("forger")
        signature = sign_envelope(record.envelope.payload, [forger]).signatures[0]
        keyid = record.envelope.keyids[0]
        text = leaves[-2].replace(base64(record.envelope.signatures[0].sig), base64(signature.sig))
        assert text != leaves[-2]
        leaves[-2] = text
        assert doubts_of(leaves, "tree") == ()
        (doubt,) = doubts_of(leaves, "signatures")
        assert (doubt.level, doubt.index, doubt.writer) == (
            "signatures",
            len(leaves) - 2,
            "health/main",
        )
        assert keyid[:8] in doubt.detail

    def test_a_signature_by_a_key_nobody_introduced(self) -> None:
        leaves = list(told().leaves)
        payload = parse_record(leaves[-2]).envelope.payload
        leaves[-2] = sign_envelope(payload, [signer("stranger")]).encoded
        (doubt,) = doubts_of(leaves)
        assert (doubt.level, "no record introduced" in doubt.detail) == ("signatures", True)

    def test_a_signature_by_the_key_of_another(self) -> None:
        """It holds, but it is not the writer's: a matter of the rules."""
        leaves = list(told().leaves)
        payload = parse_record(leaves[-2]).envelope.payload
        leaves[-2] = sign_envelope(payload, [signer("transport/main")]).encoded
        assert doubts_of(leaves, "signatures") == ()
        (doubt,) = doubts_of(leaves)
        assert (doubt.level, "key-not-valid" in doubt.detail) == ("rules", True)

    def test_a_log_that_starts_in_the_middle(self) -> None:
        leaves = told().leaves
        opened = trusted(log_files(leaves[2:]))
        doubt = audit_opened(opened, log_files(leaves[2:])).doubts[0]
        assert (doubt.level, doubt.index) == ("structure", 0)
        assert doubt.detail == "the log does not start with genesis"

    def test_a_log_without_leaves(self) -> None:
        (doubt,) = audit_opened(trusted(log_files([])), {}).doubts
        assert (doubt.what, doubt.detail) == ("log", "it has no genesis record")

    def test_a_log_that_ends_within_a_block(self) -> None:
        (doubt,) = doubts_of(told().leaves[:-1])
        assert (doubt.what, "ends within a block" in doubt.detail) == ("log", True)

    def test_another_history_than_the_one_served(self) -> None:
        files = log_files(told().leaves)
        other = sign([*told().leaves[:-1], b"another leaf"])
        (doubt,) = audit({**files, "checkpoint": other}).doubts
        assert (doubt.level, doubt.what) == ("tree", "checkpoint")
        assert "another history" in doubt.detail

    def test_a_record_of_another_ledger(self) -> None:
        world = story()
        record = world.sign("weather/main", bodies.schema(), ledger=bodies.NOWHERE)
        leaves = relink([*world.leaves[:-1], record.envelope.encoded, world.leaves[-1]])
        (doubt,) = doubts_of(leaves)
        assert (doubt.level, "belongs to the ledger 0000" in doubt.detail) == ("structure", True)

    def test_a_genesis_that_founds_nothing(self) -> None:
        """Signed by all but one of its founders."""
        leaves = list(told().leaves)
        genesis = parse_record(leaves[0])
        keys = ("steward/log", *(f"{one}/custodian" for one in ("audit", "health", "steward")))
        signers = [*(signer(name) for name in keys), log_signer_ml_dsa("steward/log")]
        leaves[0] = sign_envelope(genesis.envelope.payload, signers).encoded
        (doubt,) = doubts_of(leaves)
        assert (doubt.level, doubt.index, doubt.height) == ("rules", 0, 0)

    def test_a_doubt_about_an_earlier_block_is_found_though_reading_is_ahead(self) -> None:
        leaves = list(told_at_length().leaves)
        ends = [index for index, leaf in enumerate(leaves) if is_seal(leaf)]
        seal = parse_seal(leaves[ends[3]]).predicate
        leaves[ends[3]] = encode_seal(
            replace(seal, state_root="0" * 64), told_at_length().head.ledger
        )
        leaves = relink(leaves)
        leaves[-2] = b"no record"
        rules, structure = audit(log_files(leaves), ahead=10_000).doubts
        assert (structure.level, structure.index) == ("structure", len(leaves) - 2)
        assert (rules.level, rules.index) == ("rules", ends[3])


def base64(signature: bytes) -> bytes:
    return encode_base64(signature).encode()


class TestWhoSigned:
    def test_the_policy_of_a_log_that_starts_without_genesis(self) -> None:
        with pytest.raises(FormatError):
            policy_of_genesis(told().leaves[2])

    def test_one_log_key_alone_is_not_enough(self) -> None:
        files = log_files(told().leaves)
        note = sign(told().leaves, [signer("steward/log")])
        (doubt,) = audit({**files, "checkpoint": note}).doubts
        assert "a line is missing" in doubt.detail

    def test_nobody_else_signs_in_the_name_of_the_log(self) -> None:
        files = log_files(told().leaves)
        signers = [signer("steward/log"), log_signer_ml_dsa("steward/log"), signer("stranger")]
        (doubt,) = audit({**files, "checkpoint": sign(told().leaves, signers)}).doubts
        assert "is by no key of the ledger" in doubt.detail


def test_signatures_are_started_before_they_are_awaited() -> None:
    """What lets threads work ahead: with `ahead`, nothing is awaited until much has been read."""
    events: list[str] = []

    def start(envelope: Envelope, key: PublicKey) -> "Wait":
        events.append("start")
        return Wait(events)

    files = log_files(told_at_length().leaves)
    auditor = Auditor(trusted(files), "signatures", start=start, ahead=300)
    for name in auditor.plan():
        auditor.take(name, files[name.path])
    auditor.finish()
    assert events.index("wait") > 250
    assert events.count("start") == events.count("wait")


class Wait:
    def __init__(self, events: list[str]) -> None:
        self.events = events

    def __call__(self) -> None:
        self.events.append("wait")
