"""What holds of every state the rules can reach: named predicates for tests, simulator and audit.

`violations(state, leaves)` runs them all on a state and the log that led to it. Each says what is
wrong in words and says nothing if all is well. They repeat no rule: they ask whether what different
rules have written still fits together, and recount from the log what the rules counted one by one.

>>> violations(MemoryState(), ())
[]
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.catalogue import columns
from contracts.sharing.chains import Link, chain_of, versions
from contracts.sharing.emergency import DAYS_MAX as EMERGENCY_DAYS_MAX
from contracts.succession import GENERATIONS_MAX
from contracts.terms import is_counted, narrows
from contracts.values import (
    AdoptedIndicators,
    Bar,
    Basis,
    Case,
    CastBallot,
    ChainHead,
    Dataset,
    DataSource,
    DependentBlocks,
    Due,
    EmergencyRight,
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
    ProposedAction,
    ReleasedVersion,
    RequestedItem,
    RoleHolders,
    SchemaVersion,
    SeenCheckpoint,
    ServiceAccount,
    SourceCount,
    StandingGrants,
    StatedDelivery,
    UnusedFields,
    UseCounters,
    Writer,
    parse_value,
)
from contracts.view import MemoryState, V, read
from contracts.workflows import WORKFLOWS
from ledger.canonical import encode
from ledger.errors import FormatError
from ledger.hashing import sha256
from ledger.records import Ballot, Delivery, Entry, Lifecycle, Record, Release, Usage, parse_record
from ledger.records.anchors import Anchor, checkpoint_of
from ledger.records.assessment import Indicator
from ledger.records.governance import ORDERING
from ledger.running_digest import run_of
from ledger.seal import is_seal
from ledger.times import DAY_MS, TIME_MS_MAX, date_of_day, day_of, from_ms, to_ms
from ledger.types import SAFE_INTEGER_MAX, DatasetId, DigestHex


@dataclass(frozen=True, slots=True)
class Facts:
    """A state and the records that led to it, each with its index."""

    state: MemoryState
    records: tuple[tuple[int, Record], ...]

    def all(self, prefix: str, kind: type[V]) -> Iterator[tuple[str, V]]:
        """Every value under `<prefix>/`, with the rest of its key."""
        for key in self.state.keys(f"{prefix}/"):
            value = self.get(kind, key)
            if value is not None:
                yield key.removeprefix(f"{prefix}/"), value

    def get(self, kind: type[V], key: str) -> V | None:
        """The value under `key`."""
        return read(self.state, kind, key)


SIDES: Final[Mapping[str, tuple[str | None, str]]] = {
    "complaint": ("claimant", "respondent"),
    "correction": ("consumer", "provider"),
    "dispute": ("claimant", "respondent"),
    "incident": (None, "respondent"),
    "inspection": (None, "respondent"),
    "objection": ("claimant", "respondent"),
    "rectification": (None, "respondent"),
    "supervision-order": (None, "respondent"),
}
"""Whose part it is to ask and to answer, by workflow; an order is given by an office."""
_OWED: Final = frozenset({"disposal", "effect-report", "field-use", "first-use", "supply"})
"""Workflows of what a right in force asks for."""
Predicate = Callable[[Facts], Iterator[str]]


def values_can_be_read(facts: Facts) -> Iterator[str]:
    """Every value is within the limits of its type: a node that stores it can read it again."""
    for key in facts.state.keys():  # noqa: SIM118  a state is no dict
        value = facts.state.get(key)
        try:
            same = value is not None and parse_value(key, encode(value)) == value
        except FormatError as error:
            yield f"{key}: {error}"
        else:
            if not same:
                yield f"{key} reads back as something else"


def chains_are_whole(facts: Facts) -> Iterator[str]:
    """Each writer's records are one chain, and the state holds its head."""
    heads: dict[str, ChainHead] = {}
    for index, record in facts.records:
        chain, before = record.chain, heads.get(record.chain.writer)
        place = (0, None) if before is None else (before.records, before.head)
        if (chain.sequence, chain.previous) != place:
            yield f"record {index} does not follow in the chain of {chain.writer}"
        heads[chain.writer] = ChainHead(
            head=record.digest, last_index=index, records=chain.sequence + 1
        )
    if dict(facts.all("chain", ChainHead)) != heads:
        yield "the heads of chains are not those of the log"


