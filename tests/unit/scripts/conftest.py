"""The `blockpool` command over a ledger in memory."""

from pathlib import Path
from typing import Any

import pytest
from msgspec import json as msgspec_json
from typer.testing import CliRunner, Result

from ledger.keys import PrivateKey, encode_private_key_unencrypted
from ledger.policy_file import encode_policy
from ledger.records.genesis import Parameters
from scripts.keys.files import write_private_key
from scripts.main import app
from tests.unit.scripts.ledger_node import POLICY, LedgerNode
from tests.world import World, signer

YEAR_MS = 31_557_600_000


class Command:
    """Runs `blockpool` in a folder, as somebody, against a node."""

    def __init__(self, folder: Path, node: LedgerNode) -> None:
        self.folder = folder
        self.node = node
        self.environment: dict[str, str | None] = {
            "BLOCKPOOL_POLICY": str(folder / "policy"),
            "BLOCKPOOL_NODE": None,
            "COLUMNS": "100",
        }
        (folder / "policy").write_bytes(encode_policy(POLICY))

    def key_file(self, label: str, key: PrivateKey | None = None) -> str:
        """A key file with the key the world knows under that label."""
        file = self.folder / f"{label.replace('/', '-')}.pem"
        if not file.exists():
            write_private_key(file, encode_private_key_unencrypted(key or signer(label)))
        return str(file)

    def run(self, *arguments: object, writer: str | None = None, stdin: str = "") -> Result:
        """The result of a command line, whatever it is."""
        environment = dict(self.environment)
        if writer is not None:
            environment |= {"BLOCKPOOL_WRITER": writer, "BLOCKPOOL_KEY": self.key_file(writer)}
        line = [str(one) for one in arguments]
        return CliRunner(env=environment).invoke(app, line, input=stdin)

    def ok(self, *arguments: object, writer: str | None = None) -> str:
        """What a command that succeeds prints."""
        result = self.run(*arguments, writer=writer)
        assert result.exit_code == 0, result.output + repr(result.exception)
        return result.stdout

    def json(self, *arguments: object, writer: str | None = None) -> Any:
        """What a command that succeeds prints as JSON."""
        return msgspec_json.decode(self.ok(*arguments, "--json", writer=writer))

    def fails(self, *arguments: object, writer: str | None = None, code: int = 1) -> str:
        """What a command that fails says on stderr."""
        result = self.run(*arguments, writer=writer)
        assert result.exit_code == code, result.output + repr(result.exception)
        said = result.stderr.splitlines()
        assert any(line.startswith(("error: ", "warning: ")) for line in said)
        return result.stderr


@pytest.fixture
def world() -> World:
    return World.genesis(parameters=Parameters(clock_skew_ms=YEAR_MS))


@pytest.fixture
def command(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> Command:
    node = LedgerNode(world)
    monkeypatch.setattr("scripts.profile.transport_of", lambda _: node.transport)
    return Command(tmp_path, node)
