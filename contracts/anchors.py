"""Rules of anchors (R016 to R018): what members have seen of other ledgers.

    health   anchor   pool.example/region, 1,042 leaves, root 9f2a…
    tax      anchor   pool.example/region, 1,042 leaves, root 03bb…     → `inconsistent-checkpoints`

The ledger does not know the keys of other logs, so it cannot tell who is right: whether the other
log has forked, or whether one of the two has put down what it never said. Both notes are on the
record with their signatures; whoever knows the keys can tell. So there is a finding about each, and
the one that is confirmed says which checkpoint stands no more:

    auditor  step     dismiss the finding about tax, confirm the one about health
    anybody  anchor   pool.example/region, 1,042 leaves, root 03bb…     this one stands
"""

from msgspec.structs import replace

from contracts import findings
from contracts.draft import Draft
from contracts.values import Case, SeenCheckpoint
from contracts.view import read
from ledger import tree
from ledger.errors import VerificationError
from ledger.hashing import sha256
from ledger.records.anchors import Anchor, Consistency, checkpoint_of, hashes_of
from ledger.types import CaseId, Count, Digest, DigestHex


def apply_anchor(draft: Draft, body: Anchor) -> None:
    """R016: a checkpoint of another ledger is appended; the first one of each size stands.

    Another root at the same size is a finding about each of the two, against who has put it down.
    """
    seen = checkpoint_of(body)
    log, root = sha256(seen.origin.encode()).hex(), seen.root.hex()
    key = f"anchor/{log}/{seen.size}"
    first = read(draft, SeenCheckpoint, key)
    if first is None:
        first = SeenCheckpoint(
            member=draft.member, origin=seen.origin, record=draft.record, root=root
        )
        draft.put(key, first)
    if first.root != root:
        other = replace(first, member=draft.member, record=draft.record, root=root)
        _find_contradicted(draft, key, other, first)
        _find_contradicted(draft, key, first, other)
    elif body.consistency is not None:
        _check_consistency(draft, log, seen.size, first, body.consistency)


def unseat(draft: Draft, _: CaseId, finding: Case) -> None:
    """R018: a checkpoint that is confirmed to be wrong stands no more; the next of its size does.

    Otherwise a root made up beforehand would stand for ever, and every true one be a finding.
    """
    stands = draft.get(finding.subject)
    if isinstance(stands, SeenCheckpoint) and stands.record == _evidence_of(finding):
        draft.remove(finding.subject)


def _evidence_of(finding: Case) -> DigestHex | None:
    return None if finding.finding is None else finding.finding.evidence


def _find_contradicted(
    draft: Draft, key: str, said: SeenCheckpoint, otherwise: SeenCheckpoint
) -> None:
    """Find one of two checkpoints, unless it was found when a third one contradicted it."""
    code = findings.INCONSISTENT_CHECKPOINTS
    if draft.get(f"case/{said.record}-{code.code}") is None:
        findings.raise_finding(
            draft,
            code,
            said.record,
            (said.member,),
            otherwise.member,
            measure=f"{key.rpartition('/')[2]} leaves, {said.root}",
            limit=f"{otherwise.root}, by record {otherwise.record}",
            subject=key,
        )


def _check_consistency(
    draft: Draft, log: str, size: Count, stands: SeenCheckpoint, proof: Consistency
) -> None:
    """R017: a proof is checked from the earlier checkpoint that stands; what it shows is kept.

    One that starts from a checkpoint nobody has put down, or does not hold, is a finding.
    """
    earlier = read(draft, SeenCheckpoint, f"anchor/{log}/{proof.size}")
    wrong = f"no checkpoint of {proof.size} leaves was put down"
    if earlier is not None:
        try:
            tree.verify_consistency(
                proof.size,
                _digest(earlier.root),
                size,
                _digest(stands.root),
                hashes_of(proof),
            )
        except VerificationError as error:
            wrong = str(error)
        else:
            before = proof.size if stands.follows is None else max(proof.size, stands.follows)
            draft.put(f"anchor/{log}/{size}", replace(stands, follows=before))
            return
    findings.raise_finding(
        draft, findings.CONSISTENCY_NOT_SHOWN, draft.record, (draft.member,), measure=wrong
    )


def _digest(text: str) -> Digest:
    return Digest(bytes.fromhex(text))
