"""What the rules may suspect: permanent codes, and how a suspicion is raised.

A finding is a case of the workflow `finding`: it accuses nobody for good before it is confirmed.
Its id is the id of what it hangs from (a record, one of the things it lists, a case) and its code:
nothing raises one code twice.
"""

from dataclasses import dataclass
from typing import Final

from contracts import cases
from contracts.draft import Draft
from contracts.values import Party, Suspicion
from ledger.seal import FindingRef
from ledger.types import CaseId, DatasetId, MemberId


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of finding. `cure` says what would mend it."""

    number: int
    code: str
    meaning: str
    cure: str


NO_EFFECTIVE_GRANT: Final = Finding(
    1,
    "no-effective-grant",
    "data was used without a grant in force",
    "obtain a grant, delete the data",
)
OUTSIDE_WINDOW: Final = Finding(
    2, "outside-window", "data was used before or after the period granted", "renew the grant"
)
PURPOSE_NOT_GRANTED: Final = Finding(
    3, "purpose-not-granted", "data was used for a purpose not granted", "ask for the purpose"
)
FIELD_NOT_GRANTED: Final = Finding(
    4, "field-not-granted", "columns were used that were not granted", "ask for the columns"
)
ROW_NOT_GRANTED: Final = Finding(
    5, "row-not-granted", "rows were used that were not granted", "ask for the rows"
)
OPERATION_NOT_GRANTED: Final = Finding(
    6, "operation-not-granted", "data was used in a way not granted", "ask for the operation"
)
SYSTEM_NOT_GRANTED: Final = Finding(
    7, "system-not-granted", "data was used in a system not granted", "ask for the system"
)
USES_EXCEEDED: Final = Finding(
    8, "uses-exceeded", "data was used more often than granted", "ask for more uses"
)
ROWS_EXCEEDED: Final = Finding(
    9, "rows-exceeded", "more rows were used than granted", "ask for more rows"
)
RATE_EXCEEDED: Final = Finding(
    10, "rate-exceeded", "data was used more often a day than granted", "ask for a higher rate"
)
MINIMUM_GROUP_NOT_KEPT: Final = Finding(
    11,
    "minimum-group-not-kept",
    "a figure rests on fewer subjects than allowed",
    "withdraw the figure",
)
MASKING_NOT_KEPT: Final = Finding(
    12,
    "masking-not-kept",
    "fields were masked less than required",
    "mask them, delete what was clear",
)
STORAGE_NOT_KEPT: Final = Finding(
    13, "storage-not-kept", "data was kept in a way not allowed", "delete what was kept"
)
ONWARD_TRANSFER: Final = Finding(
    14, "onward-transfer", "data was passed on against the terms", "recall what was passed on"
)
REPORTED_LATE: Final = Finding(
    15, "reported-late", "the use was reported later than the terms require", "report in time"
)
CONTENT_UNKNOWN: Final = Finding(
    16, "content-unknown", "the contents used are those of no release", "name the release used"
)
NOT_DELETED_IN_TIME: Final = Finding(
    17,
    "not-deleted-in-time",
    "a right is over, and nobody stated in time that its data was deleted or returned",
    "delete the data, state it",
)
GRANT_UNKNOWN: Final = Finding(
    18,
    "grant-unknown",
    "a report names a right that is not the member's",
    "report it again, with the right it concerns",
)
EFFECT_OVERDUE: Final = Finding(
    19, "effect-overdue", "what was achieved with data was not reported in time", "report it"
)
DELIVERED_NOT_REPORTED: Final = Finding(
    20,
    "delivered-not-reported",
    "data was handed over, and no use of it was reported in time",
    "report the uses, or end the right",
)
GRANTED_NEVER_USED: Final = Finding(
    21,
    "granted-never-used",
    "a right was never used, as far as was reported in time",
    "use it and report that, or end it",
)
FIELDS_NEVER_USED: Final = Finding(
    22,
    "fields-never-used",
    "columns were granted that were never used",
    "have the right narrowed to the columns that are used",
)
MONTH_DIFFERS: Final = Finding(
    23,
    "month-differs",
    "provider and consumer count a month of a service differently",
    "compare the logs of both sides, report what is missing",
)
EVIDENCE_NOT_PRODUCED: Final = Finding(
    89,
    "evidence-not-produced",
    "documents that an order asks for were not produced in time",
    "report on the order, and name them",
)
ANSWER_OVERDUE: Final = Finding(
    31, "answer-overdue", "a request was not answered in time", "answer it"
)
CONDITIONS_ADDED: Final = Finding(
    32,
    "conditions-added",
    "a grant is narrower than asked for and than the entry's conditions, without a ground",
    "grant what the entry offers, or state the ground",
)
ENDED_AT_WILL: Final = Finding(
    33,
    "ended-at-will",
    "a grant was revoked or cut short without consultation",
    "file the consultation",
)
DELIVERY_DIFFERS: Final = Finding(
    34,
    "delivery-differs",
    "what was handed over is not the version named, more than it has, or nothing",
    "hand over the version",
)
COUNTS_DIFFER: Final = Finding(
    35,
    "counts-differ",
    "provider and consumer count one delivery differently",
    "compare the logs of both sides, correct the wrong count",
)
CONTENTS_DIFFER: Final = Finding(
    36, "contents-differ", "the bytes received are not those handed over", "hand them over again"
)
DELIVERED_WITHOUT_GRANT: Final = Finding(
    37,
    "delivered-without-grant",
    "data was handed over without a grant in force, or by somebody else than its giver",
    "grant it, or recall the data",
)
DELIVERY_UNKNOWN: Final = Finding(
    38,
    "delivery-unknown",
    "what was acknowledged is no delivery to this member",
    "acknowledge it again, with the record of the delivery",
)
SUPPLY_OVERDUE: Final = Finding(
    39, "supply-overdue", "data that was granted was not handed over in time", "hand it over"
)
FORMALITIES_OVERDUE: Final = Finding(
    40,
    "formalities-overdue",
    "what was given in an emergency was not asked for in time, and has lapsed",
    "ask for it, delete the data if that is refused",
)
BACKFLOW_OVERDUE: Final = Finding(
    41,
    "backflow-overdue",
    "a lower level was not answered in time about its own territory",
    "grant what it asked for",
)
BACKFLOW_CONDITIONED: Final = Finding(
    42,
    "backflow-conditioned",
    "a lower level was refused data about its own territory, or given it with conditions",
    "grant what it asked for",
)
REFUSAL_UNFOUNDED: Final = Finding(
    43,
    "refusal-unfounded",
    "a request was refused on a ground that the catalogue contradicts",
    "grant it, or correct the catalogue",
)
REFUSED_NOT_SUPPLEMENTED: Final = Finding(
    44,
    "refused-not-supplemented",
    "a request was refused for what could have been supplemented",
    "ask for the supplement, decide again",
)
STALE_DATA_SUPPLIED: Final = Finding(
    45,
    "stale-data-supplied",
    "a version was handed over after a correction or a newer one was released",
    "hand over the version of today",
)
REFUSED_AGAINST_RULING: Final = Finding(
    46,
    "refused-against-ruling",
    "a request was refused once more after a ruling had reopened it",
    "offer it afresh, as far as it was ruled: the request is over",
)
REVIEW_OVERDUE: Final = Finding(
    51, "review-overdue", "a catalogue entry was not reviewed in time", "review it"
)
SUSPECT_KEY: Final = Finding(
    52, "suspect-key", "records were signed since the key became suspect", "confirm or correct them"
)
CLOCK_SKEW: Final = Finding(
    53, "clock-skew", "the writer's clock is far from block time", "set the clock"
)
OUTSIDE_APPOINTMENT: Final = Finding(
    54,
    "outside-appointment",
    "a writer reported on a dataset it was not appointed for",
    "confirm the report, appoint the writer for the dataset",
)
TERMS_NARROWED: Final = Finding(
    61,
    "terms-narrowed",
    "a right in force was narrowed without a ground",
    "restore the terms, or state the ground",
)
CORRECTION_OVERDUE: Final = Finding(
    65,
    "correction-overdue",
    "a correction was not answered, or not made, in time",
    "answer it, release the correction",
)
MEDIATION_OVERDUE: Final = Finding(
    66, "mediation-overdue", "who mediates did not rule in time", "rule on it"
)
RULING_OVERDUE: Final = Finding(
    67, "ruling-overdue", "an appeal or a complaint was not decided in time", "decide it"
)
ASSIGNMENT_OVERDUE: Final = Finding(
    68, "assignment-overdue", "a demand was not assigned in time", "assign it, or close it"
)
DEMAND_OVERDUE: Final = Finding(
    69, "demand-overdue", "a demand was not met in time", "catalogue the dataset, or decline"
)
ORDER_OVERDUE: Final = Finding(
    70, "order-overdue", "what had to be reported on was not reported on in time", "report on it"
)
RECTIFICATION_OVERDUE: Final = Finding(
    71, "rectification-overdue", "something was not put right in time", "put it right, report it"
)
RESPONSE_OVERDUE: Final = Finding(
    72, "response-overdue", "a dispute or an objection was not answered in time", "answer it"
)
INCIDENT_LATE: Final = Finding(
    73,
    "incident-late",
    "an incident was reported later than the ledger allows",
    "report incidents at once",
)
UNKNOWN_REFERENCE: Final = Finding(
    74,
    "unknown-reference",
    "an incident names a member or dataset the ledger does not know",
    "report it again, with what it concerns",
)
DATA_DESTROYED: Final = Finding(
    75,
    "data-destroyed",
    "data was used after its provider had destroyed it",
    "delete what is left of it",
)
COLLECTED_TWICE: Final = Finding(
    76,
    "collected-twice",
    "an entry collects a data item that has a designated source",
    "obtain the item from its source, or name who collects it",
)
CONFIRMATION_OVERDUE: Final = Finding(
    77, "confirmation-overdue", "catalogue entries were not confirmed in time", "confirm them"
)
UPDATE_OVERDUE: Final = Finding(
    78, "update-overdue", "the next version of a dataset was not released in time", "release it"
)
BLOCK_OUTLIVES_INPUT: Final = Finding(
    79,
    "block-outlives-input",
    "a right ended while blocks in the catalogue rest on it",
    "obtain a right, change the block, or archive it",
)
DERIVED_WITHOUT_RIGHT: Final = Finding(
    80,
    "derived-without-right",
    "a version of a block was released when a right it rests on did not hold",
    "obtain a right, correct the version without the input",
)
OUTSIDE_MANDATE: Final = Finding(
    85,
    "outside-mandate",
    "a contractor spoke for another system than that of its mandate",
    "confirm the report, extend the mandate",
)
INCONSISTENT_CHECKPOINTS: Final = Finding(
    86,
    "inconsistent-checkpoints",
    "another ledger is said to have had two roots at one size",
    "have both notes verified with the keys of that log; the one confirmed to be wrong goes",
)
CONSISTENCY_NOT_SHOWN: Final = Finding(
    87,
    "consistency-not-shown",
    "a proof does not lead from an earlier checkpoint of another ledger to a later one",
    "put the checkpoint down again, with a proof by that log",
)

FINDINGS: Final = tuple(
    sorted((one for one in globals().values() if isinstance(one, Finding)), key=lambda f: f.number)
)
"""Every kind of finding, by number."""
FINDING_OF_CODE: Final = {one.code: one for one in FINDINGS}


def raise_finding(  # noqa: PLR0913  each names one thing a finding says
    draft: Draft,
    finding: Finding,
    base: CaseId,
    accused: tuple[MemberId, ...],
    claimant: MemberId | None = None,
    *,
    measure: str | None = None,
    limit: str | None = None,
    subject: str | None = None,
) -> None:
    """Open a finding against `accused`. `base` starts with the digest of its evidence, a record.

    `subject` is the state key of what it is about, if that is another thing than the record.
    """
    parties = [Party(member=member, part="accused") for member in accused]
    if claimant is not None and claimant not in accused:
        parties.append(Party(member=claimant, part="claimant"))
    case_id = f"{base}-{finding.code}"
    suspicion = Suspicion(code=finding.code, evidence=base[:64], limit=limit, measure=measure)
    about = subject or f"record/{base[:64]}"
    cases.open_case(draft, case_id, "finding", about, tuple(parties), finding=suspicion)
    draft.findings.append(FindingRef(case=case_id, code=finding.code))


def find_unappointed(draft: Draft, dataset: DatasetId, base: CaseId) -> None:
    """Find a writer that reports on a dataset though it was appointed for others.

    So is one that reports on what a split has put into other hands.
    """
    allowed = () if draft.writer is None else draft.writer.datasets
    if (allowed and dataset not in allowed) or draft.is_in_other_hands(dataset):
        measure = f"{draft.signer}: {dataset}"
        raise_finding(draft, OUTSIDE_APPOINTMENT, base, (draft.member,), measure=measure)
