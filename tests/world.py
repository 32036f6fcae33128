"""A ledger in memory, with departments that sign: what tests of rules, audit and node play on.

    world = World.genesis()                        # five members, each with a writer `main`
    record = world.sign("transport/main", bodies.schema("a", "b"))
    result = world.block(record)                   # one block; verdicts as the rules give them
    world.accept(world.sign(...))                  # a block in which nothing may be refused
    world.refuse(world.sign(...))                  # the reason of the one record that is refused

Keys, times and payloads are the same in every run, and so are all leaves but genesis: ML-DSA signs
with fresh randomness. `sign` follows the writer's chain through records not yet in a block; a block
sets every chain back to what the state says.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from contracts.ordering import in_office
from contracts.reasons import Reason
from contracts.replay import Block, BlockResult, Head, found, step
from contracts.transition import Accepted, Rejected, SignatureCheck
from contracts.values import ChainHead, Value, Writer
from contracts.view import MemoryState
from ledger.canonical import encode
from ledger.envelope import sign_envelope, verify_signature
from ledger.keys import PrivateKey, Signer
from ledger.records import Body, Chain, Genesis, Record, new_statement, parse_record, read_record
from ledger.records.assessment import Indicator
from ledger.records.genesis import (
    Calendar,
    Founder,
    Jurisdiction,
    LogKeys,
    Names,
    Parameters,
    Purpose,
    Role,
    custodian_of,
)
from ledger.records.keys import Family, WriterAppointment
from ledger.times import from_ms, to_ms
from ledger.types import DigestHex, MemberId, Time, WriterId

ORIGIN: Final = "pool.example/test"
START: Final[Time] = "2026-11-23T00:00:00.000Z"
"""A Monday; the time of genesis."""
SECOND_MS: Final = 1_000
FAMILIES: Final[tuple[Family, ...]] = ("cases", "catalogue", "governance", "sharing", "use")
ROLES: Final[Mapping[MemberId, tuple[Role, ...]]] = {
    "audit": ("auditor", "committee"),
    "health": ("committee",),
    "steward": ("committee", "sequencer", "steward"),
    "transport": ("government",),
    "weather": (),
}
"""The founders. Tests let transport provide, health consume, weather look on."""

_SIGNERS: dict[DigestHex, PrivateKey] = {}


@cache
def signer(label: str) -> PrivateKey:
    """The Ed25519 key called `label`."""
    seed = sha256(label.encode()).digest()
    key = PrivateKey(Ed25519PrivateKey.from_private_bytes(seed))
    return _SIGNERS.setdefault(key.public_key.keyid, key)


@cache
def log_signer_ml_dsa(label: str) -> PrivateKey:
    """The ML-DSA-44 key called `label`."""
    return PrivateKey(MLDSA44PrivateKey.from_seed_bytes(sha256(label.encode()).digest()))


def witness_signers(member: MemberId) -> list[PrivateKey]:
    """The keys by which a member cosigns."""
    return [signer(f"{member}/witness"), log_signer_ml_dsa(f"{member}/witness")]


def founder(member: MemberId, roles: Sequence[Role] = ()) -> Founder:
    """A founder whose keys are those called after it."""
    orders = "sequencer" in roles or "validator" in roles
    return Founder(
        code=f"unified-{member}",
        custodian=signer(custodian_of(member)).public_key.description,
        id=member,
        jurisdiction=Jurisdiction(code="110000", level="city"),
        log_keys=LogKeys(
            ed25519=signer(f"{member}/log").public_key.description,
            ml_dsa44=log_signer_ml_dsa(f"{member}/log").public_key.description,
        )
        if orders
        else None,
        names=Names(en=member),
        roles=tuple(roles),
    )


def genesis_body(
    roles: Mapping[MemberId, tuple[Role, ...]] = ROLES,
    *,
    parameters: Parameters | None = None,
    calendar: Calendar | None = None,
    purposes: Sequence[str] = ("health", "tax.audit"),
    indicators: Sequence[Indicator] = (),
) -> Genesis:
    """What founds a test ledger."""
    return Genesis(
        calendar=calendar or Calendar(),
        indicators=tuple(indicators),
        members=tuple(founder(member, roles[member]) for member in sorted(roles)),
        origin=ORIGIN,
        parameters=parameters or Parameters(),
        purposes=tuple(Purpose(code=code, names=Names(en=code)) for code in sorted(purposes)),
    )


def genesis_signers(body: Genesis) -> list[Signer]:
    """Every key that must sign a genesis record made by `genesis_body`."""
    signers: list[Signer] = [signer(custodian_of(one.id)) for one in body.members]
    for one in body.members:
        if one.log_keys is not None:
            signers += [signer(f"{one.id}/log"), log_signer_ml_dsa(f"{one.id}/log")]
    return signers


_GENESIS: dict[bytes, Record] = {}


def genesis_record(body: Genesis) -> Record:
    """The signed genesis record; the same bytes for the same body as long as the process lives."""
    first = next(one.id for one in body.members if one.log_keys is not None)
    chain = Chain(
        issued_at=START, ledger=None, previous=None, sequence=0, writer=custodian_of(first)
    )
    payload = encode(new_statement(body, chain))
    if payload not in _GENESIS:
        _GENESIS[payload] = read_record(sign_envelope(payload, genesis_signers(body)))
    return _GENESIS[payload]


@dataclass(slots=True)
class World:
    """A ledger and everybody who signs for it. `blocks` and `leaves` are its whole history."""

    state: MemoryState
    head: Head
    founding: BlockResult
    leaves: list[bytes]
    blocks: list[Block] = field(default_factory=list)
    results: list[BlockResult] = field(default_factory=list)
    _chains: dict[WriterId, tuple[int, DigestHex | None]] = field(default_factory=dict)

    @classmethod
    def genesis(
        cls,
        roles: Mapping[MemberId, tuple[Role, ...]] = ROLES,
        *,
        parameters: Parameters | None = None,
        calendar: Calendar | None = None,
        purposes: Sequence[str] = ("health", "tax.audit"),
        indicators: Sequence[Indicator] = (),
        writers: bool = True,
    ) -> "World":
        """A new ledger; with `writers`, each member has a writer `main` for all its families."""
        body = genesis_body(
            roles,
            parameters=parameters,
            calendar=calendar,
            purposes=purposes,
            indicators=indicators,
        )
        state = MemoryState()
        result = found(state, genesis_record(body), verify_signature)
        state.commit(result.changes, result.map_update)
        world = cls(state, result.head, result, list(result.leaves))
        if writers:
            world.accept(*(world.appoint(f"{member}/main") for member in sorted(roles)))
        return world

    @property
    def now(self) -> Time:
        """The time of the last block."""
        return self.head.time

    def later(self, milliseconds: int = SECOND_MS) -> Time:
        """A time after the last block."""
        return from_ms(to_ms(self.now) + milliseconds)

    def sign(
        self,
        writer: WriterId,
        body: Body,
        *cosigners: Signer,
        key: Signer | None = None,
        issued_at: Time | None = None,
        ledger: DigestHex | None = None,
        place: tuple[int, DigestHex | None] | None = None,
    ) -> Record:
        """`body` signed by the writer's present key at the next place of its chain.

        `key`, `issued_at`, `ledger` and `place` (sequence and previous) put other values there.
        """
        sequence, previous = self.place(writer) if place is None else place
        chain = Chain(
            issued_at=issued_at or self.later(),
            ledger=ledger or self.head.ledger,
            previous=previous,
            sequence=sequence,
            writer=writer,
        )
        every = (key or self.signer_of(writer), *cosigners)
        signers = [*{one.public_key.keyid: one for one in every}.values()]
        record = parse_record(sign_envelope(encode(new_statement(body, chain)), signers).encoded)
        if place is None:
            self._chains[writer] = (sequence + 1, record.digest)
        return record

    def appoint(
        self,
        writer: WriterId,
        *,
        families: Sequence[Family] = FAMILIES,
        datasets: Sequence[str] = (),
        not_after: Time | None = None,
        key: PrivateKey | None = None,
        by: WriterId | None = None,
    ) -> Record:
        """The custodian's appointment of a writer, with the key called after it."""
        new = key or signer(writer)
        body = WriterAppointment(
            datasets=tuple(datasets),
            families=tuple(families),
            key=new.public_key.description,
            not_after=not_after,
            writer=writer,
        )
        present = self.value(f"writer/{writer}")
        known = isinstance(present, Writer) and present.key == new.public_key.keyid
        custodian = by or custodian_of(writer.partition("/")[0])
        return self.sign(custodian, body, *(() if known else (new,)))

    def block(
        self,
        *records: Record,
        at: Time | None = None,
        proposer: MemberId | None = None,
        verify: SignatureCheck = verify_signature,
    ) -> BlockResult:
        """The next block, a second later or `at` a time, committed whatever its verdicts."""
        orderer = proposer or in_office(self.state) or self.founding.seal.proposer
        block = Block(at or self.later(), orderer, records)
        result = step(self.state, self.head, block, verify)
        self.state.commit(result.changes, result.map_update)
        self.head = result.head
        self.leaves += result.leaves
        self.blocks.append(block)
        self.results.append(result)
        self._chains.clear()
        return result

    def accept(self, *records: Record, at: Time | None = None) -> BlockResult:
        """The next block, of records that must all be accepted."""
        result = self.block(*records, at=at)
        for record, verdict in zip(records, result.verdicts, strict=True):
            assert isinstance(verdict, Accepted), f"{record.kind}: {verdict}"
        return result

    def refuse(self, record: Record, *, at: Time | None = None) -> Reason:
        """The reason for which the one record of the next block is refused; no state changes."""
        before = self.state_root()
        result = self.block(record, at=at)
        (verdict,) = result.verdicts
        assert isinstance(verdict, Rejected), f"{record.kind} was accepted: {verdict}"
        if not result.settlement.changed:
            assert self.state_root() == before
        return verdict.reason

    def find(self, *records: Record, at: Time | None = None) -> tuple[str, ...]:
        """The codes of the findings that the next block's records raise; all are accepted."""
        result = self.accept(*records, at=at)
        return tuple(
            finding.code
            for verdict in result.verdicts
            if isinstance(verdict, Accepted)
            for finding in verdict.outcome.findings
        )

    def value(self, key: str) -> Value | None:
        """A value of the state."""
        return self.state.get(key)

    def state_root(self) -> bytes:
        """The root of the state map."""
        return self.head.state_root

    def signer_of(self, writer: WriterId) -> PrivateKey:
        """The writer's present key; before it is appointed, the key called after it."""
        value = self.value(f"writer/{writer}")
        return _SIGNERS[value.key] if isinstance(value, Writer) else signer(writer)

    def replay(self) -> Iterator[BlockResult]:
        """The whole history decided again from nothing but the leaves and the seals' blocks."""
        state = MemoryState()
        result = found(state, parse_record(self.leaves[0]), verify_signature)
        state.commit(result.changes, result.map_update)
        yield result
        for block in self.blocks:
            result = step(state, result.head, block, verify_signature)
            state.commit(result.changes, result.map_update)
            yield result

    def place(self, writer: WriterId) -> tuple[int, DigestHex | None]:
        """Sequence and previous of the writer's next record."""
        place = self._chains.get(writer)
        if place is None:
            head = self.value(f"chain/{writer}")
            place = (head.records, head.head) if isinstance(head, ChainHead) else (0, None)
        return place
