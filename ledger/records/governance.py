"""Records by which the committee decides: proposals, ballots, and the decisions of an office.

A proposal holds one *action*, as data. Ballots decide it; the very ballot that reaches the
threshold applies it. What may happen to a ledger is therefore a closed list, `Action`, and every
entry of the list can be read, tried and explained before anybody votes.

>>> from msgspec.json import Decoder
>>> Decoder(Action).decode(b'{"act":"suspend-member","member":"health"}')
SuspendMember(member='health')
"""

from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta

from ledger.canonical import Canonical, require_ascending
from ledger.keys import KeyDescription
from ledger.records.actions import ChangeBases, SetLogKeys, SetPairing, SplitMember
from ledger.records.assessment import EndIndicator, SetIndicator
from ledger.records.genesis import Calendar, Jurisdiction, Names, Parameters, Purpose, Role
from ledger.sealed import MaybeSealed
from ledger.types import DigestHex, MemberId, PurposeCode, ShortText, Slug, Time

ADMISSIONS_MAX: Final = 128
GROUP_MAX: Final = 128
PREMISES_MAX: Final = 32
ORDERING: Final = ("sequencer", "validator")
"""Roles whose holders need log keys."""
# "act" is less than every other member's name: msgspec writes the tag first, as canonical order
# wants it.
_TAG: Final = "act"


class Admission(Canonical):
    """A member to be admitted. Its custodian proves to have the key by the first use of it.

    Attributes:
        authorisation: digest of the sealed document by which it asks to be admitted.
        code: unified code of the organisation.
        custodian: its custodian key.
        endpoint: address of its node.
        id: its permanent id.
        jurisdiction: its territory.
        line_superior: its superior in the same line of business.
        names: what it is called.
        roles: its roles, ascending.
    """

    authorisation: DigestHex
    code: ShortText
    custodian: KeyDescription
    endpoint: ShortText | None = None
    id: MemberId
    jurisdiction: Jurisdiction
    line_superior: MemberId | None = None
    names: Names
    roles: Annotated[tuple[Role, ...], Meta(max_length=7)] = ()

    def __post_init__(self) -> None:
        require_ascending("roles", self.roles)
        if any(role in self.roles for role in ORDERING):
            raise ValueError("`roles`: who orders blocks has log keys, from genesis on")


class AdmitMembers(Canonical, tag_field=_TAG, tag="admit-members"):
    """Admit members.

    Attributes:
        members: who they are, ascending by id.
    """

    members: Annotated[tuple[Admission, ...], Meta(min_length=1, max_length=ADMISSIONS_MAX)]

    def __post_init__(self) -> None:
        require_ascending("members", [one.id for one in self.members])


class AdoptRules(Canonical, tag_field=_TAG, tag="adopt-rules"):
    """Go over to the next version of the rules, with the next block.

    Attributes:
        rules: that version.
    """

    rules: Annotated[int, Meta(ge=2, le=1_000_000)]


class ChangePurposes(Canonical, tag_field=_TAG, tag="change-purposes"):
    """Adopt purpose codes, retire others. What was granted for a retired one stays granted.

    Attributes:
        purposes: the codes to adopt, ascending.
        retired: the codes to retire, ascending.
    """

    purposes: Annotated[tuple[Purpose, ...], Meta(max_length=256)] = ()
    retired: Annotated[tuple[PurposeCode, ...], Meta(max_length=256)] = ()

    def __post_init__(self) -> None:
        require_ascending("purposes", [one.code for one in self.purposes])
        require_ascending("retired", self.retired)
        if not self.purposes and not self.retired:
            raise ValueError("neither adopts nor retires a purpose")


class DescribeMember(Canonical, tag_field=_TAG, tag="describe-member"):
    """Say anew what a member is: renamed, moved to another superior or territory.

    Attributes:
        code: unified code of the organisation.
        endpoint: address of its node.
        jurisdiction: its territory.
        line_superior: its superior in the same line of business.
        member: the member.
        names: what it is called.
    """

    code: ShortText
    endpoint: ShortText | None = None
    jurisdiction: Jurisdiction
    line_superior: MemberId | None = None
    member: MemberId
    names: Names


class RecoverCustodian(Canonical, tag_field=_TAG, tag="recover-custodian"):
    """Give a member that lost its custodian key another one. The new key signs the record too.

    Attributes:
        key: the new custodian key.
        member: the member.
    """

    key: KeyDescription
    member: MemberId


