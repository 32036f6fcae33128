"""The client of a node: builds records, signs, submits, waits, verifies the receipt, retries.

    from node.client import Client
    with Client("http://127.0.0.1:8700", policy=policy) as client:
        writer = client.writer("health/main", signer)
        receipted = writer.submit(usage)
    Path("use.tlog-proof").write_bytes(receipted.receipt_bytes)

`policy` is a `ledger.policy.Policy` read from a file you trust (`ledger.policy_file.parse_policy`):
with it no receipt is returned that it does not prove. `signer` holds the writer's key
(`ledger.keys.parse_private_key`), which never leaves the process; `usage` is any body of
`ledger.records`. `AsyncClient` is the same with `async with` and `await`.

- `Writer.submit` returns a `Receipted` or raises `ProblemError`; `submit_many` returns a result for
  each body, a `Problem` in the place of each refused one. Give it hundreds at a time.
- A writer keeps the position in its chain and may be shared between threads (tasks). Two writers of
  one key get in each other's way but never break the chain.
- What gets no answer is sent again, byte for byte. After `Unreachable`, submit the same bodies
  again through the same writer, and nothing is recorded twice.
- A node that is not open wants a credential: a `token`, or requests that are signed with a key of
  the ledger, `request_signer=lambda: signer`.
- A node on a unix socket: `Client("http://node", transport=httpx.HTTPTransport(uds=path))`.

What a client believes without proof: the list views (`get`, `pages`, `items`), and, without
`ledger=`, which ledger it first met.
"""

from node.client.answers import (
    Finding,
    Json,
    JsonObject,
    LedgerInfo,
    OutcomeInfo,
    Problem,
    Receipted,
    RecordInfo,
    Result,
    StateInfo,
    WriterInfo,
)
from node.client.asynchronous import AsyncClient, AsyncWriter
from node.client.blocking import Client, Writer
from node.client.errors import (
    AnswerError,
    ClientError,
    PersonalDataError,
    ProblemError,
    ReceiptError,
    Unreachable,
    WrongLedger,
)
from node.client.flows import Retry

__all__ = [
    "AnswerError",
    "AsyncClient",
    "AsyncWriter",
    "Client",
    "ClientError",
    "Finding",
    "Json",
    "JsonObject",
    "LedgerInfo",
    "OutcomeInfo",
    "PersonalDataError",
    "Problem",
    "ProblemError",
    "ReceiptError",
    "Receipted",
    "RecordInfo",
    "Result",
    "Retry",
    "StateInfo",
    "Unreachable",
    "Writer",
    "WriterInfo",
    "WrongLedger",
]
