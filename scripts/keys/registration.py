"""`blockpool keys node`: where a member's node is, and by which keys others know it."""

from pathlib import Path
from typing import Annotated

import typer

from contracts.values import RegisteredNode
from ledger.keys import Signer
from ledger.records.genesis import custodian_of
from ledger.records.nodes import NodeRegistration, WitnessKeys
from scripts.answers import print_receipted, read_value
from scripts.console_text import USAGE, fail
from scripts.keys.command import CustodianOption, KeyPassphraseOption
from scripts.options import JsonFlag, with_options
from scripts.profile import PassphraseOption, Reading
from scripts.signers import load_signer
from scripts.spelling import build

app = typer.Typer()


@app.command("node")
@with_options
def node(
    member: Annotated[str, typer.Argument(help="The member whose node it is.")],
    *,
    custodian: CustodianOption,
    endpoint: Annotated[str, typer.Option(help="Address of the node, a URL.")],
    witness: Annotated[
        Path | None, typer.Option(help="Ed25519 key file with which it cosigns checkpoints.")
    ] = None,
    witness_pq: Annotated[
        Path | None, typer.Option(help="ML-DSA-44 key file with which it cosigns checkpoints.")
    ] = None,
    transport: Annotated[
        list[Path] | None,
        typer.Option(help="Key file of its certificate; a second one for the next certificate."),
    ] = None,
    passphrase_file: PassphraseOption = None,
    key_passphrase_file: KeyPassphraseOption = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """Register a node: its address and its keys, each of which signs with the custodian.

    Name all keys each time: those left out are retired for good. Keys are made by `blockpool keys
    new`, with `--suite ml-dsa-44` where ML-DSA-44 is asked for; each serves this one function.

    Example: `blockpool keys node health --custodian keys/health-custodian.pem
    --endpoint https://node.health.example --witness keys/health-witness.pem
    --witness-pq keys/health-witness-pq.pem`
    """
    if (witness is None) != (witness_pq is None):
        fail("a witness cosigns with two keys: --witness and --witness-pq", code=USAGE)

    def loaded(path: Path) -> Signer:
        return load_signer(path, key_passphrase_file or passphrase_file)

    cosigning = [loaded(path) for path in (witness, witness_pq) if path is not None]
    speaking = [loaded(path) for path in transport or ()]
    described = [key.public_key.description for key in cosigning]
    body = build(
        NodeRegistration,
        endpoint=endpoint,
        transport=tuple(key.public_key.description for key in speaking),
        witness=WitnessKeys(ed25519=described[0], ml_dsa44=described[1]) if described else None,
    )
    signer = load_signer(custodian, passphrase_file)
    with at.client(signer=signer) as client:
        before = read_value(client, RegisteredNode, f"node/{member}")
        kept = () if before is None else (*before.witness, *before.transport)
        new = [key for key in (*cosigning, *speaking) if key.public_key.keyid not in kept]
        done = client.writer(custodian_of(member), signer).submit(body, cosigners=new)
    keys = len(cosigning) + len(speaking)
    print_receipted(done, f"the node of {member} is at {endpoint}; keys: {keys}", as_json=as_json)
