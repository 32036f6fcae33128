"""Each invariant holds of a story, and each is broken by a value that does not fit."""

from collections.abc import Callable, Mapping

import pytest
from msgspec.structs import replace

from contracts.assessment.seed import SEED
from contracts.invariants import INVARIANTS, violations
from contracts.values import (
    AdoptedIndicators,
    Bar,
    Basis,
    Case,
    CastBallot,
    ChainHead,
    Dataset,
    DataSource,
    Due,
    EntryTerms,
    FigureUnderObjection,
    FileList,
    GrantedRight,
    HandedDataset,
    HandedPart,
    KeptCatalogue,
    Key,
    Ledger,
    Member,
    OpenRequests,
    Party,
    ProposedAction,
    RequestedItem,
    RoleHolders,
    SchemaVersion,
    SeenCheckpoint,
    SequencerInOffice,
    ServiceAccount,
    SourceCount,
    StandingGrants,
    StatedDelivery,
    Tally,
    UnusedFields,
    UseCounters,
    Value,
    Writer,
)
from contracts.view import V, held
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.records import Anchor
from ledger.records.assessment import FigureObjection
from ledger.records.catalogue import Mode
from ledger.records.genesis import Names, Parameters
from ledger.records.governance import SuspendMember
from ledger.types import Digest
from tests import bodies
from tests.story import Story
from tests.supervised import OBJECTION
from tests.world import signer

Changes = Mapping[str, Value | None]
Break = Callable[[Story], Changes]


def full() -> Story:
    """Something of everything that the invariants speak of."""
    wide = replace(bodies.TERMS, delegable=2)
    owing = Parameters(
        confirm_days=250,
        disposal_days=5,
        field_use_days=250,
        reconcile_days=5,
        supply_days=20,
        update_days=5,
    )
    story = Story(owing).publish(conditions=wide, mode=Mode(kind="service"))
    story.says("steward/main", bodies.designation(story.entry))
    story.says("health/main", bodies.correction())
    story.says("steward/main", bodies.opening("inspection", "weather"))
    demand = story.says("health/main", bodies.opening("demand")).digest
    story.says("steward/main", bodies.case_step("assign", f"{demand}-0", member="weather"))
    story.in_emergency()
    story.offer()
    story.says("health/main", bodies.usage(story.grant(), story.world.now))
    story.says("health/main", bodies.usage(None, story.world.now))
    passed_on = story.pass_on(story.grant(wide), "audit")
    story.says("audit/main", bodies.usage(passed_on, story.world.now))
    story.stand()
    story.ask(by="weather")
    story.says("weather/main", bodies.entry(dataset="tides"))
    suspend = bodies.proposal(SuspendMember(member="audit"), story.world.later(60_000))
    proposal = story.says("health/main", suspend).digest
    for member in ("health", "steward"):
        story.says(f"{member}/main", bodies.ballot(proposal))
    story.says("transport/main", bodies.delivery(passed_on, story.world.now))
    story.says("health/main", bodies.acceptance(story.offer(replace(wide, delete_within=0))))
    story.steps("health/main", "end", story.grant_id)
    story.says("health/main", bodies.disposal(story.world.now, story.grant_id))
    return story


def get(story: Story, kind: type[V], key: str) -> V:
    return held(story.world.state, kind, key)


def first(story: Story, kind: type[V], prefix: str) -> tuple[str, V]:
    """The first value under a prefix, with its whole key."""
    key = min(story.world.state.keys(prefix))
    return key, get(story, kind, key)


def of_workflow(story: Story, workflow: str, state: str | None = None) -> tuple[str, Case]:
    keys = sorted(story.world.state.keys("case/"))
    cases = [(key, get(story, Case, key)) for key in keys]
    return next(
        (key, case)
        for key, case in cases
        if case.workflow == workflow and state in {None, case.state}
    )


def too_long(story: Story) -> Changes:
    key, writer = first(story, Writer, "writer/")
    return {key: replace(writer, key="no key id")}


def chain_cut(story: Story) -> Changes:
    key, head = first(story, ChainHead, "chain/")
    return {key: replace(head, records=head.records + 1)}


def key_of_another(story: Story) -> Changes:
    return {
        "writer/health/main": replace(
            get(story, Writer, "writer/health/main"), key=signer("weather/main").public_key.keyid
        )
    }


def key_retired(story: Story) -> Changes:
    key = f"key/{signer('health/main').public_key.keyid}"
    return {key: replace(get(story, Key, key), status="retired")}