def keys_serve_one_writer(facts: Facts) -> Iterator[str]:
    """An active writer has an active key of its own; the custodian's is its member's."""
    for name, writer in facts.all("writer", Writer):
        key = facts.get(Key, f"key/{writer.key}")
        if key is None or key.writer != name:
            yield f"the key of {name} is another's"
        elif (key.status == "active") != (writer.status == "active"):
            yield f"{name} is {writer.status}, its key is {key.status}"
    for keyid, key in facts.all("key", Key):
        holder = facts.get(Writer, f"writer/{key.writer}")
        if key.status == "active" and holder is not None and holder.key != keyid:
            yield f"key {keyid} is active beside the present key of {key.writer}"
        if (key.until is None) != (key.status == "active"):
            yield f"key {keyid} is {key.status}"
    for name, member in facts.all("member", Member):
        custodian = facts.get(Writer, f"writer/{name}/custodian")
        if custodian is None or custodian.key != member.custodian:
            yield f"{name} has another custodian key than its custodian"


def roles_agree(facts: Facts) -> Iterator[str]:
    """The holders of a role are the members that have it."""
    holders: dict[str, list[str]] = {}
    for name, member in sorted(facts.all("member", Member)):
        for role in member.roles:
            holders.setdefault(role, []).append(name)
    if {role: list(one.members) for role, one in facts.all("role", RoleHolders)} != holders:
        yield "roles and their holders differ"


def schemas_are_whole(facts: Facts) -> Iterator[str]:
    """A complete schema has all its columns and the digest that names it."""
    for digest, version in facts.all("schema", SchemaVersion):
        count = len(columns.column_names(facts.state, digest))
        if not count == version.columns == version.total or version.run != digest:
            yield f"schema {digest} is not complete"
    for name, version in facts.all("schema-draft", SchemaVersion):
        if version.columns >= version.total:
            yield f"schema {name} should be complete"


def manifests_are_whole(facts: Facts) -> Iterator[str]:
    """A complete list of files has all of them and the digest that names it."""
    for digest, listed in facts.all("manifest", FileList):
        if listed.files != listed.total or listed.run != digest:
            yield f"manifest {digest} is not complete"
    for name, listed in facts.all("manifest-draft", FileList):
        if listed.files >= listed.total:
            yield f"manifest {name} should be complete"


def datasets_are_counted(facts: Facts) -> Iterator[str]:
    """A dataset counts its entries and releases, and has its versions without gaps."""
    records: dict[DatasetId, list[DigestHex]] = {}
    for _, record in facts.records:
        for name in sorted(_datasets_counting(record)):
            records.setdefault(name, []).append(record.digest)
    for name, dataset in facts.all("dataset", Dataset):
        digests = records.pop(name, [])
        if (dataset.records, dataset.run) != (len(digests), run_of(digests)):
            yield f"dataset {name} counts other records than the log"
        versions = {version for version, _ in facts.all(f"release/{name}", ReleasedVersion)}
        if versions != {str(number + 1) for number in range(dataset.releases)}:
            yield f"dataset {name} has not the versions 1 to {dataset.releases}"
        entry = facts.get(EntryTerms, f"entry/{name}")
        if entry is not None and entry.provider != dataset.provider:
            yield f"dataset {name} has two providers"
    if records:
        yield f"datasets without a value: {sorted(records)}"


def reviews_are_pending(facts: Facts) -> Iterator[str]:
    """A dataset's pending entry, the draft and the open review are one."""
    pending = {one.pending for _, one in facts.all("dataset", Dataset) if one.pending is not None}
    drafts = {name for name, _ in facts.all("entry-draft", EntryTerms)}
    open_reviews = {
        name
        for name, case in facts.all("case", Case)
        if case.workflow == "review" and case.state == "submitted"
    }
    if not pending == drafts == open_reviews:
        yield f"pending {sorted(pending)}, drafts {sorted(drafts)}, open {sorted(open_reviews)}"


