"""What held for everybody at a past moment: parameters and calendar, as the state keeps them.

    genesis    replyDays 10          `ledger`
    a vote     replyDays 5           `ledger`, since then; before it `ledger/<then>`

So what was begun under settings goes on under them (R618, R619), whatever is voted meanwhile.
"""

from contracts.values import Ledger
from contracts.view import StateView, held
from ledger.records.genesis import Parameters
from ledger.times import from_ms, to_ms
from ledger.types import Time


def ledger_at(view: StateView, time: Time) -> Ledger:
    """What held for everybody at a moment."""
    found = held(view, Ledger, "ledger")
    while found.since is not None and found.since > time:
        found = held(view, Ledger, f"ledger/{found.since}")
    return found


def parameters_for(view: StateView, time: Time) -> Parameters:
    """The parameters by which what was said at a moment was judged: those its block began with."""
    return ledger_at(view, from_ms(to_ms(time) - 1)).parameters
