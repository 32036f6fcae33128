"""`blockpool node`: found a node's database, run the node, check it, make its views anew.

The one module of the command that knows the service; whatever is slow to load is loaded when a node
is founded or run.
"""

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import ValidationError, convert

from ledger.keys import Signer
from ledger.records import Genesis
from ledger.types import MemberId, WriterId
from scripts.console_text import (
    USAGE,
    fail,
    info,
    print_fields,
    print_json,
    progress,
    success,
    warn,
)
from scripts.files import write_new
from scripts.genesis.file import leaf_of, read_founding
from scripts.options import JsonFlag
from scripts.profile import PassphraseOption
from scripts.signers import load_signer
from scripts.trust import read_policy

if TYPE_CHECKING:
    from node.backup import Copied
    from node.settings import Settings
    from node.storage.address import Database

CONFIG = "blockpool.toml"
_MANUAL = "see node/OPERATIONS.md for the settings"
_TEMPLATE = """\
# A node of the ledger {origin}. What is left out has its default; see node/OPERATIONS.md.
# Paths are relative to this file.

member = {member}              # whose node this is
{log_keys}
{passphrase_file}
database = {database}
host = {host}
port = {port}
{by_proxy}{read_tokens_file}
{snapshots}{tls}{witness}{peer}"""
_TLS = """
[tls]                          # by this key the nodes of others know this one: register it
key = {key}
next_key = {next_key}          # put the next key here, to replace it without a restart
{passphrase_file}
"""
_PEER = """
[[peers]]                      # whose log this node follows
member = {member}
url = {url}
{key}
{token_file}
"""
_SNAPSHOTS = """\
believed_policy = {policy}     # whose quorum vouches for a snapshot

[snapshots]                    # where the log is long it begins from one, and replays it meanwhile
join = true
"""
_WITNESS = """
[witness]                      # by these keys it cosigns what it has replayed
key = {key}
key_pq = {key_pq}
{passphrase_file}
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
    log_key: Annotated[
        Path | None, typer.Option(help="Key file of the log, Ed25519, where it orders records.")
    ] = None,
    log_key_pq: Annotated[
        Path | None, typer.Option(help="Key file of the log, ML-DSA-44, where it orders records.")
    ] = None,
    follow: Annotated[
        str | None, typer.Option(help="Address of the node that orders records, to follow it.")
    ] = None,
    follow_token_file: Annotated[
        Path | None, typer.Option(help="File with the token that node asks of readers.")
    ] = None,
    follow_key: Annotated[
        Path | None, typer.Option(help="That node's public transport key, to believe it alone.")
    ] = None,
    snapshot_policy: Annotated[
        Path | None,
        typer.Option(
            help="Policy whose quorum vouches for a snapshot: where the log is long the node "
            "serves from one while it replays the log."
        ),
    ] = None,
    member: Annotated[
        str | None, typer.Option(help="Whose node this is, where it follows.")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(help="Transport key file, Ed25519: then the node speaks TLS.")
    ] = None,
    tls_by_proxy: Annotated[
        bool, typer.Option("--tls-by-proxy", help="A proxy in front of the node ends TLS.")
    ] = False,
    witness_key: Annotated[
        Path | None, typer.Option(help="Key file to cosign with, Ed25519.")
    ] = None,
    witness_key_pq: Annotated[
        Path | None, typer.Option(help="Key file to cosign with, ML-DSA-44.")
    ] = None,
    passphrase_file: PassphraseOption = None,
    database: Annotated[
        str, typer.Option(help="File of the database, or `postgresql://user@host/database`.")
    ] = "ledger.db",
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen at.")] = 8700,
    read_tokens_file: Annotated[
        Path | None, typer.Option(help="File with a `name:token` per line: who may read.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Found a node: write `blockpool.toml` and the database with the genesis block.

    A node with log keys orders records; any other follows one that does, given by `--follow`.
    With witness keys, which `keys node` registers, it cosigns what it has replayed; with a
    transport key, registered likewise, the nodes of others know it over TLS.

    Example: `blockpool node init node --genesis genesis.json --log-key keys/log.pem
    --log-key-pq keys/log-pq.pem`
    """
    if snapshot_policy is not None:
        _check_vouching(snapshot_policy, follow)
    founding = read_founding(genesis)
    leaf = leaf_of(founding).encoded
    log_keys = _pair(log_key, log_key_pq, "--log-key")
    witness = _pair(witness_key, witness_key_pq, "--witness-key")
    if (log_keys is None) == (follow is None):
        hint = "--log-key and --log-key-pq, or --follow ADDRESS and --member MEMBER"
        fail("a node orders records or follows one that does", hint, code=USAGE)
    if log_keys is not None:
        ours = _orderer(founding.body, [load_signer(one, passphrase_file) for one in log_keys])
    else:
        ours = _follower(founding.body, member)
    for path in (*(witness or ()), *([] if tls_key is None else [tls_key])):
        load_signer(path, passphrase_file)
    peer = ""
    if follow is not None:
        peer = _PEER.format(
            member=json.dumps(_first_orderer(founding.body)),
            url=json.dumps(follow),
            key=_optional("key", follow_key, folder, "its public transport key, until registered"),
            token_file=_optional(
                "token_file", follow_token_file, folder, "what it asks of readers"
            ),
        )
    text = _TEMPLATE.format(
        origin=founding.body.origin,
        member=json.dumps(ours),
        log_keys=_log_keys(log_keys, folder),
        passphrase_file=_optional("passphrase_file", passphrase_file, folder, "of the log keys"),
        database=json.dumps(database, ensure_ascii=False),
        host=json.dumps(host),
        port=port,
        by_proxy="tls_by_proxy = true\n" if tls_by_proxy else "",
        read_tokens_file=_optional("read_tokens_file", read_tokens_file, folder, "who may read"),
        snapshots=_snapshots(snapshot_policy, folder),
        tls="" if tls_key is None else _tls(tls_key, passphrase_file, folder),
        witness="" if witness is None else _witness(witness, passphrase_file, folder),
        peer=peer,
    )
    config = folder / CONFIG
    write_new(config, text.encode())
    _found(config, leaf)
    if as_json:
        print_json({"config": str(config), "ledger": founding.ledger, "member": ours})
        return
    success(f"founded {founding.body.origin}, ledger {founding.ledger}")
    info(f"start it: blockpool node run --config {config}")