def key_forgotten(story: Story) -> Changes:
    keyid = signer("health/main").public_key.keyid
    key = get(story, Key, f"key/{keyid}")
    return {f"key/{bodies.NOWHERE}": key, f"key/{keyid}": replace(key, until=1)}


def other_custodian(story: Story) -> Changes:
    member = get(story, Member, "member/health")
    return {"member/health": replace(member, custodian=bodies.NOWHERE)}


def role_lost(_: Story) -> Changes:
    return {"role/steward": RoleHolders(members=("health",))}


def schema_cut(story: Story) -> Changes:
    key, version = first(story, SchemaVersion, "schema/")
    return {key: replace(version, total=version.total + 1)}


def manifest_cut(_: Story) -> Changes:
    listed = FileList(bytes=1, files=1, last="a", run=bodies.NOWHERE, total=2)
    return {f"manifest/{bodies.NOWHERE}": listed}


def manifest_never_done(_: Story) -> Changes:
    listed = FileList(bytes=1, files=1, last="a", run=bodies.NOWHERE, total=1)
    return {f"manifest-draft/health/{bodies.NOWHERE}": listed}


def schema_never_done(story: Story) -> Changes:
    _, version = first(story, SchemaVersion, "schema/")
    return {f"schema-draft/health/{bodies.NOWHERE}": version}


def version_missing(_: Story) -> Changes:
    return {"release/flights/1": None}


def dataset_miscounted(story: Story) -> Changes:
    dataset = get(story, Dataset, "dataset/flights")
    return {"dataset/flights": replace(dataset, records=9)}


def dataset_gone(_: Story) -> Changes:
    return {"dataset/tides": None}


def two_providers(story: Story) -> Changes:
    entry = get(story, EntryTerms, "entry/flights")
    return {"entry/flights": replace(entry, provider="weather")}


def draft_lost(story: Story) -> Changes:
    return {first(story, EntryTerms, "entry-draft/")[0]: None}


def archived_in_force(story: Story) -> Changes:
    dataset = get(story, Dataset, "dataset/flights")
    return {"dataset/flights": replace(dataset, archived_at=story.world.now)}


def destroyed_at_once(story: Story) -> Changes:
    dataset = get(story, Dataset, "dataset/flights")
    return {"dataset/flights": replace(dataset, destroyed_at=story.world.now)}


def sources_miscounted(_: Story) -> Changes:
    return {"sources": SourceCount(count=2)}


def source_nowhere(story: Story) -> Changes:
    key, source = first(story, DataSource, "source/")
    return {key: replace(source, dataset="nothing")}


def duty_forgotten(story: Story) -> Changes:
    kept = get(story, KeptCatalogue, "catalogue/transport")
    return {"catalogue/transport": replace(kept, duty=None)}


def version_owed_by_nobody(story: Story) -> Changes:
    dataset = get(story, Dataset, "dataset/flights")
    return {"dataset/flights": replace(dataset, duty=None)}


def block_forgotten(story: Story) -> Changes:
    entry = get(story, EntryTerms, "entry/flights")
    return {"entry/flights": replace(entry, inputs=(f"{bodies.NOWHERE}-0",))}


def deadline_lost(story: Story) -> Changes:
    return {first(story, Due, "due/")[0]: None}


def deadline_extra(_: Story) -> Changes:
    return {f"due/2027-01-01T00:00:00.000Z/{bodies.NOWHERE}": Due(case=bodies.NOWHERE)}


def due_at_the_end(story: Story) -> Changes:
    key, case = of_workflow(story, "finding")
    return {key: replace(case, state="dismissed")}


def party_twice(story: Story) -> Changes:
    key, case = of_workflow(story, "request")
    return {key: replace(case, parties=(*case.parties, case.parties[0]))}


def party_unknown(story: Story) -> Changes:
    key, case = of_workflow(story, "request")
    return {key: replace(case, parties=(Party(member="nobody", part="provider"),))}


def evidence_lost(story: Story) -> Changes:
    key, case = of_workflow(story, "finding")
    assert case.finding is not None
    return {key: replace(case, finding=replace(case.finding, evidence=bodies.NOWHERE))}


def accuses_nobody(story: Story) -> Changes:
    key, case = of_workflow(story, "finding")
    return {key: replace(case, parties=())}


def finding_of_nothing(story: Story) -> Changes:
    key, case = of_workflow(story, "finding")
    return {key: replace(case, finding=None)}