def ended_datasets_offer_nothing(facts: Facts) -> Iterator[str]:
    """A dataset that is archived or destroyed has no entry, neither in force nor under review."""
    for name, dataset in facts.all("dataset", Dataset):
        if dataset.destroyed_at is not None and dataset.archived_at is None:
            yield f"dataset {name} was destroyed, but never left the catalogue"
        entry = facts.get(EntryTerms, f"entry/{name}")
        if dataset.archived_at is not None and (entry is not None or dataset.pending is not None):
            yield f"dataset {name} has ended, and has an entry"


def sources_are_counted(facts: Facts) -> Iterator[str]:
    """The designated sources are as many as their count says, each a dataset."""
    count = facts.get(SourceCount, "sources") or SourceCount(count=0)
    sources = dict(facts.all("source", DataSource))
    if len(sources) != count.count:
        yield f"there are {len(sources)} sources, not {count.count}"
    for source in sources.values():
        if facts.get(Dataset, f"dataset/{source.dataset}") is None:
            yield f"the source of {source.item} is no dataset"


def duties_are_open(facts: Facts) -> Iterator[str]:
    """The cases in which something is owed are those that catalogues and datasets name."""
    owed = {one.duty for _, one in facts.all("catalogue", KeptCatalogue) if one.duty is not None}
    owed |= {one.duty for _, one in facts.all("dataset", Dataset) if one.duty is not None}
    waiting = {
        name
        for name, case in facts.all("case", Case)
        if case.workflow in {"confirmation", "update"} and case.state in {"expected", "overdue"}
    }
    if owed != waiting:
        yield f"owed {sorted(owed)}, waiting {sorted(waiting)}"


def what_is_owed_follows_from_rights(facts: Facts) -> Iterator[str]:
    """What a right asks for is owed by who had it in force; a disposal that was met was stated.

    Nobody owes a delivery under a right that has ended.
    """
    for name, case in facts.all("case", Case):
        if case.workflow not in _OWED:
            continue
        right = facts.get(GrantedRight, case.subject)
        if right is None or right.in_force_since is None:
            yield f"{name} is owed for no right that was in force"
        elif case.state == "disposed" and right.disposed_at is None:
            yield f"{name} was met by nothing that was stated"
        elif case.workflow == "supply" and case.state in {"expected", "overdue"} and right.ended_at:
            yield f"{name} is owed under a right that has ended"


def blocks_are_known_to_their_rights(facts: Facts) -> Iterator[str]:
    """The blocks that a right knows are those in the catalogue that rest on it."""
    resting: dict[str, set[str]] = {}
    for name, entry in facts.all("entry", EntryTerms):
        for grant in entry.inputs:
            resting.setdefault(grant, set()).add(name)
    known = {grant: set(one.datasets) for grant, one in facts.all("block", DependentBlocks)}
    if known != resting:
        yield f"known {sorted(known)}, resting {sorted(resting)}"


def cases_have_their_deadlines(facts: Facts) -> Iterator[str]:
    """A case that is due has its deadline in order of time, and no other deadline is there."""
    due = {f"{case.due}/{name}" for name, case in facts.all("case", Case) if case.due is not None}
    if due != {name for name, _ in facts.all("due", Due)}:
        yield "cases and deadlines differ"
    for name, case in facts.all("case", Case):
        table = WORKFLOWS[case.workflow]
        if case.due is not None and not any(step.state == case.state for step in table.steps):
            yield f"case {name} is `{case.state}`, which is final, and due"


def parties_are_members(facts: Facts) -> Iterator[str]:
    """Every party of a case is a member, and has one part in it."""
    for name, case in facts.all("case", Case):
        members = [party.member for party in case.parties]
        if len({*members}) != len(members):
            yield f"case {name} has a party twice"
        unknown = [one for one in members if facts.get(Member, f"member/{one}") is None]
        if unknown:
            yield f"case {name} has parties that are no members: {unknown}"


