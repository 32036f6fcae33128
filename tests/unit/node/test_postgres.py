"""Servers, roles and addresses that are no place for a ledger; the schema there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import BigInteger, LargeBinary, String, inspect
from sqlmodel import SQLModel

from node.storage.address import PostgresAddress, parse_database
from node.storage.database import open_database, reading
from node.storage.postgres import ServerError
from node.views.models import VIEWS
from tests.postgres import Server, server

FAR = "postgresql://blockpool@db.example/ledger"


@pytest.fixture
def address(postgres: Server) -> Iterator[PostgresAddress]:
    made = postgres.new_database()
    yield made
    postgres.drop(made)


@pytest.mark.parametrize(
    ("more", "sslmode"),
    [
        (FAR, "verify-full"),
        (f"{FAR}?sslmode=verify-ca", "verify-ca"),
        ("postgres://h1,h2/ledger", "verify-full"),
        ("postgresql://127.0.0.1,h2/ledger", "verify-full"),
        ("postgresql:///ledger?service=pool", "verify-full"),
        ("postgresql://db.example/ledger?hostaddr=127.0.0.1", "prefer"),
        ("postgresql://[::1]/ledger", "prefer"),
        ("postgresql://localhost/ledger?sslmode=require", "require"),
        ("postgresql:///ledger?host=/run/postgresql", "prefer"),
        ("postgresql:///ledger", "prefer"),
    ],
)
def test_beyond_this_machine_a_server_proves_who_it_is(more: str, sslmode: str) -> None:
    address = parse_database(more)
    assert isinstance(address, PostgresAddress)
    assert address.parameters["sslmode"] == sslmode


def test_the_environment_may_name_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    address = PostgresAddress("postgresql:///ledger")
    monkeypatch.setenv("PGHOST", "db.example")
    assert address.parameters["sslmode"] == "verify-full"
    monkeypatch.delenv("PGHOST")
    monkeypatch.setenv("PGSERVICE", "pool")
    assert address.parameters["sslmode"] == "verify-full"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (f"{FAR}?sslmode=require", "beyond this machine sslmode is one of"),
        (f"{FAR}?sslmode=disable", "beyond this machine sslmode is one of"),
        ("postgresql://u:hunter2@localhost/ledger", "the password stands in a file"),
        ("postgresql://localhost/ledger?password=hunter2", "the password stands in a file"),
        ("postgresql://localhost/ledger?sslpassword=hunter2", "the password stands in a file"),
        ("postgresql://u:hunter2@localhost/ledger?nonsense=1", "is no address"),
        ("postgresql://u:hunter2@[::1/ledger", "is no address"),
    ],
)
def test_what_is_no_address_for_a_ledger(url: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as refused:
        parse_database(url)
    assert "hunter2" not in str(refused.value)


def test_files_are_relative_to_the_settings() -> None:
    url = f"{FAR}?passfile=pass&sslrootcert=/etc/root.pem&sslcert=a/b.pem"
    parameters = PostgresAddress(url, Path("/srv/node")).parameters
    assert parameters["passfile"] == "/srv/node/pass"
    assert parameters["sslrootcert"] == "/etc/root.pem"
    assert parameters["sslcert"] == "/srv/node/a/b.pem"
    system = PostgresAddress(f"{FAR}?sslrootcert=system", Path("/srv/node"))
    assert system.parameters["sslrootcert"] == "system"


def test_a_file_of_passwords_that_others_can_read_is_refused(
    address: PostgresAddress, tmp_path: Path
) -> None:
    given = PostgresAddress(f"{address.url}&passfile=pass", tmp_path)
    file = tmp_path / "pass"
    with pytest.raises(ServerError, match="cannot be read"):
        open_database(given)
    file.write_text("*:*:*:*:hunter2\n", encoding="utf-8")
    file.chmod(0o640)
    with pytest.raises(ServerError, match="chmod 600"):
        open_database(given)
    file.chmod(0o600)
    open_database(given).dispose()


def test_who_may_not_enter_is_told_what_the_server_says(address: PostgresAddress) -> None:
    stranger = PostgresAddress(address.url.replace("user=blockpool", "user=stranger"))
    with pytest.raises(ServerError, match='role "stranger" does not exist') as refused:
        open_database(stranger)
    assert "\n" not in str(refused.value)
    with pytest.raises(ServerError, match="failed"):
        open_database(PostgresAddress("postgresql://127.0.0.1:1/ledger"))


def test_who_may_make_no_tables_is_told(address: PostgresAddress, postgres: Server) -> None:
    postgres.run("CREATE ROLE reader LOGIN")
    reader = PostgresAddress(address.url.replace("user=blockpool", "user=reader"))
    with pytest.raises(ServerError, match="permission denied for schema public"):
        open_database(reader)


def test_a_server_that_does_not_wait_for_its_disk_is_refused(
    address: PostgresAddress, postgres: Server
) -> None:
    name = address.parameters["dbname"]
    postgres.run(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with pytest.raises(ServerError, match="synchronous_commit = off"):
        open_database(address)
    with server("fsync=off") as careless, pytest.raises(ServerError, match="fsync = off"):
        open_database(careless.new_database())


def test_a_database_of_another_encoding_is_refused(postgres: Server) -> None:
    postgres.run(
        "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0"
    )
    with pytest.raises(ServerError, match="UTF8"):
        open_database(postgres.address("latin"))


def test_the_migrations_make_what_the_models_say(address: PostgresAddress) -> None:
    engine = open_database(address)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


def test_on_a_server_text_is_in_the_order_of_bytes_and_numbers_have_64_bits(
    address: PostgresAddress,
) -> None:
    engine = open_database(address)
    found = inspect(engine)
    names = {*found.get_table_names()}
    assert {table.name for table in (*SQLModel.metadata.sorted_tables, *VIEWS)} < names
    for name in names - {"alembic_version"}:
        for column in found.get_columns(name):
            kind = column["type"]
            if isinstance(kind, String):
                assert kind.collation == "C", (name, column["name"])
            else:
                assert isinstance(kind, (BigInteger, LargeBinary)), (name, column["name"])
    engine.dispose()


def test_readers_see_one_moment_and_write_nothing(address: PostgresAddress) -> None:
    engine = open_database(address)
    with reading(engine).connect() as reader, reader.begin():
        for name, value in (
            ("transaction_isolation", "repeatable read"),
            ("transaction_read_only", "on"),
        ):
            assert reader.exec_driver_sql(f"SHOW {name}").scalar() == value
    with engine.connect() as writer, writer.begin():
        assert writer.exec_driver_sql("SHOW transaction_read_only").scalar() == "off"
    engine.dispose()
