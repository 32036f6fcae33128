# ruff: noqa: E501  a row of a rule table is a line
"""Systems, the end of datasets, sources of data items, confirmations."""

from collections.abc import Callable
from typing import Final, Literal

import pytest

from contracts import findings, reasons
from contracts.values import (
    Case,
    Dataset,
    EntryTerms,
    InformationSystem,
    KeptCatalogue,
    SourceCount,
)
from ledger.records import Body, Lifecycle
from ledger.records.genesis import Parameters
from tests import bodies
from tests.bodies import DATASET, NOWHERE
from tests.story import Row, Story, play, published, rule_table
from tests.world import SECOND_MS

UPKEEP: Final = Parameters(confirm_days=250)


def says(body: Body) -> Callable[[Story], Body]:
    return lambda _: body


def after(*said: tuple[str, Body]) -> Callable[[Body], Callable[[Story], Body]]:
    """What somebody says once others have said something."""

    def then(body: Body) -> Callable[[Story], Body]:
        def action(story: Story) -> Body:
            for writer, earlier in said:
                story.says(writer, earlier)
            return body

        return action

    return then


registered = after(("transport/main", bodies.system("running")))
retired = after(("transport/main", bodies.system("retired")))
archived = after(("transport/main", bodies.lifecycle()))
destroyed = after(("transport/main", bodies.lifecycle("destroyed")))


def enters_column_a(**changes: object) -> Callable[[Story], Body]:
    """Weather catalogues a dataset with the column `a`, of which `flights` is the source."""

    def action(story: Story) -> Body:
        story.says("steward/main", bodies.designation(story.entry))
        return bodies.entry(dataset="tides", **changes)

    return action


SYSTEMS = (
    Row("R311", "a system that is planned", "transport/main", says(bodies.system("planned"))),
    Row("R311", "run by another member", "transport/main", says(bodies.system(operator="weather"))),
    Row("R311", "run by nobody", "transport/main", says(bodies.system(operator="nobody")), reasons.UNKNOWN_MEMBER),
    Row("R311", "a running system is retired", "transport/main", registered(bodies.system("retired"))),
    Row("R311", "a running system gets another operator", "transport/main", registered(bodies.system(operator="weather"))),
    Row("R311", "a running system is planned again", "transport/main", registered(bodies.system("planned")), reasons.WRONG_STATE),
    Row("R311", "a retired system runs again", "transport/main", retired(bodies.system("running")), reasons.WRONG_STATE),
    Row("R311", "another member's system of the same name", "weather/main", retired(bodies.system("planned"))),
    Row("R312", "an entry that names a running system", "transport/main", registered(bodies.entry())),
    Row("R312", "an entry that names a retired system", "transport/main", retired(bodies.entry()), reasons.SYSTEM_RETIRED),
    Row("R312", "an entry that names the system of that name of its own provider", "weather/main", retired(bodies.entry(dataset="tides"))),
)  # fmt: skip

ENDS = (
    Row("R313", "a dataset is archived", "transport/main", says(bodies.lifecycle())),
    Row("R313", "a dataset is destroyed", "transport/main", says(bodies.lifecycle("destroyed"))),
    Row("R313", "an archived dataset is destroyed", "transport/main", archived(bodies.lifecycle("destroyed"))),
    Row("R313", "a dataset is archived twice", "transport/main", archived(bodies.lifecycle()), reasons.DATASET_ENDED),
    Row("R313", "a dataset is destroyed twice", "transport/main", destroyed(bodies.lifecycle("destroyed")), reasons.DATASET_ENDED),
    Row("R313", "a dataset is archived once destroyed", "transport/main", destroyed(bodies.lifecycle()), reasons.DATASET_ENDED),
    Row("R313", "by another than its provider", "weather/main", says(bodies.lifecycle()), reasons.NOT_PROVIDER),
    Row("R313", "a dataset nobody knows", "transport/main", says(bodies.lifecycle(dataset="tides")), reasons.UNKNOWN_ENTRY),
    Row("R313", "a dataset whose only entry is under review", "weather/main", after(("weather/main", bodies.entry(dataset="tides")))(bodies.lifecycle(dataset="tides")), reasons.UNKNOWN_ENTRY),
    Row("R313 R312", "an entry for an archived dataset", "transport/main", archived(bodies.entry()), reasons.DATASET_ENDED),
    Row("R313 R312", "an entry of somebody else for an archived dataset", "weather/main", archived(bodies.entry()), reasons.DATASET_ENDED),
    Row("R313", "a release of an archived dataset", "transport/main", archived(bodies.release(bodies.release_item(version=2))), reasons.UNKNOWN_ENTRY),
    Row("R313", "a grant of an archived dataset", "transport/main", archived(bodies.grant(bodies.grant_item("health"))), reasons.UNKNOWN_ENTRY),
    Row("R313", "a request for an archived dataset", "health/main", archived(bodies.request(bodies.request_item(NOWHERE))), reasons.UNKNOWN_ENTRY),
)  # fmt: skip