def supervision_has_its_sides(facts: Facts) -> Iterator[str]:
    """Whoever opened a case of supervision is no side of it alone, and somebody must respond."""
    for name, case in facts.all("case", Case):
        asking, answering = SIDES.get(case.workflow, (None, None))
        parts: list[str] = [party.part for party in case.parties]
        if answering is not None and answering not in parts:
            yield f"case {name} has nobody to answer it"
        if asking is not None and parts.count(asking) != 1:
            yield f"case {name} was opened by nobody"


def orders_settle_findings(facts: Facts) -> Iterator[str]:
    """What a rectification settles is a finding that was confirmed, against its respondent."""
    for name, case in facts.all("case", Case):
        if case.settles:
            finding = facts.get(Case, case.subject)
            accused = () if finding is None else finding.parties
            members = {one.member for one in accused if one.part == "accused"}
            if members != {one.member for one in case.parties}:
                yield f"case {name} settles no finding against its respondent"


def answers_are_there(facts: Facts) -> Iterator[str]:
    """The release or member that a step named is one."""
    for name, case in facts.all("case", Case):
        # An entry that met a demand may have ended since.
        is_lasting = case.answer is not None and not case.answer.startswith("entry/")
        if is_lasting and facts.state.get(case.answer or "") is None:
            yield f"case {name} was answered by {case.answer}, which is not there"


def findings_have_evidence(facts: Facts) -> Iterator[str]:
    """A finding accuses somebody, and names a record that is in the log."""
    known = {record.digest for _, record in facts.records}
    for name, case in facts.all("case", Case):
        if (case.finding is None) != (case.workflow != "finding"):
            yield f"case {name} is of workflow `{case.workflow}`"
        elif case.finding is not None:
            if case.finding.evidence not in known:
                yield f"finding {name} rests on a record that is not there"
            if not any(party.part == "accused" for party in case.parties):
                yield f"finding {name} accuses nobody"


def rights_follow_their_cases(facts: Facts) -> Iterator[str]:
    """What a right says of its validity is what the state of its case says."""
    for name, right in facts.all("grant", GrantedRight):
        case = facts.get(Case, f"case/{name}")
        state = "missing" if case is None else case.state
        is_suspended = bool(right.suspensions) and right.suspensions[-1].until is None
        if right.ended_at is not None:
            expected = {"declined", "ended", "revoked"}
        elif right.in_force_since is None:
            expected = {"offered"}
        else:
            expected = {"suspended", "suspended-by-order"} if is_suspended else {"in-force"}
        if state not in expected:
            yield f"right {name} is not `{state}`, as its case says"


def bars_count_suspensions(facts: Facts) -> Iterator[str]:
    """Whoever is barred is by the suspensions that say so of rights that have not ended."""
    suspended: dict[str, int] = {}
    for _, right in facts.all("grant", GrantedRight):
        last = right.suspensions[-1] if right.suspensions else None
        if last is not None and last.until is None and right.ended_at is None and last.barred:
            key = f"{right.dataset}/{last.barred}"
            suspended[key] = suspended.get(key, 0) + 1
    counted = {key: bar.suspended for key, bar in facts.all("bar", Bar) if bar.suspended}
    if counted != suspended:
        yield f"barred by {counted} rights, by {suspended}"


def emergencies_are_followed_up(facts: Facts) -> Iterator[str]:
    """What was given in an emergency ends in 30 days, and lapses unless it was asked for in time.

    Of the rights to a dataset that a member was given so, the last one alone may lack formalities.
    """
    last = {one.grant for _, one in facts.all("emergency", EmergencyRight)}
    for name, right in facts.all("grant", GrantedRight):
        case = facts.get(Case, f"case/{name}-formalities")
        if (right.emergency is None) != (case is None):
            yield f"right {name} and its formalities differ"
        if case is None or right.in_force_since is None:
            continue
        if case.state != "completed" and (right.lapses_at is None or name not in last):
            yield f"right {name} goes on without formalities"
        ends = to_ms(right.terms.not_after or from_ms(TIME_MS_MAX)) - to_ms(right.in_force_since)
        if ends > EMERGENCY_DAYS_MAX * DAY_MS:
            yield f"right {name} lasts longer than an emergency"


