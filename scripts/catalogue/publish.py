"""The way of a whole sheet onto the ledger: entries, the steward's review, releases."""

import time
from collections.abc import Sequence
from typing import Final

from node.client import Client, Writer
from scripts.catalogue.entries import Planned
from scripts.catalogue.plan import (
    Standing,
    bodies_for,
    content_problem,
    read_standing,
    releases_of,
)
from scripts.catalogue.sheet import SheetProblem
from scripts.console_text import progress
from scripts.submission import submit

_POLL_S: Final = 2.0


def check_contents(planned: Sequence[Planned]) -> list[SheetProblem]:
    """Which files are no longer those that were scanned."""
    problems = []
    with progress("checking contents", len(planned)) as advance:
        for one in planned:
            problem = content_problem(one)
            problems += [] if problem is None else [problem]
            advance()
    return problems


def read_standings(client: Client, planned: Sequence[Planned]) -> list[Standing]:
    """Where every dataset stands."""
    standings = []
    with progress("comparing with the ledger", len(planned)) as advance:
        for one in planned:
            standings.append(read_standing(client, one))
            advance()
    return standings


def publish_all(
    client: Client, writer: Writer, standings: list[Standing], *, wait: bool, release: bool
) -> list[Standing]:
    """Submit what is to be said; returns where everything stands then."""
    planned = [one.planned for one in standings]
    bodies = bodies_for(client, standings)
    if bodies:
        submit(writer, bodies, what="publishing entries")
        standings = read_standings(client, planned)
    if wait:
        standings = _wait_for_review(client, standings)
    releases = releases_of(standings) if release else []
    if releases:
        submit(writer, releases, what="releasing")
        standings = read_standings(client, planned)
    return standings


def _wait_for_review(client: Client, standings: list[Standing]) -> list[Standing]:
    """Until no entry awaits review; entries returned end up as new or changed again."""
    waiting = sum(one.state == "awaiting review" for one in standings)
    with progress("waiting for the steward's review", waiting) as advance:
        while waiting:
            time.sleep(_POLL_S)
            standings = [
                read_standing(client, one.planned) if one.state == "awaiting review" else one
                for one in standings
            ]
            still = sum(one.state == "awaiting review" for one in standings)
            advance(waiting - still)
            waiting = still
    return standings
