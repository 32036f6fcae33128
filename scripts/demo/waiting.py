"""Act 8: three weeks later a request has gone unanswered, and the ledger has noticed by itself.

The node is stopped and started again, by the right clock; the working days in between have passed.
Nobody reports the delay: the finding is raised as the deadline passes. It accuses, it does not
judge: the accused answers, and the auditor dismisses it, in public and for a coded ground.
"""

import time
from dataclasses import dataclass
from typing import Final

from contracts.values import Case
from ledger.records import Step
from ledger.types import ItemId
from node.client import Receipted
from scripts.answers import read_value
from scripts.demo.breaches import Breach, breach_of
from scripts.demo.cast import AUDITOR, AUTHORITY, PLANES, REGISTRY
from scripts.demo.node_process import NodeProcess
from scripts.demo.sharing import ask, give
from scripts.demo.stage import Stage, act, expect, tell
from scripts.record.terms import TermsOptions

DAYS: Final = 21
"""How long ago the demo begins: more than the ten working days to answer a request."""
CODE: Final = "answer-overdue"
STANDS: Final = TermsOptions(
    fields="engines, seats, tailnum", purposes="public-services", operations="query"
)
_WAIT_S_MAX: Final = 30
_POLL_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Late:
    """The request that was answered late: its finding, and the right it came to."""

    breach: Breach
    grant: ItemId


def ask_in_vain(stage: Stage) -> Receipted:
    """In act 3: a request that nobody answers."""
    asked = ask(stage, AUTHORITY, [PLANES.dataset], STANDS, "Stands for aircraft by size")
    tell(f"the {AUTHORITY.en} asks for the aircraft: no answer")
    return asked


def come_back_later(stage: Stage, node: NodeProcess, asked: Receipted) -> Late:
    """The whole act."""
    act("8  Three weeks later")
    days = -stage.clock.offset_days
    expect(node.stop() == 0, "the node stops when asked to")
    stage.clock.offset_days = 0
    node.start()
    case = f"{asked.digest}-0-{CODE}"
    _expect_raised(stage, case)
    tell(
        f"{days} days have passed. Nobody has said anything; the ledger has found that the "
        f"{REGISTRY.en} is late: {CODE}"
    )
    given = give(stage, REGISTRY, f"{asked.digest}-0")
    _answer_the_finding(stage, case)
    breach = breach_of(stage, asked, CODE, case)
    expect(breach.state == "dismissed", "the finding is dismissed")
    return Late(breach, f"{given.digest}-0")


def _expect_raised(stage: Stage, case: str) -> None:
    """The node closes a block by itself when a deadline has passed: nobody need submit anything."""
    give_up_s = time.monotonic() + _WAIT_S_MAX
    while read_value(stage.client, Case, f"case/{case}") is None:
        expect(time.monotonic() < give_up_s, "a late answer becomes a finding")
        time.sleep(_POLL_S)


def _answer_the_finding(stage: Stage, case: str) -> None:
    reply = "The writer in charge had left; the office now has two."
    stage.department(REGISTRY).says(Step(cases=(case,), note=reply, step="reply"))
    stage.department(AUDITOR).says(Step(cases=(case,), ground="explained", step="dismiss"))
    tell(
        f"the {REGISTRY.en} grants the request, late, and replies to the finding; "
        f"the {AUDITOR.en} dismisses it (ground: explained)"
    )
