"""What holds of every state the rules can reach: named predicates for the tests.

`violations(state, leaves)` runs them all on a state and the log that led to it. Each says what is
wrong in words and says nothing if all is well. They repeat no rule: they ask whether what different
rules have written still fits together, and recount from the log what the rules counted one by one.

    log, keys, governance, catalogue, cases, supervision, sharing, use, assessment
                    the predicates, by family
    facts           what they are asked of

>>> violations(MemoryState(), ())
[]
"""

from collections.abc import Sequence
from typing import Final

from contracts.invariants import (
    assessment,
    cases,
    catalogue,
    governance,
    keys,
    log,
    sharing,
    supervision,
    use,
)
from contracts.invariants.facts import Facts, Predicate
from contracts.view import MemoryState
from ledger.records import parse_record
from ledger.seal import is_seal

INVARIANTS: Final[tuple[Predicate, ...]] = (
    log.values_can_be_read,
    log.chains_are_whole,
    keys.keys_serve_one_writer,
    governance.roles_agree,
    catalogue.schemas_are_whole,
    catalogue.manifests_are_whole,
    catalogue.datasets_are_counted,
    catalogue.reviews_are_pending,
    catalogue.ended_datasets_offer_nothing,
    catalogue.sources_are_counted,
    catalogue.duties_are_open,
    cases.what_is_owed_follows_from_rights,
    catalogue.blocks_are_known_to_their_rights,
    cases.cases_have_their_deadlines,
    cases.parties_are_members,
    supervision.supervision_has_its_sides,
    supervision.orders_settle_findings,
    supervision.orders_rest_on_their_findings,
    supervision.rulings_are_enforced,
    cases.answers_are_there,
    cases.findings_have_evidence,
    sharing.rights_follow_their_cases,
    sharing.bars_count_suspensions,
    sharing.open_requests_are_their_members,
    sharing.emergencies_are_followed_up,
    sharing.rights_keep_to_what_they_rest_on,
    sharing.requests_are_answered_once,
    sharing.standing_grants_are_listed,
    sharing.deliveries_are_to_holders,
    use.uses_are_counted,
    use.services_are_counted,
    use.unused_fields_are_granted,
    governance.the_ledger_can_go_on,
    governance.the_sequencer_in_office_is_one,
    governance.proposals_are_decided_by_ballots,
    governance.successions_come_to_an_end,
    governance.divisions_are_counted,
    governance.legal_bases_are_counted,
    assessment.indicators_are_listed,
    assessment.objections_are_cases,
    keys.log_keys_are_their_members,
    log.anchors_were_put_down,
)


def violations(state: MemoryState, leaves: Sequence[bytes]) -> list[str]:
    """Everything that is wrong with a state that the log `leaves` led to."""
    records = [(at, parse_record(leaf)) for at, leaf in enumerate(leaves) if not is_seal(leaf)]
    facts = Facts(state, tuple(records))
    return [f"{check.__name__}: {text}" for check in INVARIANTS for text in check(facts)]