def rights_keep_to_what_they_rest_on(facts: Facts) -> Iterator[str]:
    """No right is wider than an entry of its dataset was, or than the right above it was."""
    entries = [record.body for _, record in facts.records if isinstance(record.body, Entry)]
    for name, right in facts.all("grant", GrantedRight):
        offered = any(
            (entry.dataset, entry.schema) == (right.dataset, right.schema)
            and narrows(right.terms, entry.conditions)
            for entry in entries
        )
        if not offered:
            yield f"right {name} is wider than any entry of {right.dataset}"
        above = right.parent or right.standing
        if above is not None and not _hangs(facts, name, right, above):
            yield f"right {name} is wider than the right above it"
        if right.member == right.provider:
            yield f"right {name} is the provider's own"


def requests_are_answered_once(facts: Facts) -> Iterator[str]:
    """A request is granted exactly if one right answers it."""
    answers = [right.request for _, right in facts.all("grant", GrantedRight) if right.request]
    for name, asked in facts.all("request", RequestedItem):
        case = facts.get(Case, f"case/{name}")
        is_granted = case is not None and case.state == "granted"
        if answers.count(name) != is_granted:
            yield f"request {name} of {asked.member} has {answers.count(name)} answers"


def standing_grants_are_listed(facts: Facts) -> Iterator[str]:
    """The standing grants listed are those that have not ended."""
    standing: dict[str, set[str]] = {}
    for name, right in facts.all("grant", GrantedRight):
        if right.member is None and right.ended_at is None:
            standing.setdefault(right.dataset, set()).add(name)
    listed = {name: set(one.grants) for name, one in facts.all("standing", StandingGrants)}
    if listed != standing:
        yield "standing grants and their lists differ"


def deliveries_are_to_holders(facts: Facts) -> Iterator[str]:
    """What can be acknowledged was stated on the log, to the holder of the right it names."""
    known = {record.digest for _, record in facts.records}
    for name, stated in facts.all("delivery", StatedDelivery):
        right = facts.get(GrantedRight, f"grant/{stated.grant}")
        if right is None or right.member != stated.consumer:
            yield f"delivery {name} is to {stated.consumer}, the right is not"
        if not {name, stated.acknowledged or name} <= known:
            yield f"delivery {name} or its acknowledgement is not on the log"


def uses_are_counted(facts: Facts) -> Iterator[str]:
    """Counters are the sums over what holders reported under a right and all that hang from it.

    Where a standing grant limits uses, so are those of each member over all its rights under it.
    """
    reports: dict[str, list[tuple[DigestHex, Usage]]] = {}
    for _, record in facts.records:
        body = record.body
        if isinstance(body, Usage) and body.grant is not None:
            right = facts.get(GrantedRight, f"grant/{body.grant}")
            user = record.chain.writer.partition("/")[0]
            if right and (right.member, right.dataset) == (user, body.content.dataset):
                for account in _accounts(facts, body.grant, right):
                    reports.setdefault(account, []).append((record.digest, body))
    for name, counters in facts.all("use", UseCounters):
        counted = reports.pop(name, [])
        standing, _, member = name.partition("/")
        offer = facts.get(GrantedRight, f"grant/{standing}")
        if member and offer is not None and offer.amendments:
            continue  # what it counts may have begun with an amendment
        if (
            counters.records != len(counted)
            or counters.run != run_of(digest for digest, _ in counted)
            or counters.uses != min(sum(use.uses for _, use in counted), SAFE_INTEGER_MAX)
            or counters.rows != min(sum(use.rows for _, use in counted), SAFE_INTEGER_MAX)
        ):
            yield f"uses of {name} are counted wrongly"
    if reports:
        yield f"uses that nobody counted: {sorted(reports)}"


