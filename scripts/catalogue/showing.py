"""`blockpool catalogue show`: what a dataset offers on which conditions, and its versions.

An entry that waits for the steward has a page of its own, `--draft`: who approves it reads there
what it approves.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from contracts.catalogue.blocks import lost_root
from contracts.values import Dataset, EntryTerms
from ledger.records import Entry
from node.client import Client
from node.client.answers import JsonObject
from scripts.answers import read_value
from scripts.catalogue.plan import entry_body
from scripts.console_text import fail, info, print_fields, print_json, print_table, success
from scripts.explain.language import Language
from scripts.explain.languages import LANGUAGES, LanguageOption
from scripts.explain.names import with_names
from scripts.explain.said import said
from scripts.explain.sources import NodeSource
from scripts.options import JsonFlag, with_options
from scripts.profile import Reading, present_time
from scripts.record.listing import AsAtOption, as_at_of
from scripts.record.schemas import parts_of
from scripts.record.sharing import entry_of
from scripts.record.showing import members_told

app = typer.Typer()


@app.command("show")
@with_options
def show(
    dataset: Annotated[str, typer.Argument(help="Id of the dataset.")],
    *,
    draft: Annotated[
        bool, typer.Option("--draft", help="The entry that waits for the steward instead.")
    ] = False,
    as_at: AsAtOption = None,
    lang: LanguageOption = "en",
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """Show a dataset: its entry, its columns, the conditions it is offered on, its versions.

    On what a block rests is told of now.

    Example: `blockpool catalogue show transport-flights`
    """
    with at.client() as client:
        then = as_at_of(client, as_at)
        known = read_value(client, Dataset, f"dataset/{dataset}", then)
        terms = _terms(client, dataset, known, then, draft=draft)
        entry = entry_body(client, terms.record)
        parts = list(parts_of(client, entry.schema))
        versions = [] if known is None else _versions(client, dataset, then)
        is_block = bool(terms.inputs) and then is None
        source = NodeSource(client, at.node)
        lost = lost_root(source, terms, present_time()) if is_block else None
        language = with_names(LANGUAGES[lang], source)
        told_entry = () if as_json else tuple(_said(source, entry, terms, language))
    names = [name for part in parts for name in part.names]
    personal = [name for part in parts for name in part.personal]
    if as_json:
        told = {"columns": names, "entry": entry, "personal": personal, "provider": terms.provider}
        print_json({**told, "lostRight": lost, "releases": len(versions), "versions": versions})
        return
    fields: dict[str, object] = {
        "provider": terms.provider,
        "waits for the steward since" if draft else "in force since": terms.since,
        "record": terms.record,
        "releases": len(versions),
        "columns": ", ".join(names),
        "personal": ", ".join(personal) or language.titles("none")[0],
    }
    if is_block:
        (held,) = language.titles("rights that hold")
        fields["rests on"] = language.phrase("rests-on-lost", grant=lost) if lost else held
    print_fields(zip(language.titles(*fields), fields.values(), strict=True))
    print_fields(told_entry)
    _print_versions(versions, language)
    if known is not None and known.pending is not None and not draft:
        info(f"a new entry waits for the steward: blockpool catalogue show {dataset} --draft")


def _said(
    source: NodeSource, entry: Entry, terms: EntryTerms, language: Language
) -> Iterator[tuple[str, object]]:
    """What the entry says: in English by its members' names, as a sheet has them, else in words."""
    if language.code == "en":
        yield from members_told(entry)
        return
    for line in said(source, entry, terms.provider, language):
        yield "", line


def _terms(
    client: Client, dataset: str, known: Dataset | None, as_at: str | None, *, draft: bool
) -> EntryTerms:
    """What the entry in force says, or the one under review. Raises `SpellingError`."""
    pending = None if known is None else known.pending
    key = f"entry-draft/{pending}"
    waiting = None if pending is None else read_value(client, EntryTerms, key, as_at)
    if draft and waiting is None:
        fail(f"no entry of `{dataset}` waits for the steward", "see: blockpool catalogue list")
    if draft and waiting is not None:
        return waiting
    if waiting is not None and read_value(client, EntryTerms, f"entry/{dataset}", as_at) is None:
        fail(
            f"no entry in force for `{dataset}`; one waits for the steward",
            f"see: blockpool catalogue show {dataset} --draft",
        )
    return entry_of(client, dataset, as_at)


def _versions(client: Client, dataset: str, as_at: str | None) -> Sequence[JsonObject]:
    """What was released, the oldest first; each row tells its version."""
    rows = client.items("/v1/releases", dataset=dataset, at=as_at)
    by_number = {int(str(row["id"]).rpartition("/")[2]): row for row in rows}
    return [{**row, "version": number} for number, row in sorted(by_number.items())]


def _print_versions(versions: Sequence[JsonObject], language: Language) -> None:
    shown = ("version", "asOf", "rows", "sha256", "corrects", "correctedBy")
    if versions:
        success("")
        names = ("version", "as of", "rows", "sha256", "corrects", "corrected by")
        print_table(language.titles(*names), _cells(versions, shown))


def _cells(rows: Sequence[JsonObject], names: Sequence[str]) -> Iterator[Sequence[object]]:
    return ([row.get(name) for name in names] for row in rows)
