"""What can go wrong between a client and a node.

    ClientError
    ├── Unreachable        no answer after every attempt: whether it was recorded is not known
    ├── ProblemError       the node answered with a problem; its `code` is permanent
    ├── AnswerError        the node answered what the protocol does not allow
    ├── ReceiptError       a receipt that does not prove what the node claims
    ├── WrongLedger        the node serves another ledger than the one meant
    └── PersonalDataError  a text that looks like an identity or phone number; nothing was sent

Every one of them carries `results`: what a submission had settled before it was raised.
"""

from node.client.answers import Problem, Result
from node.client.personal import PERSONAL_DATA, PersonalNumber, places_of


class ClientError(Exception):
    """Root of what this package raises on purpose.

    Raised amid a submission, `results` has a place for every body, None for what is not settled.
    Submit those bodies again, in order, through the same writer: what was signed goes out again
    byte for byte, so nothing is recorded twice.
    """

    results: tuple[Result | None, ...] = ()


class Unreachable(ClientError):  # noqa: N818  the name states the fact
    """The node did not answer."""


class ProblemError(ClientError):
    """The node refused. `request_id` is that of the request in the node's log."""

    def __init__(self, problem: Problem, request_id: str = "") -> None:
        super().__init__(str(problem))
        self.request_id = request_id
        self.problem = problem
        self.code = problem.code
        self.number = problem.number
        self.status = problem.status
        self.detail = problem.detail
        self.retry = problem.retry
        self.fields = problem.fields


class AnswerError(ClientError):
    """Not an answer of this protocol."""


class ReceiptError(ClientError):
    """The receipt does not hold under the policy, or is for something else."""


class WrongLedger(ClientError):  # noqa: N818  the name states the fact
    """Signing for this ledger is not what the caller meant."""


class PersonalDataError(ClientError):
    """The body holds what looks like an identity or phone number."""

    code = PERSONAL_DATA

    def __init__(self, found: tuple[PersonalNumber, ...]) -> None:
        super().__init__(f"{self.code}: {places_of(found)}")
        self.fields = tuple(one.field for one in found)
