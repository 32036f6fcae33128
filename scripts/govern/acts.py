"""What can be put to the vote, or decided: every act, what it does, who decides it, who drafts it.

An act is a struct of `ledger.records.governance`; its docstring says what it does, its members what
it takes. `blockpool govern actions` prints the table.

>>> takes(ACTS["set-roles"])
'member, [roles]'
>>> decided_by("split-member"), decided_by("set-group"), decided_by("reject-admission")
('committee, government', 'committee', 'government')
"""

from collections.abc import Mapping
from inspect import getdoc
from typing import Annotated, Final, get_args

import typer
from msgspec import Struct
from msgspec.structs import fields

from ledger.records.actions import ChangeBases
from ledger.records.governance import Action, AdmitMembers, ChangePurposes, Matter
from scripts.console_text import info, print_json, print_table
from scripts.explain.english import ENGLISH
from scripts.explain.language import Language
from scripts.explain.languages import LANGUAGES, LanguageOption
from scripts.options import JsonFlag, with_options
from scripts.record.showing import members_told

app = typer.Typer()


def _tagged(kinds: object) -> dict[str, type[Struct]]:
    return {str(one.__struct_config__.tag): one for one in get_args(kinds)}


VOTED: Final[Mapping[str, type[Struct]]] = _tagged(Action)
"""What a proposal can do, by its `act`."""
DECIDED: Final[Mapping[str, type[Struct]]] = _tagged(Matter)
"""What the government decides without a vote."""
ACTS: Final[Mapping[str, type[Struct]]] = dict(sorted({**VOTED, **DECIDED}.items()))
DRAFTS: Final[Mapping[str, str]] = {
    "admit-members": "admit",
    "adopt-rules": "rules",
    "change-bases": "bases",
    "change-purposes": "purposes",
    "describe-member": "describe",
    "end-indicator": "end-indicator",
    "recover-custodian": "recover",
    "reinstate-member": "reinstate",
    "reject-admission": "reject",
    "remove-member": "remove",
    "set-calendar": "calendar",
    "set-group": "group",
    "set-indicator": "indicator",
    "set-log-keys": "log-keys",
    "set-pairing": "pairing",
    "set-parameters": "parameters",
    "set-roles": "roles",
    "split-member": "split",
    "succeed-member": "merge",
    "suspend-member": "suspend",
}
"""By act, the command below `govern draft` that writes it down."""


@app.command("actions")
@with_options
def actions(
    *,
    act: Annotated[str | None, typer.Argument(help="Only this one, with what it takes.")] = None,
    lang: LanguageOption = "en",
    as_json: JsonFlag = False,
) -> None:
    """List what can be put to the vote or decided, who decides it, and how to write it down.

    Example: `blockpool govern actions`
    """
    rows = [_row(one, lang) for one in ACTS if act in (None, one)]
    if as_json:
        names = ("act", "does", "decidedBy", "takes", "draft")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    titles = ("act", "what it does", "decided by", "it takes", "blockpool govern draft")
    print_table(LANGUAGES[lang].titles(*titles), rows)
    info("in brackets: may be left out; what lies in each of them: FORMAT.md")


def takes(kind: type[Struct]) -> str:
    """The members of an act, as a file names them; in brackets what may be left out."""
    names = ((one.encode_name, one.required) for one in fields(kind))
    return ", ".join(name if required else f"[{name}]" for name, required in names)


def act_told(action: Action, language: Language = ENGLISH) -> str:
    """What an action does, and to whom or what, in a line.

    >>> from ledger.records.governance import RemoveMember
    >>> act_told(RemoveMember(member="parks"))
    'remove-member parks'
    """
    match action:
        case AdmitMembers(members=members):
            named = [one.id for one in members]
        case ChangeBases(bases=bases, retired=retired):
            named = [*(one.code for one in bases), *retired]
        case ChangePurposes(purposes=purposes, retired=retired):
            named = [*(one.code for one in purposes), *retired]
        case _:
            told = dict(members_told(action))
            names = ("member", "group", "pairing", "indicator", "indicator.id")
            named = [str(told[name]) for name in names if name in told][:1]
    act = language.typed(language.acts, str(action.__struct_config__.tag))
    return f"{act} {', '.join(named)}".strip()


def decided_by(act: str) -> str:
    """Who can decide an act."""
    deciders = (("committee", VOTED), ("government", DECIDED))
    return ", ".join(who for who, acts in deciders if act in acts)


def _row(act: str, lang: str) -> tuple[str, ...]:
    doc = (getdoc(ACTS[act]) or "").partition("\n")[0]
    does = LANGUAGES[lang].acts.get(act, doc)
    return (act, does, decided_by(act), takes(ACTS[act]), DRAFTS[act])