def services_are_counted(facts: Facts) -> Iterator[str]:
    """The account of a month is the sum of what both sides reported, and has its case."""
    offset = 0
    ledger = facts.get(Ledger, "ledger")
    if ledger is not None:
        offset = ledger.calendar.utc_offset_minutes
    counted: dict[str, list[int]] = {}
    for _, record in facts.records:
        body, member = record.body, record.chain.writer.partition("/")[0]
        if not isinstance(body, Delivery | Usage) or body.grant is None:
            continue
        right = facts.get(GrantedRight, f"grant/{body.grant}")
        if right is None or not right.accounted or right.dataset != body.content.dataset:
            continue
        month = date_of_day(day_of(to_ms(body.ended_at), offset))[:7]
        sums = counted.setdefault(f"{body.grant}/{month}", [0, 0])
        if isinstance(body, Usage) and right.member == member:
            sums[0] += body.uses
            sums[1] += body.rows
    accounts = dict(facts.all("account", ServiceAccount))
    for name, account in accounts.items():
        used = [min(one, SAFE_INTEGER_MAX) for one in counted.get(name, [0, 0])]
        if [account.uses, account.used_rows] != used:
            yield f"what was used of {name} is counted wrongly"
        grant, _, month = name.partition("/")
        if facts.get(Case, f"case/{grant}-account-{month}") is None:
            yield f"the account {name} is compared by nobody"
    missing = [name for name, sums in counted.items() if any(sums) and name not in accounts]
    if missing:
        yield f"services that nobody counted: {sorted(missing)}"


def unused_fields_are_granted(facts: Facts) -> Iterator[str]:
    """What was granted and not used is kept exactly of the rights that say so, and was granted."""
    kept = dict(facts.all("unused", UnusedFields))
    if {name for name, one in facts.all("grant", GrantedRight) if one.unused_fields} != set(kept):
        yield "the rights with unused columns are not those of which these are kept"
    for name, unused in kept.items():
        right = facts.get(GrantedRight, f"grant/{name}")
        names = () if right is None else columns.column_names(facts.state, right.schema)
        fields = () if right is None else right.terms.fields
        left = columns.chosen(names, unused.columns)
        is_set = bool(left) and columns.choice(names, left) == unused.columns
        if not is_set or not {*left} <= {*(names if fields == "all" else fields)}:
            yield f"the unused columns of {name} are none, or were not granted"


def the_ledger_can_go_on(facts: Facts) -> Iterator[str]:
    """Somebody active orders blocks, the quorum fits the active witnesses, a committee can vote."""
    active: dict[str, int] = {}
    for _, member in facts.all("member", Member):
        for role in member.roles if member.status == "active" else ():
            active[role] = active.get(role, 0) + 1
    ledger = facts.get(Ledger, "ledger")
    quorum = 0 if ledger is None else ledger.parameters.quorum
    witnesses = active.get("witness", 0)
    if quorum > witnesses or (witnesses and 3 * quorum <= 2 * witnesses):
        yield f"a quorum of {quorum} with {witnesses} active witnesses"
    if ledger is not None and not active.get("sequencer", 0) + active.get("validator", 0):
        yield "nobody active orders blocks"
    if any(facts.all("proposal", ProposedAction)) and not active.get("committee"):
        yield "nobody active is in the committee"


def proposals_are_decided_by_ballots(facts: Facts) -> Iterator[str]:
    """What was adopted, was so by ballots on the log; the votes kept are the last ones cast."""
    votes: dict[str, CastBallot] = {}
    for _, record in facts.records:
        if isinstance(record.body, Ballot):
            voter = record.chain.writer.partition("/")[0]
            cast = CastBallot(record=record.digest, vote=record.body.vote)
            votes[f"{record.body.proposal}/{voter}"] = cast
    if dict(facts.all("ballot", CastBallot)) != votes:
        yield "the votes kept are not those of the log"
    for name, proposed in facts.all("proposal", ProposedAction):
        case, tally = facts.get(Case, f"case/{name}"), proposed.tally
        if case is None or (case.state == "adopted") != (tally is not None):
            yield f"proposal {name} and its case differ"
        yes = sum(key.startswith(name) and cast.vote == "yes" for key, cast in votes.items())
        if tally is not None and not (yes >= tally.yes and 2 * tally.yes > tally.electorate):
            yield f"proposal {name} was adopted without a majority on the log"


