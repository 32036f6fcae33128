"""Rules of mandates: a contractor signs for a member, for one system of it, until its period ends.

    health/custodian   mandate             system `his`, digest of the contract, until 31 December
    health/custodian   writer-appointment  `health/his-operator`, under this mandate, until then
    health/his-operator   usage            shows whose hand it was: writer, mandate, contractor

What it says is the member's own word: the member answers for it, and finds in every record by which
contract it was said. It describes and releases what its system holds, and states facts; to ask for
rights, and to give them, is not for a contractor.
"""

from typing import Final

from contracts import findings
from contracts.draft import Draft
from contracts.reasons import (
    BEYOND_MANDATE,
    FAMILY_NOT_ALLOWED,
    NOT_CUSTODIAN,
    PERIOD_OVER,
    SYSTEM_RETIRED,
    UNKNOWN_MANDATE,
    UNKNOWN_MEMBER,
    UNKNOWN_SYSTEM,
    refuse_unless,
    required,
)
from contracts.succession import heir_of
from contracts.values import Dataset, EntryTerms, GivenMandate, GrantedRight, InformationSystem
from contracts.view import held, read
from ledger.records.genesis import custodian_of
from ledger.records.keys import Mandate, WriterAppointment
from ledger.types import CaseId, DatasetId, MemberId, Slug

KINDS_OF_CONTRACTORS: Final = frozenset({"entry", "manifest", "release", "schema"})
"""What a contractor says beside facts."""
MANDATED_FAMILIES: Final = ("catalogue", "sharing", "use")
"""What a contractor can be appointed for."""


def apply_mandate(draft: Draft, body: Mandate) -> None:
    """R207: the custodian puts down by which contract a contractor works on a system, until when.

    The system is registered by the member, and not retired. The period ends after now.
    """
    refuse_unless(draft.get(f"member/{body.member}") is not None, UNKNOWN_MEMBER, "", "member")
    is_own = heir_of(draft, body.member) == draft.member
    is_custodian = draft.signer == custodian_of(draft.member)
    refuse_unless(is_own and is_custodian, NOT_CUSTODIAN, body.member, "member")
    key = f"system/{body.member}/{body.system}"
    system = required(read(draft, InformationSystem, key), UNKNOWN_SYSTEM, body.system, "system")
    refuse_unless(system.status != "retired", SYSTEM_RETIRED, body.system, "system")
    starts_in_time = body.not_before is None or body.not_before < body.not_after
    runs = starts_in_time and draft.context.time < body.not_after
    refuse_unless(runs, PERIOD_OVER, body.not_after, "notAfter")
    draft.put(
        f"mandate/{draft.record}",
        GivenMandate(
            code=body.code,
            contract=body.contract,
            contractor=body.contractor,
            member=body.member,
            not_after=body.not_after,
            not_before=body.not_before,
            system=body.system,
        ),
    )


def check_appointment(draft: Draft, body: WriterAppointment, keeper: MemberId | None) -> None:
    """R208: a contractor's writer is appointed within its mandate, and ends no later.

    The mandate is of the writer's own member and has begun. Families are those of a contractor.
    """
    if body.mandate is None:
        return
    mandate = read(draft, GivenMandate, f"mandate/{body.mandate}")
    mandate = required(mandate, UNKNOWN_MANDATE, body.mandate, "mandate")
    is_own = mandate.member == body.writer.partition("/")[0] and keeper is None
    refuse_unless(is_own, BEYOND_MANDATE, f"it is of {mandate.member}", "mandate")
    wrong = next((one for one in body.families if one not in MANDATED_FAMILIES), None)
    refuse_unless(wrong is None, FAMILY_NOT_ALLOWED, wrong or "", "families")
    has_begun = mandate.not_before is None or mandate.not_before <= draft.context.time
    ends = body.not_after is not None and body.not_after <= mandate.not_after
    refuse_unless(has_begun and ends, BEYOND_MANDATE, f"until {mandate.not_after}", "notAfter")


def check_system(draft: Draft, dataset: DatasetId, system: Slug | None = None) -> None:
    """R210: a contractor describes and releases what the system of its mandate holds.

    `system` is that of a new entry; the dataset is neither in the catalogue as one of another
    system, nor under review as one.
    """
    mandate = mandate_of(draft)
    if mandate is None:
        return
    known = read(draft, Dataset, f"dataset/{dataset}")
    pending = None if known is None else known.pending
    keys = (f"entry/{dataset}", f"entry-draft/{pending}")
    entries = [read(draft, EntryTerms, key) for key in keys]
    for one in (system, *(entry.system for entry in entries if entry is not None)):
        within = one is None or one == mandate.system
        refuse_unless(within, BEYOND_MANDATE, f"{dataset} is of the system {one}", "system")


def find_other_system(draft: Draft, system: Slug | None, base: CaseId) -> None:
    """R211: a contractor that reports a use by another system than its mandate's is a finding.

    So is one that hands over what another system holds.
    """
    mandate = mandate_of(draft)
    if mandate is not None and mandate.system != system:
        findings.raise_finding(
            draft,
            findings.OUTSIDE_MANDATE,
            base,
            (draft.member,),
            measure=f"{draft.signer}: {system or 'no system named'}",
            limit=mandate.system,
        )


def find_other_delivery(draft: Draft, dataset: DatasetId, base: CaseId) -> None:
    """The same of a delivery, where the dataset is in the catalogue."""
    entry = read(draft, EntryTerms, f"entry/{dataset}")
    if entry is not None:
        find_other_system(draft, entry.system, base)


def find_other_right(draft: Draft, right: GrantedRight, base: CaseId) -> None:
    """R212: of a right to data for other systems than its mandate's a contractor tells nothing.

    It acknowledges, reports effects and states disposal where the terms allow its system.
    What it tells of another right is appended, and a finding.
    """
    mandate, systems = mandate_of(draft), right.terms.systems
    if mandate is not None and systems != "any" and mandate.system not in systems:
        measure = f"{draft.signer}: {right.dataset}, for other systems"
        findings.raise_finding(
            draft,
            findings.OUTSIDE_MANDATE,
            base,
            (draft.member,),
            measure=measure,
            limit=mandate.system,
        )


def mandate_of(draft: Draft) -> GivenMandate | None:
    """The mandate under which the signer works, if it is a contractor's."""
    if draft.writer is None or draft.writer.mandate is None:
        return None
    return held(draft, GivenMandate, f"mandate/{draft.writer.mandate}")
