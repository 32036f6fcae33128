"""`blockpool keys`: make keys, show them, and say on the ledger who signs with which.

A key is two files: `NAME.pem`, private, mode 0600, and `NAME.pub`, its public description as it
stands in records. Hand out the second, never the first.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from contracts.values import Key, Writer
from ledger.canonical import encode
from ledger.checkpoint import log_key
from ledger.errors import LedgerError
from ledger.keys import (
    PublicKey,
    Signer,
    encode_private_key,
    encode_private_key_unencrypted,
    generate_private_key,
)
from ledger.note import encode_vkey
from ledger.records import KeyRevocation, KeyRotation, WriterAppointment, WriterEnd
from ledger.records.genesis import custodian_of
from ledger.suites import SUITES
from node.client import Client
from scripts.answers import print_receipted, read_value
from scripts.console_text import USAGE, fail, print_fields, print_json, print_table, success, warn
from scripts.files import write_new
from scripts.keys.files import write_private_key
from scripts.options import JsonFlag, with_options
from scripts.profile import PassphraseOption, Reading
from scripts.signers import load_into_agent, load_signer, new_passphrase, read_public_key
from scripts.spelling import build, words
from scripts.zone import zone_of

FAMILIES = "cases, catalogue, sharing, use"

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Make, show and list keys; appoint, end and recover the writers that sign with them.",
)

CustodianOption = Annotated[
    Path, typer.Option("--custodian", help="Key file of the member's custodian.")
]
KeyPassphraseOption = Annotated[
    Path | None,
    typer.Option("--key-passphrase-file", help="Passphrase of the writer's key, if another."),
]


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="What to call the two files.")],
    suite: Annotated[
        Literal["ed25519", "ml-dsa-44"],
        typer.Option(help="ed25519 signs records; checkpoints need one key of each."),
    ] = "ed25519",
    out: Annotated[Path, typer.Option(help="Folder to put them in.")] = Path(),
    passphrase_file: PassphraseOption = None,
    no_passphrase: Annotated[
        bool, typer.Option("--no-passphrase", help="Do not encrypt the key.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Make a key.

    Example: `blockpool keys new health-main --out keys`
    """
    if Path(name).name != name:
        fail(f"`{name}` is a path, not a name", hint="give the folder with --out", code=USAGE)
    private, public = out / f"{name}.pem", out / f"{name}.pub"
    if public.exists():
        fail(f"{public} exists", hint="choose another name")
    passphrase = new_passphrase(private.name, passphrase_file, without=no_passphrase)
    key = generate_private_key(SUITES[suite])
    out.mkdir(parents=True, exist_ok=True)
    pem = (
        encode_private_key_unencrypted(key)
        if passphrase is None
        else encode_private_key(key, passphrase)
    )
    write_private_key(private, pem)
    with public.open("xb") as file:
        file.write(encode(key.public_key.description) + b"\n")
    if passphrase is None:
        warn(f"{private} is not encrypted: whoever reads the file signs as its owner")
    _print_key(key.public_key, private, as_json=as_json)


@app.command("show")
def show(
    file: Annotated[Path, typer.Argument(help="A .pub or .pem file, pkcs11:… or agent:…")],
    passphrase_file: PassphraseOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Write it as a .pub file, too, for others.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the public half of a key: of a file, of a PKCS#11 token, of one that an agent holds.

    Example: `blockpool keys show keys/health-main.pub`
    """
    key = read_public_key(file, passphrase_file)
    if out is not None:
        write_new(out, encode(key.description) + b"\n")
    _print_key(key, file, as_json=as_json)


@app.command("load")
def load(
    file: Annotated[Path, typer.Argument(help="A .pem file, Ed25519.")],
    passphrase_file: PassphraseOption = None,
    agent: Annotated[
        Path | None, typer.Option(help="Socket of the agent; $SSH_AUTH_SOCK if left out.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Have an SSH agent hold a key, until it ends: others then sign with agent:KEYID.

    Example: `blockpool keys load keys/health-main.pem --agent /run/blockpool/agent.sock`
    """
    key, socket = load_into_agent(file, passphrase_file, agent)
    _print_key(key, Path(f"agent:{key.keyid}?socket={socket}"), as_json=as_json)


@app.command("list")
def list_keys(
    folder: Annotated[Path, typer.Argument(help="Folder with .pub files.")] = Path(),
    as_json: JsonFlag = False,
) -> None:
    """List the keys in a folder.

    Example: `blockpool keys list keys`
    """
    if not folder.is_dir():
        fail(f"{folder} is no folder")
    rows = []
    for path in sorted(folder.glob("*.pub")):
        private = path.with_suffix(".pem")
        try:
            key = read_public_key(path)
        except LedgerError as error:
            fail(str(error), hint="move files that are no keys out of the folder")
        rows.append((path.stem, key.suite.name, private.exists(), str(key.keyid)))
    if as_json:
        names = ("name", "suite", "private", "keyid")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    told = ((name, suite, "yes" if has else "no", keyid) for name, suite, has, keyid in rows)
    print_table(("name", "suite", "private key here", "key id"), told)


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="A .pub or .pem file.")],
    vkey: Annotated[
        str | None,
        typer.Option(metavar="ORIGIN", help="As the verifier key of the log of that origin."),
    ] = None,
    passphrase_file: PassphraseOption = None,
) -> None:
    """Print the public key for others: as in records, or as a line for tlog-policy files.

    Example: `blockpool keys export keys/log.pem --vkey pool.example/city`
    """
    key = read_public_key(file, passphrase_file)
    if vkey is None:
        success(encode(key.description).decode())
    else:
        success(encode_vkey(log_key(vkey, key)))


