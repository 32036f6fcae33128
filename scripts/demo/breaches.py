"""Act 9: what goes wrong between departments: uses without a right, a key that wears out.

A use happened, so it is never refused: it is recorded together with a finding, which accuses nobody
for good before the accused has replied and the auditor has confirmed it.
"""

from dataclasses import dataclass, replace
from typing import Final

from contracts.values import Case
from ledger.hashing import sha256
from ledger.keys import PrivateKey
from ledger.records import KeyRotation, Revocation, Step
from ledger.types import CaseId
from node.client import Problem, Receipted
from scripts.answers import read_value
from scripts.demo.cast import AUDITOR, METEOROLOGY, REGISTRY, TRANSPORT
from scripts.demo.folder import Folder
from scripts.demo.founding import make_key
from scripts.demo.sharing import Rights
from scripts.demo.stage import Department, Stage, act, expect, tell
from scripts.demo.using import Pool, Study, report_of, run_queries
from scripts.record.use import Manner

_MINUTES: Final = "Consultation with the Transport Bureau: the count of seats is complete.\n"


@dataclass(frozen=True, slots=True)
class Breach:
    """What the rules found fault with, and where the finding stands."""

    record: Receipted
    code: str
    case: CaseId
    accused: str
    measure: str
    state: str


def use_outside_the_grant(stage: Stage, pool: Pool, rights: Rights) -> Receipted:
    """The weather service looks at a column it was not granted: the aircraft."""
    act("9  What goes wrong, and how it shows")
    study = Study(
        METEOROLOGY,
        "delay of single aircraft",
        Manner(rights.forecast, "query", fields="dep_delay, tailnum", system="delay-forecast"),
        "select tailnum from flights where dep_delay > 1000 order by all",
        "select count(*), avg(dep_delay) from flights where tailnum = $1",
    )
    done = _report_one(stage, pool, study)
    _expect_finding(done, "field-not-granted")
    tell(
        f"the {METEOROLOGY.en} uses a column it was not granted: recorded as {done.index}, "
        "with the finding field-not-granted"
    )
    return done


def rule_on_the_finding(stage: Stage, used: Receipted) -> Breach:
    """The accused replies, then the auditor confirms, not before; what is put right is closed."""
    case = used.findings[0].case
    reply = Step(
        cases=(case,), note="A query of an intern; deleted, access withdrawn.", step="reply"
    )
    confirm = Step(cases=(case,), step="confirm")
    auditor = stage.department(AUDITOR)
    (early,) = auditor.writer.submit_many([confirm])
    expect(isinstance(early, Problem), "nothing is confirmed before the accused could reply")
    stage.department(METEOROLOGY).says(reply)
    auditor.says(confirm)
    _breach(stage, used, "confirmed")
    tell(f"the {METEOROLOGY.en} replies, the {AUDITOR.en} confirms the finding; not before")
    rectified = Step(cases=(case,), note="The query is gone from the system.", step="rectify")
    stage.department(METEOROLOGY).says(rectified)
    auditor.says(Step(cases=(case,), step="close"))
    breach = _breach(stage, used, "closed")
    tell(f"the {METEOROLOGY.en} puts it right, the {AUDITOR.en} closes the finding: it stays told")
    return breach


def rotate_the_key(stage: Stage, folder: Folder) -> Department:
    """The weather service goes over to a new key; the old one signs nothing any more."""
    old = stage.department(METEOROLOGY)
    key: PrivateKey = make_key(folder.keys, f"{METEOROLOGY.id}-main-2")
    rotation = KeyRotation(key=key.public_key.description)
    done = old.writer.submit(rotation, cosigners=(key,))
    old.receipts.append(done)
    writer = stage.client.writer(METEOROLOGY.writer, key)
    stage.departments[METEOROLOGY.id] = replace(old, writer=writer, key=key)
    tell(f"{METEOROLOGY.writer} goes over to a new key, signed by the old and the new one")
    return old


def revoke_a_grant(stage: Stage, rights: Rights, folder: Folder) -> Receipted:
    """A grant ends on a coded ground, after consultation; at will it would be a finding."""
    minutes = folder.root / "consultation.txt"
    minutes.write_text(_MINUTES, encoding="utf-8")
    body = Revocation(
        consultation=sha256(minutes.read_bytes()).hex(),
        grants=(rights.seats,),
        ground="purpose-fulfilled",
    )
    done = stage.department(REGISTRY).says(body)
    expect(not done.findings, "a revocation after consultation is no finding")
    tell(f"the {REGISTRY.en} revokes the {TRANSPORT.en}'s grant (ground: purpose-fulfilled)")
    return done


def use_after_revocation(stage: Stage, pool: Pool, rights: Rights) -> Breach:
    """The transport bureau goes on using the aircraft all the same."""
    study = Study(
        TRANSPORT,
        "seats of all aircraft",
        Manner(rights.seats, "query"),
        "select 'all'",
        "select count(*), avg(seats) from planes where $1 = 'all'",
    )
    done = _report_one(stage, pool, study)
    _expect_finding(done, "no-effective-grant")
    tell(
        f"the {TRANSPORT.en} uses the aircraft after that: recorded as {done.index}, "
        "with the finding no-effective-grant"
    )
    return _breach(stage, done, "raised")


def _report_one(stage: Stage, pool: Pool, study: Study) -> Receipted:
    (body,) = report_of(stage, study, run_queries(stage, pool, study))
    return stage.department(study.member).says(body)


def _expect_finding(done: Receipted, code: str) -> None:
    codes = [one.code for one in done.findings]
    expect(codes == [code], f"the finding is {code}, not {codes}")


def breach_of(stage: Stage, record: Receipted, code: str, case_id: CaseId) -> Breach:
    """Where a finding stands; `record` is what it is about."""
    case = read_value(stage.client, Case, f"case/{case_id}")
    if case is None or case.finding is None:
        raise LookupError(case_id)
    accused = next(one.member for one in case.parties if one.part == "accused")
    return Breach(record, code, case_id, accused, case.finding.measure or "", case.state)


def _breach(stage: Stage, used: Receipted, state: str) -> Breach:
    (found,) = used.findings
    breach = breach_of(stage, used, found.code, found.case)
    expect(breach.state == state, f"the finding {found.code} is {state}, not {breach.state}")
    return breach
