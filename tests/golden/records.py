"""One payload of every kind, byte for byte: `python -m tests.golden.records --write`.

What stands there is never to change: a new kind adds a line. A line that differs means that records
of today are no longer read as they were written.
"""

import sys
from pathlib import Path
from typing import Final

from ledger.records import encode_statement, new_statement
from tests.examples import BODIES, chain_of

PAYLOADS: Final = Path(__file__).with_name("records.jsonl")


def payload_of(kind: str) -> bytes:
    """The payload of the kind's example."""
    return encode_statement(new_statement(BODIES[kind], chain_of(kind)))


def main() -> int:
    """Compare, or write."""
    made = b"".join(payload_of(kind) + b"\n" for kind in BODIES)
    if "--write" in sys.argv[1:]:
        PAYLOADS.write_bytes(made)
        return 0
    same = made == PAYLOADS.read_bytes()
    sys.stdout.write("" if same else "run: python -m tests.golden.records --write\n")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