SOURCES = (
    Row("R315", "the steward designates a source", "steward/main", lambda story: bodies.designation(story.entry, "a", "b")),
    Row("R315", "a provider designates itself", "transport/main", lambda story: bodies.designation(story.entry), reasons.NOT_STEWARD),
    Row("R315", "a column it does not have", "steward/main", lambda story: bodies.designation(story.entry, "z"), reasons.UNKNOWN_COLUMN),
    Row("R315", "by an entry that was never in force", "steward/main", says(bodies.designation(NOWHERE)), reasons.ENTRY_CHANGED),
    Row("R315", "a dataset that left the catalogue", "steward/main", archived(bodies.designation(NOWHERE)), reasons.UNKNOWN_ENTRY),
    Row("R315", "what was never designated is taken back", "steward/main", lambda story: bodies.designation(story.entry, withdrawn=True), reasons.WRONG_STATE),
    Row("R316", "an item is collected a second time", "weather/main", enters_column_a(), findings.COLLECTED_TWICE),
    Row("R316", "an item is had from who provides its source", "weather/main", enters_column_a(collector="transport")),
    Row("R316", "an item is collected for the provider by a third", "weather/main", enters_column_a(collector="health"), findings.COLLECTED_TWICE),
    Row("R316", "no item has a source", "weather/main", says(bodies.entry(dataset="tides"))),
)  # fmt: skip

ATTESTATIONS = (
    Row("R317", "an entry is confirmed", "transport/main", lambda story: bodies.attestation(story.entry)),
    Row("R317", "all entries are confirmed", "transport/main", says(bodies.attestation())),
    Row("R317", "an entry that is not the one in force", "transport/main", says(bodies.attestation(NOWHERE)), reasons.ENTRY_CHANGED),
    Row("R317", "an entry of a dataset nobody knows", "transport/main", says(bodies.attestation(NOWHERE, dataset="tides")), reasons.UNKNOWN_ENTRY),
    Row("R317", "another member's entry", "weather/main", lambda story: bodies.attestation(story.entry), reasons.NOT_PROVIDER),
)  # fmt: skip


@rule_table((*SYSTEMS, *ENDS, *SOURCES, *ATTESTATIONS))
def test_upkeep(row: Row) -> None:
    play(published(), row)


@pytest.mark.rule("R311")
def test_a_system_keeps_the_time_of_its_status() -> None:
    story = Story()
    story.says("transport/main", bodies.system("running"))
    since = story.world.now
    changed = story.says("transport/main", bodies.system("running", operator="weather"))
    value = story.world.value("system/transport/tower")
    assert value == InformationSystem(
        operator="weather", record=changed.digest, since=since, status="running"
    )
    story.says("transport/main", bodies.system("retired"))
    value = story.world.value("system/transport/tower")
    assert isinstance(value, InformationSystem)
    assert (value.operator, value.since) == ("transport", story.world.now)


@pytest.mark.rule("R010", "1003")
def test_a_writer_bound_to_datasets_keeps_up_these_alone() -> None:
    story = published()
    world = story.world
    world.accept(world.appoint("transport/clerk", datasets=("flights",)))
    for body in (bodies.system(), bodies.attestation(), bodies.lifecycle(dataset="tides")):
        assert world.refuse(world.sign("transport/clerk", body)) == reasons.DATASET_NOT_ALLOWED
    story.says("transport/clerk", bodies.attestation(story.entry))
    story.says("transport/clerk", bodies.lifecycle())


@pytest.mark.rule("R313", "W103")
def test_an_entry_under_review_goes_with_its_dataset() -> None:
    story = published()
    changed = story.submit(title="Better flights")
    before = story.world.value(f"dataset/{DATASET}")
    story.says("transport/main", bodies.lifecycle())
    assert story.state_of(changed) == "superseded"
    assert story.world.value(f"entry-draft/{changed}") is None
    dataset = story.world.value(f"dataset/{DATASET}")
    assert isinstance(before, Dataset)
    assert isinstance(dataset, Dataset)
    assert (dataset.archived_at, dataset.destroyed_at) == (story.world.now, None)
    assert (dataset.pending, dataset.records) == (None, before.records + 1)


