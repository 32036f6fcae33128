"""Log keys that a vote replaces: which keys sign which checkpoint, and with which a node starts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.audit import policy_in
from ledger.errors import VerificationError
from ledger.keys import Signer
from ledger.note import parse_note
from ledger.policy import verify_policy
from node.maintenance import check_ledger
from node.replica import Replica, ReplicaError, initialise
from node.settings import SettingsError, load_settings
from node.storage.database import open_database
from node.storage.store import SqlStore
from tests.log_files import log_signers
from tests.nodes import close, policy_of
from tests.served import settings_in
from tests.story import Story
from tests.unit.contracts.test_arrangements import given
from tests.world import ORIGIN, World, log_signer_ml_dsa, signer


def new_signers() -> list[Signer]:
    return [signer("log-to-be"), log_signer_ml_dsa("log-to-be")]


@pytest.fixture(scope="module")
def world() -> World:
    """The steward orders blocks, and the last block gives it other log keys."""
    story = Story()
    given(story, "steward")
    return story.world


@pytest.fixture
def store(tmp_path: Path, world: World) -> Iterator[SqlStore]:
    store = SqlStore(open_database(tmp_path / "ledger.db"))
    initialise(store, world.leaves[0])
    yield store
    store.engine.dispose()


def test_checkpoints_are_signed_with_the_keys_of_the_state_they_commit_to(
    store: SqlStore, world: World
) -> None:
    replica = Replica(store, ORIGIN, [*log_signers(), *new_signers()])
    old, new = policy_of(world), policy_in(world.state, ORIGIN)
    for block in world.blocks:
        replica.apply(block)
        by, other = (new, old) if block is world.blocks[-1] else (old, new)
        opened = verify_policy(by, replica.published.checkpoint)
        assert (opened.checkpoint.size, len(opened.signatures)) == (replica.head.size, 2)
        with pytest.raises(VerificationError):
            verify_policy(other, replica.published.checkpoint)
    replica.close()


def test_a_node_without_the_new_keys_keeps_nothing_of_that_block(
    store: SqlStore, world: World
) -> None:
    replica = Replica(store, ORIGIN, log_signers())
    *before, last = world.blocks
    for block in before:
        replica.apply(block)
    head = replica.head
    with pytest.raises(ReplicaError, match="next_log_key"):
        replica.apply(last)
    replica.close()
    prepared = Replica(store, ORIGIN, [*log_signers(), *new_signers()])
    assert prepared.head == head
    prepared.apply(last)
    assert prepared.head == world.head
    prepared.close()


def test_the_vote_on_keys_of_others_changes_nothing(tmp_path: Path) -> None:
    story = Story()
    given(story)
    # Not even where this node holds those keys, too: it does not sign in the name of others.
    replica = open_with(tmp_path, story.world, [*log_signers(), *new_signers()])
    note = replica.published.checkpoint
    opened = verify_policy(policy_of(story.world), note)
    assert opened.checkpoint.size == story.world.head.size
    assert len(parse_note(note).signatures) == 2
    close(replica)


def open_with(folder: Path, world: World, signers: list[Signer]) -> Replica:
    store = SqlStore(open_database(folder / "ledger.db"))
    initialise(store, world.leaves[0])
    replica = Replica(store, ORIGIN, signers)
    for block in world.blocks:
        replica.apply(block)
    return replica


def test_a_node_starts_with_the_keys_in_force(tmp_path: Path, world: World) -> None:
    close(open_with(tmp_path, world, [*log_signers(), *new_signers()]))
    settings = settings_in(tmp_path)
    for signers in (new_signers(), [*log_signers(), *new_signers()]):
        assert check_ledger(settings, signers).head == world.head
    asked, shown = (one[0].public_key.keyid[:16] for one in (new_signers(), log_signers()))
    with pytest.raises(ReplicaError, match=f"`steward`: the ledger asks for {asked}.*{shown}"):
        check_ledger(settings, log_signers())


def test_half_a_pair_of_keys_to_come_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "blockpool.toml"
    text = 'member = "a"\nlog_key = "l"\nlog_key_pq = "p"\nnext_log_key = "n"\n'
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="goes with `next_log_key_pq`"):
        load_settings(file)
    file.write_text(f'{text}next_log_key_pq = "q"\n', encoding="utf-8")
    files = load_settings(file).log_key_files
    assert [one.name for one in files] == ["l", "p", "n", "q"]
