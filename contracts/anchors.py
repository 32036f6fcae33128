"""Rules of anchors (R016, R017): what members have seen of other ledgers.

    health   anchor   pool.example/region, 1,042 leaves, root 9f2a…
    tax      anchor   pool.example/region, 1,042 leaves, root 03bb…     → `inconsistent-checkpoints`

The ledger does not know the keys of other logs, so it cannot tell who is right: whether the other
log has forked, or whether one of the two has put down what it never said. Both notes are on the
record with their signatures; whoever knows the keys can tell. So the finding is against both.
"""

from msgspec.structs import replace

from contracts import findings
from contracts.draft import Draft
from contracts.values import SeenCheckpoint
from contracts.view import read
from ledger import tree
from ledger.errors import VerificationError
from ledger.hashing import sha256
from ledger.records.anchors import Anchor, Consistency, checkpoint_of, hashes_of
from ledger.types import Count, Digest


def apply_anchor(draft: Draft, body: Anchor) -> None:
    """R016: a checkpoint of another ledger is appended; the first one of each size stands.

    Another root at the same size is a finding against both who have put one down.
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
        findings.raise_finding(
            draft,
            findings.INCONSISTENT_CHECKPOINTS,
            draft.record,
            tuple(dict.fromkeys((draft.member, first.member))),
            measure=f"{seen.size} leaves, {root}",
            limit=f"{first.root}, by record {first.record}",
        )
    elif body.consistency is not None:
        _check_consistency(draft, log, seen.size, first, body.consistency)


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