@pytest.mark.rule("R313", "R314", "F75")
def test_rights_last_until_they_end_but_nobody_uses_what_is_destroyed() -> None:
    story = published()
    grant = story.grant()
    world = story.world
    story.says("transport/main", bodies.lifecycle())
    for user, under in (("health", grant), ("transport", None)):
        kept = bodies.usage(under, world.now)
        assert world.find(world.sign(f"{user}/main", kept)) == ()
    story.says("transport/main", bodies.lifecycle("destroyed"))
    before = bodies.usage(grant, world.now)
    world.block(at=world.later(5 * SECOND_MS))
    after_it = bodies.usage(grant, world.now)
    assert world.find(world.sign("health/main", before)) == ()
    assert world.find(world.sign("health/main", after_it)) == ("data-destroyed",)
    own = bodies.usage(None, world.now)
    assert world.find(world.sign("transport/main", own)) == ("data-destroyed",)
    assert "no-effective-grant" in world.find(world.sign("weather/main", own))


@pytest.mark.rule("R315", "R316", "F76")
def test_a_source_is_one_and_can_be_taken_back() -> None:
    story = published()
    world = story.world
    story.says("steward/main", bodies.designation(story.entry, "a", "b", "c"))
    story.says("steward/main", bodies.designation(story.entry, "b", "c"))
    assert world.value("sources") == SourceCount(count=3)
    record = world.sign("weather/main", bodies.entry(dataset="tides"))
    world.accept(record)
    case = world.value(f"case/{record.digest}-collected-twice")
    assert isinstance(case, Case)
    assert case.finding is not None
    assert (case.finding.measure, case.finding.limit) == ("a and 2 more", "flights of transport")
    assert [(one.member, one.part) for one in case.parties] == [
        ("weather", "accused"),
        ("transport", "claimant"),
    ]
    story.says("steward/main", bodies.designation(story.entry, "a", "b", "c", withdrawn=True))
    assert world.value("sources") == SourceCount(count=0)
    again = world.sign("weather/main", bodies.entry(dataset="tides"))
    assert world.find(again) == ()


@pytest.mark.rule("R317")
def test_a_list_confirms_what_it_names() -> None:
    story = published()
    story.says("transport/main", bodies.attestation(story.entry))
    entry = story.world.value(f"entry/{DATASET}")
    assert isinstance(entry, EntryTerms)
    assert entry.confirmed_at == story.world.now
    assert story.world.value("catalogue/transport") is None


@pytest.mark.rule("R317")
def test_all_are_confirmed_at_once_and_nothing_is_owed_where_no_days_are_set() -> None:
    story = published()
    story.says("transport/main", bodies.attestation())
    assert story.world.value("catalogue/transport") == KeptCatalogue(confirmed_at=story.world.now)


@pytest.mark.rule("R317", "R318")
def test_who_never_had_an_entry_owes_no_confirmation() -> None:
    story = Story(UPKEEP)
    story.says("weather/main", bodies.attestation())
    assert story.world.value("catalogue/weather") == KeptCatalogue(confirmed_at=story.world.now)


def duty_of(story: Story) -> str:
    kept = story.world.value("catalogue/transport")
    assert isinstance(kept, KeptCatalogue)
    assert kept.duty is not None
    return kept.duty


@pytest.mark.rule("R318", "R317", "F77", "W111", "W112")
def test_the_confirmation_of_all_is_owed_again_and_again() -> None:
    story = Story(UPKEEP).publish()
    world = story.world
    first = duty_of(story)
    story.catalogue(dataset="tides")
    assert duty_of(story) == first == f"{first[:64]}-confirmation"
    for day in ("2027-01-04", "2027-05-03"):
        world.block(at=f"{day}T00:00:00.000Z")
        story.says("transport/main", bodies.attestation())
        assert duty_of(story) == first  # it has more time: half of it was not over
    world.block(at="2027-10-01T00:00:00.000Z")
    story.says("transport/main", bodies.attestation())
    second = duty_of(story)
    assert (story.state_of(first), story.state_of(second)) == ("confirmed", "expected")
    case = world.value(f"case/{second}")
    assert isinstance(case, Case)
    assert case.due is not None
    settled = world.block(at=case.due).settlement
    assert [one.code for one in settled.findings] == ["confirmation-overdue"]
    assert story.state_of(second) == "overdue"
    finding = world.value(f"case/{second}-confirmation-overdue")
    assert isinstance(finding, Case)
    assert [(one.member, one.part) for one in finding.parties] == [("transport", "accused")]
    story.says("transport/main", bodies.attestation())
    assert (story.state_of(second), story.state_of(duty_of(story))) == ("confirmed", "expected")


@pytest.mark.parametrize(("status", "certificate"), [("destroyed", None), ("archived", NOWHERE)])
def test_a_certificate_goes_with_destruction(
    status: Literal["archived", "destroyed"], certificate: str | None
) -> None:
    with pytest.raises(ValueError, match="goes with the status"):
        Lifecycle(certificate=certificate, dataset=DATASET, status=status)
