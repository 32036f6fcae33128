"""`blockpool assess`: figures by which members are assessed, from a node or from a log's leaves."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from msgspec import json as msgspec_json
from msgspec import to_builtins

from contracts.assessment.seed import SEED
from ledger.records.assessment import PeriodName, SetIndicator
from scripts.assess.sources import Asked, Figures, NodeFigures, figures_of_log
from scripts.assess.wording import (
    print_assessments,
    print_evidence,
    print_figure,
    print_indicators,
    print_trust,
)
from scripts.audit.command import Access
from scripts.console_text import info, print_json, success
from scripts.explain.languages import LANGUAGES, LanguageOption
from scripts.files import write_new
from scripts.options import JsonFlag, with_options
from scripts.profile import (
    NODE,
    NodeOption,
    PolicyOption,
    Reading,
    RequestKeyOption,
    RequestPassphraseOption,
    TokenOption,
)
from scripts.record.listing import AsAtOption
from scripts.spelling import SpellingError, typed
from scripts.tls import ClientKeyOption, NodeKeyOption

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help=(
        "Figures by which members are assessed, what each of them counts, and trust indexes: from "
        "a node, or computed here from a log."
    ),
)

PeriodOption = Annotated[
    str | None,
    typer.Option(help="Year, quarter or month: 2026, 2026-Q4, 2026-11. The one that runs."),
]
MemberOption = Annotated[str | None, typer.Option(help="Only of this member.")]


@dataclass(frozen=True)
class From:
    """Who is asked: a node, or this machine of a log."""

    node: NodeOption = NODE
    token_file: TokenOption = None
    request_key: RequestKeyOption = None
    request_passphrase_file: RequestPassphraseOption = None
    node_key: NodeKeyOption = None
    client_key: ClientKeyOption = None
    log: Annotated[
        str | None,
        typer.Option(
            help="Compute them here from this log, audited first: an exported folder, or its URL."
        ),
    ] = None
    policy: PolicyOption = None

    @contextmanager
    def open(self) -> Iterator[Figures]:
        """Where figures come from."""
        shown = (
            self.token_file,
            self.request_key,
            self.request_passphrase_file,
            self.node_key,
            self.client_key,
        )
        if self.log is not None:
            with figures_of_log(self.log, Access(self.policy, *shown)) as found:
                yield found
        else:
            with Reading(self.node, *shown).client() as client:
                yield NodeFigures(client)


@app.command("show")
@with_options
def show(
    *,
    member: MemberOption = None,
    period: PeriodOption = None,
    as_at: AsAtOption = None,
    lang: LanguageOption = "en",
    source: From = From(),
    as_json: JsonFlag = False,
) -> None:
    """Show the figures of members in a period, provisional or final, and their score.

    With --log nobody is believed: the log is audited, and everything computed from its leaves.

    Example: `blockpool assess show --log build/demo/export --policy build/demo/policy`
    """
    with source.open() as figures:
        found = figures.assessments(member, _asked(figures, period, as_at))
    if as_json:
        print_json(found)
        return
    print_assessments(found, LANGUAGES[lang])


@app.command("figure")
@with_options
def figure(
    member: Annotated[str, typer.Argument(help="Whose figure.")],
    indicator: Annotated[str, typer.Argument(help="Code of the indicator.")],
    *,
    period: PeriodOption = None,
    as_at: AsAtOption = None,
    lang: LanguageOption = "en",
    source: From = From(),
    as_json: JsonFlag = False,
) -> None:
    """Show one figure with everything it counts, each with its record on the ledger.

    The member objects with `blockpool case open figure-objection`.

    Example: `blockpool assess figure transport timely-answers --period 2026-Q4`
    """
    with source.open() as figures:
        name, told, things = figures.figure(member, indicator, _asked(figures, period, as_at))
    if as_json:
        print_json({"figure": told, "member": member, "period": name, "things": things})
        return
    print_figure(member, name, told, things, LANGUAGES[lang])


@app.command("trust")
@with_options
def trust(
    member: Annotated[str | None, typer.Argument(help="Whose index, with its evidence.")] = None,
    *,
    as_at: AsAtOption = None,
    lang: LanguageOption = "en",
    source: From = From(),
    as_json: JsonFlag = False,
) -> None:
    """Show trust indexes: what a member's past lets one expect, as a Beta reputation.

    Duties met in time speak for a member, confirmed findings against it; what is older counts less.

    Example: `blockpool assess trust transport --lang zh`
    """
    with source.open() as figures:
        if member is None:
            found = figures.trust(None, figures.as_at(as_at))
            if as_json:
                print_json([{"index": index, "member": name} for name, index in found])
            else:
                print_trust(found, LANGUAGES[lang])
            return
        index, evidence = figures.evidence(member, figures.as_at(as_at))
    if as_json:
        print_json({"evidence": evidence, "index": index, "member": member})
        return
    print_evidence(member, index, evidence, LANGUAGES[lang])


@app.command("indicators")
@with_options
def indicators(
    *,
    as_at: AsAtOption = None,
    lang: LanguageOption = "en",
    source: From = From(),
    as_json: JsonFlag = False,
) -> None:
    """List the indicators adopted; with --json as they are written.

    Example: `blockpool assess indicators --as-at 2026-12-31`
    """
    with source.open() as figures:
        found = figures.indicators(figures.as_at(as_at))
    if as_json:
        print_json(found)
        return
    print_indicators(found, LANGUAGES[lang])


@app.command("seed")
def seed(
    out: Annotated[Path, typer.Option(help="Folder for the files, one for each indicator.")],
    as_json: JsonFlag = False,
) -> None:
    """Write the usual indicators as actions to be edited and proposed, one file each.

    A new ledger adopts them as they are with `indicators = "seed"` in its description.

    Example: `blockpool assess seed --out indicators`
    """
    out.mkdir(parents=True, exist_ok=True)
    files = {}
    for one in SEED:
        path = out / f"{one.id}.json"
        told = {"act": "set-indicator", **to_builtins(SetIndicator(indicator=one))}
        data = msgspec_json.format(msgspec_json.encode(told), indent=2)
        write_new(path, data + b"\n")
        files[one.id] = str(path)
    if as_json:
        print_json(files)
        return
    success(f"wrote {len(files)} indicators to {out}")
    info(f"put one to the vote: blockpool govern propose {out}/{SEED[0].id}.json --reason REASON")


def _asked(figures: Figures, period: str | None, as_at: str | None) -> Asked:
    """Raises `SpellingError`."""
    try:
        if period is not None:
            typed(period, PeriodName)
    except SpellingError as error:
        like = "2026, 2026-Q4 or 2026-11"
        raise SpellingError(f"`{period}` is no period such as {like}", "period") from error
    return Asked(period=period, at=figures.as_at(as_at))
