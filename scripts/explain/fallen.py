"""Why a proposal fell: read off the ledger as it is, as nothing keeps what it was by.

A proposal falls at a ballot, if a value it rests on is another one by then, or if what it would do
could no longer be done. Both are asked again here, of the state as it is.
"""

from typing import Final

from contracts.context import Context
from contracts.draft import Draft
from contracts.governance import actions
from contracts.governance.votes import changed_premise
from contracts.reasons import Refused
from contracts.values import Ledger, ProposedAction
from contracts.view import StateView, held
from ledger.times import to_ms
from ledger.types import Time
from scripts.explain.language import Language

_NOBODY: Final = "00" * 32
"""A record that there is not: what is tried here is dropped."""


def why_fallen(view: StateView, proposed: ProposedAction, now: Time, language: Language) -> str:
    """What has changed, or why it can no longer be done."""
    changed = changed_premise(view, proposed.rests_on)
    if changed is not None:
        return language.phrase("fallen-premise", key=changed)
    context = Context(time=now, time_ms=to_ms(now), index=0, ledger=held(view, Ledger, "ledger"))
    try:
        actions.tried(Draft(view, context, _NOBODY, settle=_settle_nothing), proposed.action)
    except Refused as refused:
        reason = refused.reason
        meaning = language.reasons.get(reason.code, reason.meaning)
        told = f"{meaning}: {refused.detail}" if refused.detail else meaning
        return language.phrase("fallen-refused", why=told)
    return language.phrases["fallen-then"]


def _settle_nothing(_draft: Draft, _key: str) -> None:
    """Deadlines stay as they are: nothing of this is kept."""
