"""`blockpool keys mandate`: a contractor works on a system of a member, by contract."""

from typing import Annotated

import typer

from ledger.records import Mandate
from ledger.records.names import Names
from scripts.answers import print_receipted
from scripts.keys.command import CustodianOption, custodian_signing
from scripts.options import JsonFlag, with_options
from scripts.profile import PassphraseOption, Reading
from scripts.sealed_text import document_digest
from scripts.signers import load_signer
from scripts.spelling import build
from scripts.zone import zone_of

app = typer.Typer()


@app.command("mandate")
@with_options
def mandate(
    member: Annotated[str, typer.Argument(help="The member it works for.")],
    *,
    custodian: CustodianOption,
    system: Annotated[str, typer.Option(help="The information system it works on.")],
    contract: Annotated[str, typer.Option(help="The contract: a file, or its digest.")],
    code: Annotated[str, typer.Option(help="Unified code of the contractor.")],
    not_after: Annotated[str, typer.Option(help="Last day of the period, or its end.")],
    not_before: Annotated[str | None, typer.Option(help="First day, or start, if not now.")] = None,
    en: Annotated[str | None, typer.Option(help="The contractor's name, in English.")] = None,
    zh: Annotated[str | None, typer.Option(help="The same, in Chinese.")] = None,
    passphrase_file: PassphraseOption = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """Let a contractor sign for one system, until its period ends.

    Its writer is appointed under the mandate: `blockpool keys appoint MEMBER/NAME --mandate ID
    --families catalogue,use --not-after …`. It describes and releases what the system holds and
    states facts; rights are not for it. `blockpool explain` names the contractor of what it signed.

    Example: `blockpool keys mandate health --custodian keys/health-custodian.pem --system his
    --contract contract.pdf --code 91330100MA --en "Records Ltd" --not-after 2027-12-31`
    """
    signer = load_signer(custodian, passphrase_file)
    with at.client(signer=signer) as client:
        zone = zone_of(client)
        body = build(
            Mandate,
            code=code,
            contract=document_digest(contract),
            contractor=build(Names, en=en, zh=zh),
            member=member,
            not_after=zone.end(not_after),
            not_before=None if not_before is None else zone.start(not_before),
            system=system,
        )
        name = custodian_signing(client, signer, f"{member}/custodian")
        done = client.writer(name, signer).submit(body)
    print_receipted(done, f"{done.digest}: a contractor of {member}, for {system}", as_json=as_json)
