r"""Bearer tokens: files of them, and whose token a request shows.

A file has a line per reader and is for its owner alone. What follows the token are its scopes; a
line without has the scope `member`:

    health:6f1c…
    inspector:9d02… auditor
    prometheus:77ab… metrics

Tokens are kept and compared as digests, each with every one, so that neither the time of an answer
nor a dump of memory gives one away.

>>> tokens = parse_tokens(b"inspector:0123456789abcdef auditor\n")
>>> principal_of(tokens, "Bearer 0123456789abcdef").name
'inspector'
>>> principal_of(tokens, "Bearer 0123456789abcdeg") is None
True
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from node.api.principal import EVERY_WRITER, SCOPES, Principal, Scope, of_signing_token, of_token
from node.client.secret_files import SecretError, read_secret
from node.settings import LocalSigning

TOKEN_CHARS_MIN: Final = 16
_OF_A_LINE: Final[tuple[Scope, ...]] = ("member",)

T = TypeVar("T")
Tokens: TypeAlias = Mapping[bytes, Principal]
"""By SHA-256 of a token, who shows it."""


def parse_token(text: str) -> str:
    """A token, if it is long enough and can stand in a header; raises `SecretError`."""
    if len(text) < TOKEN_CHARS_MIN or not text.isascii() or not text.isprintable() or " " in text:
        raise SecretError(f"a token has {TOKEN_CHARS_MIN} printable characters or more, no spaces")
    return text


def parse_tokens(data: bytes) -> Tokens:
    """The tokens of readers; raises `SecretError`, naming the line."""
    return _parse_lines(data, lambda name, scopes: of_token(name, scopes or _OF_A_LINE))


def read_tokens(path: Path) -> Tokens:
    """The tokens of readers in a file. Raises `SecretError`."""
    return _read(path, parse_tokens)


def read_signing_tokens(settings: LocalSigning) -> Tokens:
    """Who may have what signed. Raises `SecretError`."""
    every, single = settings.token_file, settings.writer_tokens_file
    tokens = {} if single is None else dict(_read(single, _parse_signing_tokens))
    known = (one.writer for one in tokens.values())
    unknown = next((writer for writer in known if writer not in settings.keys), None)
    if unknown is not None:
        raise SecretError(f"{single}: `local_signing.keys` names no key of {unknown}")
    if every is not None:
        digest = _digest_of(read_shown_token(every))
        if digest in tokens:
            raise SecretError(f"{every}: that is the token of a single writer, too")
        tokens[digest] = of_signing_token(EVERY_WRITER)
    return tokens


def read_shown_token(path: Path) -> str:
    """The one token in a file, to be shown to another node. Raises `SecretError`."""
    return _read(path, lambda data: parse_token(data.decode("utf-8", "replace").strip()))


def principal_of(tokens: Tokens, authorization: str) -> Principal | None:
    """Whose token a header `Authorization` carries, or None."""
    scheme, _, token = authorization.partition(" ")
    shown = sha256(token.strip().encode("utf-8", "surrogateescape")).digest()
    found = None
    for digest, principal in tokens.items():  # every one, however many fit
        if hmac.compare_digest(digest, shown):
            found = principal
    return found if scheme.lower() == "bearer" else None


def _parse_signing_tokens(data: bytes) -> Tokens:
    def principal(writer: str, scopes: Sequence[Scope]) -> Principal:
        if scopes:
            raise SecretError("a token that signs has no scopes")
        return of_signing_token(writer)

    return _parse_lines(data, principal)


def _parse_lines(data: bytes, make: Callable[[str, Sequence[Scope]], Principal]) -> Tokens:
    tokens: dict[bytes, Principal] = {}
    names = set()
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, rest = (part.strip() for part in line.partition(":"))
        if not (name and colon) or name in names:
            raise SecretError(f"line {number} is not `name:token` with a name of its own")
        token, _, scopes = rest.partition(" ")
        try:
            digest, principal = _digest_of(token), make(name, _parse_scopes(scopes))
        except SecretError as error:
            raise SecretError(f"line {number}: {error}") from error
        if digest in tokens:
            raise SecretError(f"line {number} repeats the token of somebody else")
        names.add(name)
        tokens[digest] = principal
    if not tokens:
        raise SecretError("it holds no line `name:token`")
    return tokens


def _parse_scopes(text: str) -> list[Scope]:
    """The scopes named; the message quotes none: it may be the rest of a token."""
    named = text.split()
    scopes = [one for one in SCOPES if one in named]
    if len(scopes) != len(named):
        raise SecretError(f"after the token come its scopes, of {', '.join(SCOPES)}, once each")
    return scopes


def _digest_of(token: str) -> bytes:
    return sha256(parse_token(token).encode()).digest()


def _read(path: Path, parse: Callable[[bytes], T]) -> T:
    """What a file of secrets says; errors name the file."""
    try:
        return parse(read_secret(path))
    except SecretError as error:
        message = str(error)
        raise SecretError(message if str(path) in message else f"{path}: {message}") from error