@app.command("run")
def run(
    config: ConfigOption = Path(CONFIG),
    take_over: Annotated[
        bool,
        typer.Option(
            "--take-over",
            help="Order in place of the sequencer in office, which is lost: the member of this "
            "node is a sequencer, too.",
        ),
    ] = False,
) -> None:
    """Run the node until it is told to stop (SIGTERM, Ctrl-C); it logs to standard error.

    Example: `blockpool node run --config node/blockpool.toml`
    """
    settings = _load(config)
    from node.app import serve  # noqa: PLC0415  slow to load
    from node.composition import Keys  # noqa: PLC0415  the same

    if settings.clock_offset_days:
        warn(
            f"the clock is set {-settings.clock_offset_days} days back: for exercises alone",
            "remove clock_offset_days (BLOCKPOOL_CLOCK_OFFSET_DAYS) for any other ledger",
        )
    if take_over:
        warn(
            "this node orders from now on, in place of the sequencer in office",
            "only where that is gone for good: should both order, one of them will have to give up "
            "what it ordered alone",
        )
    keys = Keys(_log_signers(settings), _writer_signers(settings), *_witness_signers(settings))
    with _explained():
        code = serve(settings, keys, takes_over=take_over)
    raise typer.Exit(code)


@app.command("check")
def check(config: ConfigOption = Path(CONFIG), as_json: JsonFlag = False) -> None:
    """Check that the node can start: settings, keys, database. The node must not run.

    Example: `blockpool node check --config node/blockpool.toml`
    """
    settings = _load(config)
    from node.api.tokens import read_signing_tokens  # noqa: PLC0415  slow to load
    from node.maintenance import check_ledger  # noqa: PLC0415  the same
    from node.tls.opening import check_tls  # noqa: PLC0415  the same

    with _explained():
        readers = _readers(settings)
        _writer_signers(settings)
        _witness_signers(settings)
        check_tls(settings)
        if settings.local_signing is not None:
            read_signing_tokens(settings.local_signing)
        checked = check_ledger(settings, _log_signers(settings))
    told: dict[str, object] = {
        "origin": checked.genesis.origin,
        "ledger": checked.head.ledger,
        "size": checked.head.size,
        "height": checked.head.height,
        "blockTime": checked.head.time,
        "readers": readers,
    }
    standing = checked.standing
    if standing is not None:
        told["standsOn"] = {"size": standing.size, "blockTime": standing.time}
    if as_json:
        print_json(told)
        return
    if standing is not None:
        told["standsOn"] = f"a snapshot, now {standing.size} leaves, until all is replayed"
    whom = [f"{name} ({', '.join(scopes)})" for name, scopes in readers.items()]
    print_fields(tuple({**told, "readers": ", ".join(whom)}.items()))


