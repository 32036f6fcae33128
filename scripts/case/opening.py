"""The commands of `blockpool case` that open cases: what people ask of, or hold against, others."""

from collections.abc import Sequence
from typing import Annotated, Final, get_args, get_type_hints

import typer

from contracts.values import Case, ReleasedVersion
from ledger.records import CaseOpening, Incident
from ledger.records.assessment import FigureObjection
from ledger.records.catalogue import DatasetVersion, VersionContent
from ledger.records.supervision import Opened
from ledger.types import CaseId
from node.client import Client
from scripts.answers import read_value
from scripts.console_text import fail
from scripts.forewarning import AnywayFlag, forewarn
from scripts.options import JsonFlag, with_options
from scripts.patterns import quoted
from scripts.profile import Signing
from scripts.sealed_text import SealOption, document_digest, maybe_sealed
from scripts.short_ids import full_digest, full_id
from scripts.spelling import SpellingError, build, count, typed, words
from scripts.submission import ReceiptsOption, print_done, submit
from scripts.zone import zone_of

app = typer.Typer()

_DIGEST_CHARS: Final = 64
_HINTS: Final = get_type_hints(Incident, include_extras=True)
CATEGORIES: Final[tuple[str, ...]] = get_args(_HINTS["category"])
STAGES: Final[tuple[str, ...]] = get_args(_HINTS["stage"])
EvidenceOption = Annotated[
    list[str] | None,
    typer.Option(help="A document it rests on: a file, or its digest; may be repeated."),
]