def successions_come_to_an_end(facts: Facts) -> Iterator[str]:
    """Whoever acts for a member lies above it, has not left, and is reached in eight steps."""
    for name, member in facts.all("member", Member):
        heir = None if member.successor is None else facts.get(Member, f"member/{member.successor}")
        if member.successor is not None and (heir is None or heir.generation <= member.generation):
            yield f"{name} is not below {member.successor}, which acts for it"
        if heir is not None and heir.status == "removed":
            yield f"nobody acts for {name}"
        if member.generation > GENERATIONS_MAX:
            yield f"{member.generation} mergers lie below {name}"
        if member.roles and (member.successor is not None or member.status == "removed"):
            yield f"{name} has left, and has roles"


def divisions_are_counted(facts: Facts) -> Iterator[str]:
    """What is in other hands is counted by both sides, and somebody is there who can act for it."""
    parts: dict[str, int] = {}
    for name, handed in facts.all("hand", HandedDataset):
        key = f"{name.partition('/')[0]}/{handed.member}"
        parts[key] = parts.get(key, 0) + 1
    if {name: part.datasets for name, part in facts.all("part", HandedPart)} != parts:
        yield "the parts of members and what is in other hands differ"
    members = dict(facts.all("member", Member))
    for name, member in members.items():
        heirs = tuple(sorted(key.partition("/")[2] for key in parts if key.startswith(f"{name}/")))
        kept = sum(key.endswith(f"/{name}") for key in parts)
        if (member.heirs, member.keeps) != (heirs, kept):
            yield f"{name} has other hands than it says, or holds other parts"
        if member.status == "removed" and (heirs or kept):
            yield f"{name} was removed, and was split or holds parts"
    for name, writer in facts.all("writer", Writer):
        if writer.keeper is not None and (writer.keeper not in members or not writer.datasets):
            yield f"{name} is kept by nobody, or speaks of everything"


def legal_bases_are_counted(facts: Facts) -> Iterator[str]:
    """The ledger counts the legal bases that are adopted."""
    ledger = facts.get(Ledger, "ledger")
    count = sum(1 for _ in facts.all("basis", Basis))
    if ledger is not None and ledger.legal_bases != count:
        yield f"{count} legal bases are adopted, not {ledger.legal_bases}"


def indicators_are_listed(facts: Facts) -> Iterator[str]:
    """Every indicator stands under its code, and the list of codes is that of all of them."""
    codes = sorted(name for name, _ in facts.all("indicator", Indicator))
    listed = facts.get(AdoptedIndicators, "indicators")
    if list(() if listed is None else listed.codes) != codes:
        yield "the codes listed are not those of the indicators"
    for name, one in facts.all("indicator", Indicator):
        if one.id != name:
            yield f"indicator {name} is called {one.id}"


def objections_are_cases(facts: Facts) -> Iterator[str]:
    """What is objected to in a figure, and the case about it, by the member assessed, are one."""
    claimants = {
        name: [(party.member, party.part) for party in case.parties]
        for name, case in facts.all("case", Case)
        if case.workflow == "figure-objection"
    }
    objections = {
        name: [(one.member, "claimant")] for name, one in facts.all("figure", FigureUnderObjection)
    }
    if claimants != objections:
        yield "objections to figures and their cases differ"


def log_keys_are_their_members(facts: Facts) -> Iterator[str]:
    """A member's log keys are active and its own, and whoever orders blocks has them."""
    named = {
        keyid: name for name, member in facts.all("member", Member) for keyid in member.log_keys
    }
    active = {
        keyid: key.member
        for keyid, key in facts.all("key", Key)
        if key.function == "log" and key.status == "active"
    }
    if named != active:
        yield "the log keys that members have are not those that are active"
    for name, member in facts.all("member", Member):
        if not member.log_keys and any(role in member.roles for role in ORDERING):
            yield f"{name} orders blocks without log keys"