def _readers(settings: "Settings") -> dict[str, tuple[str, ...]]:
    """Who may do what, by the name of a token; members, by their keys; and everybody."""
    from node.api.access import open_to_everybody  # noqa: PLC0415  slow to load
    from node.api.tokens import read_tokens  # noqa: PLC0415  the same

    file, everybody = settings.read_tokens_file, open_to_everybody(settings)
    tokens = {} if file is None else read_tokens(file)
    named = {one.name: one.widest for one in tokens.values()}
    opened = {"everybody who reaches it": everybody} if everybody else {}
    return {**opened, **dict(sorted(named.items())), "writers, by their keys": ("member",)}


@app.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The copy; must not be there yet.")],
    config: ConfigOption = Path(CONFIG),
    as_json: JsonFlag = False,
) -> None:
    """Copy the database, whether the node runs or not, and verify the copy.

    Keys, outbox and what was cosigned are not in it: keys are kept offline, the others must never
    come from the past.

    Example: `blockpool node backup backup.db --config node/blockpool.toml`
    """
    settings = _load(config)
    from node.backup import back_up, steps_of  # noqa: PLC0415  slow to load

    with _explained():
        steps = steps_of(settings.database, file)
        with progress("copying", steps) as advance:
            copied = back_up(settings, file, advance)
    _tell_copied(copied, f"{file} holds", as_json=as_json)


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The copy `node backup` made.")],
    config: ConfigOption = Path(CONFIG),
    as_json: JsonFlag = False,
) -> None:
    """Put a copy in the place of a database that is lost; it is verified, nothing is overwritten.

    A node that follows fetches what it lacks. One that orders asks the witnesses first, and does
    not order if one of them has cosigned more; without witnesses that is yours to find out.

    Example: `blockpool node restore backup.db --config node/blockpool.toml`
    """
    settings = _load(config)
    from node.backup import restore as put_back  # noqa: PLC0415  slow to load
    from node.backup import steps_of  # noqa: PLC0415  the same

    with _explained():
        steps = steps_of(file, settings.database)
        with progress("copying", steps) as advance:
            copied = put_back(settings, file, advance)
    _tell_copied(copied, "restored", as_json=as_json)
    if settings.orders and not as_json:
        warn(
            "a node that orders from a copy that is behind signs a second history",
            hint="compare its size with the newest checkpoint anybody holds before you start it",
        )


