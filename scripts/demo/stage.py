"""What all acts share: the departments, the node they talk to, their clock, how a fact is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ledger.keys import PrivateKey
from ledger.policy import Policy
from ledger.records import Body
from ledger.types import MemberId
from node.client import Client, Receipted, Writer
from node.client.clock import Clock
from scripts.console_text import heading, success
from scripts.demo.cast import Member


class DemoError(Exception):
    """The demo does not see what it expects. `hint` says what to do about it, if anything."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(slots=True)
class StageClock:
    """The clock of everybody on stage. It starts in the past, and `later` sets it right."""

    offset_days: int

    def __call__(self) -> int:
        """As `Clock`."""
        return Clock(self.offset_days)()


@dataclass(frozen=True, slots=True)
class Department:
    """A member at work: its writer, the key that signs, and the receipts it was given."""

    member: Member
    writer: Writer
    key: PrivateKey
    receipts: list[Receipted] = field(default_factory=list)

    def says(self, body: Body) -> Receipted:
        """Submit one record; its receipt is verified before it is returned."""
        (done,) = self.says_all([body])
        return done

    def says_all(self, bodies: Sequence[Body]) -> list[Receipted]:
        """Submit records; none may be refused."""
        results = self.writer.submit_many(bodies)
        done = [one for one in results if isinstance(one, Receipted)]
        self.receipts.extend(done)
        refused = [str(one) for one in results if not isinstance(one, Receipted)]
        expect(not refused, f"no record of {self.member.id} is refused: {refused[:1]}")
        return done


@dataclass(frozen=True, slots=True)
class Stage:
    """The departments, and a client that believes nobody but the keys of `policy`."""

    client: Client
    url: str
    policy: Policy
    clock: StageClock
    departments: dict[MemberId, Department]

    def department(self, member: Member) -> Department:
        """A member at work."""
        return self.departments[member.id]

    @property
    def receipts(self) -> list[Receipted]:
        """Every receipt that a department was given, in the order of the log."""
        every = [one for each in self.departments.values() for one in each.receipts]
        return sorted(every, key=lambda one: one.index)


def expect(holds: bool, what: str) -> None:
    """End the demo unless `what` holds. Raises `DemoError`."""
    if not holds:
        raise DemoError(f"expected that {what}")


def act(title: str) -> None:
    """Open an act."""
    heading(title)


def tell(fact: str) -> None:
    """One fact of the act."""
    success(f"   {fact}")


def keep(done: Receipted, folder: Path, name: str) -> None:
    """Keep a receipt, and the record it proves, under a telling name."""
    (folder / f"{name}.tlog-proof").write_bytes(done.receipt_bytes)
    (folder / f"{name}.leaf").write_bytes(done.leaf)
