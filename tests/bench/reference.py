"""What everything is compared with: raw Ed25519 verifications on all cores."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MESSAGE_BYTES: Final = 1_200
SECONDS: Final = 0.5


def verifications_per_s(seconds: float = SECONDS) -> float:
    """Verifications per second of a message as long as a record, no Python around them."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    message = bytes(MESSAGE_BYTES)
    signature, verify = key.sign(message), key.public_key().verify

    def work(end: float) -> int:
        count = 0
        while time.perf_counter() < end:
            for _ in range(50):
                verify(signature, message)
            count += 50
        return count

    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        start = time.perf_counter()
        total = sum(pool.map(work, [start + seconds] * threads))
        return total / (time.perf_counter() - start)


class Reference:
    """The verifications per second before and after what is done in its context: their mean."""

    def __init__(self) -> None:
        self.per_s = 0.0

    def __enter__(self) -> Self:
        self.per_s = verifications_per_s()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.per_s = (self.per_s + verifications_per_s()) / 2
