"""`blockpool govern draft`, of members: who goes, changes, holds which office, acts for whom."""

from pathlib import Path
from typing import Annotated

import typer

from ledger.records.actions import HANDED_MAX, SplitMember
from ledger.records.genesis import Jurisdiction, Names
from ledger.records.governance import (
    DescribeMember,
    RecoverCustodian,
    RemoveMember,
    SetGroup,
    SetRoles,
    SucceedMember,
)
from scripts.govern.draft import MemberArgument, OutOption, write_actions
from scripts.keys.command import read_public_key
from scripts.spelling import build, words

app = typer.Typer()


@app.command("describe")
def describe(
    member: MemberArgument,
    *,
    code: Annotated[str, typer.Option(help="Unified code of the organisation.")],
    jurisdiction: Annotated[str, typer.Option(help="Code of its territory.")],
    level: Annotated[str, typer.Option(help="national, province, city, county or township.")],
    en: Annotated[str | None, typer.Option(help="What it is called, in English.")] = None,
    zh: Annotated[str | None, typer.Option(help="The same, in Chinese.")] = None,
    superior: Annotated[str | None, typer.Option(help="Its superior in its line.")] = None,
    endpoint: Annotated[str | None, typer.Option(help="Address of its node.")] = None,
    out: OutOption = None,
) -> None:
    """Say anew what a member is: renamed, moved to another superior or territory.

    Example: `blockpool govern draft describe parks --code 11330102 --jurisdiction 330100
    --level city --en "Parks and Lakes" --superior housing --out parks.json`
    """
    action = build(
        DescribeMember,
        code=code,
        endpoint=endpoint,
        jurisdiction=Jurisdiction(code=jurisdiction, level=level),  # type: ignore[arg-type]  # checked by `build`
        line_superior=superior,
        member=member,
        names=build(Names, en=en, zh=zh),
    )
    write_actions([action], out)


@app.command("group")
def group(
    code: Annotated[str, typer.Argument(help="Its code.")],
    *,
    members: Annotated[str, typer.Option(help="Who is in it from then on; empty ends it.")],
    en: Annotated[str | None, typer.Option(help="What it is called, in English.")] = None,
    zh: Annotated[str | None, typer.Option(help="The same, in Chinese.")] = None,
    out: OutOption = None,
) -> None:
    """Replace a group of members, to which standing grants can go.

    Example: `blockpool govern draft group bureaus --members health,tax --en Bureaus --out g.json`
    """
    names = build(Names, en=en, zh=zh)
    write_actions([build(SetGroup, group=code, members=words(members), names=names)], out)


@app.command("merge")
def merge(
    member: MemberArgument,
    *,
    into: Annotated[str, typer.Option(help="Member that acts for it from then on.")],
    out: OutOption = None,
) -> None:
    """Merge a member into another one. Its id stays, and all it provides, has and owes.

    The successor's custodian appoints its writers from then on: `blockpool keys appoint`.

    Example: `blockpool govern draft merge parks --into works --out merge.json`
    """
    write_actions([build(SucceedMember, member=member, successor=into)], out)


@app.command("split")
def split(
    member: MemberArgument,
    *,
    datasets: Annotated[
        str, typer.Option(help="Datasets it provides, or has rights to; or @FILE, one a line.")
    ],
    to: Annotated[
        str, typer.Option(help="Member that acts for it in these; the member itself takes back.")
    ],
    out: OutOption = None,
) -> None:
    """Put what a member does with some datasets into another hand. Nothing else changes.

    Ids, rights, cases and deadlines stay. The new hand's custodian appoints writers of the member
    for these datasets: `blockpool keys appoint MEMBER/NAME --datasets …`. More than 128 datasets
    are several actions, in files with a number.

    Example: `blockpool govern draft split transport --datasets roads,bridges --to works
    --out split.json`
    """
    text = Path(datasets[1:]).read_text(encoding="utf-8") if datasets[:1] == "@" else datasets
    listed = words(text) or ("",)
    several = [listed[at : at + HANDED_MAX] for at in range(0, len(listed), HANDED_MAX)]
    write_actions(
        [build(SplitMember, datasets=one, member=member, successor=to) for one in several], out
    )


@app.command("recover")
def recover(
    member: MemberArgument,
    *,
    key: Annotated[Path, typer.Option(help="Its new custodian key, a .pub or .pem file.")],
    out: OutOption = None,
) -> None:
    """Give a member that lost its custodian key another one.

    The new key signs too: `blockpool govern propose FILE --cosign KEY`, or `govern decide`.

    Example: `blockpool govern draft recover health --key health-custodian-2.pub --out r.json`
    """
    description = read_public_key(key).description
    write_actions([build(RecoverCustodian, key=description, member=member)], out)


@app.command("remove")
def remove(member: MemberArgument, *, out: OutOption = None) -> None:
    """Remove a member for good. What it gave stays given.

    Example: `blockpool govern draft remove parks --out remove.json`
    """
    write_actions([build(RemoveMember, member=member)], out)


@app.command("roles")
def roles(
    member: MemberArgument,
    *,
    roles: Annotated[str, typer.Option(help="All its roles from then on; empty for none.")],
    out: OutOption = None,
) -> None:
    """Replace a member's roles: committee, government, steward, auditor, witness and others.

    Example: `blockpool govern draft roles audit --roles auditor,committee --out roles.json`
    """
    write_actions([build(SetRoles, member=member, roles=words(roles))], out)
