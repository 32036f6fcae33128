"""What a workflow table is made of: states, steps, the parts of those who take them."""

from dataclasses import dataclass
from typing import Literal

Part = Literal[
    "accused",
    "auditor",
    "claimant",
    "committee",
    "consumer",
    "delegator",
    "government",
    "mediator",
    "provider",
    "respondent",
    "steward",
]
"""Parts in a case, and offices of the ledger. Who mediates follows from the parties of the case
(`contracts.mediation`)."""
Named = Literal["dataset", "member", "release"]
"""What a step can name beside its cases."""


@dataclass(frozen=True, slots=True)
class State:
    """One state. A state that nobody takes a step out of is final.

    `rests`: things may stay so for good; steps lead on, but nobody waits for one. `unheard`: where
    a case goes instead of `then` if its deadline passes and nobody could have decided it.
    """

    name: str
    days: str | None = None
    then: str | None = None
    overdue: str | None = None
    late: Part | None = None
    rests: bool = False
    unheard: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One row of a workflow table.

    `independent`: a party cannot take it by an office it holds. `names`: what its record must name;
    a member named becomes the provider of the case, in place of the one before. `aside`: taken for
    reasons of its own, so that no deadline asks for it. Where `who` is empty, nobody takes it by
    itself: it follows from a step in another case. `keeps_due`: the deadline that ran before
    runs on. `rules`: its ground is what was ruled, and stays with the case.
    """

    number: str
    state: str
    name: str
    who: tuple[Part, ...]
    next: str
    by: str = "step"
    grounds: tuple[str, ...] = ()
    effect: str | None = None
    independent: bool = False
    names: Named | None = None
    aside: bool = False
    keeps_due: bool = False
    rules: bool = False


@dataclass(frozen=True, slots=True)
class Workflow:
    """One workflow: the first state is the one a case opens in unless its rule says otherwise."""

    name: str
    title: str
    states: tuple[State, ...]
    steps: tuple[Step, ...]

    def state(self, name: str) -> State:
        """The state of that name."""
        return next(one for one in self.states if one.name == name)

    def leads_on(self, name: str) -> bool:
        """Whether somebody takes a step out of a state; else it is final, but for other cases."""
        return any(one.state == name and one.who for one in self.steps)

    def rows(self, name: str) -> tuple[Step, ...]:
        """The rows of a step. They differ in number, state and next alone."""
        return tuple(one for one in self.steps if one.name == name)
