"""In act 1: the committee votes. The ballot that reaches the majority does what was proposed."""

from typing import Final

from contracts.values import Ledger
from ledger.records import Ballot, Proposal
from ledger.records.genesis import Names, Purpose
from ledger.records.governance import ChangePurposes
from ledger.times import DAY_MS, from_ms
from node.client.surroundings import now_ms
from scripts.answers import read_value
from scripts.demo.cast import COMMITTEE
from scripts.demo.stage import Stage, expect, tell

RESEARCH: Final = Purpose(code="research", names=Names(en="research", zh="科学研究"))


def adopt_a_purpose(stage: Stage) -> None:
    """Nobody can grant data for research until most of the committee has said so."""
    proposer, second, _ = COMMITTEE
    proposal = stage.department(proposer).says(
        Proposal(
            action=ChangePurposes(purposes=(RESEARCH,)),
            closes_at=from_ms(now_ms() + DAY_MS),
            reason="Universities ask for the delays.",
        )
    )
    for voter in (proposer, second):
        expect(not _is_adopted(stage), "no purpose is adopted before the majority is reached")
        stage.department(voter).says(Ballot(proposal=proposal.digest, vote="yes"))
    expect(_is_adopted(stage), "two of three are a majority")
    tell(f"the committee adopts the purpose `{RESEARCH.code}`: 2 of {len(COMMITTEE)} votes")


def _is_adopted(stage: Stage) -> bool:
    ledger = read_value(stage.client, Ledger, "ledger")
    return ledger is not None and RESEARCH.code in ledger.purposes
