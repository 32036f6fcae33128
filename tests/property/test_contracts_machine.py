"""Departments that do anything at all, and rules that hold all the same.

The machine plays members against the contracts: half of what they do is wild (`tests.wild_bodies`),
half brings the story on, so that the wild finds requests, rights and cases to be wild about. After
each block: `contracts.invariants`, the map's root against the naive reference, and a block without
its refused records is the same block. In the end the log alone gives the same state again.
"""

from collections.abc import Callable, Iterator
from typing import Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.strategies import DataObject
from msgspec.structs import replace

from contracts import cases
from contracts.assessment.periods import MONTHS, period_at, span_of
from contracts.assessment.reports import assess
from contracts.assessment.seed import SEED
from contracts.assessment.trust import trust_in
from contracts.governance.actions import replaced_key
from contracts.invariants import violations
from contracts.replay import Block, BlockResult, found, step
from contracts.supervision.workflows import SUPERVISION
from contracts.transition import Rejected
from contracts.values import (
    Case,
    Dataset,
    EntryTerms,
    GrantedRight,
    Key,
    Ledger,
    Member,
    RequestedItem,
    RoleHolders,
    StatedDelivery,
    Value,
    Writer,
)
from contracts.view import MemoryState, V
from contracts.workflows import WORKFLOWS
from ledger.canonical import encode
from ledger.envelope import verify_signature
from ledger.errors import TooLarge
from ledger.hashing import sha256
from ledger.keys import KeyDescription, PrivateKey
from ledger.records import (
    Acceptance,
    Amendment,
    Body,
    Decision,
    Delegation,
    Entry,
    Grant,
    KeyRevocation,
    KeyRotation,
    Mandate,
    NodeRegistration,
    Proposal,
    Record,
    Release,
    Revocation,
    Schema,
    Step,
    WriterAppointment,
    WriterEnd,
    parse_record,
)
from ledger.records.actions import SetLogKeys, SplitMember
from ledger.records.assessment import BASIS_POINTS
from ledger.records.catalogue import Mode, schema_digest
from ledger.records.delivery import DeliveryMode
from ledger.records.genesis import Calendar, Jurisdiction, Names, Parameters, custodian_of
from ledger.records.governance import Action, DescribeMember, Premise, RecoverCustodian
from ledger.records.keys import Family
from ledger.records.sharing import Audience
from ledger.records.terms import RowFilter, Terms
from ledger.seal import is_seal, parse_seal
from ledger.times import to_ms
from ledger.types import DatasetId, KeyId, WriterId
from tests import bodies
from tests.assessed import chronicle_of, objection
from tests.reference.naive_map import map_root
from tests.supervised import NAMED
from tests.wild_bodies import COLUMNS, KEYS, LOG_KEYS, actions, pool_of, wild
from tests.world import ROLES, World, log_signer_ml_dsa, signer

SUPERVISED = {one.name for one in SUPERVISION}
BY_MONTH = (
    replace(SEED[3], id="monthly-answers", period="month"),
    replace(SEED[4], id="monthly-corrections", period="month"),
)
SPARE = (*map(signer, (*KEYS, *LOG_KEYS)), *map(log_signer_ml_dsa, LOG_KEYS))
SCHEMA = schema_digest(COLUMNS[:1])
DAY_MS = 86_400_000
OPEN = Terms(
    delegable=2,
    delete_within=DAY_MS,
    fields="all",
    operations=("query", "read"),
    purposes="all",
)


def introduced(body: Body, is_known: Callable[[KeyId], bool]) -> tuple[PrivateKey, ...]:
    """The spare keys that a body introduces, if we hold them."""
    match body:
        case KeyRotation(key=KeyDescription() as described):
            pass
        case WriterAppointment(key=KeyDescription() as described):
            pass
        case KeyRevocation(replacement=KeyDescription() as described):
            pass
        case Proposal(action=RecoverCustodian(key=described)):
            pass
        case Decision(matter=RecoverCustodian(key=described)):
            pass
        case Proposal(action=SetLogKeys(log_keys=keys)):
            return held_keys(keys.ed25519, keys.ml_dsa44)
        case NodeRegistration():
            every = held_keys(*body.keys)
            return tuple(key for key in every if not is_known(key.public_key.keyid))
        case _:
            return ()
    return held_keys(described)


