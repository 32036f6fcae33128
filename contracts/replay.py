"""Blocks: the one code path for live commit, crash recovery, catch-up and audit.

`found` decides the genesis block, `step` every later one: settle what fell due, decide each record
in order, seal. Both are pure and total: they return what is to be stored and change nothing, and no
well-formed record makes them raise. Whoever holds the same state and is given the same block gets
the same leaves, outcomes and roots.

    state, head = MemoryState(), None
    for each block:  result = step(state, head, block, verify_signature)
                     state.commit(result.changes, result.map_update);  head = result.head
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contracts import deadlines, genesis, ordering
from contracts.context import Context
from contracts.draft import Draft
from contracts.governance import rulebooks
from contracts.reasons import MALFORMED, Refused
from contracts.transition import Accepted, Rejected, SignatureCheck, apply, apply_genesis
from contracts.values import Ledger, Value
from contracts.view import Overlay, State, held
from ledger import merkle_map, tree
from ledger.canonical import encode
from ledger.hashing import leaf_hash, sha256
from ledger.records import Record
from ledger.records.genesis import Genesis
from ledger.seal import Outcome, Seal, encode_seal
from ledger.times import to_ms
from ledger.types import Count, Digest, DigestHex, MemberId, Time


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log stands after a block. `size` counts leaves, the seal included."""

    ledger: DigestHex
    height: Count
    size: Count
    seal: DigestHex
    time: Time
    state_root: Digest


@dataclass(frozen=True, slots=True)
class Block:
    """What an engine decides: which records, in which order, at which time, formed by whom."""

    time: Time
    proposer: MemberId
    records: Sequence[Record]


@dataclass(frozen=True, slots=True)
class BlockResult:
    """What a block came to; to be stored in one transaction.

    `verdicts` are parallel to the block's records. `leaves` holds the accepted records' envelopes
    and last the seal; `outcomes` the canonical settlement and then one outcome per accepted record.
    `values` are the canonical bytes of `changes`.
    """

    head: Head
    seal: Seal
    verdicts: tuple[Accepted | Rejected, ...]
    settlement: Outcome
    leaves: tuple[bytes, ...]
    outcomes: tuple[bytes, ...]
    changes: Mapping[str, Value | None]
    values: Mapping[str, bytes | None]
    map_update: merkle_map.MapUpdate

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened: an engine drops such a block instead of committing it."""
        return len(self.leaves) == 1 and not self.settlement.changed


class BlockError(ValueError):
    """A block that no engine may form: at the wrong time, or by the wrong member."""


def found(state: State, record: Record, verify: SignatureCheck) -> BlockResult:
    """The genesis block, on an empty state. Raises `Refused` if the record founds no ledger."""
    body = record.body
    if not isinstance(body, Genesis):
        raise Refused(MALFORMED, "the first record is not a genesis record", "predicateType")
    ledger = genesis.found(body, record.chain, record.digest)
    proposer = record.chain.writer.partition("/")[0]
    time = record.chain.issued_at
    context = Context(time, to_ms(time), 0, ledger)
    verdict = apply_genesis(state, context, record, body, verify)
    if isinstance(verdict, Rejected):
        raise Refused(verdict.reason, verdict.detail, *verdict.fields)
    accepted, draft = verdict
    overlay = Overlay(state)
    overlay.adopt(draft)
    block = Block(time, proposer, (record,))
    return _close(state, overlay, None, block, ledger, Outcome(digest=None, index=None), [accepted])


def step(state: State, head: Head, block: Block, verify: SignatureCheck) -> BlockResult:
    """The block after `head`, whose state is `state`. Raises `BlockError` for an engine's fault.

    Raises `ValueError` on a program that is older than the state, as `rulebooks.in_force`.

    R015: block time increases, and the proposer is a sequencer or validator.

    What a sequencer forms without being in office makes it take over (R019).
    """
    if block.time <= head.time:
        raise BlockError(f"block time {block.time} is not after {head.time}")
    if not ordering.may_form_blocks(state, block.proposer):
        raise BlockError(f"`{block.proposer}` is neither sequencer nor validator")
    ledger = rulebooks.in_force(held(state, Ledger, "ledger"))
    overlay = Overlay(state)
    time_ms = to_ms(block.time)
    due = state.due(block.time, ledger.parameters.settlements_per_block)
    before = Context(block.time, time_ms, head.size, ledger)
    settlement = _settle(overlay, before, head, block.proposer, due)
    verdicts: list[Accepted | Rejected] = []
    index = head.size
    for record in block.records:
        verdict = apply(overlay, Context(block.time, time_ms, index, ledger), record, verify)
        if isinstance(verdict, Rejected):
            verdicts.append(verdict)
            continue
        accepted, draft = verdict
        overlay.adopt(draft)
        verdicts.append(accepted)
        index += 1
    return _close(state, overlay, head, block, ledger, settlement, verdicts)


def _settle(
    overlay: Overlay, context: Context, head: Head, proposer: MemberId, due: Sequence[str]
) -> Outcome:
    """R014: before its first record a block settles the deadlines that fell due, earliest first.

    A deadline is due when block time has reached it. A block settles at most so many as the ledger
    says, the next ones the rest; but a record that moves the case first meets it as it then stands,
    its deadline passed. The case moves on as its workflow table says; what became overdue is a
    finding against whoever was late, evidenced by the record that opened the case. What an earlier
    one has settled or moved with it is left as it is.
    """
    draft = Draft(overlay, context, head.seal, settle=deadlines.settle)
    rulebooks.enter(draft)
    ordering.take_over(draft, proposer)
    for key in due:
        if draft.get(key) is not None:
            deadlines.settle(draft, key)
    overlay.adopt(draft)
    return Outcome(
        changed=tuple(sorted(draft.changes)),
        digest=None,
        findings=tuple(draft.findings),
        index=None,
    )


def _close(  # noqa: PLR0913, PLR0917  a block is all of these
    state: State,
    overlay: Overlay,
    head: Head | None,
    block: Block,
    ledger: Ledger,
    settlement: Outcome,
    verdicts: Sequence[Accepted | Rejected],
) -> BlockResult:
    """Authenticate what changed and seal the block."""
    accepted = [
        (record, verdict.outcome)
        for record, verdict in zip(block.records, verdicts, strict=True)
        if isinstance(verdict, Accepted)
    ]
    outcomes = (encode(settlement), *(encode(outcome) for _, outcome in accepted))
    values = {
        key: None if value is None else encode(value) for key, value in overlay.changes.items()
    }
    map_update = merkle_map.update({key.encode(): value for key, value in values.items()}, state)
    first = 0 if head is None else head.size
    seal = Seal(
        block_time=block.time,
        count=len(accepted),
        first=first,
        height=0 if head is None else head.height + 1,
        outcomes_root=tree.root_of([leaf_hash(outcome) for outcome in outcomes]).hex(),
        previous_seal=None if head is None else head.seal,
        proposer=block.proposer,
        rules=ledger.rules,
        state_root=map_update.root.hex(),
    )
    sealed = encode_seal(seal, ledger.digest)
    return BlockResult(
        head=Head(
            ledger=ledger.digest,
            height=seal.height,
            size=first + len(accepted) + 1,
            seal=sha256(sealed).hex(),
            time=block.time,
            state_root=map_update.root,
        ),
        seal=seal,
        verdicts=tuple(verdicts),
        settlement=settlement,
        leaves=(*(record.envelope.encoded for record, _ in accepted), sealed),
        outcomes=outcomes,
        changes=overlay.changes,
        values=values,
        map_update=map_update,
    )
