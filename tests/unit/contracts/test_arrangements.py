# ruff: noqa: E501  a row of a rule table is a line
"""Legal bases, pairings, log keys of orderers to come."""

import dataclasses
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts import reasons
from contracts.audit import policy_in, policy_of_genesis
from contracts.audit.trust import succeeding
from contracts.governance.actions.arrangements import BASES_HELD_MAX
from contracts.invariants import violations
from contracts.replay import Block, step
from contracts.values import Basis, Key, Ledger, Pairing
from ledger.checkpoint import log_key
from ledger.envelope import verify_signature
from ledger.policy import Policy, consortium_policy, verify_policy
from ledger.records import Body, Record
from ledger.records.actions import AdoptedBasis, ChangeBases, SetLogKeys, SetPairing
from ledger.records.catalogue import BasisKind, LegalBasis
from ledger.records.genesis import LogKeys, Names
from ledger.records.governance import RemoveMember, SetRoles
from ledger.types import CaseId, MemberId
from tests import bodies
from tests.log_files import log_files, log_signers, sign
from tests.story import Row, Story, play, rule_table
from tests.unit.contracts.test_audit import audit, audit_opened, trusted
from tests.unit.contracts.test_catalogue import ASSESSED, enters_personal
from tests.unit.contracts.test_governance import adopt, member, proposal, proposes, vote
from tests.unit.contracts.test_succession import after
from tests.world import ORIGIN, log_signer_ml_dsa, signer


def adopting(*codes: str, kind: BasisKind = "law", retired: tuple[str, ...] = ()) -> ChangeBases:
    bases = tuple(
        AdoptedBasis(code=code, kind=kind, names=Names(en=code), reference="Art. 13")
        for code in codes
    )
    return ChangeBases(bases=bases, retired=retired)


def pairing(*members: MemberId, result: str | None = None) -> SetPairing:
    return SetPairing(
        goals=("one form instead of three",),
        members=members,
        names=Names(en="Fewer forms"),
        pairing="forms",
        result=result,
        since="2026-12-01",
        until="2027-12-01",
    )


def log_keys(name: MemberId = "weather", label: str = "log-to-be") -> SetLogKeys:
    keys = LogKeys(
        ed25519=signer(label).public_key.description,
        ml_dsa44=log_signer_ml_dsa(label).public_key.description,
    )
    return SetLogKeys(log_keys=keys, member=name)


def offered(story: Story, action: SetLogKeys, label: str = "log-to-be") -> Record:
    """A proposal that both log keys have signed too."""
    body = proposes(action)(story)
    return story.world.sign("audit/main", body, signer(label), log_signer_ml_dsa(label))


def given(story: Story, name: MemberId = "weather", label: str = "log-to-be") -> CaseId:
    """Log keys that were voted for."""
    record = offered(story, log_keys(name, label), label)
    story.world.accept(record)
    assert vote(story, record.digest, "audit", "health") == "adopted"
    assert violations(story.world.state, story.world.leaves) == []
    return record.digest


def withholding(basis: LegalBasis) -> Callable[[Story], Body]:
    def body(story: Story) -> Body:
        story.says("transport/main", bodies.schema())
        return bodies.entry(basis=basis, sharing="withheld")

    return body


ART_13 = LegalBasis(code="art-13", kind="law", reference="Art. 13")
FREE = LegalBasis(kind="law", reference="Art. 13")