def held_keys(*described: KeyDescription) -> tuple[PrivateKey, ...]:
    """Those of the spare keys that are described; who describes none is helped by nobody."""
    by_description = {key.public_key.description: key for key in SPARE}
    return tuple(by_description[one] for one in described if one in by_description)


def decided_again(leaves: list[bytes]) -> BlockResult:
    """The last block of a log, by nothing but its leaves."""
    state, records = MemoryState(), list[Record]()
    result = found(state, parse_record(leaves[0]), verify_signature)
    state.commit(result.changes, result.map_update)
    for leaf in leaves[2:]:
        if not is_seal(leaf):
            records.append(parse_record(leaf))
            continue
        seal = parse_seal(leaf).predicate
        block = Block(seal.block_time, seal.proposer, tuple(records))
        result = step(state, result.head, block, verify_signature)
        assert result.leaves[-1] == leaf
        state.commit(result.changes, result.map_update)
        records.clear()
    return result


class Departments(RuleBasedStateMachine):
    """Five departments, their custodians, and whoever they appoint."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World.genesis(purposes=("health", "tax"))

    @initialize(
        settlements=st.sampled_from((1, 2, 1_000)),
        days=st.sampled_from((1, 10, 3_650)),
        offset=st.sampled_from((-840, 0, 480, 840)),
    )
    def found(self, settlements: int, days: int, offset: int) -> None:
        parameters = Parameters(
            answer_conditional_days=days,
            answers_weighed=True,
            assessment_days=days,
            backflow_days=days,
            breach_bars=True,
            confirm_days=days,
            disposal_days=days,
            effect_days=days,
            field_use_days=days,
            open_requests=2,
            reconcile_days=days,
            reply_days=days,
            settlements_per_block=settlements,
            supply_days=days,
            update_days=days,
            use_days=days,
            use_report_days=days,
        )
        calendar = Calendar(utc_offset_minutes=offset)
        self.world = World.genesis(
            parameters=parameters,
            calendar=calendar,
            purposes=("health", "tax"),
            indicators=[*SEED[:2], *BY_MONTH],
        )
        self.publish()

    # What departments do.

    @rule(data=st.data(), blocks=st.integers(1, 4))
    def do_something_wild(self, data: DataObject, blocks: int) -> None:
        for _ in range(blocks):
            pool = pool_of(self.world.state, self.world.now)
            said = data.draw(st.lists(wild(pool), min_size=1, max_size=4))
            signed = [self.signed(self.somebody(data, body), body) for body in said]
            self.block(*(record for record in signed if record is not None))

    @rule()
    def publish(self) -> None:
        """An entry of `flights` on open conditions, in force, with its next release."""
        world = self.world
        self.says("transport/main", Schema(columns=COLUMNS[:1], first=0, schema=SCHEMA, total=1))
        service = Mode(kind="service")
        entry = bodies.entry(conditions=OPEN, mode=service, schema=SCHEMA, territory="age")
        self.says("transport/main", entry)
        self.decide("approve")
        held = world.value("dataset/flights")
        version = 1 + getattr(held, "releases", 0)
        item = bodies.release_item(version=version, schema=SCHEMA)
        self.says("transport/main", bodies.release(item))

    @rule(name=st.sampled_from(("approve", "return")))
    def decide(self, name: str) -> None:
        """The steward decides every entry under review."""
        for case_id in self.cases("review", "submitted"):
            ground = "incomplete" if name == "return" else None
            self.says("steward/main", bodies.case_step(name, case_id, ground=ground))

    @rule(member=st.sampled_from(("audit", "health", "weather")))
    def ask(self, member: str) -> None:
        for _, entry in self.all("entry", EntryTerms):
            item = bodies.request_item(entry.record, OPEN, entry.dataset)
            self.says(f"{member}/main", bodies.request(item))

    @rule(stands=st.booleans())
    def ask_about_oneself(self, stands: bool) -> None:  # noqa: FBT001  drawn by name
        """Weather, a township now, asks for what is held about it."""
        matter = DescribeMember(
            code="1",
            jurisdiction=Jurisdiction(code="1", level="township"),
            member="weather",
            names=Names(en="weather"),
        )
        decision = Decision(matter=matter, minutes=bodies.NOWHERE, reason="a new seat")
        self.says("transport/main", decision)
        own = replace(OPEN, rows=(RowFilter(column="age", prefixes=("1",)),))
        audience = Audience(own_territory=True)
        standing = bodies.grant_item(
            standing=True, audience=audience, terms=OPEN, schema=SCHEMA, newest=True
        )
        if stands:
            self.says("transport/main", bodies.grant(standing))
        for _, entry in self.all("entry", EntryTerms):
            item = bodies.request_item(entry.record, own, entry.dataset)
            self.says("weather/main", bodies.request(item))

    @rule()
    def answer(self) -> None:
        """The provider grants what is open, as far as its entry allows."""
        for case_id in (*self.cases("request", "open"), *self.cases("request", "backflow")):
            asked = self.world.value(f"request/{case_id}")
            assert isinstance(asked, RequestedItem)
            entry = self.world.value(f"entry/{asked.dataset}")
            assert isinstance(entry, EntryTerms)
            item = bodies.grant_item(
                asked.member,
                terms=entry.conditions,
                request=case_id,
                dataset=asked.dataset,
                schema=entry.schema,
            )
            self.says(f"{entry.provider}/main", bodies.grant(item))

    @rule()
    def stand(self) -> None:
        for _, entry in self.all("entry", EntryTerms):
            item = bodies.grant_item(
                standing=True, terms=entry.conditions, dataset=entry.dataset, schema=entry.schema
            )
            self.says(f"{entry.provider}/main", bodies.grant(item))

    @rule(data=st.data())
    def use(self, data: DataObject) -> None:
        """Whoever has a right uses it, once or too often."""
        rights = [(name, one) for name, one in self.all("grant", GrantedRight) if one.member]
        if rights:
            name, right = data.draw(st.sampled_from(rights))
            rows = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
            body = bodies.usage(name, self.world.now, rows=rows, fields=("age",))
            self.says(f"{right.member}/main", body)

    @rule(data=st.data(), rows=st.integers(0, 20))
    def hand_over(self, data: DataObject, rows: int) -> None:
        """The provider hands data over, whoever has the right says that ten rows came."""
        rights = [(name, one) for name, one in self.all("grant", GrantedRight) if one.member]
        if rights:
            name, right = data.draw(st.sampled_from(rights))
            mode: DeliveryMode = data.draw(st.sampled_from(("file", "service")))
            body = bodies.delivery(name, self.world.now, mode=mode, rows=rows)
            self.says(f"{right.provider}/main", body)
            for delivered, _ in self.all("delivery", StatedDelivery):
                self.says(f"{right.member}/main", bodies.acknowledgement(delivered))

    @rule(data=st.data())
    def end_and_delete(self, data: DataObject) -> None:
        """Whoever has a right ends it; it says so of the data, which it may have deleted before."""
        rights = [(name, one) for name, one in self.all("grant", GrantedRight) if one.member]
        if rights:
            name, right = data.draw(st.sampled_from(rights))
            gone = bodies.disposal(self.world.now, name)
            effect = bodies.effect_report(self.world.now, name)
            said: list[Body] = [effect, gone, bodies.case_step("end", name), gone]
            for body in said:
                self.says(f"{right.member}/main", body)

    @rule()
    def offer(self) -> None:
        """The provider offers what nobody asked for; whoever was offered something accepts."""
        for name, right in self.all("grant", GrantedRight):
            if right.member and right.in_force_since is None:
                self.says(f"{right.member}/main", bodies.acceptance(name))
        item = bodies.grant_item("health", "weather", terms=OPEN, schema=SCHEMA)
        self.says("transport/main", bodies.grant(item))

    @rule(by=st.sampled_from(("steward", "transport")), days=st.sampled_from((1, 30, 31)))
    def give_in_an_emergency(self, by: str, days: int) -> None:
        """Health is given data first, and asks for it, or for what it was given before, then."""
        terms = replace(OPEN, not_after=self.world.later(days * DAY_MS))
        item = bodies.grant_item("health", terms=terms, schema=SCHEMA, emergency="accident")
        self.says(f"{by}/main", bodies.grant(item))
        entry = self.world.value("entry/flights")
        for name, right in self.all("grant", GrantedRight):
            if right.emergency and isinstance(entry, EntryTerms):
                asked = bodies.request_item(entry.record, OPEN)
                self.says("health/main", bodies.request(replace(asked, emergency=name)))

    @rule(data=st.data(), to=st.sampled_from(("audit", "health", "weather")))
    def pass_on(self, data: DataObject, to: str) -> None:
        """Whoever has a right passes it on as it is; who gave one renews it so."""
        rights = [(name, one) for name, one in self.all("grant", GrantedRight) if one.member]
        if rights:
            name, right = data.draw(st.sampled_from(rights))
            terms = replace(right.terms, delegable=max(0, right.terms.delegable - 1))
            self.says(f"{right.member}/main", bodies.delegation(name, to, terms=terms))
            renewal = bodies.amendment(name, terms, schema=right.schema)
            self.says(f"{right.provider}/main", renewal)

    @rule(step=st.sampled_from(("reply", "confirm", "dismiss")))
    def move_findings(self, step: str) -> None:
        """The accused replies, the auditor decides."""
        for name, case in self.all("case", Case):
            if case.workflow == "finding":
                accused = case.parties[0].member if step == "reply" else "audit"
                body = bodies.case_step(step, name, ground="explained")
                self.says(f"{accused}/main", body)

    @rule()
    def put_right(self) -> None:
        """What was confirmed is ordered to be put right, reported on, and closed with its order."""
        for name, case in self.all("case", Case):
            if case.workflow == "finding" and case.state == "confirmed":
                accused = case.parties[0].member
                body = bodies.opening("rectification", accused, case=name, settles=True)
                self.says("steward/main", body)
        for said, member in (("report", None), ("close", "audit")):
            for name, case in self.all("case", Case):
                if case.settles:
                    actor = member or case.parties[0].member
                    self.says(f"{actor}/main", bodies.case_step(said, name))

    @rule(data=st.data())
    def supervise(self, data: DataObject) -> None:
        """Somebody opens a case against somebody, who can be anybody."""
        openings: tuple[Body, ...] = (
            bodies.correction(),
            bodies.opening("complaint", "steward", "weather"),
            bodies.opening("demand"),
            bodies.opening("inspection", "transport", days=1),
            bodies.opening("objection", "audit", record=bodies.NOWHERE),
            bodies.incident(self.world.now),
        )
        opening = data.draw(st.sampled_from(openings))
        member = data.draw(st.sampled_from(("audit", "health", "steward")))
        self.says(f"{member}/main", opening)

    @rule(data=st.data(), steps=st.integers(1, 4))
    def go_through_a_case(self, data: DataObject, steps: int) -> None:
        """Who may take steps takes some."""
        names = [name for name, case in self.all("case", Case) if case.workflow in SUPERVISED]
        if not names:
            return
        name = data.draw(st.sampled_from(names))
        for _ in range(steps):
            case = self.world.value(f"case/{name}")
            assert isinstance(case, Case)
            rows = [row for row in WORKFLOWS[case.workflow].steps if row.state == case.state]
            takers = [
                (row, member)
                for row in rows
                for part in row.who
                for member in cases.members_in(self.world.state, case, part)
            ]
            if takers:
                row, member = data.draw(st.sampled_from(takers))
                ground = next(iter(row.grounds), None)
                named = NAMED[row.names]
                self.says(
                    f"{member}/main", bodies.case_step(row.name, name, ground=ground, **named)
                )

    @rule(step=st.sampled_from(("suspend", "resume", "end", "decline")))
    def move_rights(self, step: str) -> None:
        for name, right in self.all("grant", GrantedRight):
            actor = right.member if step in {"end", "decline"} else right.provider
            if actor:
                ground = "overreach" if step == "suspend" else None
                self.says(f"{actor}/main", bodies.case_step(step, name, ground=ground))

    @rule(data=st.data(), last=st.sampled_from(("no", "yes", "yes")))
    def vote(self, data: DataObject, last: Literal["no", "yes"]) -> None:
        """The committee does anything that can be done, or almost."""
        pool = pool_of(self.world.state, self.world.now)
        self.decide_on(data.draw(actions(pool)), last)

    @rule(heir=st.sampled_from(("audit", "health", "weather")))
    def split(self, heir: str) -> None:
        """What transport does with `flights` goes to somebody, whose writer goes on with it."""
        split = SplitMember(datasets=("flights",), member="transport", successor=heir)
        self.decide_on(split)
        name = f"transport/{heir}-part"
        families: tuple[Family, ...] = ("cases", "catalogue", "sharing", "use")
        by = custodian_of(heir)
        self.block(self.world.appoint(name, families=families, datasets=("flights",), by=by))
        if self.world.value(f"writer/{name}"):
            self.says(name, bodies.usage(None, self.world.now))
            self.says(name, bodies.grant(bodies.grant_item("weather", terms=OPEN, schema=SCHEMA)))

    def decide_on(self, action: Action, last: Literal["no", "yes"] = "yes") -> None:
        world = self.world
        key = replaced_key(action) or "ledger"
        value = world.value(key)
        digest = None if value is None else sha256(encode(value)).hex()
        premise = Premise(key=key, value=digest)
        said = bodies.proposal(action, world.later(DAY_MS), premise)
        committee = world.value("role/committee")
        assert isinstance(committee, RoleHolders)
        proposers = [one for one in committee.members if world.value(f"writer/{one}/main")]
        if not proposers:
            return
        record = self.signed(f"{proposers[0]}/main", said)
        if record is not None:
            self.block(record)
            for member in proposers:
                is_last = member == proposers[-1]
                self.says(
                    f"{member}/main", bodies.ballot(record.digest, last if is_last else "yes")
                )

    @rule(days=st.sampled_from((0, 1, 3, 20)))
    def wait(self, days: int) -> None:
        self.block(later_ms=1 + days * DAY_MS)

    @rule(member=st.sampled_from(("health", "transport")))
    def object_to_a_figure(self, member: str) -> None:
        """A month later, a member names something that must not count in that month."""
        calendar = self.present_ledger().calendar
        month = period_at(self.world.now, "month", calendar)
        over = span_of(month, calendar).until
        if over > self.world.now:
            self.block(later_ms=to_ms(over) - to_ms(self.world.now))
            things = sorted(self.world.state.keys("case/"))[:2]
            self.says(f"{member}/main", objection(BY_MONTH[0].id, month, tuple(things)))

    @precondition(lambda self: self.world.head.height > 20)
    @rule()
    def meet_the_end_of_time(self) -> None:
        """Deadlines that cannot be written fall on the last moment that can."""
        self.block(later_ms=10**15)

    # What must hold.

    @invariant()
    def nothing_is_wrong(self) -> None:
        assert violations(self.world.state, self.world.leaves) == []

    @invariant()
    def the_root_is_that_of_the_values(self) -> None:
        state = self.world.state
        values = {key.encode(): encode(self.present(key)) for key in state.keys("")}
        assert self.world.state_root() == map_root(values)

    def teardown(self) -> None:
        """The log alone leads to where we are."""
        assert decided_again(self.world.leaves).head == self.world.head
        self.figures_can_be_taken()

    def figures_can_be_taken(self) -> None:
        """Whatever has happened, everybody is assessed, within what a figure can be."""
        world, calendar = self.world, self.present_ledger().calendar
        chronicle = chronicle_of(world, [world.founding, *world.results])
        for member in chronicle.at(self.world.now).members():
            for length in MONTHS:
                period = period_at(self.world.now, length, calendar)
                told = assess(chronicle.at, member, period, self.world.now)
                for one in told.figures:
                    assert 0 <= one.taken.counted <= one.taken.of
                    assert one.taken.value is None or 0 <= one.taken.value <= one.taken.cap
                assert told.score is None or 0 <= told.score <= BASIS_POINTS
            index, _ = trust_in(chronicle.at, member, self.world.now)
            assert 0 < index.trust < BASIS_POINTS

    # How.

    def present_ledger(self) -> Ledger:
        value = self.world.value("ledger")
        assert isinstance(value, Ledger)
        return value

    def says(self, writer: WriterId, body: Body) -> None:
        """A block of one record, which may be refused."""
        record = self.signed(writer, body)
        assert record is not None
        self.block(record)

    def block(self, *records: Record, later_ms: int = 1_000) -> None:
        world = self.world
        at = world.later(later_ms)
        if at <= world.now:
            return  # time has come to its end
        block = Block(at, "steward", records)
        before = (world.state, world.head)
        expected = step(*before, block, verify_signature)
        good = [
            record
            for record, verdict in zip(records, expected.verdicts, strict=True)
            if not isinstance(verdict, Rejected)
        ]
        without = step(*before, Block(at, "steward", good), verify_signature)
        assert without.leaves == expected.leaves
        assert without.values == expected.values
        assert world.block(*records, at=at) == expected

    def signed(self, writer: WriterId, body: Body) -> Record | None:
        """The body signed as its writer would; None if it is larger than a leaf."""
        try:
            is_known = lambda keyid: self.world.value(f"key/{keyid}") is not None  # noqa: E731
            return self.world.sign(writer, body, *introduced(body, is_known))
        except TooLarge:
            return None

    def somebody(self, data: DataObject, body: Body) -> WriterId:
        """Mostly whoever might be entitled, sometimes anybody."""
        names = [name for name, _ in self.all("writer", Writer)]
        likely = [name for name in self.entitled(body) if name in names]
        return data.draw(st.sampled_from([*likely, *likely, *likely, *names]))

    def entitled(self, body: Body) -> list[WriterId]:
        """Writers whose member has something to do with what a body speaks of."""
        value = self.world.value
        match body:
            case WriterAppointment(writer=name) | WriterEnd(writer=name):
                member = value(f"member/{name.partition('/')[0]}")
                heirs = member.heirs if isinstance(member, Member) else ()
                return [custodian_of(one) for one in (name.partition("/")[0], *heirs)]
            case Mandate(member=member):
                return [custodian_of(member)]
            case NodeRegistration():
                return [custodian_of(member) for member in ROLES]
            case KeyRevocation(key=keyid):
                key = value(f"key/{keyid}")
                return [custodian_of(key.member)] if isinstance(key, Key) else []
            case Delegation(items=(passed_on, *_)):
                right = value(f"grant/{passed_on.grant}")
                return [f"{right.member}/main"] if isinstance(right, GrantedRight) else []
            case Amendment(items=(amended, *_)):
                right = value(f"grant/{amended.grant}")
                return [f"{right.provider}/main"] if isinstance(right, GrantedRight) else []
            case Acceptance(grants=ids) | Revocation(grants=ids) | Step(cases=ids):
                case = value(f"case/{ids[0]}")
                parties = case.parties if isinstance(case, Case) else ()
                return ["steward/main", *(f"{party.member}/main" for party in parties)]
            case Entry(dataset=dataset):
                return self.provider(dataset)
            case Release(items=(item, *_)):
                return self.provider(item.dataset)
            case Grant(items=(item, *_)):
                return self.provider(item.dataset)
            case _:
                return ["health/main", "weather/main"]

    def provider(self, dataset_id: DatasetId) -> list[WriterId]:
        dataset = self.world.value(f"dataset/{dataset_id}")
        return [f"{dataset.provider}/main"] if isinstance(dataset, Dataset) else []

    def cases(self, workflow: str, state: str) -> list[str]:
        return [
            name
            for name, case in self.all("case", Case)
            if (case.workflow, case.state) == (workflow, state)
        ]

    def all(self, prefix: str, kind: type[V]) -> list[tuple[str, V]]:
        return list(self._all(prefix, kind))

    def _all(self, prefix: str, kind: type[V]) -> Iterator[tuple[str, V]]:
        for key in sorted(self.world.state.keys(f"{prefix}/")):
            value = self.world.value(key)
            if isinstance(value, kind):
                yield key.removeprefix(f"{prefix}/"), value

    def present(self, key: str) -> Value:
        value = self.world.value(key)
        assert value is not None
        return value


TestDepartments = Departments.TestCase
TestDepartments.settings = settings(
    max_examples=settings().max_examples // 4, stateful_step_count=40
)
