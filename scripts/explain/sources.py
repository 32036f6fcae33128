"""Where what is explained is read: a node, or a log that is replayed.

A node is believed for its answers. A log in a folder is replayed here by the rules, without looking
at signatures: what the rules made of it is certain, who signed it is for `blockpool audit`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from msgspec import Struct, convert
from msgspec import json as msgspec_json

from contracts.replay import Block, BlockResult, found, step
from contracts.sharing.chains import RightState, StateName, chain_of, state_of
from contracts.transition import Accepted
from contracts.values import GrantedRight, Value, parse_value
from contracts.view import MemoryState, held
from ledger.checkpoint import parse_checkpoint
from ledger.envelope import Envelope
from ledger.errors import FormatError
from ledger.keys import PublicKey
from ledger.note import parse_note
from ledger.records import Record, parse_record
from ledger.seal import FindingRef, is_seal, parse_seal
from ledger.tiles import TILE_WIDTH, Bundle, parse_bundle
from ledger.types import CaseId, ItemId, Time
from node.client import Client, ProblemError
from node.client.log_source import LogSource, SourceError, read_ahead, read_checkpoint
from scripts.console_text import progress

_CASE: Final = "case/"
_JOBS: Final = 2


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
    """What a node answers."""

    def __init__(self, client: Client, name: str) -> None:
        self.name = name
        self._client = client

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
        """As `Source.get`."""
        return _value(key, bytes(self._client.state(key).value))

    def then(self, key: str, told: Told) -> Value | None:
        """As `Source.then`: found in the list as at that time."""
        prefix, _, name = key.partition("/")
        of_member = {"member": name.partition("/")[0]} if prefix == "writer" else {}
        rows = self._client.items(f"/v1/{prefix}s", at=told.time, **of_member)
        row = next((one for one in rows if one.get("id") == name), None)
        if row is None:
            return None
        kept = {member: value for member, value in row.items() if member != "id"}
        return _value(key, msgspec_json.encode(kept))

    def course(self, case: CaseId) -> Sequence[Told]:
        """As `Source.course`."""
        course = convert(self._client.get(f"/v1/cases/{case}"), _Course)
        leaves = (self.leaf(one.index) for one in course.steps)
        return [one for one in leaves if one is not None]

    def right_state(self, grant: ItemId) -> RightState:
        """As `Source.right_state`."""
        stands = convert(self._client.get(f"/v1/grants/{grant}/chain"), _Stands)
        return RightState(stands.state, stands.why)


def _value(key: str, raw: bytes) -> Value | None:
    if raw == b"null":
        return None
    return parse_value(key, msgspec_json.encode(msgspec_json.decode(raw), order="deterministic"))


class ReplayedSource:
    """A log, replayed from its leaves; of the past it keeps what explaining one thing may need."""

    def __init__(self, source: LogSource, name: str, wanted: int | str) -> None:
        """Replay all of it. Raises `SourceError`, `FormatError`."""
        self.name = name
        self._wanted = wanted
        self._state = MemoryState()
        self._leaves: dict[int, Told] = {}
        self._by_digest: dict[str, int] = {}
        self._moved: dict[CaseId, list[int]] = {}
        self._then: dict[str, Value | None] = {}
        self._time: Time = ""
        self._replay(source)

    def leaf(self, ref: int | str) -> Told | None:
        """As `Source.leaf`."""
        index = self._by_digest.get(ref) if isinstance(ref, str) else ref
        return None if index is None else self._leaves.get(index)

    def get(self, key: str) -> Value | None:
        """As `Source.get`."""
        return self._state.get(key)

    def then(self, key: str, told: Told) -> Value | None:  # noqa: ARG002  it is the one wanted
        """As `Source.then`."""
        return self._then.get(key, self.get(key))

    def course(self, case: CaseId) -> Sequence[Told]:
        """As `Source.course`."""
        return [self._leaves[index] for index in self._moved.get(case, ())]

    def right_state(self, grant: ItemId) -> RightState:
        """As `Source.right_state`."""
        right = held(self._state, GrantedRight, f"grant/{grant}")
        return state_of(chain_of(self._state, grant, right), self._time)

    def _replay(self, source: LogSource) -> None:
        size = parse_checkpoint(parse_note(read_checkpoint(source)).text).size
        bundles = [
            Bundle(first // TILE_WIDTH, min(TILE_WIDTH, size - first))
            for first in range(0, size, TILE_WIDTH)
        ]
        result: BlockResult | None = None
        records: list[Record] = []
        with progress("replaying", size) as advance:
            for bundle, data in read_ahead(source, bundles, _JOBS):
                if data is None:
                    raise SourceError(f"{bundle.path} is not there")
                for leaf in parse_bundle(data, bundle.width):
                    if is_seal(leaf):
                        result = self._block(records, leaf, result)
                        records = []
                    else:
                        records.append(parse_record(leaf))
                advance(bundle.width)

    def _block(
        self, records: list[Record], sealed: bytes, before: BlockResult | None
    ) -> BlockResult:
        seal = parse_seal(sealed).predicate
        if before is None:
            result = found(self._state, records[0], _unchecked)
        else:
            block = Block(seal.block_time, seal.proposer, records)
            result = step(self._state, before.head, block, _unchecked)
        if result.leaves[-1] != sealed:
            raise FormatError(f"block {seal.height} does not lead to its seal: audit the log")
        self._state.commit(result.changes, result.map_update)
        self._time = seal.block_time
        outcomes = [one.outcome for one in result.verdicts if isinstance(one, Accepted)]
        for n, outcome in enumerate((*outcomes, result.settlement)):
            record = records[n] if n < len(records) else None
            told = Told(
                seal.first + n,
                seal.height,
                seal.block_time,
                result.leaves[n],
                outcome.changed,
                outcome.findings,
            )
            self._keep(told, record)
        return result

    def _keep(self, told: Told, record: Record | None) -> None:
        moved = [key.removeprefix(_CASE) for key in told.changed if key.startswith(_CASE)]
        for case in moved:
            self._moved.setdefault(case, []).append(told.index)
        digest = None if record is None else record.digest
        is_wanted = self._wanted in (told.index, digest)
        if moved or is_wanted:
            self._leaves[told.index] = told
            if digest is not None:
                self._by_digest[digest] = told.index
        if is_wanted and record is not None:
            writer = record.chain.writer
            for key in (f"writer/{writer}", f"member/{writer.partition('/')[0]}"):
                self._then[key] = self._state.get(key)


def _unchecked(_envelope: Envelope, _key: PublicKey) -> None:
    """A `SignatureCheck` that believes every signature."""
