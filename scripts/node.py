"""`blockpool node`: found a node's database, run the node.

The one module of the command that knows the service; whatever is slow to load is loaded when a node
is founded or run.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.keys import PrivateKey
from ledger.records import Genesis
from ledger.types import MemberId, WriterId
from scripts.console_text import fail, info, print_json, success
from scripts.files import write_new
from scripts.genesis_file import leaf_of, read_founding
from scripts.options import JsonFlag
from scripts.profile import PassphraseOption
from scripts.signers import load_signer

if TYPE_CHECKING:
    from node.settings import Settings

CONFIG = "blockpool.toml"
_TEMPLATE = """\
# A node of the ledger {origin}. What is left out has its default; see node/OPERATIONS.md.
# Paths are relative to this file.

member = "{member}"              # who orders records here; its log keys are:
log_key = "{log_key}"
log_key_pq = "{log_key_pq}"
{passphrase}
database = "ledger.db"
host = "{host}"
port = {port}
"""

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Found a node from a genesis record, and run it.",
)


@app.command("init")
def init(
    folder: Annotated[Path, typer.Argument(help="Folder for configuration and database.")],
    *,
    genesis: Annotated[Path, typer.Option(help="The genesis record, signed by everybody.")],
    log_key: Annotated[Path, typer.Option(help="Key file of the log, Ed25519.")],
    log_key_pq: Annotated[Path, typer.Option(help="Key file of the log, ML-DSA-44.")],
    passphrase_file: PassphraseOption = None,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen at.")] = 8700,
    as_json: JsonFlag = False,
) -> None:
    """Found a node: write `blockpool.toml` and the database with the genesis block.

    Example: `blockpool node init node --genesis genesis.json --log-key keys/log.pem
    --log-key-pq keys/log-pq.pem`
    """
    founding = read_founding(genesis)
    leaf = leaf_of(founding).encoded
    signers = [load_signer(path, passphrase_file) for path in (log_key, log_key_pq)]
    member = _orderer(founding.body, signers)
    config = folder / CONFIG
    text = _TEMPLATE.format(
        origin=founding.body.origin,
        member=member,
        log_key=_relative(log_key, folder),
        log_key_pq=_relative(log_key_pq, folder),
        passphrase=_passphrase_line(passphrase_file, folder),
        host=host,
        port=port,
    )
    write_new(config, text.encode())
    _found(config, leaf)
    if as_json:
        print_json({"config": str(config), "ledger": founding.ledger, "member": member})
        return
    success(f"founded {founding.body.origin}, ledger {founding.ledger}")
    info(f"start it: blockpool node run --config {config}")


@app.command("run")
def run(
    config: Annotated[Path, typer.Option(help="Configuration file.")] = Path(CONFIG),
) -> None:
    """Run the node until it is told to stop (SIGTERM, Ctrl-C).

    Example: `blockpool node run --config node/blockpool.toml`
    """
    settings = _load(config)
    from node.app import serve  # noqa: PLC0415  slow to load

    paths = (settings.log_key, settings.log_key_pq)
    signers = [load_signer(one, settings.passphrase_file) for one in paths]
    info(f"{settings.member} serves at http://{settings.host}:{settings.port}")
    raise typer.Exit(serve(settings, signers, _writer_signers(settings)))


def _writer_signers(settings: "Settings") -> dict[WriterId, PrivateKey]:
    """The writers' keys with which the node signs for local systems."""
    local = settings.local_signing
    if local is None:
        return {}
    return {name: load_signer(path, local.passphrase_file) for name, path in local.keys.items()}


def _load(config: Path) -> "Settings":
    if not config.is_file():
        fail(f"{config} does not exist", hint="found a node first: blockpool node init")
    from node.settings import load_settings  # noqa: PLC0415  slow to load

    try:
        return load_settings(config)
    except ValueError as error:  # what pydantic and tomllib raise
        return fail(f"{config}: {error}", hint="see node/OPERATIONS.md for the settings")


def _found(config: Path, leaf: bytes) -> None:
    from node.app import found_ledger  # noqa: PLC0415  slow to load
    from node.replica import ReplicaError  # noqa: PLC0415  the same

    try:
        found_ledger(_load(config), leaf)
    except ReplicaError as error:
        config.unlink()
        fail(str(error), hint="an existing database is never overwritten")


def _orderer(genesis: Genesis, signers: Sequence[PrivateKey]) -> MemberId:
    """The member whose log keys these are."""
    keys = tuple(signer.public_key.description for signer in signers)
    for one in genesis.members:
        if one.log_keys is not None and (one.log_keys.ed25519, one.log_keys.ml_dsa44) == keys:
            return one.id
    hint = "see who signs with which key: blockpool genesis show"
    return fail("these are not the log keys that the genesis record names", hint)


def _passphrase_line(passphrase_file: Path | None, folder: Path) -> str:
    if passphrase_file is None:
        return '# passphrase_file = "passphrase"   # of the log keys, if they have one'
    return f'passphrase_file = "{_relative(passphrase_file, folder)}"'


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()
