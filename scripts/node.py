"""`blockpool node`: found a node's database, run the node, check it, make its views anew.

The one module of the command that knows the service; whatever is slow to load is loaded when a node
is founded or run.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.keys import PrivateKey
from ledger.records import Genesis
from ledger.types import MemberId, WriterId
from scripts.console_text import fail, info, print_fields, print_json, progress, success, warn
from scripts.files import write_new
from scripts.genesis.file import leaf_of, read_founding
from scripts.options import JsonFlag
from scripts.profile import PassphraseOption
from scripts.signers import load_signer

if TYPE_CHECKING:
    from node.settings import Settings

CONFIG = "blockpool.toml"
_MANUAL = "see node/OPERATIONS.md for the settings"
_TEMPLATE = """\
# A node of the ledger {origin}. What is left out has its default; see node/OPERATIONS.md.
# Paths are relative to this file.

member = {member}              # who orders records here; its log keys are:
log_key = {log_key}
log_key_pq = {log_key_pq}
{passphrase_file}
database = "ledger.db"
host = {host}
port = {port}
{read_tokens_file}
"""

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Found a node from a genesis record, run it, look after it; see node/OPERATIONS.md.",
)
ConfigOption = Annotated[Path, typer.Option(help="Configuration file.")]


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
    read_tokens_file: Annotated[
        Path | None, typer.Option(help="File with a `name:token` per line: who may read.")
    ] = None,
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
        member=json.dumps(member),
        log_key=_relative(log_key, folder),
        log_key_pq=_relative(log_key_pq, folder),
        passphrase_file=_optional("passphrase_file", passphrase_file, folder, "of the log keys"),
        host=json.dumps(host),
        port=port,
        read_tokens_file=_optional("read_tokens_file", read_tokens_file, folder, "who may read"),
    )
    write_new(config, text.encode())
    _found(config, leaf)
    if as_json:
        print_json({"config": str(config), "ledger": founding.ledger, "member": member})
        return
    success(f"founded {founding.body.origin}, ledger {founding.ledger}")
    info(f"start it: blockpool node run --config {config}")


@app.command("run")
def run(config: ConfigOption = Path(CONFIG)) -> None:
    """Run the node until it is told to stop (SIGTERM, Ctrl-C); it logs to standard error.

    Example: `blockpool node run --config node/blockpool.toml`
    """
    settings = _load(config)
    from node.app import serve  # noqa: PLC0415  slow to load

    if settings.clock_offset_days:
        warn(
            f"the clock is set {-settings.clock_offset_days} days back: for exercises alone",
            "remove clock_offset_days (BLOCKPOOL_CLOCK_OFFSET_DAYS) for any other ledger",
        )
    signers, writer_signers = _log_signers(settings), _writer_signers(settings)
    with _explained():
        code = serve(settings, signers, writer_signers)
    raise typer.Exit(code)


@app.command("check")
def check(config: ConfigOption = Path(CONFIG), as_json: JsonFlag = False) -> None:
    """Check that the node can start: settings, keys, database. The node must not run.

    Example: `blockpool node check --config node/blockpool.toml`
    """
    settings = _load(config)
    from node.api.access import read_tokens  # noqa: PLC0415  slow to load
    from node.composition import signing_tokens  # noqa: PLC0415  the same
    from node.maintenance import check_ledger  # noqa: PLC0415  the same

    tokens = settings.read_tokens_file
    with _explained():
        readers = None if tokens is None else sorted(read_tokens(tokens))
        _writer_signers(settings)
        if settings.local_signing is not None:
            signing_tokens(settings.local_signing)
        checked = check_ledger(settings, _log_signers(settings))
    told: dict[str, object] = {
        "origin": checked.genesis.origin,
        "ledger": checked.head.ledger,
        "size": checked.head.size,
        "height": checked.head.height,
        "blockTime": checked.head.time,
        "readers": readers,
    }
    if as_json:
        print_json(told)
        return
    whom = "everybody who reaches it" if readers is None else ", ".join(readers)
    print_fields(tuple({**told, "readers": whom}.items()))


@app.command("rebuild-views")
def rebuild_views(config: ConfigOption = Path(CONFIG)) -> None:
    """Make the tables of the lists anew from the log. The node must not run.

    Example: `blockpool node rebuild-views --config node/blockpool.toml`
    """
    settings = _load(config)
    from node.maintenance import check_ledger, rebuild_views  # noqa: PLC0415  slow to load

    with _explained():
        head = check_ledger(settings, _log_signers(settings)).head
        with progress("replaying blocks", head.height + 1) as advance:
            size = rebuild_views(settings, lambda _height: advance())
    success(f"the views hold for {size} leaves")


def _log_signers(settings: "Settings") -> list[PrivateKey]:
    return [load_signer(one, settings.passphrase_file) for one in settings.log_key_files]


@contextmanager
def _explained() -> Iterator[None]:
    """Tell the errors of a node that cannot start."""
    from node.client.secret_files import SecretError  # noqa: PLC0415  the same
    from node.outbox import OutboxError  # noqa: PLC0415  slow to load
    from node.replica import ReplicaError  # noqa: PLC0415  the same
    from node.storage.lock import DatabaseInUse  # noqa: PLC0415  the same
    from node.webhook import WebhookError  # noqa: PLC0415  the same

    try:
        yield
    except DatabaseInUse as error:
        fail(str(error), hint="stop the node that runs there first")
    except (SecretError, OutboxError, ReplicaError, WebhookError) as error:
        fail(str(error), hint="node/OPERATIONS.md says what to do")


def _writer_signers(settings: "Settings") -> dict[WriterId, PrivateKey]:
    """The writers' keys with which the node signs for local systems."""
    local = settings.local_signing
    if local is None:
        return {}
    return {name: load_signer(path, local.passphrase_file) for name, path in local.keys.items()}


