"""Where what is explained is read: a node, believed for its answers, or a log (`replayed`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct, convert
from msgspec import json as msgspec_json

from contracts.sharing.chains import RightState, StateName
from contracts.values import ProposedAction, Value, parse_value
from ledger.records import Body, Genesis, Record, parse_record
from ledger.records.governance import Action, ChangePurposes
from ledger.records.names import Names
from ledger.seal import FindingRef, is_seal
from ledger.types import CaseId, ItemId, PurposeCode
from node.client import Client, ProblemError
from node.client.past import is_kept
from scripts.answers import any_value


@dataclass(frozen=True, slots=True)
class Told:
    """A leaf, its place, and what the rules made of it; of a seal, of what had become due."""

    index: int
    height: int
    time: str
    leaf: bytes
    changed: tuple[str, ...] = ()
    findings: tuple[FindingRef, ...] = ()

    @property
    def record(self) -> Record | None:
        """The record; a seal is none."""
        return None if is_seal(self.leaf) else parse_record(self.leaf)


class Source(Protocol):
    """A ledger to explain something of."""

    name: str

    def leaf(self, ref: int | str) -> Told | None:
        """The leaf at an index, or with a record of that digest."""

    def get(self, key: str) -> Value | None:
        """As `StateView.get`, at the end of the log."""

    def then(self, key: str, told: Told) -> Value | None:
        """The value of a writer or a member after the block of a leaf."""

    def course(self, case: CaseId) -> Sequence[Told]:
        """What opened and moved a case, in order."""

    def right_state(self, grant: ItemId) -> RightState:
        """Where a right stands, with every right above it: now, or at the end of the log."""

    def purposes(self) -> Mapping[PurposeCode, Names]:
        """What purposes are called: genesis says it, or the vote that adopted them."""


class _Moved(Struct):
    """A leaf that opened or moved a case."""

    index: int


class _Course(Struct):
    """What a node answers about a case, as far as it is needed here."""

    steps: tuple[_Moved, ...]


class _Stands(Struct):
    """What a node answers about a right with those above it, as far as it is needed here."""

    state: StateName
    why: str | None


class NodeSource:
    """What a node answers, as at a past size or time if one is given."""

    def __init__(self, client: Client, name: str, as_at: str | None = None) -> None:
        self.name = name
        self._as_at = as_at
        self._client = client
        self._purposes: Mapping[PurposeCode, Names] | None = None

    def leaf(self, ref: int | str) -> Told | None:
        """As `Source.leaf`."""
        try:
            answer = self._client.record(ref)
        except ProblemError as error:
            if error.code == "not-found":
                return None
            raise
        outcome = answer.outcome
        found_refs = () if outcome is None else outcome.findings
        return Told(
            answer.index,
            answer.height,
            answer.block_time,
            self._client.leaf(answer.index),
            () if outcome is None else outcome.changed,
            tuple(FindingRef(case=one.case, code=one.code) for one in found_refs),
        )

    def get(self, key: str) -> Value | None:
        """As `Source.get`; of what a node does not keep, what is there now: it hardly changes."""
        as_at = self._as_at if is_kept(key) else None
        return any_value(self._client, key, as_at)

    def then(self, key: str, told: Told) -> Value | None:
        """As `Source.then`: found in the list as at that time."""
        prefix, _, name = key.partition("/")
        of_member = {"member": name.partition("/")[0]} if prefix == "writer" else {}
        rows = self._client.items(f"/v1/{prefix}s", at=told.time, **of_member)
        row = next((one for one in rows if one.get("id") == name), None)
        if row is None:
            return None
        kept = {member: value for member, value in row.items() if member != "id"}
        return parse_value(key, msgspec_json.encode(kept, order="deterministic"))

    def course(self, case: CaseId) -> Sequence[Told]:
        """As `Source.course`."""
        course = convert(self._client.get(f"/v1/cases/{case}", at=self._as_at), _Course)
        leaves = (self.leaf(one.index) for one in course.steps)
        return [one for one in leaves if one is not None]

    def right_state(self, grant: ItemId) -> RightState:
        """As `Source.right_state`."""
        path = f"/v1/grants/{grant}/chain"
        stands = convert(self._client.get(path, at=self._as_at), _Stands)
        return RightState(stands.state, stands.why)

    def purposes(self) -> Mapping[PurposeCode, Names]:
        """As `Source.purposes`."""
        if self._purposes is None:
            founding = parse_record(self._client.leaf(0)).body
            named = dict(purposes_in(founding))
            query = {"workflow": "proposal", "state": "adopted"}
            for row in self._client.items("/v1/cases", **query):
                proposed = self.get(f"proposal/{row['id']}")
                if isinstance(proposed, ProposedAction):
                    named |= purposes_in(proposed.action)
            self._purposes = named
        return self._purposes


def purposes_in(said: Body | Action) -> dict[PurposeCode, Names]:
    """The purposes that genesis, or an action, gives names to."""
    match said:
        case Genesis(purposes=purposes) | ChangePurposes(purposes=purposes):
            return {one.code: one.names for one in purposes}
        case _:
            return {}
