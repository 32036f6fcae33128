"""The files of a database are for their owner alone, from the first moment and whatever was."""

from pathlib import Path

import pytest
from sqlalchemy import Connection

from node.storage import database
from node.storage.database import open_database
from node.storage.schema import migrate


def modes(folder: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in folder.iterdir()}


def test_nobody_else_can_open_a_new_database_while_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[int]] = []

    def look(connection: Connection) -> None:
        migrate(connection)
        seen.append(modes(tmp_path))

    monkeypatch.setattr(database, "migrate", look)
    open_database(tmp_path / "x.db").dispose()
    assert seen == [{0o600}]


def test_a_restored_backup_that_others_can_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    open_database(path).dispose()
    path.chmod(0o644)
    left_by_a_crash = tmp_path / "x.db-wal"
    left_by_a_crash.touch(0o644)
    left_by_a_crash.chmod(0o644)
    engine = open_database(path)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
        assert modes(tmp_path) == {0o600}
        assert len(list(tmp_path.iterdir())) == 3
    engine.dispose()
