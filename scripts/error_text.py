"""From an error of the packages below to what a person is told: a message, and a hint if any."""

from typing import Final

from ledger.errors import KeyFileError, LedgerError, VerificationError, WeakKeyError
from node.client import (
    ClientError,
    PersonalDataError,
    ProblemError,
    ReceiptError,
    Unreachable,
    WrongLedger,
)
from scripts.catalogue.sheet import SheetError
from scripts.spelling import SpellingError
from scripts.tables import SourceError

EXPLAINED: Final = (LedgerError, ClientError, SpellingError, SheetError, SourceError, OSError)
"""Errors that are answers. Any other one is a fault of the program and shows where it happened."""

_HINTS: Final[dict[str, str]] = {
    "another-ledger": "is --node the node of the ledger you mean?",
    "basis-missing": "fill in the columns basis, necessity and assessment of the entry",
    "bad-signature": "was the key rotated? see what the ledger holds: blockpool record show",
    "dataset-not-allowed": "the custodian can widen it: blockpool keys appoint --datasets",
    "entry-changed": "read the entry again and repeat",
    "family-not-allowed": "the custodian can widen it: blockpool keys appoint --families",
    "ground-missing": "give one of the coded grounds with --ground",
    "beyond-mandate": "the mandate and its period: blockpool govern value mandate/ID",
    "in-other-hands": "a writer of that part says it: blockpool keys appoint --datasets",
    "key-not-valid": "is it the key of that writer today, not one of before a rotation? "
    "see: blockpool keys show FILE",
    "not-a-party": "who the parties are: blockpool case show",
    "not-custodian": "sign with the custodian key of the same member",
    "not-found": "is the index, digest or id complete?",
    "not-your-step": "blockpool case show lists who may take which step",
    "queue-full": "the node is busy; repeat in a moment",
    "reference-wrong": "blockpool case show lists what a step must name",
    "sequence-taken": "another process signs with the same writer; repeat",
    "unknown-basis": "name one that was adopted: blockpool govern value basis/CODE",
    "unknown-entry": "the steward has to approve the entry first: blockpool case step approve",
    "unknown-purpose": "adopted purposes: blockpool catalogue purposes",
    "unknown-writer": "the custodian appoints it: blockpool keys appoint",
    "unauthorized": "give the node's token with --token-file",
    "wider-than-above": "pass on no more than the right and all above it allow",
    "not-effective": "see who must accept or resume it: blockpool case show GRANT",
    "wider-than-conditions": "grant no more than the entry's conditions offer",
    "writer-ended": "the custodian can appoint it again: blockpool keys appoint",
    "wrong-previous": "another process signs with the same writer; repeat",
    "wrong-state": "see where the case stands: blockpool case show",
}
"""What to do about a reason or problem, where there is something better to say than its detail."""


def explain(error: Exception) -> tuple[str, str | None]:
    """Message and hint."""
    match error:
        case ProblemError():
            return str(error), hint_of(error.code)
        case Unreachable():
            return str(error), "is the node running, and is --node its address?"
        case ReceiptError():
            return (
                f"the receipt does not hold: {error}",
                "keep what the node sent; tell the auditor",
            )
        case WrongLedger():
            return str(error), "is --node the node of the ledger you mean?"
        case PersonalDataError():
            return str(error), "leave it out; what is on the ledger can never be taken back"
        case WeakKeyError():
            return f"not a key to trust: {error}", "make another one: blockpool keys new"
        case KeyFileError():
            return str(error), _key_file_hint(str(error))
        case SpellingError(member=member) if member:
            return f"{member}: {error}", None
        case SheetError():
            return str(
                error
            ), "make a sheet: blockpool catalogue scan; its columns: blockpool catalogue columns"
        case VerificationError():
            return f"does not verify: {error}", None
        case OSError(filename=str(name), strerror=str(reason)):
            return f"{name}: {reason}", None
        case _:
            return str(error), None


def hint_of(code: str) -> str | None:
    """What to do about a reason or problem."""
    return _HINTS.get(code)


def _key_file_hint(message: str) -> str | None:
    if "exists" in message:
        return "choose another name; remove the old key only if nothing was ever signed with it"
    if "passphrase is needed" in message:
        return "give it with --passphrase-file FILE"
    return None
