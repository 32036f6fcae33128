"""ML-DSA-44 signatures that stay the same: the scheme draws randomness for each one.

The vectors must not differ each time they are made, so the first signature of a message is kept in
`ml-dsa-44.json` and used again as long as it verifies.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Final

from ledger.errors import VerificationError
from ledger.keys import PrivateKey, PublicKey
from ledger.lexical import encode_base64, parse_base64

Json = dict[str, "Json"] | list["Json"] | str | int | bool | None

STORE: Final = Path(__file__).parent / "ml-dsa-44.json"
_kept: Final[dict[str, str]] = json.loads(STORE.read_text()) if STORE.exists() else {}
_used: Final[dict[str, str]] = {}


class StoredSigner:
    """A `Signer` that signs the same message the same way."""

    def __init__(self, key: PrivateKey) -> None:
        self._key = key

    @property
    def public_key(self) -> PublicKey:
        return self._key.public_key

    def sign(self, message: bytes) -> bytes:
        name = sha256(self.public_key.raw + message).hexdigest()
        signature = parse_base64(_kept[name]) if name in _kept else b""
        try:
            self.public_key.verify(signature, message)
        except VerificationError:
            signature = self._key.sign(message)
        _kept[name] = _used[name] = encode_base64(signature)
        return signature


def used() -> Json:
    """The signatures that were asked for; no others need to be kept."""
    return dict(sorted(_used.items()))
