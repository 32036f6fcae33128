"""The first record: it names the ledger, its founders and its parameters.

Signed by the custodian key of every founder and by every log key, so that each key proves its
possession. Its digest is the name of the ledger in every other record.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, field

from ledger.canonical import Canonical, require_ascending, restore_defaults
from ledger.keys import KeyDescription
from ledger.records.assessment import INDICATORS_MAX, Indicator
from ledger.records.keys import CUSTODIAN
from ledger.records.names import Names as Names  # noqa: PLC0414  known from here, too
from ledger.types import Count, Date, MemberId, PurposeCode, ShortText

FOUNDERS_MAX: Final = 12
Role = Literal["auditor", "committee", "government", "sequencer", "steward", "validator", "witness"]
Days = Annotated[int, Meta(ge=1, le=3_650)]
Level = Literal["city", "county", "national", "province", "township"]
Threshold = Literal["all", "more-than-half", "three-quarters", "two-thirds"]


class Jurisdiction(Canonical):
    """The territory a member is responsible for.

    Attributes:
        code: administrative division code.
        level: its level.
    """

    code: ShortText
    level: Level


class LogKeys(Canonical):
    """The keys with which an ordering node signs checkpoints.

    Attributes:
        ed25519: its Ed25519 key.
        ml_dsa44: its ML-DSA-44 key.
    """

    ed25519: KeyDescription
    ml_dsa44: KeyDescription = field(name="mlDsa44")


class Founder(Canonical):
    """One member admitted by genesis.

    Attributes:
        code: unified code of the organisation.
        custodian: its custodian key.
        endpoint: address of its node.
        id: its permanent id.
        jurisdiction: its territory.
        line_superior: its superior in the same line of business.
        log_keys: its log keys, if it has the role sequencer or validator.
        names: what it is called.
        roles: its roles, ascending.
    """

    code: ShortText
    custodian: KeyDescription
    endpoint: ShortText | None = None
    id: MemberId
    jurisdiction: Jurisdiction
    line_superior: MemberId | None = None
    log_keys: LogKeys | None = None
    names: Names
    roles: Annotated[tuple[Role, ...], Meta(max_length=7)] = ()

    def __post_init__(self) -> None:
        require_ascending("roles", self.roles)
        orders = "sequencer" in self.roles or "validator" in self.roles
        if orders != (self.log_keys is not None):
            raise ValueError("`logKeys` go with the role sequencer or validator")


class Calendar(Canonical):
    """Working days. In years it does not cover, Monday to Friday are working days.

    Attributes:
        first_year: first year covered.
        holidays: days off within the covered years, ascending.
        last_year: last year covered.
        utc_offset_minutes: local time is UTC plus this.
        workdays: Saturdays and Sundays worked within the covered years, ascending.
    """

    first_year: Annotated[int, Meta(ge=1970, le=9999)] = 1970
    holidays: Annotated[tuple[Date, ...], Meta(max_length=512)] = ()
    last_year: Annotated[int, Meta(ge=1970, le=9999)] = 1970
    utc_offset_minutes: Annotated[int, Meta(ge=-840, le=840)] = 0
    workdays: Annotated[tuple[Date, ...], Meta(max_length=256)] = ()

    def __post_init__(self) -> None:
        restore_defaults(self)
        require_ascending("holidays", self.holidays)
        require_ascending("workdays", self.workdays)


class Purpose(Canonical):
    """An adopted purpose code.

    Attributes:
        code: the dotted code.
        names: what it is called.
    """

    code: PurposeCode
    names: Names


class Parameters(Canonical):
    """Numbers the rules work with. Days are working days of the calendar.

    Attributes:
        answer_conditional_days: to answer a request for data shared conditionally.
        answer_unconditional_days: to answer a request for data shared unconditionally.
        answers_weighed: whether grounds of refusals, and versions handed over, are held against
            what the catalogue says.
        appeal_days: to take an answer or a ruling further; then it stands.
        assessment_days: to object to a figure after its period; then it is final. Left out, no
            figure is ever final, and none is objected to.
        assignment_days: to assign a demand.
        backflow_days: to answer a lower level that asks for data about its own territory.
        breach_bars: whether who has a right suspended, or had it revoked for a breach, takes none
            up under standing grants of before.
        clock_skew_ms: how far `issuedAt` may lie from block time before it is a finding.
        confirm_days: for a provider to confirm all its entries again; left out, it need not.
        correction_days: to answer that a release is wrong, and to correct it once so ruled.
        count_tolerance: how many ten-thousandths two counts of one delivery may differ.
        demand_days: to meet a demand that was assigned.
        disposal_days: to state that data was deleted, once the time its terms set is over; left
            out, nobody need.
        effect_days: to report what a right achieved; left out, nobody need.
        emergency_days: to complete the formalities of what was given in an emergency.
        extension_asks: how often the time to answer one request may be asked to be extended; left
            out, as often as one likes.
        extension_days: to answer a request once the steward has extended the time for it.
        field_use_days: to use every column that was granted; left out, nobody need.
        incident_report_hours: to report an incident after its discovery.
        mediation_days: to rule on what the parties could not settle.
        open_requests: how many requests of one member for one dataset may wait; left out, any
            number.
        order_days: to report on an inspection, a supervision order, an incident.
        ordinary_threshold: part of the active committee that adopts a proposal.
        qualified_threshold: the same, where it touches parameters, committee or rules.
        quorum: witness members whose cosignatures make a checkpoint final.
        reconcile_days: for provider and consumer of a service to report what they count of a
            month; left out, nobody need.
        rectification_days: to report what was put right.
        rectify_days: to put a confirmed finding right; without it no deadline is set.
        reply_days: to reply to a finding.
        response_days: to answer a dispute, an objection, a complaint.
        review_days: to review a catalogue entry.
        ruling_days: to decide an appeal or a complaint.
        settlements_per_block: deadlines settled before a block's first record.
        supplement_days: to supplement a request; then it counts as withdrawn.
        supply_days: to hand over data that was granted; left out, nobody need.
        update_days: to release the next version once the period of an entry's frequency is over;
            left out, nobody need.
        use_days: to use a right that has come into force; left out, nobody need.
        use_report_days: to report the first use of what was handed over, once the time its terms
            set is over; left out, nobody need.
    """

    answer_conditional_days: Days = 10
    answer_unconditional_days: Days = 1
    answers_weighed: bool = False
    appeal_days: Days = 10
    assessment_days: Days | None = None
    assignment_days: Days = 5
    backflow_days: Days = 10
    breach_bars: bool = False
    clock_skew_ms: Annotated[int, Meta(ge=1_000, le=31_557_600_000)] = 300_000
    confirm_days: Days | None = None
    correction_days: Days = 10
    count_tolerance: Annotated[int, Meta(ge=0, le=10_000)] = 100
    demand_days: Days = 10
    disposal_days: Days | None = None
    effect_days: Days | None = None
    emergency_days: Days = 10
    extension_asks: Annotated[int, Meta(ge=1, le=16)] | None = None
    extension_days: Days = 10
    field_use_days: Days | None = None
    incident_report_hours: Annotated[int, Meta(ge=1, le=8_760)] = 24
    mediation_days: Days = 10
    open_requests: Annotated[int, Meta(ge=1, le=256)] | None = None
    order_days: Days = 10
    ordinary_threshold: Threshold = "more-than-half"
    qualified_threshold: Threshold = "two-thirds"
    quorum: Annotated[int, Meta(ge=0, le=10_000)] = 0
    reconcile_days: Days | None = None
    rectification_days: Days = 20
    rectify_days: Days | None = None
    reply_days: Days = 10
    response_days: Days = 10
    review_days: Days = 2
    ruling_days: Days = 20
    settlements_per_block: Annotated[int, Meta(ge=1, le=100_000)] = 10
    supplement_days: Days = 5
    supply_days: Days | None = None
    update_days: Days | None = None
    use_days: Days | None = None
    use_report_days: Days | None = None

    def __post_init__(self) -> None:
        restore_defaults(self)


class Genesis(Canonical):
    """The founding of a ledger.

    Attributes:
        calendar: its working days.
        indicators: the indicators adopted, ascending by code.
        members: its founders, ascending by id.
        origin: its name in checkpoints, a URL without scheme.
        parameters: its parameters.
        purposes: the purpose codes adopted, ascending.
        rules: version of the rules in force.
    """

    calendar: Calendar = Calendar()
    indicators: Annotated[tuple[Indicator, ...], Meta(max_length=INDICATORS_MAX)] = ()
    members: Annotated[tuple[Founder, ...], Meta(min_length=1, max_length=FOUNDERS_MAX)]
    # At most 183 characters: `<origin>/witness/<member>` is a key name, of at most 255 bytes.
    origin: Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9./:_-]{1,182}\Z")]
    parameters: Parameters = Parameters()
    purposes: Annotated[tuple[Purpose, ...], Meta(min_length=1, max_length=256)]
    rules: Annotated[int, Meta(ge=1, le=1_000_000)] = 1

    def __post_init__(self) -> None:
        restore_defaults(self)
        require_ascending("indicators", [one.id for one in self.indicators])
        require_ascending("members", [one.id for one in self.members])
        require_ascending("purposes", [one.code for one in self.purposes])
        ordering = sum(one.log_keys is not None for one in self.members)
        if ordering == 0:
            raise ValueError("`members` needs one with the role sequencer or validator")


def custodian_of(member: MemberId) -> str:
    """The writer id of a member's custodian key.

    >>> custodian_of("health")
    'health/custodian'
    """
    return f"{member}/{CUSTODIAN}"


def log_key_descriptions(genesis: Genesis) -> tuple[KeyDescription, ...]:
    """All log keys, in the order of their members."""
    return tuple(
        key
        for one in genesis.members
        if one.log_keys is not None
        for key in (one.log_keys.ed25519, one.log_keys.ml_dsa44)
    )


def witness_count(genesis: Genesis) -> Count:
    """Number of founders that are witnesses."""
    return sum("witness" in one.roles for one in genesis.members)
