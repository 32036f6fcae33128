"""What belongs to a process: the lock beside the database, the socket, the founded database."""

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.records.genesis import Role
from node.listening import address_of, listening_sockets
from node.maintenance import check_ledger, found_ledger, rebuild_views
from node.replica import ReplicaError
from node.storage.lock import DatabaseInUse, locked
from tests.log_files import log_signers
from tests.nodes import close, open_replica
from tests.served import file_of, settings_in
from tests.world import World, signer

HOLD = """
import sys
from pathlib import Path
from node.storage.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_at_a_time(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    with locked(database), pytest.raises(DatabaseInUse), locked(database):
        pass
    with locked(database), locked(tmp_path / "other.db"):
        pass
    assert stat.S_IMODE((tmp_path / "ledger.db.lock").stat().st_mode) == 0o600


def test_a_link_leads_to_the_same_lock(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "ledger.db")
    with locked(tmp_path / "ledger.db"), pytest.raises(DatabaseInUse), locked(tmp_path / "link.db"):
        pass


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(DatabaseInUse), locked(database):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with locked(database):
        pass


def test_maintenance_waits_for_nobody_and_disturbs_nobody(tmp_path: Path) -> None:
    settings, world = settings_in(tmp_path), World.genesis()
    with locked(settings.database):
        for work in (
            lambda: found_ledger(settings, world.leaves[0]),
            lambda: check_ledger(settings, log_signers()),
            lambda: rebuild_views(settings, lambda _height: None),
        ):
            with pytest.raises(DatabaseInUse):
                work()
    assert not file_of(settings).exists()


def test_a_ledger_is_founded_once_checked_and_its_views_rebuilt(tmp_path: Path) -> None:
    settings, world = settings_in(tmp_path), World.genesis(writers=False)
    found_ledger(settings, world.leaves[0])
    with pytest.raises(ReplicaError, match="holds a ledger already"):
        found_ledger(settings, world.leaves[0])
    checked = check_ledger(settings, log_signers())
    assert checked.head == world.head
    heights: list[int] = []
    assert rebuild_views(settings, heights.append) == len(world.leaves)
    assert heights == [0]


def test_other_keys_and_other_members_are_refused(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    close(open_replica(settings.database, World.genesis()))
    ed25519, ml_dsa = log_signers()
    for others in ([signer("thief")], [ed25519], [ed25519, ed25519], [ml_dsa, signer("thief")]):
        with pytest.raises(ReplicaError, match="not those in force for `steward`"):
            check_ledger(settings, others)
    with pytest.raises(ReplicaError, match="`health` does not order records"):
        check_ledger(settings_in(tmp_path, member="health"), log_signers())
    with pytest.raises(ReplicaError, match="holds no ledger"):
        check_ledger(settings_in(tmp_path, database=tmp_path / "empty.db"), log_signers())


def test_a_node_does_not_propose_in_the_name_of_another_orderer(tmp_path: Path) -> None:
    roles: dict[str, tuple[Role, ...]] = {"steward": ("sequencer",), "tax": ("sequencer",)}
    settings = settings_in(tmp_path)
    close(open_replica(settings.database, World.genesis(roles)))
    check_ledger(settings, log_signers())
    with pytest.raises(ReplicaError, match="in force for `tax`"):
        check_ledger(settings_in(tmp_path, member="tax"), log_signers())


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_a_port_is_bound_and_told(host: str, shown: str, tmp_path: Path) -> None:
    try:
        with listening_sockets(settings_in(tmp_path, host=host)) as [bound]:
            port = bound.getsockname()[1]
            assert address_of(bound) == f"http://{shown}:{port}"
            again = settings_in(tmp_path, host=host, port=port)
            with pytest.raises(OSError, match="in use") as caught, listening_sockets(again):
                pass
            assert caught.value.filename == f"{host} port {port}"
    except OSError as error:
        if host == "::1" and "assign" in str(error):
            pytest.skip("this machine has no IPv6")
        raise


def test_a_socket_file_is_for_its_owner_and_goes_with_the_node(tmp_path: Path) -> None:
    path = Path("node.sock")
    before = Path.cwd()
    os.chdir(tmp_path)  # a path of a socket has at most 107 bytes
    try:
        settings = settings_in(tmp_path, unix_socket=path)
        with listening_sockets(settings) as [bound]:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert address_of(bound) == "unix:node.sock"
            with pytest.raises(OSError, match="in use"), listening_sockets(settings):
                pass
            assert path.exists()
        assert not path.exists()
        with socket.socket(socket.AF_UNIX) as abandoned:
            abandoned.bind(str(path))
        with listening_sockets(settings):
            pass
        path.write_text("no socket", encoding="utf-8")
        with pytest.raises(OSError, match="in use"), listening_sockets(settings):
            pass
        assert path.read_text(encoding="utf-8") == "no socket"
    finally:
        os.chdir(before)