def right_of(story: Story, state: str) -> tuple[str, GrantedRight]:
    keys = sorted(story.world.state.keys("grant/"))
    rights = [(key, get(story, GrantedRight, key)) for key in keys]
    return next(
        (key, right)
        for key, right in rights
        if right.member
        and right.parent is None
        and story.state_of(key.removeprefix("grant/")) == state
    )


def right_ended(story: Story) -> Changes:
    key, right = right_of(story, "in-force")
    return {key: replace(right, ended_at=story.world.now)}


def right_in_force(story: Story) -> Changes:
    key, right = right_of(story, "offered")
    return {key: replace(right, in_force_since=story.world.now)}


def right_not_in_force(story: Story) -> Changes:
    key, right = right_of(story, "in-force")
    return {key: replace(right, in_force_since=None)}


def right_wider(story: Story) -> Changes:
    key, right = right_of(story, "in-force")
    wide = replace(right.terms, operations=("export", *right.terms.operations))
    return {key: replace(right, terms=wide)}


def right_under_nothing(story: Story) -> Changes:
    key, right = right_of(story, "in-force")
    return {key: replace(right, standing=f"{bodies.NOWHERE}-0")}


def right_passed_on(story: Story) -> tuple[str, GrantedRight]:
    keys = sorted(story.world.state.keys("grant/"))
    rights = [(key, get(story, GrantedRight, key)) for key in keys]
    return next((key, right) for key, right in rights if right.parent)


def right_passed_on_wider(story: Story) -> Changes:
    _, right = right_passed_on(story)
    key = f"grant/{right.parent}"
    above = get(story, GrantedRight, key)
    return {key: replace(above, terms=replace(above.terms, fields=("b",)))}


def right_passed_on_too_often(story: Story) -> Changes:
    key, right = right_passed_on(story)
    return {key: replace(right, terms=replace(right.terms, delegable=8))}


def right_passed_on_by_nobody(story: Story) -> Changes:
    key, right = right_passed_on(story)
    return {key: replace(right, parent=None, standing=right.parent)}


def right_of_its_provider(story: Story) -> Changes:
    key, right = right_of(story, "in-force")
    return {key: replace(right, provider=right.member or "")}


def answered_twice(story: Story) -> Changes:
    _, right = right_of(story, "in-force")
    key, offer = right_of(story, "offered")
    return {key: replace(offer, request=right.request)}


def answered_by_nobody(story: Story) -> Changes:
    key, right = right_of(story, "in-force")
    return {key: replace(right, request=None)}


def request_without_case(story: Story) -> Changes:
    _, asked = first(story, RequestedItem, "request/")
    _, right = right_of(story, "in-force")
    return {
        f"request/{bodies.NOWHERE}-7": asked,
        f"grant/{bodies.NOWHERE}-7": replace(right, request=f"{bodies.NOWHERE}-7"),
    }


def standing_forgotten(_: Story) -> Changes:
    return {"standing/flights": None}


def owed_for_an_offer(story: Story) -> Changes:
    _, case = of_workflow(story, "disposal")
    right = get(story, GrantedRight, case.subject)
    return {case.subject: replace(right, in_force_since=None)}


def disposed_by_nothing(story: Story) -> Changes:
    _, case = of_workflow(story, "disposal")
    return {case.subject: replace(get(story, GrantedRight, case.subject), disposed_at=None)}


def owed_after_the_end(story: Story) -> Changes:
    _, case = of_workflow(story, "supply", "expected")
    right = get(story, GrantedRight, case.subject)
    return {case.subject: replace(right, ended_at=story.world.now)}


def barred_by_nothing(story: Story) -> Changes:
    return {"bar/flights/health": Bar(suspended=1)}


def waiting_for_nothing(_story: Story) -> Changes:
    return {"open-requests/flights/health": OpenRequests(cases=(f"{bodies.NOWHERE}-0",))}


def waiting_twice(story: Story) -> Changes:
    key, asked = first(story, RequestedItem, "request/")
    cases = (key.removeprefix("request/"),) * 2
    return {f"open-requests/{asked.dataset}/{asked.member}": OpenRequests(cases=cases)}


def formalities_forgotten(story: Story) -> Changes:
    key, case = of_workflow(story, "formalities")
    return {key: None, f"due/{case.due}/{key.removeprefix('case/')}": None}


def lapses_never(story: Story) -> Changes:
    _, case = of_workflow(story, "formalities")
    return {case.subject: replace(get(story, GrantedRight, case.subject), lapses_at=None)}


