"""`blockpool govern draft`: write an action down as a file, to be read before the vote.

    blockpool govern draft split transport --datasets roads,bridges --to works --out split.json
    blockpool govern propose split.json --reason "minutes of May"

A file can be proposed by the committee or decided by the government, and shown to anybody before.
What replaces something is drafted as that is on the ledger today, for whoever wants to change a
part of it: `blockpool govern draft parameters --out p.json`, an editor, `blockpool govern propose`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from msgspec import Struct, to_builtins
from msgspec import json as msgspec_json
from msgspec.structs import fields

from contracts.values import Pairing, Value
from ledger.records.actions import (
    ChangeBases,
    SetLogKeys,
    SetPairing,
)
from ledger.records.genesis import LogKeys, Names
from ledger.records.governance import SetCalendar, SetParameters
from scripts.answers import read_value
from scripts.console_text import info, success
from scripts.files import write_new
from scripts.govern.actions import read_bases
from scripts.options import with_options
from scripts.profile import Reading
from scripts.signers import read_public_key
from scripts.spelling import build, words

V = TypeVar("V", bound=Value)

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Write an action down as JSON, for `govern propose` or `govern decide`.",
)

OutOption = Annotated[Path | None, typer.Option(help="File to write; without one it is printed.")]
EnOption = Annotated[str | None, typer.Option("--en", help="What it is called, in English.")]
ZhOption = Annotated[str | None, typer.Option("--zh", help="The same, in Chinese.")]
MemberArgument = Annotated[str, typer.Argument(help="The member.")]


@app.command("bases")
def bases(
    file: Annotated[
        Path | None, typer.Argument(help="Table of those to adopt: code,kind,reference,en,zh.")
    ] = None,
    *,
    retire: Annotated[str, typer.Option(help="Codes to retire.")] = "",
    out: OutOption = None,
) -> None:
    """Adopt laws, regulations and decisions that catalogue entries can rest on; retire others.

    Once any is adopted, entries that withhold data or hold personal information name one by its
    code. A kind is law, regulation, decision or other.

    Example: `blockpool govern draft bases bases.csv --out bases.json`
    """
    adopted = () if file is None else read_bases(file)
    write_actions([build(ChangeBases, bases=adopted, retired=words(retire))], out)


@app.command("log-keys")
def log_keys(
    member: MemberArgument,
    *,
    ed25519: Annotated[Path, typer.Option(help="Its Ed25519 log key, a .pub or .pem file.")],
    ml_dsa: Annotated[Path, typer.Option(help="Its ML-DSA-44 log key, the same.")],
    out: OutOption = None,
) -> None:
    """Give a member other log keys, which sign checkpoints at once if it orders blocks.

    Who orders none may come to by a later vote, `blockpool govern draft roles`. Both keys sign the
    proposal: `blockpool govern propose FILE --cosign KEY`, once for each.

    Example: `blockpool govern draft log-keys weather --ed25519 log.pub --ml-dsa log-pq.pub
    --out log-keys.json`
    """
    keys = build(
        LogKeys,
        ed25519=read_public_key(ed25519).description,
        ml_dsa44=read_public_key(ml_dsa).description,
    )
    write_actions([build(SetLogKeys, log_keys=keys, member=member)], out)


@app.command("pairing")
@with_options
def pairing(
    code: Annotated[str, typer.Argument(help="Its code.")],
    *,
    members: Annotated[
        str | None, typer.Option(help="Who works together, two to eight members.")
    ] = None,
    goal: Annotated[list[str] | None, typer.Option(help="What for; may be repeated.")] = None,
    since: Annotated[str | None, typer.Option(help="First day, such as 2027-01-01.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day.")] = None,
    en: EnOption = None,
    zh: ZhOption = None,
    result: Annotated[str | None, typer.Option(help="What came of it.")] = None,
    at: Reading = Reading(),
    out: OutOption = None,
) -> None:
    """Say which members work together on what until when; later, with what result.

    What is not given is as on the ledger today.

    Example: `blockpool govern draft pairing forms --members health,tax --goal "one form"
    --since 2027-01-01 --until 2027-12-31 --en "Fewer forms" --out pairing.json`
    """
    today = present(at, Pairing, f"pairing/{code}")
    action = build(
        SetPairing,
        goals=tuple(sorted({*goal})) if goal else () if today is None else today.goals,
        members=words(members) if members else () if today is None else today.members,
        names=names_of(en, zh, None if today is None else today.names),
        pairing=code,
        result=result or (today and today.result),
        since=since or (today and today.since),
        until=until or (today and today.until),
    )
    write_actions([action], out)


def present(at: Reading, kind: type[V], key: str) -> V | None:
    """What stands under a key today, if anything does."""
    with at.client() as client:
        return read_value(client, kind, key)


def names_of(en: str | None, zh: str | None, today: Names | None) -> Names:
    """Names as given; what is not given as it is today. Raises `SpellingError` without any."""
    before = {} if today is None else {"en": today.en, "zh": today.zh}
    return build(Names, en=en or before.get("en"), zh=zh or before.get("zh"))


def write_actions(actions: Sequence[Struct], out: Path | None) -> None:
    """Print actions, or write each into a file of its own."""
    for n, action in enumerate(actions, start=1):
        text = msgspec_json.format(msgspec_json.encode(_spelled(action)), indent=2)
        if out is None:
            success(text.decode())
            continue
        path = out if len(actions) == 1 else out.with_stem(f"{out.stem}-{n}")
        write_new(path, text + b"\n")
        info(f"next: blockpool govern propose {path} --reason …")


def _spelled(action: Struct) -> object:
    """An action for an editor: of parameters and calendar every member, whatever its value."""
    match action:
        case SetParameters(parameters=whole) | SetCalendar(calendar=whole):
            name = fields(action)[0].encode_name
            every = {one.encode_name: getattr(whole, one.name) for one in fields(whole)}
            return {"act": action.__struct_config__.tag, name: every}
        case _:
            return to_builtins(action)
