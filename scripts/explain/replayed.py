"""What is explained, read from a log.

A log in a folder is replayed here by the rules, without looking at signatures: what the rules made
of it is certain, who signed it is for `blockpool audit`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.replay import Block, BlockResult, found, step
from contracts.sharing.chains import RightState, chain_of, state_of
from contracts.transition import Accepted
from contracts.values import GrantedRight, Value
from contracts.view import MemoryState, held
from ledger.checkpoint import parse_checkpoint
from ledger.envelope import Envelope
from ledger.errors import FormatError
from ledger.keys import PublicKey
from ledger.note import parse_note
from ledger.records import Proposal, Record, parse_record
from ledger.records.names import Names
from ledger.seal import is_seal, parse_seal
from ledger.tiles import TILE_WIDTH, Bundle, parse_bundle
from ledger.types import CaseId, ItemId, PurposeCode, Time
from node.client.log_source import LogSource, SourceError, read_ahead, read_checkpoint
from scripts.console_text import progress
from scripts.explain.sources import Told, purposes_in

_CASE: Final = "case/"
_JOBS: Final = 2


@dataclass(frozen=True, slots=True)
class Past:
    """The end of a question about the past: a size of the log, or a moment."""

    text: str

    def holds(self, sealed: bytes) -> bool:
        """Whether the block of a seal was there."""
        seal = parse_seal(sealed).predicate
        if self.text.isdecimal():
            return seal.first + seal.count + 1 <= int(self.text)
        return seal.block_time <= self.text


class ReplayedSource:
    """A log, replayed from its leaves; of the past it keeps what explaining one thing may need."""

    def __init__(
        self, source: LogSource, name: str, wanted: int | str, past: Past | None = None
    ) -> None:
        """Replay it, up to a size or time if one is given. Raises `SourceError`, `FormatError`."""
        self.name = name
        self._wanted = wanted
        self._state = MemoryState()
        self._leaves: dict[int, Told] = {}
        self._by_digest: dict[str, int] = {}
        self._moved: dict[CaseId, list[int]] = {}
        self._then: dict[str, Value | None] = {}
        self._time: Time = ""
        self._purposes: dict[PurposeCode, Names] = {}
        self._past = past
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

    def purposes(self) -> Mapping[PurposeCode, Names]:
        """As `Source.purposes`."""
        return self._purposes

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
                        if self._past is not None and not self._past.holds(leaf):
                            return
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
        for body in (one.body for one in records):
            self._purposes |= purposes_in(body.action if isinstance(body, Proposal) else body)
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