def lasts_for_good(story: Story) -> Changes:
    _, case = of_workflow(story, "formalities")
    right = get(story, GrantedRight, case.subject)
    return {case.subject: replace(right, terms=replace(right.terms, not_after=None))}


def delivered_to_another(story: Story) -> Changes:
    key, stated = first(story, StatedDelivery, "delivery/")
    return {key: replace(stated, consumer="weather")}


def acknowledged_by_nothing(story: Story) -> Changes:
    key, stated = first(story, StatedDelivery, "delivery/")
    return {key: replace(stated, acknowledged=bodies.NOWHERE)}


def standing_of_nothing(_: Story) -> Changes:
    return {"standing/tides": StandingGrants(grants=(f"{bodies.NOWHERE}-0",))}


def uses_miscounted(story: Story) -> Changes:
    key, counters = first(story, UseCounters, "use/")
    return {key: replace(counters, uses=7)}


def uses_forgotten(story: Story) -> Changes:
    return {first(story, UseCounters, "use/")[0]: None}


def service_miscounted(story: Story) -> Changes:
    key, account = first(story, ServiceAccount, "account/")
    return {key: replace(account, uses=7)}


def service_forgotten(story: Story) -> Changes:
    return {first(story, ServiceAccount, "account/")[0]: None}


def service_compared_by_nobody(story: Story) -> Changes:
    key, _ = first(story, ServiceAccount, "account/")
    _, grant, month = key.split("/")
    return {f"case/{grant}-account-{month}": None}


def unused_forgotten(story: Story) -> Changes:
    return {first(story, UnusedFields, "unused/")[0]: None}


def unused_not_granted(story: Story) -> Changes:
    key, unused = first(story, UnusedFields, "unused/")
    return {key: replace(unused, columns="400")}


def settles_nothing(story: Story) -> Changes:
    key, case = of_workflow(story, "inspection")
    return {key: replace(case, settles=True)}


def order_about_nothing(story: Story) -> Changes:
    order, _ = of_workflow(story, "inspection")
    key, found = of_workflow(story, "finding")
    return {key: replace(found, orders=(order.removeprefix("case/"),))}


def order_left_open(story: Story) -> Changes:
    order, case = of_workflow(story, "inspection")
    key, found = of_workflow(story, "finding")
    closed = replace(found, due=None, orders=(order.removeprefix("case/"),), state="closed")
    return {key: closed, order: replace(case, state="open", subject=key)}


def ruled_in_vain(story: Story) -> Changes:
    key = f"case/{OBJECTION(story)}"
    case = get(story, Case, key)
    return {key: replace(case, due=None, ruling="upheld", state="binding")}


def nobody_orders(story: Story) -> Changes:
    steward = get(story, Member, "member/steward")
    return {"member/steward": replace(steward, status="suspended")}


def office_lost(_: Story) -> Changes:
    return {"sequencer": SequencerInOffice(member="health", since=2)}


def no_committee(story: Story) -> Changes:
    named = [f"member/{one}" for one in ("health", "steward")]
    members = [(key, get(story, Member, key)) for key in named]
    return {key: replace(one, roles=("sequencer",)) for key, one in members}


def no_witnesses(story: Story) -> Changes:
    ledger = get(story, Ledger, "ledger")
    return {"ledger": replace(ledger, parameters=replace(ledger.parameters, quorum=1))}


def vote_turned(story: Story) -> Changes:
    key, cast = first(story, CastBallot, "ballot/")
    return {key: replace(cast, vote="no")}


def never_adopted(story: Story) -> Changes:
    key, proposed = first(story, ProposedAction, "proposal/")
    return {key: replace(proposed, tally=None)}


def adopted_by_fewer(story: Story) -> Changes:
    key, proposed = first(story, ProposedAction, "proposal/")
    return {key: replace(proposed, tally=Tally(electorate=3, no=0, yes=1))}


def adopted_by_others(story: Story) -> Changes:
    key, proposed = first(story, ProposedAction, "proposal/")
    return {key: replace(proposed, tally=Tally(electorate=3, no=0, yes=3))}


def ring(story: Story) -> Changes:
    members = {one: get(story, Member, f"member/{one}") for one in ("audit", "weather")}
    return {
        "member/audit": replace(members["audit"], successor="weather"),
        "member/weather": replace(members["weather"], successor="audit"),
    }