@app.command("appoint")
@with_options
def appoint(
    writer: Annotated[str, typer.Argument(help="MEMBER/NAME, such as health/main.")],
    *,
    custodian: CustodianOption,
    key: Annotated[Path, typer.Option(help="Key file of the writer.")],
    families: Annotated[str, typer.Option(help="Families of records it may sign.")] = FAMILIES,
    datasets: Annotated[str, typer.Option(help="Only these datasets; all if empty.")] = "",
    not_after: Annotated[str | None, typer.Option(help="Last day, or moment, it may sign.")] = None,
    mandate: Annotated[
        str | None, typer.Option(help="Id of the mandate of the contractor that signs.")
    ] = None,
    passphrase_file: PassphraseOption = None,
    key_passphrase_file: KeyPassphraseOption = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """Appoint a writer, or change what it may sign; the custodian and the writer's key sign.

    Example: `blockpool keys appoint health/main --custodian keys/health-custodian.pem
    --key keys/health-main.pem --not-after 2027-12-31`
    """
    own = load_signer(key, key_passphrase_file or passphrase_file)
    signer = load_signer(custodian, passphrase_file)
    with at.client(signer=signer) as client:
        body = build(
            WriterAppointment,
            datasets=words(datasets),
            families=words(families),
            key=own.public_key.description,
            mandate=mandate,
            not_after=None if not_after is None else zone_of(client).end(not_after),
            writer=writer,
        )
        before = read_value(client, Writer, f"writer/{writer}")
        known = before is not None and before.key == own.public_key.keyid
        custodians = client.writer(custodian_signing(client, signer, writer), signer)
        done = custodians.submit(body, cosigners=() if known else (own,))
    print_receipted(done, f"{writer} signs with {own.public_key.keyid}", as_json=as_json)


@app.command("end")
@with_options
def end(
    writer: Annotated[str, typer.Argument(help="MEMBER/NAME of the writer that ends.")],
    custodian: CustodianOption,
    ground: Annotated[str | None, typer.Option(help="Why.")] = None,
    passphrase_file: PassphraseOption = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """End a writer; what it signed stays valid.

    Example: `blockpool keys end health/deputy --custodian keys/health-custodian.pem`
    """
    signer = load_signer(custodian, passphrase_file)
    body = build(WriterEnd, ground=ground, writer=writer)
    with at.client(signer=signer) as client:
        done = client.writer(custodian_signing(client, signer, writer), signer).submit(body)
    print_receipted(done, f"{writer} has ended", as_json=as_json)


@app.command("rotate")
@with_options
def rotate(
    writer: Annotated[str, typer.Argument(help="MEMBER/NAME; MEMBER/custodian for a custodian.")],
    *,
    old: Annotated[Path, typer.Option(help="Key file it signs with today.")],
    new_key: Annotated[Path, typer.Option("--new", help="Key file it goes over to.")],
    passphrase_file: PassphraseOption = None,
    key_passphrase_file: KeyPassphraseOption = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """Go over to a new key; the old and the new one sign.

    Example: `blockpool keys rotate health/main --old keys/health-main.pem
    --new keys/health-main-2.pem`
    """
    present = load_signer(old, passphrase_file)
    following = load_signer(new_key, key_passphrase_file or passphrase_file)
    body = KeyRotation(key=following.public_key.description)
    with at.client(signer=present) as client:
        done = client.writer(writer, present).submit(body, cosigners=(following,))
    print_receipted(done, f"{writer} signs with {following.public_key.keyid}", as_json=as_json)


@app.command("revoke")
@with_options
def revoke(
    keyid: Annotated[str, typer.Argument(help="Id of the key that others may have.")],
    *,
    custodian: CustodianOption,
    suspect_since: Annotated[
        int, typer.Option(min=0, help="Index from which on its records are suspect.")
    ],
    replacement: Annotated[
        Path | None, typer.Option(help="The writer's next key; without one the writer ends.")
    ] = None,
    passphrase_file: PassphraseOption = None,
    key_passphrase_file: KeyPassphraseOption = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """Revoke a stolen or lost key, from an index on.

    Example: `blockpool keys revoke KEYID --custodian keys/health-custodian.pem
    --suspect-since 1042 --replacement keys/health-main-2.pem`
    """
    following = None
    if replacement is not None:
        following = load_signer(replacement, key_passphrase_file or passphrase_file)
    signer = load_signer(custodian, passphrase_file)
    body = build(
        KeyRevocation,
        key=keyid,
        replacement=None if following is None else following.public_key.description,
        suspect_since=suspect_since,
    )
    with at.client(signer=signer) as client:
        known = read_value(client, Key, f"key/{keyid}")
        if known is None:
            fail(f"the ledger knows no key {keyid}", hint="see blockpool keys show FILE for the id")
        about = known.writer or custodian_of(known.member)
        custodians = client.writer(custodian_signing(client, signer, about), signer)
        cosigners = () if following is None else (following,)
        done = custodians.submit(body, cosigners=cosigners)
    print_receipted(done, f"{keyid} is revoked since index {suspect_since}", as_json=as_json)


def custodian_signing(client: Client, signer: Signer, writer: str) -> str:
    """Who signs with the custodian's key: mostly the custodian of the writer's member.

    Since a merger or a split it may be the one of its successor.
    """
    known = read_value(client, Key, f"key/{signer.public_key.keyid}")
    if known is not None and known.function == "custodian":
        return custodian_of(known.member)
    return custodian_of(writer.partition("/")[0])


def _print_key(key: PublicKey, file: Path, *, as_json: bool) -> None:
    if as_json:
        print_json({"file": str(file), "key": key.description, "keyid": key.keyid})
        return
    told = (("file", file), ("suite", key.suite.name), ("key id", key.keyid))
    print_fields(told)
