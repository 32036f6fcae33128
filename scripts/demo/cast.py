"""Who takes part, and what each provides: the only invented part of the demo, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ledger.records.genesis import Role
from ledger.records.keys import Family
from ledger.types import DatasetId, MemberId, PurposeCode

ORIGIN: Final = "demo.blockpool.example/new-york"
PURPOSES: Final[Mapping[PurposeCode, str]] = {
    "public-services": "public services",
    "statistics": "official statistics",
    "supervision": "supervision and safety",
}
_PROVIDER: Final[tuple[Family, ...]] = ("cases", "catalogue", "sharing", "use")
_VOTER: Final[tuple[Family, ...]] = ("cases", "catalogue", "governance", "sharing", "use")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the package, and what its department writes into the cells of the catalogue."""

    file: str
    dataset: DatasetId
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Member:
    """A department: names, roles, the families of records its writer signs, its table if any."""

    id: MemberId
    en: str
    zh: str
    roles: tuple[Role, ...] = ()
    families: tuple[Family, ...] = _PROVIDER
    table: Table | None = None

    @property
    def writer(self) -> str:
        """The writer that signs for it day by day."""
        return f"{self.id}/main"


def _cells(title: str, sharing: str, category: str, source: str, **more: str) -> dict[str, str]:
    return {
        "title": title,
        "sharing": sharing,
        "category": category,
        "source": source,
        "frequency": "yearly",
        "openness": "open",
        "as_of": "2013-12-31T23:59:59-05:00",
        "purposes": ", ".join(PURPOSES),
        "operations": "query, read",
        "onward": "aggregated",
        "report_within": "7d",
        **more,
    }


FLIGHTS: Final = Table(
    "flights.csv.zip",
    "flights",
    _cells(
        "Departures from New York City, 2013",
        "conditional",
        "transport",
        "Bureau of Transportation Statistics, on-time performance",
        operations="derive, query, read",
        system="flight-statistics",
        storage="controlled",
        delete_within="30d",
        delegable="2",
    ),
)
WEATHER: Final = Table(
    "weather.csv",
    "weather",
    _cells(
        "Hourly weather at the three airports, 2013",
        "unconditional",
        "meteorology",
        "NOAA surface observations",
        system="weather-stations",
    ),
)
PLANES: Final = Table(
    "planes.csv",
    "planes",
    _cells(
        "Registered aircraft",
        "conditional",
        "transport",
        "FAA aircraft registry",
        system="aircraft-register",
    ),
)
AIRPORTS: Final = Table(
    "airports.csv",
    "airports",
    _cells(
        "Airports and their locations",
        "unconditional",
        "transport",
        "FAA airport data",
        operations="derive, query, read",
        system="airport-register",
    ),
)
AIRLINES: Final = Table(
    "airlines.csv",
    "airlines",
    _cells(
        "Names of the carriers",
        "unconditional",
        "commerce",
        "Bureau of Transportation Statistics, carrier codes",
        system="company-register",
    ),
)

TRANSPORT: Final = Member(
    "transport-bureau",
    "Transport Bureau",
    "交通运输局",
    ("committee", "witness"),
    _VOTER,
    FLIGHTS,
)
METEOROLOGY: Final = Member(
    "weather-service", "Weather Service", "气象局", ("committee", "witness"), _VOTER, WEATHER
)
REGISTRY: Final = Member("aircraft-registry", "Aircraft Registry", "航空器登记处", table=PLANES)
AUTHORITY: Final = Member("airports-authority", "Airports Authority", "机场管理局", table=AIRPORTS)
COMMERCE: Final = Member(
    "commerce-bureau", "Commerce Bureau", "商务局", ("committee",), _VOTER, AIRLINES
)
STEWARD: Final = Member(
    "data-bureau", "Data Bureau", "数据局", ("sequencer", "steward", "witness"), ("cases",)
)
AUDITOR: Final = Member(
    "audit-office",
    "Audit Office",
    "审计局",
    ("auditor", "witness"),
    ("cases",),
)

COMMITTEE: Final = (TRANSPORT, METEOROLOGY, COMMERCE)
MEMBERS: Final = tuple(
    sorted(
        (TRANSPORT, METEOROLOGY, REGISTRY, AUTHORITY, COMMERCE, STEWARD, AUDITOR),
        key=lambda one: one.id,
    )
)
WITNESSES: Final = tuple(one for one in MEMBERS if "witness" in one.roles)
QUORUM: Final = 3
"""Of four witnesses: more than two thirds."""
PROVIDERS: Final = tuple(one for one in MEMBERS if one.table is not None)
