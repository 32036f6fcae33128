"""What names a key, where a file may stand or a key that is kept elsewhere."""

from pathlib import Path
from typing import Final

from ledger.errors import KeyFileError
from ledger.keys import Signer
from node.client.keys.agent import AGENT, open_agent_key
from node.client.keys.pkcs11_uri import PKCS11, parse_pkcs11_uri

_SCHEMES: Final = (PKCS11, AGENT)


def is_elsewhere(reference: Path) -> bool:
    """Whether what names a key is no file.

    >>> names = ("keys/main.pem", "agent:4cc3f338", "pkcs11:object=main")
    >>> [is_elsewhere(Path(name)) for name in names]
    [False, True, True]
    """
    return str(reference).startswith(_SCHEMES)


def open_elsewhere(reference: Path) -> Signer:
    """The key that a token or an agent holds. Raises `KeyFileError`."""
    text = str(reference)
    if text.startswith(AGENT):
        return open_agent_key(text)
    try:
        from node.client.keys.pkcs11_signer import Pkcs11Signer  # noqa: PLC0415  its package is optional
    except ImportError as error:
        raise KeyFileError(
            "keys of PKCS#11 tokens need the package python-pkcs11: "
            "pip install --require-hashes -r requirements/hsm.txt"
        ) from error
    return Pkcs11Signer(parse_pkcs11_uri(text))