def led_nowhere(story: Story) -> Changes:
    weather = get(story, Member, "member/weather")
    audit = get(story, Member, "member/audit")
    return {
        "member/weather": replace(weather, successor="audit"),
        "member/audit": replace(audit, generation=1, status="removed"),
    }


def too_many_mergers(story: Story) -> Changes:
    return {"member/weather": replace(get(story, Member, "member/weather"), generation=9)}


def roles_kept(story: Story) -> Changes:
    return {"member/health": replace(get(story, Member, "member/health"), status="removed")}


def part_uncounted(_story: Story) -> Changes:
    return {"hand/transport/flights": HandedDataset(member="weather")}


def heir_of_nothing(story: Story) -> Changes:
    weather = get(story, Member, "member/weather")
    return {"member/weather": replace(weather, heirs=("audit",))}


def keeps_nothing(story: Story) -> Changes:
    return {"member/weather": replace(get(story, Member, "member/weather"), keeps=1)}


def split_and_removed(story: Story) -> Changes:
    transport = get(story, Member, "member/transport")
    weather = get(story, Member, "member/weather")
    return {
        "hand/transport/flights": HandedDataset(member="weather"),
        "part/transport/weather": HandedPart(datasets=1),
        "member/transport": replace(transport, heirs=("weather",), status="removed"),
        "member/weather": replace(weather, keeps=1),
    }


def kept_by_nobody(story: Story) -> Changes:
    writer = get(story, Writer, "writer/health/main")
    return {"writer/health/main": replace(writer, datasets=("flights",), keeper="nobody")}


def keeps_everything(story: Story) -> Changes:
    writer = get(story, Writer, "writer/health/main")
    return {"writer/health/main": replace(writer, keeper="weather")}


def basis_uncounted(_story: Story) -> Changes:
    return {"basis/art-13": Basis(kind="law", names=Names(en="Law"), reference="Art. 13")}


def indicator_not_listed(_story: Story) -> Changes:
    return {f"indicator/{SEED[0].id}": SEED[0]}


def indicator_lost(_story: Story) -> Changes:
    return {"indicators": AdoptedIndicators(codes=("gone",))}


def indicator_misnamed(_story: Story) -> Changes:
    return {
        "indicators": AdoptedIndicators(codes=("other",)),
        "indicator/other": SEED[0],
    }


def objection_without_case(_story: Story) -> Changes:
    body = FigureObjection(indicator="linkage", period="2026", things=("entry/flights",))
    value = FigureUnderObjection(member="transport", objection=body)
    return {f"figure/{bodies.NOWHERE}-0": value}


def objection_forgotten(story: Story) -> Changes:
    key, case = of_workflow(story, "demand")
    return {key: replace(case, workflow="figure-objection", state="open")}


def log_keys_lost(story: Story) -> Changes:
    steward = get(story, Member, "member/steward")
    return {"member/steward": replace(steward, log_keys=())}


def log_key_retired(story: Story) -> Changes:
    keyid = get(story, Member, "member/steward").log_keys[0]
    key = get(story, Key, f"key/{keyid}")
    return {f"key/{keyid}": replace(key, status="retired", until=1)}


def anchor_forgotten(story: Story) -> Changes:
    """A checkpoint that was put down, and not found to be wrong, does not stand."""
    story.world.accept(story.world.appoint("health/log", families=("ledger",)))
    told = Checkpoint("pool.example/region", 3, Digest(bytes(32)))
    note = sign_checkpoint(told, [signer("region/log")]).decode()
    story.says("health/log", Anchor(checkpoint=note))
    (key,) = story.world.state.keys("anchor/")
    return {key: None}


def anchored_by_nobody(_story: Story) -> Changes:
    seen = SeenCheckpoint(
        member="health", origin="pool.example/region", record=bodies.NOWHERE, root=bodies.NOWHERE
    )
    return {f"anchor/{bodies.NOWHERE}/7": seen}


def nobody_to_answer(story: Story) -> Changes:
    key, case = of_workflow(story, "inspection")
    return {key: replace(case, parties=())}


def opened_by_nobody(story: Story) -> Changes:
    key, case = of_workflow(story, "correction")
    return {key: replace(case, parties=case.parties[1:])}


def answer_gone(story: Story) -> Changes:
    key, case = of_workflow(story, "demand")
    return {key: replace(case, answer="member/nobody")}


