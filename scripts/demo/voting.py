"""The committee votes. The ballot that reaches the majority does what was proposed."""

from typing import Final

from contracts.values import Case, Ledger
from ledger.records import Ballot, Proposal
from ledger.records.genesis import Names, Purpose
from ledger.records.governance import Action, ChangePurposes
from ledger.times import DAY_MS, from_ms
from scripts.answers import read_value
from scripts.demo.cast import COMMITTEE
from scripts.demo.stage import Stage, expect, tell

RESEARCH: Final = Purpose(code="research", names=Names(en="research", zh="科学研究"))


def adopt_a_purpose(stage: Stage) -> None:
    """Nobody can grant data for research until most of the committee has said so."""
    action = ChangePurposes(purposes=(RESEARCH,))
    votes = adopt(stage, action, "Universities ask for the delays.")
    ledger = read_value(stage.client, Ledger, "ledger")
    expect(ledger is not None and RESEARCH.code in ledger.purposes, "the purpose is adopted")
    tell(f"the committee adopts the purpose `{RESEARCH.code}`: {votes}")


def adopt(stage: Stage, action: Action, reason: str) -> str:
    """Put an action to the vote and have two of three vote yes; returns the votes, in words."""
    proposer, second, _ = COMMITTEE
    closes_at = from_ms(stage.clock() + DAY_MS)
    proposal = stage.department(proposer).says(
        Proposal(action=action, closes_at=closes_at, reason=reason)
    )
    for voter in (proposer, second):
        expect(not _is_adopted(stage, proposal.digest), "nothing is done before the majority")
        stage.department(voter).says(Ballot(proposal=proposal.digest, vote="yes"))
    expect(_is_adopted(stage, proposal.digest), "two of three are a majority")
    return f"2 of {len(COMMITTEE)} votes"


def _is_adopted(stage: Stage, proposal: str) -> bool:
    case = read_value(stage.client, Case, f"case/{proposal}")
    return case is not None and case.state == "adopted"