def anchors_were_put_down(facts: Facts) -> Iterator[str]:
    """A checkpoint of another ledger that stands is the first that was put down at its size."""
    first: dict[str, tuple[str, str]] = {}
    for _, record in facts.records:
        if isinstance(record.body, Anchor):
            seen = checkpoint_of(record.body)
            log = sha256(seen.origin.encode()).hex()
            first.setdefault(f"{log}/{seen.size}", (record.digest, seen.root.hex()))
    stand = {name: (one.record, one.root) for name, one in facts.all("anchor", SeenCheckpoint)}
    if stand != first:
        yield f"checkpoints stand that nobody put down, or others do not: {sorted(stand)}"


INVARIANTS: Final[tuple[Predicate, ...]] = (
    values_can_be_read,
    chains_are_whole,
    keys_serve_one_writer,
    roles_agree,
    schemas_are_whole,
    manifests_are_whole,
    datasets_are_counted,
    reviews_are_pending,
    ended_datasets_offer_nothing,
    sources_are_counted,
    duties_are_open,
    what_is_owed_follows_from_rights,
    blocks_are_known_to_their_rights,
    cases_have_their_deadlines,
    parties_are_members,
    supervision_has_its_sides,
    orders_settle_findings,
    answers_are_there,
    findings_have_evidence,
    rights_follow_their_cases,
    bars_count_suspensions,
    emergencies_are_followed_up,
    rights_keep_to_what_they_rest_on,
    requests_are_answered_once,
    standing_grants_are_listed,
    deliveries_are_to_holders,
    uses_are_counted,
    services_are_counted,
    unused_fields_are_granted,
    the_ledger_can_go_on,
    proposals_are_decided_by_ballots,
    successions_come_to_an_end,
    divisions_are_counted,
    legal_bases_are_counted,
    indicators_are_listed,
    objections_are_cases,
    log_keys_are_their_members,
    anchors_were_put_down,
)


def violations(state: MemoryState, leaves: Sequence[bytes]) -> list[str]:
    """Everything that is wrong with a state that the log `leaves` led to."""
    records = [(at, parse_record(leaf)) for at, leaf in enumerate(leaves) if not is_seal(leaf)]
    facts = Facts(state, tuple(records))
    return [f"{check.__name__}: {text}" for check in INVARIANTS for text in check(facts)]


def _accounts(facts: Facts, grant_id: str, right: GrantedRight) -> Iterator[str]:
    """What a use under a right draws on, but for standing grants whose terms have changed."""
    holder = right.member
    for link in _chain(facts, grant_id, right):
        if link.right.member is not None:
            holder = link.right.member
            yield link.grant_id
        elif is_counted(link.right.terms) and not link.right.amendments:
            yield f"{link.grant_id}/{holder}"


def _chain(facts: Facts, grant_id: str, right: GrantedRight) -> tuple[Link, ...]:
    """A chain; of a broken one, which another invariant sees, the lowest link."""
    try:
        return chain_of(facts.state, grant_id, right)
    except TypeError:
        return (Link(grant_id, right, 0),)


def _hangs(facts: Facts, grant_id: str, right: GrantedRight, above_id: str) -> bool:
    """Whether a right was narrower than the right above it, in the terms each had at some time.

    What is passed on hangs from a member's right, what is taken up from a standing one.
    """
    above = facts.get(GrantedRight, f"grant/{above_id}")
    if above is None or (above.member is None) != (right.parent is None):
        return False
    passed_on = right.parent is not None
    return above.dataset == right.dataset and any(
        narrows(mine.terms, theirs.terms)
        and mine.terms.delegable + passed_on <= theirs.terms.delegable
        for mine in versions(facts.state, Link(grant_id, right, 0))
        for theirs in versions(facts.state, Link(above_id, above, 0))
    )


def _datasets_counting(record: Record) -> set[DatasetId]:
    match record.body:
        case Entry(dataset=dataset) | Lifecycle(dataset=dataset):
            return {dataset}
        case Release(items=items):
            return {item.dataset for item in items}
        case _:
            return set()