BREAKS: Mapping[str, tuple[Break, ...]] = {
    "values_can_be_read": (too_long,),
    "chains_are_whole": (chain_cut,),
    "keys_serve_one_writer": (key_of_another, key_retired, key_forgotten, other_custodian),
    "roles_agree": (role_lost,),
    "schemas_are_whole": (schema_cut, schema_never_done),
    "manifests_are_whole": (manifest_cut, manifest_never_done),
    "datasets_are_counted": (version_missing, dataset_miscounted, dataset_gone, two_providers),
    "reviews_are_pending": (draft_lost,),
    "ended_datasets_offer_nothing": (archived_in_force, destroyed_at_once),
    "sources_are_counted": (sources_miscounted, source_nowhere),
    "duties_are_open": (duty_forgotten, version_owed_by_nobody),
    "what_is_owed_follows_from_rights": (
        owed_for_an_offer,
        disposed_by_nothing,
        owed_after_the_end,
    ),
    "blocks_are_known_to_their_rights": (block_forgotten,),
    "cases_have_their_deadlines": (deadline_lost, deadline_extra, due_at_the_end),
    "parties_are_members": (party_twice, party_unknown),
    "supervision_has_its_sides": (nobody_to_answer, opened_by_nobody),
    "orders_settle_findings": (settles_nothing,),
    "orders_rest_on_their_findings": (order_about_nothing, order_left_open),
    "rulings_are_enforced": (ruled_in_vain,),
    "answers_are_there": (answer_gone,),
    "findings_have_evidence": (evidence_lost, accuses_nobody, finding_of_nothing),
    "rights_follow_their_cases": (right_ended, right_in_force, right_not_in_force),
    "bars_count_suspensions": (barred_by_nothing,),
    "open_requests_are_their_members": (waiting_for_nothing, waiting_twice),
    "emergencies_are_followed_up": (formalities_forgotten, lapses_never, lasts_for_good),
    "rights_keep_to_what_they_rest_on": (
        right_wider,
        right_under_nothing,
        right_passed_on_wider,
        right_passed_on_too_often,
        right_passed_on_by_nobody,
        right_of_its_provider,
    ),
    "requests_are_answered_once": (answered_twice, answered_by_nobody, request_without_case),
    "standing_grants_are_listed": (standing_forgotten, standing_of_nothing),
    "deliveries_are_to_holders": (delivered_to_another, acknowledged_by_nothing),
    "uses_are_counted": (uses_miscounted, uses_forgotten),
    "services_are_counted": (service_miscounted, service_forgotten, service_compared_by_nobody),
    "unused_fields_are_granted": (unused_forgotten, unused_not_granted),
    "the_ledger_can_go_on": (nobody_orders, no_committee, no_witnesses),
    "the_sequencer_in_office_is_one": (office_lost,),
    "proposals_are_decided_by_ballots": (
        vote_turned,
        never_adopted,
        adopted_by_fewer,
        adopted_by_others,
    ),
    "successions_come_to_an_end": (ring, led_nowhere, too_many_mergers, roles_kept),
    "divisions_are_counted": (
        part_uncounted,
        heir_of_nothing,
        keeps_nothing,
        split_and_removed,
        kept_by_nobody,
        keeps_everything,
    ),
    "legal_bases_are_counted": (basis_uncounted,),
    "indicators_are_listed": (indicator_not_listed, indicator_lost, indicator_misnamed),
    "objections_are_cases": (objection_without_case, objection_forgotten),
    "log_keys_are_their_members": (log_keys_lost, log_key_retired),
    "anchors_were_put_down": (anchored_by_nobody, anchor_forgotten),
}
"""What to change in the state, so that the invariant of that name sees it."""


def test_nothing_is_wrong_with_a_story() -> None:
    story = full()
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.parametrize(
    ("name", "spoil"), [(name, spoil) for name, every in BREAKS.items() for spoil in every]
)
def test_what_does_not_fit_is_seen(name: str, spoil: Break) -> None:
    story = full()
    story.world.state.commit(spoil(story))
    seen = violations(story.world.state, story.world.leaves)
    assert any(text.startswith(f"{name}: ") for text in seen), seen


def test_a_log_that_lacks_a_record_is_seen() -> None:
    story = full()
    leaves = story.world.leaves
    gone = story.world.blocks[1].records[0]
    at = leaves.index(gone.envelope.encoded)
    seen = violations(story.world.state, leaves[:at] + leaves[at + 1 :])
    assert any("does not follow in the chain of transport/main" in text for text in seen)


def test_every_invariant_is_broken_by_something() -> None:
    assert [check.__name__ for check in INVARIANTS] == list(BREAKS)
