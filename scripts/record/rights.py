"""The commands of `blockpool record` about rights: request, grant, accept, revoke."""

from collections.abc import Iterator, Sequence
from typing import Annotated, get_args

import typer

from ledger.records import Acceptance, Grant, Request, Revocation
from ledger.records.catalogue import LegalBasis
from ledger.records.genesis import Level
from ledger.records.sharing import EmergencyGround, NarrowingGround, RevocationGround
from node.client import Receipted
from scripts.forewarning import AnywayFlag, forewarn
from scripts.options import JsonFlag, with_options
from scripts.profile import Signing
from scripts.record.below import warn_of_fallen
from scripts.record.sharing import grant_items, request_items, taken_up, tell_unserved
from scripts.record.terms import TableOption, TermsOptions
from scripts.sealed_text import SealOption, document_digest, maybe_sealed
from scripts.short_ids import full_ids
from scripts.spelling import build, typed
from scripts.submission import ReceiptsOption, in_parts, numbered, print_done, submit

app = typer.Typer()

DatasetsArgument = Annotated[list[str] | None, typer.Argument(help="Ids of datasets.")]
GrantsArgument = Annotated[list[str], typer.Argument(help="Ids of grants.")]


@app.command("request")
@with_options
def request(
    datasets: DatasetsArgument = None,
    *,
    scene: Annotated[str, typer.Option(help="The matter for which the data is used.")],
    table: TableOption = None,
    seal_to: SealOption = None,
    system: Annotated[str | None, typer.Option(help="Information system that uses it.")] = None,
    basis: Annotated[
        str | None, typer.Option(metavar="KIND:TEXT", help="Legal basis of one's own task.")
    ] = None,
    contact: Annotated[str | None, typer.Option(help="Office to ask.")] = None,
    own_territory: Annotated[
        bool, typer.Option("--own-territory", help="Rows about one's own territory alone.")
    ] = False,
    emergency: Annotated[
        str | None,
        typer.Option(
            metavar="GRANT", help="The right that was given in an emergency, now asked for."
        ),
    ] = None,
    terms: TermsOptions = TermsOptions(),
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Ask for data; terms that are not given are those the entry offers.

    What a standing grant covers is granted at once: the right is listed below the requests. Of one
    that does not, it is told by which term.

    Example: `blockpool record request flights weather --scene "road planning"
    --purposes planning --operations query`

    Example: `blockpool record request permits --scene "our own permits" --own-territory`
    """
    with at.open() as (client, writer):
        about = at.member if own_territory else None
        items = request_items(client, datasets or (), table, terms, emergency, about)
        told: dict[str, object] = {"basis": _basis(basis), "contact": contact, "system": system}
        told["scene"] = maybe_sealed(scene, seal_to)
        bodies = [build(Request, items=part, **told) for part in in_parts(items)]
        done = submit(writer, numbered("request", bodies), receipts)
        taken = [
            one
            for receipted, body in zip(done, bodies, strict=True)
            for one in taken_up(client, receipted.digest, body.items)
        ]
        created = [
            (f"{receipted.digest}-{n}", item.dataset)
            for receipted, body in zip(done, bodies, strict=True)
            for n, item in enumerate(body.items)
        ]
        print_done(done, [*created, *taken], as_json=as_json)
        tell_unserved(client, created)


@app.command("grant")
@with_options
def grant(
    datasets: DatasetsArgument = None,
    *,
    requests: Annotated[
        list[str] | None, typer.Option("--request", help="Id of a request; may be repeated.")
    ] = None,
    members: Annotated[str, typer.Option(help="Members that receive the right.")] = "",
    standing: Annotated[
        bool, typer.Option("--standing", help="For whoever applies for it.")
    ] = False,
    group: Annotated[str, typer.Option(help="Standing for this group alone.")] = "",
    levels: Annotated[
        str, typer.Option(help=f"Standing for these levels alone: {', '.join(get_args(Level))}.")
    ] = "",
    territories: Annotated[
        str, typer.Option(help="Standing for codes of territories that begin so.")
    ] = "",
    own_territory: Annotated[
        bool,
        typer.Option(
            "--own-territory", help="Standing for lower levels that ask about their own territory."
        ),
    ] = False,
    newest: Annotated[
        bool, typer.Option("--newest", help="Hand over the newest version alone.")
    ] = False,
    emergency: Annotated[
        str,
        typer.Option(
            help="In an emergency: at once, before it is asked for, and for 30 days at most:"
            f" {', '.join(get_args(EmergencyGround))}."
        ),
    ] = "",
    ground: Annotated[
        str | None, typer.Option(help=f"Why it is less: {', '.join(get_args(NarrowingGround))}.")
    ] = None,
    table: TableOption = None,
    terms: TermsOptions = TermsOptions(),
    anyway: AnywayFlag = False,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Grant rights: to requests, to members, or standing for all who apply.

    Terms that are not given are those asked for, as far as the entry offers them.

    Example: `blockpool record grant --request REQUEST`

    Example: `blockpool record grant permits --standing --own-territory`

    Example: `blockpool record grant flights --members health --emergency disaster
    --not-after 2026-12-20`
    """
    told_newest = {"newest": "yes" if newest else "no"}
    given = [{"request": one, **told_newest} for one in requests or ()]
    told = {"members": members, "standing": "yes" if standing else "no"}
    told |= {"group": group, "levels": levels, "territories": territories}
    told |= {"emergency": emergency, **told_newest}
    told |= {"own_territory": "yes" if own_territory else ""}
    given += [{"dataset": one, **told} for one in datasets or ()]
    with at.open() as (client, writer):
        items = grant_items(client, given, table, terms, ground)
        bodies = [build(Grant, items=part) for part in in_parts(items)]
        forewarn(client, at.writer_name, bodies, anyway=anyway)
        done = submit(writer, numbered("grant", bodies), receipts)
    print_done(done, list(_given(done, bodies)), as_json=as_json)


@app.command("accept")
@with_options
def accept(
    grants: GrantsArgument,
    *,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Accept rights that were offered.

    Example: `blockpool record accept GRANT`
    """
    with at.open() as (client, writer):
        ids = full_ids(client, "grant", grants)
        bodies = [build(Acceptance, grants=part) for part in in_parts(ids)]
        done = submit(writer, numbered("acceptance", bodies), receipts)
    print_done(done, [(one, "accepted") for one in ids], as_json=as_json)


@app.command("revoke")
@with_options
def revoke(
    grants: GrantsArgument,
    *,
    ground: Annotated[str, typer.Option(help=f"Of {', '.join(get_args(RevocationGround))}.")],
    consultation: Annotated[
        str | None, typer.Option(help="Consultation with the consumer: a file, or its digest.")
    ] = None,
    note: Annotated[str | None, typer.Option(help="Explanation.")] = None,
    seal_to: SealOption = None,
    anyway: AnywayFlag = False,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Revoke rights, on a coded ground.

    What was passed on from them falls with them, and is told: each is to be ended, too.

    Example: `blockpool record revoke GRANT --ground purpose-fulfilled --consultation minutes.pdf`
    """
    with at.open() as (client, writer):
        ids = full_ids(client, "grant", grants)
        told = {
            "consultation": None if consultation is None else document_digest(consultation),
            "ground": typed(ground, RevocationGround),
            "note": None if note is None else maybe_sealed(note, seal_to),
        }
        bodies = [build(Revocation, grants=part, **told) for part in in_parts(ids)]
        forewarn(client, at.writer_name, bodies, anyway=anyway)
        done = submit(writer, numbered("revocation", bodies), receipts)
        warn_of_fallen(client, ids, ground)
    print_done(done, [(one, "revoked") for one in ids], as_json=as_json)


def _given(done: Sequence[Receipted], bodies: Sequence[Grant]) -> Iterator[tuple[str, str]]:
    """The rights that records gave, each with what it is and to whom."""
    for receipted, body in zip(done, bodies, strict=True):
        to = ((one.dataset, who) for one in body.items for who in one.members or ("all who apply",))
        for n, (dataset, member) in enumerate(to):
            yield f"{receipted.digest}-{n}", f"{dataset} to {member}"


def _basis(text: str | None) -> LegalBasis | None:
    if text is None:
        return None
    kind, _, reference = text.partition(":")
    return build(LegalBasis, kind=kind.strip(), reference=reference.strip())