class ReinstateMember(Canonical, tag_field=_TAG, tag="reinstate-member"):
    """End a member's suspension.

    Attributes:
        member: the member.
    """

    member: MemberId


class RemoveMember(Canonical, tag_field=_TAG, tag="remove-member"):
    """Remove a member for good. What it gave stays given.

    Attributes:
        member: the member.
    """

    member: MemberId


class SetCalendar(Canonical, tag_field=_TAG, tag="set-calendar"):
    """Replace the calendar. Deadlines that run already stay as they are.

    Attributes:
        calendar: the new one.
    """

    calendar: Calendar


class SetGroup(Canonical, tag_field=_TAG, tag="set-group"):
    """Replace a named list of members, to which standing grants can go.

    Attributes:
        group: its code.
        members: who is in it, ascending; nobody ends the group.
        names: what it is called.
    """

    group: Slug
    members: Annotated[tuple[MemberId, ...], Meta(max_length=GROUP_MAX)] = ()
    names: Names

    def __post_init__(self) -> None:
        require_ascending("members", self.members)


class SetParameters(Canonical, tag_field=_TAG, tag="set-parameters"):
    """Replace the parameters. Deadlines that run already stay as they are.

    Attributes:
        parameters: all of them.
    """

    parameters: Parameters


class SetRoles(Canonical, tag_field=_TAG, tag="set-roles"):
    """Replace a member's roles.

    Attributes:
        member: the member.
        roles: all its roles from then on, ascending.
    """

    member: MemberId
    roles: Annotated[tuple[Role, ...], Meta(max_length=7)] = ()

    def __post_init__(self) -> None:
        require_ascending("roles", self.roles)


class SucceedMember(Canonical, tag_field=_TAG, tag="succeed-member"):
    """Merge a member into another one, whose custodian appoints its writers from then on.

    Attributes:
        member: the member that is merged; its id stays.
        successor: the member that acts for it.
    """

    member: MemberId
    successor: MemberId


class SuspendMember(Canonical, tag_field=_TAG, tag="suspend-member"):
    """Suspend a member: it states facts and manages its keys, but neither asks, gives nor votes.

    Attributes:
        member: the member.
    """

    member: MemberId


Action: TypeAlias = (
    AdmitMembers
    | AdoptRules
    | ChangeBases
    | ChangePurposes
    | DescribeMember
    | EndIndicator
    | RecoverCustodian
    | ReinstateMember
    | RemoveMember
    | SetCalendar
    | SetGroup
    | SetIndicator
    | SetLogKeys
    | SetPairing
    | SetParameters
    | SetRoles
    | SplitMember
    | SucceedMember
    | SuspendMember
)
"""What a proposal can do."""


class Premise(Canonical):
    """A value of the state that a proposal rests on.

    Attributes:
        key: key of the state.
        value: digest of its canonical value; none if nothing stands there.
    """

    key: Annotated[str, Meta(pattern=r"\A[!-~]{1,256}\Z")]
    value: DigestHex | None = None


class Proposal(Canonical):
    """One action, put to the vote. Its record digest is its id.

    Attributes:
        action: what is to happen.
        closes_at: until when votes are cast.
        reason: why; may be sealed.
        rests_on: values of the state it rests on, ascending by key; it falls when one changes.
    """

    action: Action
    closes_at: Time
    reason: MaybeSealed
    rests_on: Annotated[tuple[Premise, ...], Meta(max_length=PREMISES_MAX)] = ()

    def __post_init__(self) -> None:
        require_ascending("restsOn", [one.key for one in self.rests_on])


class Ballot(Canonical):
    """A committee member's vote. The last one counts, as long as nothing is decided.

    Attributes:
        proposal: the proposal.
        vote: for it or against it.
    """

    proposal: DigestHex
    vote: Literal["no", "yes"]


class RejectAdmission(Canonical, tag_field=_TAG, tag="reject-admission"):
    """End an open proposal to admit members, to which somebody objected.

    Attributes:
        proposal: the proposal.
    """

    proposal: DigestHex


Matter: TypeAlias = (
    DescribeMember | RecoverCustodian | RejectAdmission | SplitMember | SucceedMember
)
"""What the government decides without a vote."""


class Decision(Canonical):
    """The government decides what is reserved to it, without a vote.

    Attributes:
        matter: what it decides.
        minutes: digest of the minutes of its meeting.
        reason: why; may be sealed.
    """

    matter: Matter
    minutes: DigestHex
    reason: MaybeSealed