@app.command("migrate")
def migrate(
    to: Annotated[
        str, typer.Option(help="Where to: `postgresql://user@host/database`, or a file.")
    ],
    config: ConfigOption = Path(CONFIG),
    as_json: JsonFlag = False,
) -> None:
    """Copy the database of a node to another kind of database, and verify what is there.

    The node must not run. What it has stays as it is. Where it is copied to nothing may be yet, and
    a copy that is not made to its end leaves nothing. The configuration is yours to change.

    Example: `blockpool node migrate --config node/blockpool.toml
    --to "postgresql:///blockpool?host=/var/run/postgresql"`
    """
    settings = _load(config)
    from node.backup import move, steps_of  # noqa: PLC0415  slow to load

    target = _target(to, config)
    with _explained():
        steps = steps_of(settings.database, target)
        with progress("copying", steps) as advance:
            copied = move(settings, target, advance)
    if as_json:
        print_json({**_facts(copied), "database": str(target)})
        return
    _tell_copied(copied, f"{target} holds", as_json=False)
    info(f"now write in {config}: database = {json.dumps(str(target), ensure_ascii=False)}")
    info(f"and never start a node on {settings.database} again: it would sign a second history")


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


def _target(given: str, config: Path) -> "Database":
    """A place for a database: files are relative to where the command is typed, as always."""
    from node.storage.address import PostgresAddress, parse_database  # noqa: PLC0415  slow to load

    try:
        target = parse_database(given)
    except ValueError as error:
        return fail(f"--to: {error}", hint=_MANUAL, code=USAGE)
    if isinstance(target, PostgresAddress):
        return replace(target, folder=config.resolve().parent)
    return target.absolute()


def _tell_copied(copied: "Copied", what: str, *, as_json: bool) -> None:
    if as_json:
        print_json(_facts(copied))
        return
    success(f"{what} {copied.head.size} leaves of {copied.origin}, until {copied.head.time}")


def _facts(copied: "Copied") -> dict[str, object]:
    head = copied.head
    told = {"origin": copied.origin, "ledger": head.ledger, "size": head.size}
    return {**told, "height": head.height, "blockTime": head.time}


def _log_signers(settings: "Settings") -> list[Signer]:
    return [load_signer(one, settings.passphrase_file) for one in settings.log_key_files]


def _witness_signers(settings: "Settings") -> tuple[list[Signer], list[Signer]]:
    """The keys that cosign the ledger's own log, and those for logs of others."""
    witness = settings.witness
    if witness is None:
        return [], []
    files = ((witness.key, witness.key_pq), witness.foreign_key_files)
    own, foreign = ([load_signer(one, witness.passphrase_file) for one in some] for some in files)
    return own, foreign


