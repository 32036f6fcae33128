"""What became of submitted records, as it is answered: one with its receipt, or many in a batch.

A receipt is assembled from the index, the proof and the checkpoint; a batch shares one checkpoint,
so each of its results carries the proof alone.
"""

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from contracts.findings import FINDING_OF_CODE
from contracts.transition import Rejected
from ledger.lexical import encode_base64
from ledger.receipt import Receipt, encode_receipt
from ledger.seal import Outcome
from ledger.types import Digest
from node.api.problems import ApiError, problem_of, respond
from node.api.service import respond_json
from node.pipeline import Committed
from node.reader import Reader
from node.signer_answers import Answer, SignerError

SIGNER_RETRY_AFTER_S: Final = 1


def respond_to_one(reader: Reader, answer: Committed | Rejected) -> Response:
    """The answer to one record: its place and receipt, or why it was refused."""
    if isinstance(answer, Rejected):
        return respond(problem_of(answer))
    endorsed = reader.endorsed(answer.index + 1)
    (proof,) = reader.proofs([answer.index], endorsed.size)
    receipt = encode_receipt(Receipt(answer.index, proof, endorsed.checkpoint))
    told = {
        **_place(answer),
        "outcome": answer.outcome,
        "final": endorsed.is_final,
        "receipt": receipt.decode(),
    }
    headers = {"Location": f"/v1/records/{answer.index}"}
    return respond_json(told, _status(answer), headers)


def respond_to_batch(
    reader: Reader, answers: Sequence[Answer], *, with_proofs: bool = True
) -> Response:
    """The results of a batch, in order; all proofs are for the one checkpoint."""
    indexes = [answer.index for answer in answers if isinstance(answer, Committed)]
    endorsed = reader.endorsed(max(indexes, default=0) + 1)
    proofs = iter(reader.proofs(indexes, endorsed.size) if with_proofs else ())
    results = [
        _result(answer, next(proofs, None)) if isinstance(answer, Committed) else _refusal(answer)
        for answer in answers
    ]
    told = {
        "results": results,
        "checkpoint": endorsed.checkpoint.decode(),
        "final": endorsed.is_final,
    }
    return respond_json(told)


def error_of(error: SignerError) -> ApiError:
    """What the signer answers besides the ledger's own words, as an error."""
    retry_after_s = SIGNER_RETRY_AFTER_S if error.can_retry else None
    return ApiError(error.code, str(error), retry_after_s=retry_after_s)


def _result(answer: Committed, proof: tuple[Digest, ...] | None) -> dict[str, object]:
    told = {"status": _status(answer), **_place(answer)}
    return told if proof is None else {**told, "proof": [encode_base64(one) for one in proof]}


def _refusal(answer: Rejected | SignerError) -> dict[str, object]:
    problem = problem_of(answer) if isinstance(answer, Rejected) else error_of(answer).problem
    return {"status": problem.status, "problem": problem}


def _status(answer: Committed) -> int:
    return 200 if answer.already else 201


def _place(answer: Committed) -> dict[str, object]:
    return {
        "index": answer.index,
        "digest": answer.digest,
        "height": answer.height,
        "blockTime": answer.block_time,
        "findings": _findings(answer.outcome),
    }


def _findings(outcome: Outcome) -> list[dict[str, str]]:
    return [
        {"case": one.case, "code": one.code, "title": FINDING_OF_CODE[one.code].meaning}
        for one in outcome.findings
    ]
