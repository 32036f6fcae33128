"""From a key file to something that signs; or from the name of a key that is kept elsewhere.

A passphrase is read from a file or asked for. It is never printed, and never taken from the command
line or the environment, where other processes can see it.
"""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger import pkcs8
from ledger.errors import FormatError, KeyFileError
from ledger.keys import PublicKey, Signer, parse_description, parse_private_key
from node.client.keys.agent import add_to_agent
from node.client.keys.references import is_elsewhere, open_elsewhere
from scripts.console_text import ask_secret, fail
from scripts.keys.files import read_secret

_ENCRYPTED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"


def load_signer(path: Path, passphrase_file: Path | None) -> Signer:
    """The key in a key file, in a PKCS#11 token or at an agent. Raises `KeyFileError`."""
    if is_elsewhere(path):
        return open_elsewhere(path)
    pem, secret = _read_key_file(path, passphrase_file)
    try:
        return parse_private_key(pem, secret)
    except KeyFileError as error:
        raise KeyFileError(f"{path}: {error}") from error


def load_into_agent(
    path: Path, passphrase_file: Path | None, socket: Path | None
) -> tuple[PublicKey, Path]:
    """Have an agent hold the key in a key file; its public half, and the agent's socket.

    Raises `KeyFileError`.
    """
    pem, secret = _read_key_file(path, passphrase_file)
    key = parse_private_key(pem, secret).public_key
    private = pkcs8.parse(pem, secret)
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyFileError(f"{path}: agents hold Ed25519 keys, this is {key.suite.name}")
    return key, add_to_agent(private.private_bytes_raw(), key, path.stem, socket)


def _read_key_file(path: Path, passphrase_file: Path | None) -> tuple[bytes, bytes | None]:
    """What a key file holds, and its passphrase if it has one."""
    if path.suffix == ".pub":
        fail(f"{path} is the public half of a key", hint=f"{path.with_suffix('.pem')} signs")
    pem = read_secret(path)
    if not pem.startswith(_ENCRYPTED):
        return pem, None
    return pem, _passphrase(f"Passphrase of {path.name}", passphrase_file)


def read_public_key(path: Path, passphrase_file: Path | None = None) -> PublicKey:
    """The public key in a `.pub` file, or that of a private one, wherever that is."""
    if path.suffix == ".pem" or is_elsewhere(path):
        return load_signer(path, passphrase_file).public_key
    try:
        return parse_description(path.read_bytes())
    except FormatError as error:
        raise FormatError(f"{path} is no public key: {error}") from error


def new_passphrase(
    name: str, passphrase_file: Path | None, *, without: bool = False
) -> bytes | None:
    """The passphrase for a new key file; None if its owner asked for none in so many words."""
    if without:
        if passphrase_file is not None:
            fail("--passphrase-file and --no-passphrase exclude each other", code=2)
        return None
    return _passphrase(f"Passphrase for {name}", passphrase_file, is_new=True)


def _passphrase(what: str, passphrase_file: Path | None, *, is_new: bool = False) -> bytes:
    if passphrase_file is None:
        hint = "give it with --passphrase-file FILE"
        hint += ", or do without: --no-passphrase" if is_new else ""
        secret = ask_secret(what, hint=hint, twice=is_new).encode()
    else:
        secret = read_secret(passphrase_file).split(b"\n", 1)[0].rstrip(b"\r")
    if not secret:
        fail("the passphrase is empty", hint="a key without one is made with --no-passphrase")
    return secret
