"""A key that an SSH agent holds, in a process of its own (draft-ietf-sshm-ssh-agent).

    agent:4cc3f338                              the key whose id begins so, at $SSH_AUTH_SOCK
    agent:4cc3f338?socket=/run/keys/agent.sock  the same at another socket

The agent is OpenSSH's `ssh-agent`, or any other program that speaks its protocol; many hardware
keys do, too. It signs any bytes with an Ed25519 key: what a key signs for the ledger and what it
signs for SSH begin differently, but a key has one use on a ledger, so give it no other.

    request    length (4)  type (1)  contents          SIGN: key, data, flags
    answer     length (4)  type (1)  contents          SIGNATURE: ("ssh-ed25519", 64 bytes)

A connection serves one request: the agent may be restarted at any time.
"""

import os
import socket
from pathlib import Path
from typing import Final

from ledger.errors import KeyFileError, LedgerError
from ledger.keys import PublicKey
from ledger.suites import ED25519

AGENT: Final = "agent:"
_SOCKET: Final = "SSH_AUTH_SOCK"
_KEYID_CHARS_MIN: Final = 8
_KIND: Final = b"ssh-ed25519"
_REQUEST_IDENTITIES: Final = 11
_IDENTITIES_ANSWER: Final = 12
_SIGN_REQUEST: Final = 13
_SIGN_RESPONSE: Final = 14
_ADD_IDENTITY: Final = 17
_SUCCESS: Final = 6
_ANSWER_BYTES_MAX: Final = 256 * 1024
"""As OpenSSH has it."""
_WAIT_S: Final = 30.0
"""An agent may ask a person to confirm."""


class AgentSigner:
    """A key at an agent. Threads need take no turns."""

    def __init__(self, socket_path: Path, public_key: PublicKey) -> None:
        self._socket_path = socket_path
        self.public_key = public_key

    def sign(self, message: bytes) -> bytes:
        """The signature over exactly `message`. Raises `KeyFileError`."""
        asked = _string(_blob(self.public_key)) + _string(message) + bytes(4)
        answer = _ask(self._socket_path, _SIGN_REQUEST, asked, _SIGN_RESPONSE)
        try:
            (signed,) = _strings(answer)
            kind, signature = _strings(signed)
            self.public_key.verify(signature, message)
        except (ValueError, LedgerError) as error:
            raise KeyFileError(f"{self._socket_path}: no signature by that key") from error
        if kind != _KIND:
            raise KeyFileError(f"{self._socket_path}: a signature of another kind")
        return signature


def open_agent_key(reference: str) -> AgentSigner:
    """The key that `agent:…` names. Raises `KeyFileError`."""
    start, _, query = reference.removeprefix(AGENT).partition("?")
    if len(start) < _KEYID_CHARS_MIN or not set(start) <= set("0123456789abcdef"):
        raise KeyFileError(f"{AGENT} goes on with {_KEYID_CHARS_MIN} digits of a key id, or all")
    path = _socket_path(query)
    keys = [key for key in _keys_at(path) if key.keyid.startswith(start)]
    if len(keys) != 1:
        count = "several keys" if keys else "no key"
        raise KeyFileError(f"{path}: the agent holds {count} whose id begins with {start}")
    signer = AgentSigner(path, keys[0])
    signer.sign(b"")  # it does: a locked agent lists keys, and none of them signs
    return signer


def add_to_agent(
    seed: bytes, public_key: PublicKey, comment: str, socket_path: Path | None
) -> Path:
    """Have an agent hold a key until it ends; the agent's socket. Raises `KeyFileError`."""
    path = socket_path or _socket_path("")
    parts = (_KIND, public_key.raw, seed + public_key.raw, comment.encode())
    _ask(path, _ADD_IDENTITY, b"".join(map(_string, parts)), _SUCCESS)
    return path


def _socket_path(query: str) -> Path:
    name, equals, value = query.partition("=")
    if query and (name != "socket" or not equals or not value):
        raise KeyFileError(f"{AGENT}KEYID?socket=PATH names the socket of an agent")
    path = value or os.environ.get(_SOCKET, "")
    if not path:
        raise KeyFileError(f"which agent? {_SOCKET} is not set, and no ?socket=PATH is given")
    return Path(path)


def _keys_at(path: Path) -> list[PublicKey]:
    """The Ed25519 keys that an agent holds."""
    answer = _ask(path, _REQUEST_IDENTITIES, b"", _IDENTITIES_ANSWER)
    try:
        listed = map(_strings, _strings(answer[4:])[::2])  # after a count: key, comment, key, …
        return [PublicKey(ED25519, parts[1]) for parts in listed if parts[0] == _KIND]
    except (ValueError, IndexError, LedgerError) as error:
        raise KeyFileError(f"{path}: the agent lists what is no key") from error


def _ask(path: Path, kind: int, contents: bytes, expected: int) -> bytes:
    """The contents of the agent's answer."""
    message = bytes([kind]) + contents
    try:
        with socket.socket(socket.AF_UNIX) as agent:
            agent.settimeout(_WAIT_S)
            agent.connect(str(path))
            agent.sendall(_string(message))
            length = int.from_bytes(_receive(agent, 4))
            if not 0 < length <= _ANSWER_BYTES_MAX:
                raise KeyFileError(f"{path}: no answer of an agent")
            answer = _receive(agent, length)
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror or error}") from error
    if answer[0] != expected:
        raise KeyFileError(f"{path}: the agent refuses")
    return answer[1:]


def _receive(agent: socket.socket, length: int) -> bytes:
    received = bytearray()
    while len(received) < length:
        part = agent.recv(length - len(received))
        if not part:
            raise ConnectionResetError(None, "the agent hangs up")
        received += part
    return bytes(received)


def _blob(key: PublicKey) -> bytes:
    """A public key as SSH writes it (RFC 8709)."""
    return _string(_KIND) + _string(key.raw)


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data


def _strings(data: bytes) -> list[bytes]:
    """The strings that data consists of, whole. Raises `ValueError`."""
    found = []
    while data:
        end = 4 + int.from_bytes(data[:4])
        if not 4 <= end <= len(data):
            raise ValueError("a string is cut short")
        found.append(data[4:end])
        data = data[end:]
    return found
