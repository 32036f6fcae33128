"""`blockpool govern members`: who is on the ledger, in which offices, in whose hands."""

from collections.abc import Mapping
from typing import Annotated

import typer

from node.client.answers import JsonObject
from scripts.console_text import print_json, print_table
from scripts.explain.language import Language
from scripts.explain.languages import LANGUAGES, LanguageOption
from scripts.options import JsonFlag, with_options
from scripts.profile import Reading
from scripts.record.listing import AsAtOption, as_at_of

app = typer.Typer()


@app.command("members")
@with_options
def members(
    *,
    status: Annotated[str | None, typer.Option(help="Only active, suspended or removed.")] = None,
    role: Annotated[str | None, typer.Option(help="Only with this role, such as steward.")] = None,
    as_at: AsAtOption = None,
    lang: LanguageOption = "en",
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """List members: their names, roles, territories, and who acts for those merged or split.

    Example: `blockpool govern members --role committee --as-at 2026-12-31`
    """
    with at.client() as client:
        found = client.items("/v1/members", status=status, at=as_at_of(client, as_at))
        rows = [one for one in found if role is None or role in _words(one.get("roles"))]
    if as_json:
        print_json(rows)
        return
    names = ("member", "name", "roles", "territory", "status", "in the hands of")
    language = LANGUAGES[lang]
    print_table(language.titles(*names), (_cells(row, language) for row in rows))


def _cells(row: JsonObject, language: Language) -> tuple[object, ...]:
    called, place = row["names"], row["jurisdiction"]
    name = " ".join(str(one) for one in called.values()) if isinstance(called, dict) else ""
    territory = _territory(place, language) if isinstance(place, dict) else ""
    successor = row.get("successor")
    hands = [] if successor is None else [str(successor)]
    hands += [language.phrase("in-part", member=one) for one in _words(row.get("heirs"))]
    roles = language.phrases["comma"].join(
        language.typed(language.parts, one) for one in _words(row.get("roles"))
    )
    status = language.typed(language.states, str(row.get("status", "active")), "member")
    return (row["id"], name, roles, territory, status, language.phrases["comma"].join(hands))


def _territory(place: Mapping[str, object], language: Language) -> str:
    level = language.typed(language.states, str(place["level"]))
    return language.phrase("party", member=place["code"], part=level)


def _words(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