ROWS = [
    Row("R632", "bases are adopted", "audit/main", proposes(adopting("art-13", "art-14"))),
    Row("R632", "a basis adopted twice", "audit/main", after(adopting("art-13"), then=proposes(adopting("art-13"))), reasons.ALREADY_EXISTS),
    Row("R632", "a basis replaced", "audit/main", after(adopting("art-13"), then=proposes(adopting("art-13", retired=("art-13",))))),
    Row("R632", "a basis retired that nobody adopted", "audit/main", proposes(adopting(retired=("art-13",))), reasons.UNKNOWN_BASIS),
    Row("R633", "without adopted bases any will do", "transport/main", withholding(FREE)),
    Row("R633", "where there are some, one is named", "transport/main", after(adopting("art-13"), then=withholding(FREE)), reasons.UNKNOWN_BASIS),
    Row("R633", "by its code", "transport/main", after(adopting("art-13"), then=withholding(ART_13))),
    Row("R633", "that is adopted", "transport/main", after(adopting("art-14"), then=withholding(ART_13)), reasons.UNKNOWN_BASIS),
    Row("R633", "and not retired", "transport/main", after(adopting("art-13", "art-14"), adopting(retired=("art-13",)), then=withholding(ART_13)), reasons.UNKNOWN_BASIS),
    Row("R633", "and of the kind that is said", "transport/main", after(adopting("art-13", kind="decision"), then=withholding(ART_13)), reasons.UNKNOWN_BASIS),
    Row("R633", "a code without adopted bases", "transport/main", withholding(ART_13), reasons.UNKNOWN_BASIS),
    Row("R633 R306", "an adopted document that is no law withholds nothing", "transport/main", after(adopting("art-13", kind="other"), then=withholding(replace(ART_13, kind="other"))), reasons.BASIS_MISSING),
    Row("R634", "a pairing", "audit/main", proposes(pairing("health", "transport"))),
    Row("R634", "of nobody", "audit/main", proposes(pairing("health", "nobody")), reasons.UNKNOWN_MEMBER),
    Row("R607", "that replaces what was not seen", "audit/main", proposes(pairing("health", "transport"), rests_on=()), reasons.PREMISE_MISSING),
    Row("R631", "log keys that have not signed", "audit/main", proposes(log_keys()), reasons.KEY_NOT_VALID),
]  # fmt: skip


@rule_table(ROWS)
def test_arrangements(row: Row) -> None:
    story = Story()
    play(story, row)
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R633", "1153")
def test_personal_information_rests_on_what_is_adopted() -> None:
    story = Story()
    adopt(story, adopting("art-13"))
    story.says("transport/main", bodies.schema())
    story.says("transport/main", bodies.entry(basis=FREE))  # neither withheld nor personal
    enter = enters_personal(basis=FREE, assessments=ASSESSED)
    body = enter(story)
    refused = story.world.refuse(story.world.sign("transport/main", body))
    assert refused == reasons.UNKNOWN_BASIS
    story.says("transport/main", replace(body, basis=ART_13))
    assert isinstance(story.world.value("basis/art-13"), Basis)


@pytest.mark.rule("R632", "1401")
def test_bases_come_to_an_end() -> None:
    story = Story()
    ledger = story.world.value("ledger")
    assert isinstance(ledger, Ledger)
    story.world.state.commit({"ledger": replace(ledger, legal_bases=BASES_HELD_MAX - 1)})
    for codes, fits in ((("art-13", "art-14"), False), (("art-13",), True)):
        record = story.world.sign("audit/main", proposes(adopting(*codes))(story))
        if fits:
            story.world.accept(record)
        else:
            assert story.world.refuse(record) == reasons.LIMIT


@pytest.mark.rule("R634")
def test_a_pairing_comes_to_a_result() -> None:
    story = Story()
    adopt(story, pairing("health", "transport"))
    adopt(story, pairing("health", "transport", result="one form"))
    value = story.world.value("pairing/forms")
    assert isinstance(value, Pairing)
    assert (value.members, value.result) == (("health", "transport"), "one form")


@pytest.mark.rule("R631", "R613", "R015")
def test_a_member_comes_to_order_blocks() -> None:
    story = Story()
    world = story.world
    role = SetRoles(member="weather", roles=("validator",))
    early = world.sign("audit/main", proposes(role)(story))
    assert world.refuse(early) == reasons.WRONG_STATE
    given(story)
    keys = member(story, "weather").log_keys
    assert keys == (
        signer("log-to-be").public_key.keyid,
        log_signer_ml_dsa("log-to-be").public_key.keyid,
    )
    adopt(story, role)
    block = Block(world.later(), "weather", ())
    result = step(world.state, world.head, block, verify_signature)
    assert result.seal.proposer == "weather"


