"""Act 3: requests, and every answer there can be: granted, narrowed, refused, standing."""

from dataclasses import dataclass

from contracts.values import Case, GrantedRight
from ledger.records import Acceptance, Grant, Request, Step
from ledger.types import DatasetId, ItemId
from node.client import Receipted
from scripts.answers import read_value
from scripts.demo.cast import (
    AIRLINES,
    AIRPORTS,
    AUTHORITY,
    COMMERCE,
    FLIGHTS,
    METEOROLOGY,
    PLANES,
    REGISTRY,
    TRANSPORT,
    WEATHER,
    Member,
)
from scripts.demo.passing_on import pass_on
from scripts.demo.stage import Stage, act, expect, tell
from scripts.record.sharing import grant_items, request_items
from scripts.record.terms import TermsOptions

FORECAST = TermsOptions(
    fields="day, dep_delay, month, origin", purposes="public-services", operations="query"
)
AIRWORTHINESS = TermsOptions(
    fields="air_time, dest, distance, tailnum", purposes="supervision", operations="query"
)
NARROWED = TermsOptions(fields="air_time, distance, tailnum")
CAPACITY = TermsOptions(
    fields="dep_delay, hour, month, origin", purposes="public-services", operations="query"
)
MARKET = TermsOptions(
    fields="arr_delay, carrier, dep_delay", purposes="statistics", operations="query"
)
SEATS = TermsOptions(fields="seats, tailnum", purposes="statistics", operations="query")


@dataclass(frozen=True, slots=True)
class Rights:
    """The grants in force at the end of the act, and the request that was refused."""

    forecast: ItemId
    airworthiness: ItemId
    capacity: ItemId
    market: ItemId
    seats: ItemId
    weather: ItemId
    refused: ItemId


def offer_to_all(stage: Stage) -> None:
    """What is shared unconditionally is granted once, standing, to whoever applies."""
    act("3  They ask one another for data")
    for provider, table in ((METEOROLOGY, WEATHER), (AUTHORITY, AIRPORTS), (COMMERCE, AIRLINES)):
        given = [{"dataset": table.dataset, "standing": "yes"}]
        items = grant_items(stage.client, given, None, TermsOptions(), None)
        stage.department(provider).says(Grant(items=tuple(items)))
    tell("weather, airports and airlines stand granted to whoever applies")


def take_up_standing_grants(stage: Stage) -> ItemId:
    """One signed application; the right is in force in the same block, nobody has to answer."""
    datasets = [WEATHER.dataset, AIRPORTS.dataset, AIRLINES.dataset]
    asked = ask(stage, TRANSPORT, datasets, TermsOptions(), "Delays and their causes").digest
    grants = [f"{asked}-{len(datasets) + n}" for n in range(len(datasets))]
    for request, grant in zip((f"{asked}-{n}" for n in range(3)), grants, strict=True):
        _expect_state(stage, request, "granted")
        right = _right(stage, grant)
        expect(right.standing is not None, "the right was taken up under a standing grant")
    tell(f"the {TRANSPORT.en} applies for the three: in force at once")
    return grants[0]


def grant_as_asked(stage: Stage) -> tuple[ItemId, ItemId, ItemId]:
    """What covers the request is in force at once."""
    forecast = ask(stage, METEOROLOGY, [FLIGHTS.dataset], FORECAST, "Forecast of delays").digest
    capacity = ask(stage, AUTHORITY, [FLIGHTS.dataset], CAPACITY, "Planning of runways").digest
    seats = ask(stage, TRANSPORT, [PLANES.dataset], SEATS, "Seats offered by each carrier").digest
    answers = ((TRANSPORT, forecast), (TRANSPORT, capacity), (REGISTRY, seats))
    done = [give(stage, provider, f"{request}-0") for provider, request in answers]
    grants = [f"{one.digest}-0" for one in done]
    for grant in grants:
        _expect_state(stage, grant, "in-force")
    tell(f"{len(grants)} requests are granted as asked: in force at once")
    return grants[0], grants[1], grants[2]