@app.command("open")
@with_options
def open_case(
    workflow: Annotated[str, typer.Argument(help=f"Of {', '.join(get_args(Opened))}.")],
    *,
    text: Annotated[str, typer.Option(help="What is asked for, and why.")],
    against: Annotated[str, typer.Option(help="Members it is against; a case for each.")] = "",
    case: Annotated[str | None, typer.Option(help="The case disputed, or rested on.")] = None,
    record: Annotated[str | None, typer.Option(help="Digest of the record objected to.")] = None,
    release: Annotated[str | None, typer.Option(help="DATASET@VERSION to be corrected.")] = None,
    figure: Annotated[
        str | None, typer.Option(help="INDICATOR@PERIOD of one's own figure objected to.")
    ] = None,
    things: Annotated[str, typer.Option(help="What must not count in it, as state keys.")] = "",
    days: Annotated[int | None, typer.Option(help="Working days to report on an order.")] = None,
    produces: Annotated[
        bool, typer.Option("--produces", help="Of an order: the report must name documents.")
    ] = False,
    settles: Annotated[
        bool, typer.Option("--settles", help="Close the finding --case with a rectification.")
    ] = False,
    evidence: EvidenceOption = None,
    seal_to: SealOption = None,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Demand, have corrected, dispute, object, complain, inspect, order.

    A `demand` asks that a dataset be catalogued, a `correction` that a `--release` be corrected. A
    `dispute` is about a `--case` between its parties, an `objection` about a `--record` of another
    member. A `complaint` goes to auditor and government. Steward and auditor order an `inspection`,
    a `rectification`, a `supervision-order`. A `figure-objection` is about one's own `--figure`,
    and names the `--things` that must not count; `blockpool assess figure` lists them.

    Example: `blockpool case open correction --release flights@1 --text "delays are in minutes"`
    """
    if typed(workflow, Opened) == "objection" and not against:
        raise SpellingError("an objection needs the member it is against", "against")
    with at.open() as (client, writer):
        body = build(
            CaseOpening,
            against=words(against),
            case=None if case is None else _case(client, case),
            days=days,
            evidence=documents(evidence),
            figure=None if figure is None else _figure(figure, things),
            record=None if record is None else full_digest(client, record),
            release=None if release is None else _contents(client, version_of(release)),
            produces=produces,
            settles=settles,
            text=maybe_sealed(text, seal_to),
            workflow=typed(workflow, Opened),
        )
        (done,) = submit(writer, [(workflow, body)], receipts)
    about = body.against or (figure or release or workflow,)
    created = [(f"{done.digest}-{n}", f"{workflow}: {one}") for n, one in enumerate(about)]
    print_done([done], created, as_json=as_json)


@app.command("incident")
@with_options
def incident(
    category: Annotated[str, typer.Argument(help=f"Of {', '.join(CATEGORIES)}.")],
    *,
    stage: Annotated[str, typer.Option(help=f"What was being done: {', '.join(STAGES)}.")],
    text: Annotated[str, typer.Option(help="What happened, and what was done about it.")],
    discovered_at: Annotated[str, typer.Option(help="When it was discovered.")],
    member: Annotated[
        str | None, typer.Option(help="Where it happened, if not with oneself.")
    ] = None,
    datasets: Annotated[str, typer.Option(help="Datasets concerned.")] = "",
    people: Annotated[str, typer.Option(help="How many people it concerns.")] = "0",
    evidence: EvidenceOption = None,
    seal_to: SealOption = None,
    anyway: AnywayFlag = False,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Report an incident; whoever it happened to must report on it.

    Only what the ledger does not know is asked about, not that it is late.

    Example: `blockpool case incident leak --stage transfer --datasets census
    --discovered-at 2026-11-23T08:00:00+08:00 --text "sent to the wrong address"`
    """
    with at.open() as (client, writer):
        body = build(
            Incident,
            category=typed(category, _HINTS["category"]),
            datasets=words(datasets),
            discovered_at=zone_of(client).start(discovered_at),
            evidence=documents(evidence),
            member=member,
            people=count(people),
            stage=typed(stage, _HINTS["stage"]),
            text=maybe_sealed(text, seal_to),
        )
        forewarn(client, at.writer_name, [body], anyway=anyway)
        (done,) = submit(writer, [("incident", body)], receipts)
    print_done([done], [(f"{done.digest}-0", category)], as_json=as_json)


def _case(client: Client, text: str) -> CaseId:
    """The id of a case; of a record that opened one, that case. Raises `SpellingError`."""
    found = full_id(client, "case", text)
    if len(found) != _DIGEST_CHARS or read_value(client, Case, f"case/{found}") is not None:
        return found
    outcome = client.record(found).outcome
    changed = () if outcome is None else outcome.changed
    opened = [key.removeprefix("case/") for key in changed if key.startswith(f"case/{found}")]
    if len(opened) == 1:
        return opened[0]
    told = f"its cases are {', '.join(opened)}" if opened else "it opened no case"
    raise SpellingError(f"{quoted(text)} is a record; {told}", "case")


def version_of(text: str) -> DatasetVersion:
    """A version of a dataset, written `flights@2`. Raises `SpellingError`."""
    dataset, at_sign, version = text.partition("@")
    if not at_sign:
        raise SpellingError(f"`{text}` is no version such as flights@2", "release")
    return build(DatasetVersion, dataset=dataset, version=count(version))


def _figure(text: str, things: str) -> FigureObjection:
    """What must not count in a figure, written `timely-answers@2026-Q4`. Raises `SpellingError`."""
    indicator, at_sign, period = text.partition("@")
    if not at_sign:
        raise SpellingError(f"`{text}` is no figure such as timely-answers@2026-Q4", "figure")
    return build(FigureObjection, indicator=indicator, period=period, things=words(things))


def _contents(client: Client, version: DatasetVersion) -> VersionContent:
    """What a version contains, as the node says."""
    dataset, number = version.dataset, version.version
    released = read_value(client, ReleasedVersion, f"release/{dataset}/{number}")
    if released is None:
        fail(
            f"`{dataset}` has no version {number}", hint=f"see: blockpool catalogue show {dataset}"
        )
    return VersionContent(dataset=dataset, sha256=released.sha256, version=number)


def documents(evidence: Sequence[str] | None) -> tuple[str, ...]:
    """The digests of the documents named, in order. Raises `SpellingError`."""
    return tuple(sorted({document_digest(one) for one in evidence or ()}))
