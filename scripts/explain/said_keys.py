"""What records say about who signs for whom, and about other logs, in sentences."""

from collections.abc import Iterator

from ledger.keys import parse_public_key
from ledger.records import (
    Anchor,
    KeyRevocation,
    KeyRotation,
    Mandate,
    NodeRegistration,
    WriterAppointment,
    WriterEnd,
)
from ledger.records.anchors import checkpoint_of
from scripts.explain.language import Language, short
from scripts.explain.telling import Sentence, some


def keys_said(
    body: KeyRevocation | KeyRotation | Mandate | NodeRegistration | WriterAppointment | WriterEnd,
    member: str,
    language: Language,
) -> Iterator[Sentence]:
    """Writers, their keys, and the contracts under which contractors sign."""
    match body:
        case WriterAppointment():
            yield (
                "writer-appointment",
                {
                    "writer": body.writer,
                    "families": language.listed(language.families, body.families),
                    "datasets": some(body.datasets, language) or language.phrases["all-datasets"],
                },
            )
        case WriterEnd():
            yield "writer-end", {"writer": body.writer}
        case KeyRotation():
            yield "key-rotation", {"member": member, "key": short(parse_public_key(body.key).keyid)}
        case KeyRevocation():
            yield "key-revocation", {"key": short(body.key), "since": body.suspect_since}
        case NodeRegistration():
            keys = [short(parse_public_key(one).keyid) for one in body.keys]
            told: dict[str, object] = {"member": member, "endpoint": body.endpoint}
            told["keys"] = some(keys, language)
            yield "node-registration" if keys else "node-keyless", told
        case Mandate():
            yield (
                "mandate",
                {
                    "code": body.code,
                    "contract": short(body.contract),
                    "contractor": body.contractor.zh or body.contractor.en,
                    "member": body.member,
                    "system": body.system,
                    "time": body.not_after,
                },
            )


def anchor_said(body: Anchor, member: str) -> Iterator[Sentence]:
    """What another log said of itself."""
    seen = checkpoint_of(body)
    root = short(seen.root.hex())
    yield "anchor", {"member": member, "origin": seen.origin, "root": root, "size": seen.size}
