"""From an error of the packages below to what a person is told: a message, and a hint if any."""

from typing import Final

from ledger.errors import (
    KeyFileError,
    LedgerError,
    UnknownSigner,
    VerificationError,
    WeakKeyError,
)
from node.client import (
    ClientError,
    PersonalDataError,
    Problem,
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
    "unknown-case": "a case has an id such as DIGEST-0: blockpool case list",
    "unknown-column": "the columns it has: blockpool catalogue show DATASET",
    "unknown-entry": "the steward has to approve the entry first: blockpool case step approve",
    "unknown-purpose": "adopted purposes: blockpool catalogue purposes",
    "unknown-writer": "the custodian appoints it: blockpool keys appoint",
    "key-taken": "each writer, custodian and log has a key of its own: blockpool keys new",
    "not-accused": "--settles is of a finding that accuses nobody but --against; else leave it out",
    "not-corrected": "release what corrects it first: blockpool record publish --corrects VERSION",
    "not-provider": "whose it is: blockpool catalogue show DATASET",
    "not-your-office": "who holds which office: blockpool govern members --role ROLE",
    "too-long-for-emergency": "give --not-after, no later than that",
    "scope-missing": "ask who runs the node for a token with that scope",
    "signature-wrong": "is this machine's clock right, and the key one in force on the ledger?",
    "unauthorized": "give the node's token with --token-file, or a writer's key with --request-key",
    "wider-than-above": "pass on no more than the right and all above it allow",
    "not-effective": "see who must accept or resume it: blockpool case show GRANT",
    "wider-than-conditions": "grant no more than the entry's conditions offer",
    "writer-ended": "the custodian can appoint it again: blockpool keys appoint",
    "wrong-previous": "another process signs with the same writer; repeat",
    "wrong-state": "see where the case stands: blockpool case show",
}
"""What to do about a reason or problem, where there is something better to say than its detail."""

_OF_THE_NODE: Final = frozenset({401, 403, 421, 429, *range(500, 600)})
"""Statuses about which whoever runs the node may be asked: its log has the id of the request."""
_NOT_FOUND: Final = {
    "no indicator ": "the indicators, and the periods they are taken over: "
    "blockpool assess indicators",
    "no writer ": _HINTS["unknown-writer"],
}
"""What to do where something is not found, by how the node begins to say so."""


def explain(error: Exception) -> tuple[str, str | None]:
    """Message and hint."""
    match error:
        case ProblemError(problem=problem, request_id=request_id):
            message, hint = _explain_problem(problem)
            is_told = request_id and problem.number == 0 and problem.status in _OF_THE_NODE
            return (f"{message} (request {request_id})" if is_told else message), hint
        case Unreachable():
            return str(error), "is the node running, and is --node its address?"
        case ReceiptError():
            return _explain_receipt(error)
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


def _explain_receipt(error: ReceiptError) -> tuple[str, str]:
    if isinstance(error.__cause__, UnknownSigner):
        hint = (
            "a vote may have replaced the log keys; blockpool audit log NODE --policy FILE "
            "--policy-out NEW proves that from the log and writes the policy of today. "
            "Do not sign the record again"
        )
        return f"recorded, but not proved by your policy: {error}", hint
    return f"the receipt does not hold: {error}", "keep what the node sent; tell the auditor"


def _explain_problem(problem: Problem) -> tuple[str, str | None]:
    if problem.code.startswith("http-"):
        return f"{problem.code}: {problem.title}", "is --node the address of a blockpool node?"
    if problem.code == "not-found":
        told = (hint for start, hint in _NOT_FOUND.items() if problem.detail.startswith(start))
        return str(problem), next(told, hint_of(problem.code))
    return str(problem), hint_of(problem.code)


def hint_of(code: str) -> str | None:
    """What to do about a reason or problem."""
    return _HINTS.get(code)


def _key_file_hint(message: str) -> str | None:
    if "exists" in message:
        return "choose another name; remove the old key only if nothing was ever signed with it"
    if "passphrase is needed" in message:
        return "give it with --passphrase-file FILE"
    return None
