"""`blockpool genesis`: describe a ledger, let its founders sign, see who has not yet."""

from pathlib import Path
from typing import Annotated, Final

import typer

from ledger.policy_file import encode_policy
from ledger.records import Genesis
from ledger.records.genesis import Founder
from scripts.console_text import fail, info, print_fields, print_json, print_table, success, warn
from scripts.files import replace_file, write_new
from scripts.genesis.file import (
    TEMPLATE,
    Founding,
    encode_founding,
    found,
    read_description,
    read_founding,
    sign,
)
from scripts.options import JsonFlag
from scripts.parameters import calendar_told, parameters_told
from scripts.profile import PassphraseOption, present_time
from scripts.signers import load_signer

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Found a ledger: describe it, let every founder sign, check that all did.",
)

_OFFICES: Final = ("auditor", "committee", "government", "steward")
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The genesis record.")]


@app.command("template")
def template() -> None:
    """Print a description to fill in, every line explained.

    Example: `blockpool genesis template > genesis.toml`
    """
    success(TEMPLATE.rstrip("\n"))


@app.command("new")
def new(
    description: Annotated[Path, typer.Argument(help="The description, TOML or JSON.")],
    out: Annotated[Path, typer.Option(help="File for the record, to be signed.")],
    as_json: JsonFlag = False,
) -> None:
    """Make the genesis record from its description.

    Example: `blockpool genesis new genesis.toml --out genesis.json`
    """
    founding = found(read_description(description), present_time())
    write_new(out, encode_founding(founding))
    _print(founding, as_json=as_json)


@app.command("sign")
def sign_genesis(
    file: FileArgument,
    key: Annotated[Path, typer.Option(help="Key file of a founder's custodian, or of the log.")],
    passphrase_file: PassphraseOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Add a founder's signature; read `genesis show` before you do.

    Example: `blockpool genesis sign genesis.json --key keys/health-custodian.pem`
    """
    founding = sign(read_founding(file), load_signer(key, passphrase_file))
    replace_file(file, encode_founding(founding))
    if as_json:
        _print(founding, as_json=True)
        return
    missing = _missing(founding)
    success(f"signed {file}")
    info(f"still to sign: {', '.join(missing)}" if missing else "everybody has signed")


@app.command("show")
def show(file: FileArgument, as_json: JsonFlag = False) -> None:
    """Show what it founds, its digest, who has signed and who has not.

    Example: `blockpool genesis show genesis.json`
    """
    _print(read_founding(file), as_json=as_json)


@app.command("policy")
def policy(
    file: FileArgument, out: Annotated[Path, typer.Option(help="The tlog-policy file.")]
) -> None:
    """Write the trust policy the founders agreed on: whose checkpoints to believe.

    Example: `blockpool genesis policy genesis.json --out policy`
    """
    founding = read_founding(file)
    if not founding.is_complete:
        fail(f"{file} is not signed by everybody yet", hint=f"see: blockpool genesis show {file}")
    write_new(out, encode_policy(founding.policy()))
    success(f"wrote {out}")


def _about(founder: Founder | None) -> tuple[str, str]:
    """A founder's names and roles; the keys of its log have none."""
    if founder is None:
        return "", ""
    names = (founder.names.en, founder.names.zh)
    return " ".join(one for one in names if one), ", ".join(founder.roles)


def _warn_of_vacancies(body: Genesis) -> None:
    held = {role for one in body.members for role in one.roles}
    vacant = [role for role in _OFFICES if role not in held]
    if vacant:
        warn(
            f"nobody holds the office of {', '.join(vacant)}: what waits for it waits in vain",
            hint="give the role to a founder, or admit a member that has it by the first vote",
        )


def _missing(founding: Founding) -> list[str]:
    signed = founding.signed_by
    return [name for name, key in founding.signatories if key.keyid not in signed]


def _print(founding: Founding, *, as_json: bool) -> None:
    body = founding.body
    _warn_of_vacancies(body)
    if as_json:
        print_json(
            {
                "complete": founding.is_complete,
                "genesis": body,
                "ledger": founding.ledger,
                "missing": _missing(founding),
                "origin": body.origin,
                "signed": sorted(founding.signed_by),
            }
        )
        return
    print_fields(
        (
            ("origin", body.origin),
            ("ledger", founding.ledger),
            ("purposes", ", ".join(one.code for one in body.purposes)),
            ("indicators", ", ".join(one.id for one in body.indicators) or None),
            ("calendar", calendar_told(body.calendar)),
            ("signed", f"{len(founding.signatures)} of {len(founding.signatories)}"),
        )
    )
    print_table(("parameter", "value"), parameters_told(body.parameters))
    success("")
    founders = {one.id: one for one in body.members}
    print_table(
        ("who signs", "name", "roles", "key id", "signed"),
        (
            (
                name,
                *_about(founders.get(name.removesuffix("/custodian"))),
                key.keyid,
                "yes" if key.keyid in founding.signed_by else "no",
            )
            for name, key in founding.signatories
        ),
    )