@pytest.mark.rule("R631")
def test_log_keys_are_replaced_before_they_order_anything() -> None:
    story = Story()
    given(story)
    given(story, label="log-again")
    old = story.world.value(f"key/{signer('log-to-be').public_key.keyid}")
    assert isinstance(old, Key)
    assert old.status == "retired"


@pytest.mark.rule("R631", "R005", "502", "503", "1304")
def test_log_keys_that_will_not_do() -> None:
    story = Story()
    world = story.world
    good = log_keys().log_keys
    swapped = replace(log_keys(), log_keys=LogKeys(ed25519=good.ml_dsa44, ml_dsa44=good.ed25519))
    assert world.refuse(offered(story, swapped)) == reasons.WEAK_KEY
    weak = replace(good.ed25519, keyval=replace(good.ed25519.keyval, public="00" * 32))
    broken = replace(log_keys(), log_keys=replace(good, ed25519=weak))
    assert world.refuse(offered(story, broken)) == reasons.WEAK_KEY
    taken = replace(
        log_keys(),
        log_keys=replace(good, ed25519=signer("health/main").public_key.description),
    )
    assert world.refuse(offered(story, taken)) == reasons.KEY_TAKEN
    adopt(story, RemoveMember(member="weather"))
    assert world.refuse(offered(story, log_keys())) == reasons.WRONG_STATE


@pytest.mark.rule("R631", "R605")
def test_of_two_proposals_with_the_same_keys_the_second_falls() -> None:
    story = Story()
    first = offered(story, log_keys())
    story.world.accept(first)
    second = offered(story, log_keys("transport"))
    story.world.accept(second)
    assert vote(story, first.digest, "audit", "health") == "adopted"
    assert vote(story, second.digest, "audit", "health") == "fallen"


@pytest.mark.rule("R631")
def test_an_auditor_knows_the_new_keys() -> None:
    story = Story()
    given(story)
    adopt(story, SetRoles(member="weather", roles=("validator",)))
    leaves = story.world.leaves
    assert audit(log_files(leaves)).doubts == ()
    files = log_files(leaves)
    files["checkpoint"] = sign(leaves, [signer("log-to-be"), log_signer_ml_dsa("log-to-be")])
    assert audit_opened(trusted(files), files).doubts == ()
    files["checkpoint"] = sign(leaves, [signer("nobody"), log_signer_ml_dsa("nobody")])
    assert audit_opened(trusted(files), files).doubts != ()


@pytest.mark.rule("R631")
def test_who_orders_blocks_signs_with_new_keys_from_the_vote_on() -> None:
    story = Story()
    record = offered(story, log_keys("steward"))
    story.world.accept(record)
    before, new = [*story.world.leaves], [signer("log-to-be"), log_signer_ml_dsa("log-to-be")]
    assert vote(story, record.digest, "audit", "health") == "adopted"
    after = story.world.leaves
    for leaves, signers, holds in (
        (before, log_signers(), True),
        (before, new, False),
        (after, new, True),
        (after, log_signers(), False),
        (after, [*log_signers(), *new], False),
    ):
        files = {**log_files(leaves), "checkpoint": sign(leaves, signers)}
        assert (audit_opened(trusted(files), files).doubts == ()) == holds
    policy = policy_in(story.world.state, ORIGIN)
    assert verify_policy(policy, sign(after, new)).checkpoint.size == len(after)
    genesis = policy_of_genesis(after[0])
    assert succeeding(story.world.state, ORIGIN, genesis) == policy
    stranger = consortium_policy([log_key(ORIGIN, signer("thief").public_key)], {}, 0)
    for other in (
        stranger,
        dataclasses.replace(genesis, logs=(*genesis.logs, *stranger.logs)),
        Policy(),
    ):
        assert succeeding(story.world.state, ORIGIN, other) is None
    assert succeeding(story.world.state, "pool.example/other", genesis) is None


@pytest.mark.rule("R601")
def test_ordinary_actions_are_no_matter_of_the_qualified_majority() -> None:
    story = Story()
    case_id = proposal(story, pairing("health", "transport"))
    assert vote(story, case_id, "audit", "health") == "adopted"