def narrow_with_ground(stage: Stage) -> ItemId:
    """Less than was asked needs a coded ground, and the consumer's acceptance."""
    request = ask(
        stage, REGISTRY, [FLIGHTS.dataset], AIRWORTHINESS, "Hours flown by aircraft"
    ).digest
    given = give(stage, TRANSPORT, f"{request}-0", NARROWED, "not-necessary")
    grant = f"{given.digest}-0"
    expect(not given.findings, "narrowing with a ground is no finding")
    _expect_state(stage, grant, "offered")
    stage.department(REGISTRY).says(Acceptance(grants=(grant,)))
    _expect_state(stage, grant, "in-force")
    tell(
        f"the {REGISTRY.en} is granted less than it asked (ground: not-necessary); "
        "in force since it accepted"
    )
    return grant


def offer_unasked(stage: Stage) -> ItemId:
    """What nobody asked for is an offer until its consumer accepts it."""
    given = {"dataset": FLIGHTS.dataset, "members": COMMERCE.id}
    items = grant_items(stage.client, [given], None, MARKET, None)
    grant = f"{stage.department(TRANSPORT).says(Grant(items=tuple(items))).digest}-0"
    _expect_state(stage, grant, "offered")
    stage.department(COMMERCE).says(Acceptance(grants=(grant,)))
    _expect_state(stage, grant, "in-force")
    tell(f"the {TRANSPORT.en} offers the {COMMERCE.en} its carriers and delays: accepted")
    return grant


def refuse_with_ground(stage: Stage) -> ItemId:
    """A refusal is a step with a coded ground, on the record like everything else."""
    asked = ask(stage, COMMERCE, [PLANES.dataset], TermsOptions(), "Market survey").digest
    request = f"{asked}-0"
    step = Step(
        cases=(request,),
        ground="no-legal-basis",
        note="A market survey is no task of the bureau.",
        step="refuse",
    )
    stage.department(REGISTRY).says(step)
    _expect_state(stage, request, "refused")
    tell(f"the {COMMERCE.en} is refused the aircraft (ground: no-legal-basis)")
    return request


def share(stage: Stage) -> Rights:
    """The whole act."""
    offer_to_all(stage)
    weather = take_up_standing_grants(stage)
    forecast, capacity, seats = grant_as_asked(stage)
    airworthiness = narrow_with_ground(stage)
    market = offer_unasked(stage)
    pass_on(stage, market)
    refused = refuse_with_ground(stage)
    return Rights(
        forecast=forecast,
        airworthiness=airworthiness,
        capacity=capacity,
        market=market,
        seats=seats,
        weather=weather,
        refused=refused,
    )


def ask(
    stage: Stage, member: Member, datasets: list[DatasetId], terms: TermsOptions, scene: str
) -> Receipted:
    """Ask for datasets; the n-th request is `<record digest>-<n>`."""
    items = request_items(stage.client, datasets, None, terms)
    return stage.department(member).says(Request(items=tuple(items), scene=scene))


def give(
    stage: Stage,
    provider: Member,
    request: ItemId,
    terms: TermsOptions = TermsOptions(),  # frozen
    ground: str | None = None,
) -> Receipted:
    """Answer a request; the right is `<record digest>-0`."""
    items = grant_items(stage.client, [{"request": request}], None, terms, ground)
    return stage.department(provider).says(Grant(items=tuple(items)))


def _right(stage: Stage, grant: ItemId) -> GrantedRight:
    right = read_value(stage.client, GrantedRight, f"grant/{grant}")
    if right is None:
        raise LookupError(grant)
    return right


def _expect_state(stage: Stage, case: ItemId, state: str) -> None:
    value = read_value(stage.client, Case, f"case/{case}")
    expect(value is not None and value.state == state, f"case {case} is {state}")
