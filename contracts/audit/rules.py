"""The level rules: the log, replayed, yields itself.

`contracts.replay` decides each block again from the state the blocks before it led to. The seal of
a block is trusted in nothing: its time and proposer are given to the rules, everything else in it
is derived and compared, down to its bytes.
"""

from collections import Counter
from collections.abc import Callable

from contracts.audit.structure import ReadBlock, record_doubt, seal_doubt
from contracts.audit.trust import log_keys_in
from contracts.reasons import Refused
from contracts.replay import Block, BlockResult, Head, found, step
from contracts.transition import Accepted, Rejected
from contracts.view import MemoryState
from ledger.envelope import Envelope
from ledger.errors import VerificationError
from ledger.keys import PublicKey
from ledger.seal import Seal, parse_seal
from ledger.types import MemberId

Watch = Callable[[Block, BlockResult], None]
"""Told of every block that holds, and of what it came to."""


def look_away(_block: Block, _result: BlockResult) -> None:
    """A `Watch` for whom the report is enough."""


class Rules:
    """Takes blocks in order, whose signatures hold. Raises `DoubtError`."""

    def __init__(self, watch: Watch = look_away) -> None:
        self._watch = watch
        self.state = MemoryState()
        self.findings: Counter[str] = Counter()
        self._head: Head | None = None

    def check(self, block: ReadBlock) -> None:
        """Replay the next block and compare it with what the log says it came to."""
        result = self._replay(block)
        for offset, verdict in enumerate(result.verdicts):
            if isinstance(verdict, Rejected):
                reason = verdict.reason
                detail = f"the rules refuse it: {reason.code} ({reason.number}), " + (
                    verdict.detail or reason.meaning
                )
                raise record_doubt(
                    "rules",
                    block.records[offset],
                    block.first + offset,
                    detail,
                    block.seal.height,
                )
        if result.leaves[-1] != block.seal_leaf:
            derived = parse_seal(result.leaves[-1]).predicate
            detail = f"it is not what the records came to: {_difference(block.seal, derived)}"
            raise seal_doubt("rules", block.seal, block.seal_index, detail)
        if result.is_empty:
            detail = "nothing happened in its block: no engine commits such a one"
            raise seal_doubt("rules", block.seal, block.seal_index, detail)
        self.state.commit(result.changes, result.map_update)
        self._watch(_block_of(block), result)
        self._head = result.head
        outcomes = [result.settlement]
        outcomes += [one.outcome for one in result.verdicts if isinstance(one, Accepted)]
        self.findings.update(ref.code for outcome in outcomes for ref in outcome.findings)

    def members(self) -> tuple[MemberId, ...]:
        """All members, ascending."""
        return tuple(sorted(key.partition("/")[2] for key in self.state.keys("member/")))

    def log_keys(self) -> list[tuple[PublicKey, ...]]:
        """The keys that sign checkpoints, for every member that may order blocks."""
        return [*log_keys_in(self.state).values()]

    def _replay(self, block: ReadBlock) -> BlockResult:
        seal = block.seal
        try:
            if self._head is None:
                return found(self.state, block.records[0], _verify_again)
            return step(self.state, self._head, _block_of(block), _verify_again)
        except Refused as refused:
            detail = f"the rules refuse it: {refused}"
            raise record_doubt("rules", block.records[0], 0, detail, 0) from refused
        except ValueError as error:
            raise seal_doubt("rules", seal, block.seal_index, str(error)) from error


def _block_of(block: ReadBlock) -> Block:
    return Block(block.seal.block_time, block.seal.proposer, block.records)


def _verify_again(envelope: Envelope, key: PublicKey) -> None:
    """A `SignatureCheck` for envelopes of which every signature is known to hold."""
    if key.keyid not in envelope.keyids:
        raise VerificationError(f"the envelope holds no signature by key {key.keyid[:8]}…")


def _difference(said: Seal, derived: Seal) -> str:
    """The members in which two seals differ."""
    names = zip(said.__struct_fields__, said.__struct_encode_fields__, strict=True)
    return "; ".join(
        f"`{encoded}` is {getattr(said, name)}, derived is {getattr(derived, name)}"
        for name, encoded in names
        if getattr(said, name) != getattr(derived, name)
    )
