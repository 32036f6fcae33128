"""What is proposed, voted on and decided, in sentences."""

from collections.abc import Iterator

from msgspec import to_builtins

from ledger.records.governance import Action, Ballot, Decision, Matter, Proposal
from scripts.explain.language import Language, short, word
from scripts.explain.telling import Sentence, text_told
from scripts.record.showing import members_told


def votes_said(
    body: Proposal | Ballot | Decision, member: str, language: Language
) -> Iterator[Sentence]:
    """Sentences about a proposal, a vote or a decision."""
    match body:
        case Proposal():
            act = _act(body.action, language)
            yield "proposal", {"member": member, "act": act, "time": body.closes_at}
            yield from _details(body.action)
            yield "vote-reason", {"reason": text_told(body.reason, language)}
        case Ballot():
            vote = word(language.acts, body.vote)
            yield "ballot", {"member": member, "vote": vote, "proposal": short(body.proposal)}
        case Decision():
            yield "decision", {"member": member, "act": _act(body.matter, language)}
            yield from _details(body.matter)
            yield "vote-reason", {"reason": text_told(body.reason, language)}


def _act(action: Action | Matter, language: Language) -> str:
    return word(language.acts, str(to_builtins(action)["act"]))


def _details(action: Action | Matter) -> Iterator[Sentence]:
    for name, value in members_told(action):
        if name != "act":
            yield "other", {"name": name, "value": value}
