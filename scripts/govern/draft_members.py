"""`blockpool govern draft`, of members: who goes, changes, holds which office, acts for whom."""

from pathlib import Path
from typing import Annotated

import typer

from contracts.values import Group, Member
from ledger.records.actions import HANDED_MAX, SplitMember
from ledger.records.genesis import Jurisdiction
from ledger.records.governance import (
    DescribeMember,
    RecoverCustodian,
    ReinstateMember,
    RejectAdmission,
    RemoveMember,
    SetGroup,
    SetRoles,
    SucceedMember,
    SuspendMember,
)
from scripts.console_text import fail
from scripts.govern.actions import read_admissions
from scripts.govern.draft import (
    EnOption,
    MemberArgument,
    OutOption,
    ZhOption,
    names_of,
    present,
    write_actions,
)
from scripts.options import with_options
from scripts.profile import Reading
from scripts.signers import read_public_key
from scripts.spelling import build, words

app = typer.Typer()


@app.command("admit")
def admit(
    file: Annotated[
        Path,
        typer.Argument(
            help="Table of members: id, code, custodian, en, zh, jurisdiction, level, superior, "
            "roles, authorisation, endpoint."
        ),
    ],
    *,
    out: OutOption = None,
) -> None:
    """Admit the members of a table, at most 128.

    Custodian (a public key) and authorisation are files beside the table. Superior, roles,
    endpoint and one of the two names may be empty or left out.

    Example: `blockpool govern draft admit members.csv --out admit.json`
    """
    write_actions([read_admissions(file)], out)


@app.command("describe")
@with_options
def describe(
    member: MemberArgument,
    *,
    code: Annotated[str | None, typer.Option(help="Unified code of the organisation.")] = None,
    jurisdiction: Annotated[str | None, typer.Option(help="Code of its territory.")] = None,
    level: Annotated[
        str | None, typer.Option(help="national, province, city, county or township.")
    ] = None,
    en: EnOption = None,
    zh: ZhOption = None,
    superior: Annotated[
        str | None, typer.Option(help="Its superior in its line; empty for none.")
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option(help="Address of its node; empty for none.")
    ] = None,
    at: Reading = Reading(),
    out: OutOption = None,
) -> None:
    """Say anew what a member is: renamed, moved to another superior or territory.

    What is not given is as on the ledger today.

    Example: `blockpool govern draft describe parks --en "Parks and Lakes" --superior housing
    --out parks.json`
    """
    today = _member(at, member)
    action = build(
        DescribeMember,
        code=code or today.code,
        endpoint=(today.endpoint if endpoint is None else endpoint) or None,
        jurisdiction=Jurisdiction(
            code=jurisdiction or today.jurisdiction.code,
            level=level or today.jurisdiction.level,  # type: ignore[arg-type]  # checked by `build`
        ),
        line_superior=(today.line_superior if superior is None else superior) or None,
        member=member,
        names=names_of(en, zh, today.names),
    )
    write_actions([action], out)


@app.command("group")
@with_options
def group(
    code: Annotated[str, typer.Argument(help="Its code.")],
    *,
    members: Annotated[
        str | None, typer.Option(help="Who is in it from then on; empty ends it.")
    ] = None,
    en: EnOption = None,
    zh: ZhOption = None,
    at: Reading = Reading(),
    out: OutOption = None,
) -> None:
    """Replace a group of members, to which standing grants can go.

    What is not given is as on the ledger today.

    Example: `blockpool govern draft group bureaus --members health,tax --en Bureaus --out g.json`
    """
    today = present(at, Group, f"group/{code}")
    names = names_of(en, zh, None if today is None else today.names)
    before = () if today is None else today.members
    listed = before if members is None else words(members)
    write_actions([build(SetGroup, group=code, members=listed, names=names)], out)


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


@app.command("reject")
def reject(
    proposal: Annotated[str, typer.Argument(help="Id of the proposal to admit members.")],
    *,
    out: OutOption = None,
) -> None:
    """End an open vote on an admission to which somebody objected: for `govern decide` alone.

    Example: `blockpool govern draft reject PROPOSAL --out reject.json`
    """
    write_actions([build(RejectAdmission, proposal=proposal)], out)


@app.command("roles")
@with_options
def roles(
    member: MemberArgument,
    *,
    roles: Annotated[
        str | None, typer.Option(help="All its roles from then on; empty for none.")
    ] = None,
    at: Reading = Reading(),
    out: OutOption = None,
) -> None:
    """Replace a member's roles: committee, government, steward, auditor, witness and others.

    Without --roles they are those it has today.

    Example: `blockpool govern draft roles audit --roles auditor,committee --out roles.json`
    """
    held = _member(at, member).roles if roles is None else words(roles)
    write_actions([build(SetRoles, member=member, roles=held)], out)


@app.command("suspend")
def suspend(member: MemberArgument, *, out: OutOption = None) -> None:
    """Suspend a member: it states facts and manages its keys, but neither asks, gives nor votes.

    Example: `blockpool govern draft suspend parks --out suspend.json`
    """
    write_actions([build(SuspendMember, member=member)], out)


@app.command("reinstate")
def reinstate(member: MemberArgument, *, out: OutOption = None) -> None:
    """End a member's suspension.

    Example: `blockpool govern draft reinstate parks --out reinstate.json`
    """
    write_actions([build(ReinstateMember, member=member)], out)


def _member(at: Reading, member: str) -> Member:
    known = present(at, Member, f"member/{member}")
    return known or fail(f"no member {member}", hint="see: blockpool govern members")