def _load(config: Path) -> "Settings":
    if not config.is_file():
        fail(f"{config} does not exist", hint="found a node first: blockpool node init")
    from node.settings import SettingsError, load_settings  # noqa: PLC0415  slow to load

    try:
        return load_settings(config)
    except SettingsError as error:
        first, *others = str(error).split("\n")
        for other in others:
            warn(f"{config}: {other}")
        return fail(f"{config}: {first}", hint=_MANUAL)


def _found(config: Path, leaf: bytes) -> None:
    from node.maintenance import found_ledger  # noqa: PLC0415  slow to load
    from node.replica import ReplicaError  # noqa: PLC0415  the same
    from node.storage.lock import DatabaseInUse  # noqa: PLC0415  the same

    founded = False
    try:
        found_ledger(_load(config), leaf)
        founded = True
    except (DatabaseInUse, ReplicaError) as error:
        fail(str(error), hint="an existing database is never overwritten")
    finally:
        if not founded:
            config.unlink()


def _orderer(genesis: Genesis, signers: Sequence[PrivateKey]) -> MemberId:
    """The member whose log keys these are."""
    keys = tuple(signer.public_key.description for signer in signers)
    for one in genesis.members:
        if one.log_keys is not None and (one.log_keys.ed25519, one.log_keys.ml_dsa44) == keys:
            return one.id
    hint = "see who signs with which key: blockpool genesis show"
    return fail("these are not the log keys that the genesis record names", hint)


def _optional(name: str, path: Path | None, folder: Path, what: str) -> str:
    """The line of a setting, or the same as a comment."""
    if path is None:
        return f'# {name} = "…"   # {what}'
    return f"{name} = {_relative(path, folder)}"


def _relative(path: Path, folder: Path) -> str:
    """A path as a TOML string; what JSON escapes, TOML escapes alike."""
    return json.dumps(Path(os.path.relpath(path, folder)).as_posix(), ensure_ascii=False)
