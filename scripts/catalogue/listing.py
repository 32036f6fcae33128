"""`blockpool catalogue list`: the entries in force, and those returned that wait to be mended."""

from typing import Annotated

import typer

from scripts.case.returned import Returned, returned_entries
from scripts.catalogue.plan import entry_body
from scripts.console_text import heading, print_json, print_table
from scripts.explain.language import Language, word
from scripts.explain.languages import LanguageOption, listing_in
from scripts.explain.sources import NodeSource
from scripts.options import JsonFlag, with_options
from scripts.profile import Reading
from scripts.record.listing import AsAtOption, as_at_of

app = typer.Typer()


@app.command("list")
@with_options
def list_datasets(
    *,
    text: Annotated[
        str | None, typer.Option(help="Only with all these words in id, code, title or summary.")
    ] = None,
    code: Annotated[str | None, typer.Option(help="Only of this catalogue code.")] = None,
    provider: Annotated[str | None, typer.Option(help="Only of this member.")] = None,
    sharing: Annotated[
        str | None, typer.Option(help="Only unconditional, conditional or withheld.")
    ] = None,
    as_at: AsAtOption = None,
    lang: LanguageOption = "en",
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """List, or search, the datasets whose entries are in force.

    Of one provider, what the steward has returned is listed below, to be mended.

    Example: `blockpool catalogue list --text "weather hourly"`
    """
    filters = {"text": text, "code": code, "provider": provider, "sharing": sharing}
    with at.client() as client:
        moment = as_at_of(client, as_at)
        rows = list(client.items("/v1/datasets", at=moment, **filters))
        entries = [entry_body(client, str(row["record"])) for row in rows]
        returned: list[Returned] = []
        if provider is not None and not as_json:
            returned = list(returned_entries(client, provider, moment))
        language = listing_in(lang, NodeSource(client, at.node))
        told = [
            (
                entry.dataset,
                language.name_of(str(row["provider"])),
                entry.title,
                language.typed(language.states, entry.sharing),
                language.typed(language.states, entry.frequency),
            )
            for entry, row in zip(entries, rows, strict=True)
        ]
    if as_json:
        print_json(entries)
        return
    print_table(language.titles("dataset", "provider", "title", "sharing", "frequency"), told)
    _print_returned(returned, language)


def _print_returned(returned: list[Returned], language: Language) -> None:
    if returned:
        heading(language.phrases["todo-returned-head"])
        titles = language.titles("dataset", "ground", "note", "when")
        rows = (
            (
                one.dataset,
                None if one.said.ground is None else word(language.grounds, one.said.ground),
                one.said.note,
                one.said.time,
            )
            for one in returned
        )
        print_table(titles, rows)
