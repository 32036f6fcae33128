"""A ledger on a server: killed at every step of a commit, its connection cut, another writer."""

import threading
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from node.backup import move
from node.storage.address import Database, PostgresAddress
from node.storage.store import COMMIT_STEPS, Step
from tests.faults.recovery import Founded, check_recovered, finish
from tests.faults.victim import STOPPED, AtPoint, Kill, Trial, acknowledged, run
from tests.nodes import close, open_replica
from tests.postgres import Server
from tests.served import settings_in

SENT_AWAY = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class Cut(AtPoint):
    """The server ends all sessions, as when it is started anew."""

    def arm(self, database: Database, /) -> Step:
        """As `Fault.arm`."""
        assert isinstance(database, PostgresAddress)
        self.parameters = dict(database.parameters)
        return super().arm(database)

    def strike(self) -> None:
        """As `AtPoint.strike`."""
        with psycopg.connect(**self.parameters) as connection:  # type: ignore[arg-type]
            connection.execute(SENT_AWAY)


@pytest.fixture(scope="module")
def template(founded: Founded, postgres: Server) -> PostgresAddress:
    """The ledger that was founded, in a database."""
    made = postgres.new_database()
    move(settings_in(founded.database.parent, database=founded.database), made, lambda _: None)
    return made


@pytest.fixture
def trial(
    founded: Founded, template: PostgresAddress, postgres: Server, tmp_path: Path
) -> Iterator[Trial]:
    made = postgres.new_database(template)
    yield founded.trial_of(made, tmp_path)
    postgres.drop(made)


@pytest.mark.parametrize("step", COMMIT_STEPS)
def test_a_kill_after_a_step_of_a_commit(founded: Founded, trial: Trial, step: str) -> None:
    assert run(trial, Kill(1, step)) == -SIGKILL
    assert len(acknowledged(trial)) == len(trial.batches[0])
    assert check_recovered(founded, trial) == 1 + (step == "committed")
    if step in ("leaves", "committed"):
        finish(founded, trial)


@pytest.mark.parametrize("step", ["leaves", "checkpoint", "committed"])
def test_a_connection_that_is_cut_stops_the_node(founded: Founded, trial: Trial, step: str) -> None:
    """Nothing is half there, and the node goes on once it is started again."""
    assert run(trial, Cut(1, step)) == STOPPED
    assert check_recovered(founded, trial) == 1 + (step == "committed")
    finish(founded, trial)


def test_whoever_writes_beside_another_commits_nothing(founded: Founded, trial: Trial) -> None:
    """Should the lock be lost, the keys of leaves and blocks keep the second history out."""
    one, other = open_replica(trial.database), open_replica(trial.database)
    first, second = founded.world.blocks[1:3]
    one.apply(first)
    with pytest.raises((DBAPIError, psycopg.errors.UniqueViolation)):
        other.apply(second)
    assert other.head.size == founded.size
    close(other)
    one.apply(second)
    close(one)


def test_what_a_killed_process_left_to_be_committed_is_waited_for(
    founded: Founded, trial: Trial, postgres: Server
) -> None:
    left = open_replica(trial.database)
    opened: list[int] = []

    def start() -> None:
        replica = open_replica(trial.database)
        opened.append(replica.head.size)
        close(replica)

    starting = threading.Thread(target=start)

    def meet(step: str) -> None:
        if step == "checkpoint":
            starting.start()
            while not postgres.run("SELECT 1 FROM pg_locks WHERE NOT granted"):
                assert starting.is_alive()

    left._on_step = meet
    left.apply(founded.world.blocks[1])
    starting.join()
    assert opened == [left.head.size]
    close(left)


def test_readers_come_back_to_a_server_that_was_started_anew(
    trial: Trial, postgres: Server
) -> None:
    replica = open_replica(trial.database)
    assert isinstance(trial.database, PostgresAddress)
    postgres.run(SENT_AWAY, trial.database.parameters["dbname"])
    with replica.store.snapshot() as snapshot:
        stored = snapshot.head()
    assert stored is not None
    assert stored.head == replica.head
    with pytest.raises(DBAPIError):
        replica.has_due("2999-01-01T00:00:00.000Z")
    replica._connection.invalidate()
    close(replica)
