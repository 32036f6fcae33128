"""`blockpool govern draft`, of what the ledger works by: parameters, purposes and others."""

from pathlib import Path
from typing import Annotated

import typer

from contracts.assessment.seed import SEED
from contracts.values import Ledger
from ledger.records.assessment import EndIndicator, Indicator, SetIndicator
from ledger.records.governance import AdoptRules, ChangePurposes, SetCalendar, SetParameters
from scripts.console_text import fail
from scripts.govern.actions import read_purposes
from scripts.govern.draft import OutOption, present, write_actions
from scripts.options import with_options
from scripts.profile import Reading
from scripts.spelling import build, words

app = typer.Typer()
IndicatorArgument = Annotated[str, typer.Argument(help="Code of the indicator.")]


@app.command("parameters")
@with_options
def parameters(*, at: Reading = Reading(), out: OutOption = None) -> None:
    """Replace the numbers the rules work with: deadlines, majorities, tolerances.

    All of them are written down as they hold today, to be edited; null is asked of nobody.

    Example: `blockpool govern draft parameters --out parameters.json`
    """
    write_actions([build(SetParameters, parameters=_ledger(at).parameters)], out)


@app.command("calendar")
@with_options
def calendar(*, at: Reading = Reading(), out: OutOption = None) -> None:
    """Replace the calendar: holidays, workdays of exchange, the distance from UTC.

    It is written down as it holds today, to be edited.

    Example: `blockpool govern draft calendar --out calendar.json`
    """
    write_actions([build(SetCalendar, calendar=_ledger(at).calendar)], out)


@app.command("purposes")
def purposes(
    file: Annotated[
        Path | None, typer.Argument(help="Table of those to adopt: code,en,zh.")
    ] = None,
    *,
    retire: Annotated[str, typer.Option(help="Codes to retire.")] = "",
    out: OutOption = None,
) -> None:
    """Adopt purpose codes, retire others. What was granted for a retired one stays granted.

    Adopted are those that `blockpool catalogue purposes` lists.

    Example: `blockpool govern draft purposes purposes.csv --out purposes.json`
    """
    adopted = () if file is None else read_purposes(file)
    write_actions([build(ChangePurposes, purposes=adopted, retired=words(retire))], out)


@app.command("indicator")
@with_options
def indicator(code: IndicatorArgument, *, at: Reading = Reading(), out: OutOption = None) -> None:
    """Adopt an indicator, or replace one: written down as it is today, or as one is usually.

    Example: `blockpool govern draft indicator timely-answers --out indicator.json`
    """
    usual = {one.id: one for one in SEED}
    found = present(at, Indicator, f"indicator/{code}") or usual.get(code)
    if found is None:
        fail(f"no indicator {code}", hint="see: blockpool assess indicators, assess seed")
    write_actions([build(SetIndicator, indicator=found)], out)


@app.command("end-indicator")
def end_indicator(code: IndicatorArgument, *, out: OutOption = None) -> None:
    """End an indicator. Figures of periods that were over before stay.

    Example: `blockpool govern draft end-indicator timely-answers --out end.json`
    """
    write_actions([build(EndIndicator, indicator=code)], out)


@app.command("rules")
def rules(
    version: Annotated[int, typer.Argument(help="The version of the rules.")],
    *,
    out: OutOption = None,
) -> None:
    """Go over to the next version of the rules, with the next block.

    Example: `blockpool govern draft rules 2 --out rules.json`
    """
    write_actions([build(AdoptRules, rules=version)], out)


def _ledger(at: Reading) -> Ledger:
    return present(at, Ledger, "ledger") or fail("the node holds no ledger")