@contextmanager
def _explained() -> Iterator[None]:
    """Tell the errors of a node that cannot start."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415  slow to load

    from node.client.secret_files import SecretError  # noqa: PLC0415  the same
    from node.network.cosigned import CosignedError  # noqa: PLC0415  the same
    from node.outbox import OutboxError  # noqa: PLC0415  slow to load
    from node.replica import ReplicaError  # noqa: PLC0415  the same
    from node.storage.lock import DatabaseInUse  # noqa: PLC0415  the same
    from node.storage.postgres import ServerError  # noqa: PLC0415  the same
    from node.webhook import WebhookError  # noqa: PLC0415  the same

    try:
        yield
    except DatabaseInUse as error:
        fail(str(error), hint="stop the node that runs there first")
    except FileExistsError as error:
        fail(f"{error} exists", hint="nothing is overwritten: name another, or move it away")
    except ServerError as error:
        fail(str(error), hint="node/OPERATIONS.md says how to set up role and database")
    except (SecretError, CosignedError, OutboxError, ReplicaError, WebhookError) as error:
        fail(str(error), hint="node/OPERATIONS.md says what to do")
    except (sqlite3.Error, SQLAlchemyError) as error:
        told = str(error).partition("\n")[0]
        fail(f"the database cannot be read: {told}", hint="node/OPERATIONS.md says what to do")


def _writer_signers(settings: "Settings") -> dict[WriterId, Signer]:
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
    from node.storage.postgres import ServerError  # noqa: PLC0415  the same

    founded = False
    try:
        found_ledger(_load(config), leaf)
        founded = True
    except (DatabaseInUse, ReplicaError) as error:
        fail(str(error), hint="an existing database is never overwritten")
    except ServerError as error:
        fail(str(error), hint="node/OPERATIONS.md says how to set up role and database")
    finally:
        if not founded:
            config.unlink()


def _orderer(genesis: Genesis, signers: Sequence[Signer]) -> MemberId:
    """The member whose log keys these are."""
    keys = tuple(signer.public_key.description for signer in signers)
    for one in genesis.members:
        if one.log_keys is not None and (one.log_keys.ed25519, one.log_keys.ml_dsa44) == keys:
            return one.id
    hint = "see who signs with which key: blockpool genesis show"
    return fail("these are not the log keys that the genesis record names", hint)


def _pair(first: Path | None, second: Path | None, option: str) -> tuple[Path, Path] | None:
    """Two key files that go together, or neither."""
    if first is None and second is None:
        return None
    if first is None or second is None:
        return fail(f"{option} goes with {option}-pq", code=USAGE)
    return first, second


def _follower(genesis: Genesis, member: str | None) -> MemberId:
    """Whose node follows: any member's, also of one admitted since."""
    if member is None:
        return fail("--member says whose node it is", code=USAGE)
    try:
        return convert(member, MemberId)
    except ValidationError:
        known = ", ".join(one.id for one in genesis.members)
        return fail(f"`{member}` is no id of a member", f"founders are {known}", code=USAGE)


def _first_orderer(genesis: Genesis) -> MemberId:
    return next(one.id for one in genesis.members if one.log_keys is not None)


def _log_keys(files: tuple[Path, Path] | None, folder: Path) -> str:
    if files is None:
        return '# log_key = "…"   # without log keys it follows its peers'
    key, key_pq = (_relative(one, folder) for one in files)
    return f"log_key = {key}\nlog_key_pq = {key_pq}"


def _witness(files: tuple[Path, Path], passphrase_file: Path | None, folder: Path) -> str:
    key, key_pq = (_relative(one, folder) for one in files)
    passphrase = _optional("passphrase_file", passphrase_file, folder, "of both")
    return _WITNESS.format(key=key, key_pq=key_pq, passphrase_file=passphrase)


def _tls(file: Path, passphrase_file: Path | None, folder: Path) -> str:
    return _TLS.format(
        key=_relative(file, folder),
        next_key=_relative(file.with_name(f"{file.stem}-next{file.suffix}"), folder),
        passphrase_file=_optional("passphrase_file", passphrase_file, folder, "of both"),
    )


def _snapshots(policy: Path | None, folder: Path) -> str:
    return "" if policy is None else _SNAPSHOTS.format(policy=_relative(policy, folder))


def _check_vouching(policy: Path, follow: str | None) -> None:
    """A node that orders has replayed the log; and nobody vouches without a quorum."""
    if follow is None:
        fail("--snapshot-policy goes with --follow", code=USAGE)
    if read_policy(policy).quorum is None:
        hint = "take the one that `GET /v1/ledger` of a node tells, and compare its keys"
        fail(f"{policy} asks for no cosignatures: nobody vouches for a snapshot", hint)


def _optional(name: str, path: Path | None, folder: Path, what: str) -> str:
    """The line of a setting, or the same as a comment."""
    if path is None:
        return f'# {name} = "…"   # {what}'
    return f"{name} = {_relative(path, folder)}"


def _relative(path: Path, folder: Path) -> str:
    """A path as a TOML string; what JSON escapes, TOML escapes alike."""
    return json.dumps(Path(os.path.relpath(path, folder)).as_posix(), ensure_ascii=False)
