"""A second version of one rule: switched by vote, and old blocks replay under the old one."""

import pytest
from msgspec.structs import replace

from contracts import reasons
from contracts.draft import Draft
from contracts.governance import rulebooks
from contracts.governance.rulebooks import RULEBOOKS, Rulebook, rule_of
from contracts.invariants import violations
from contracts.reasons import LIMIT, refuse_unless
from contracts.sharing.rights import apply_request
from contracts.transition import Rejected
from contracts.values import Ledger
from contracts.view import held
from ledger.records import Body, Grant, Proposal, Request
from ledger.records.governance import AdoptRules
from tests import bodies
from tests.story import Story


def one_item_at_a_time(draft: Draft, body: Body) -> None:
    """Version 2 of the rule of requests."""
    assert isinstance(body, Request)
    refuse_unless(len(body.items) == 1, LIMIT, "one item at a time", "items")
    apply_request(draft, body)


def longer_replies(draft: Draft) -> None:
    """The migration to version 2."""
    ledger = held(draft, Ledger, "ledger")
    draft.put("ledger", replace(ledger, parameters=replace(ledger.parameters, reply_days=99)))


@pytest.fixture
def two_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    second = Rulebook(rules={Request: one_item_at_a_time}, migrate=longer_replies)
    monkeypatch.setitem(RULEBOOKS, 2, second)


def ledger_of(story: Story) -> Ledger:
    return held(story.world.state, Ledger, "ledger")


def proposed(story: Story, version: int) -> Proposal:
    return bodies.proposal(AdoptRules(rules=version), story.world.later(60_000))


def two_items(story: Story) -> Request:
    item = bodies.request_item(story.entry)
    return bodies.request(item, item)


@pytest.mark.rule("R621", "R622", "R623", "R101")
@pytest.mark.usefixtures("two_versions")
def test_a_rule_changes_by_vote_and_old_blocks_keep_theirs() -> None:
    story = Story().publish()
    world = story.world
    story.says("weather/main", two_items(story))
    case_id = story.says("audit/main", proposed(story, 2)).digest
    story.says("audit/main", bodies.ballot(case_id))
    last = world.sign("health/main", bodies.ballot(case_id))
    same_block = world.sign("weather/main", two_items(story))
    world.accept(last, same_block)
    assert (ledger_of(story).rules, ledger_of(story).next_rules) == (1, 2)
    assert world.results[-1].seal.rules == 1

    after = world.block(world.sign("weather/main", two_items(story)))
    (verdict,) = after.verdicts
    assert isinstance(verdict, Rejected)
    assert verdict.reason == LIMIT
    assert after.seal.rules == 2
    assert after.settlement.changed == ("ledger",)
    assert (ledger_of(story).rules, ledger_of(story).next_rules) == (2, None)
    assert ledger_of(story).parameters.reply_days == 99, "the state was migrated"
    story.ask(by="weather")
    assert violations(world.state, world.leaves) == []
    replayed = [result.head for result in world.replay()]
    assert replayed == [world.founding.head, *(result.head for result in world.results)]


@pytest.mark.rule("R621", "1132")
@pytest.mark.usefixtures("two_versions")
def test_versions_are_adopted_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RULEBOOKS, 3, Rulebook())
    story = Story()
    world = story.world
    third = world.sign("audit/main", proposed(story, 3))
    assert world.refuse(third) == reasons.UNKNOWN_RULES
    case_id = story.says("audit/main", proposed(story, 2)).digest
    story.says("audit/main", bodies.ballot(case_id))
    waiting = [
        world.sign("health/main", bodies.ballot(case_id)),
        world.sign("audit/main", proposed(story, 3)),
    ]
    verdicts = world.block(*waiting).verdicts
    assert isinstance(verdicts[1], Rejected), "the second has not come into force yet"
    story.says("audit/main", proposed(story, 3))
    assert rule_of(3, Request) is one_item_at_a_time, "what version 3 does not change stays"
    assert rule_of(3, Grant) is None
    assert rule_of(1, Request) is None


@pytest.mark.rule("R621", "1132")
def test_a_version_that_the_program_lacks_is_not_adopted() -> None:
    story = Story()
    assert (
        story.world.refuse(story.world.sign("audit/main", proposed(story, 2)))
        == reasons.UNKNOWN_RULES
    )
    assert sorted(RULEBOOKS) == list(range(1, len(RULEBOOKS) + 1))
    assert RULEBOOKS[1].migrate is rulebooks.keep_state


@pytest.mark.rule("R622")
def test_a_program_older_than_the_state_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RULEBOOKS, 2, Rulebook())
    story = Story()
    case_id = story.says("audit/main", proposed(story, 2)).digest
    story.says("audit/main", bodies.ballot(case_id))
    story.says("health/main", bodies.ballot(case_id))
    monkeypatch.delitem(RULEBOOKS, 2)
    with pytest.raises(ValueError, match="no version 2 of the rules"):
        story.world.block()
