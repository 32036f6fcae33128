"""Rules of effect reports (R513 to R515): what a right was good for, told by who has it.

Where the ledger sets `effectDays`, the first delivery or use under a right opens the case
`<grant>-effect`: within so many working days its member reports what it achieved with the data. It
may report again as often as it likes; the first report meets what is owed.
"""

from contracts import cases, findings
from contracts.draft import Draft
from contracts.keys import mandates
from contracts.reasons import SPAN_IN_FUTURE, refuse_unless
from contracts.values import GrantedRight, Party
from contracts.view import read
from ledger.records.use import EffectReport
from ledger.types import ItemId


def apply_effect_report(draft: Draft, body: EffectReport) -> None:
    """R513: what was achieved in a period that is over is appended, whatever there is to say of it.

    A right that is none of the member's, or of none its writer was appointed for, is a finding.

    R514: a report meets what is owed for its right, in time or late.
    """
    refuse_unless(body.ended_at <= draft.context.time, SPAN_IN_FUTURE, "", "endedAt")
    # Nothing below can fail: a fact is appended whatever it says.
    right = read(draft, GrantedRight, f"grant/{body.grant}")
    if right is None or right.member != draft.member:
        accused = (draft.member,)
        findings.raise_finding(
            draft, findings.GRANT_UNKNOWN, draft.record, accused, measure=body.grant
        )
        return
    cases.follow(draft, f"{body.grant}-effect", "report-effect")
    findings.find_unappointed(draft, right.dataset, draft.record)
    mandates.find_other_right(draft, right, draft.record)


def owe(draft: Draft, grant_id: ItemId, right: GrantedRight) -> None:
    """R515: who was handed data over, or has used it, owes a report of what it achieved with it.

    That is so if the ledger asks, once for each right in force. It is due within the working days
    the ledger sets since the first delivery or use, whatever becomes of the right. What was passed
    on and is used is used under every right above it, too.
    """
    days = draft.context.ledger.parameters.effect_days
    if days is None or right.member is None or right.in_force_since is None:
        return
    case_id, subject = f"{grant_id}-effect", f"grant/{grant_id}"
    if draft.get(f"case/{case_id}") is not None:
        return
    consumer = Party(member=right.member, part="consumer")
    provider = Party(member=right.provider, part="provider")
    cases.open_case(draft, case_id, "effect-report", subject, (consumer, provider), days=days)
