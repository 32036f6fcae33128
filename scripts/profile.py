"""Where the node is and who signs: options, or the environment variables their help names.

    export BLOCKPOOL_NODE=http://127.0.0.1:8700
    export BLOCKPOOL_WRITER=health/main BLOCKPOOL_KEY=keys/health-main.pem
    blockpool record show 17

An option on the command line wins over the environment. There is no file of settings: a shell has
one already, and a department that signs as several writers keeps one file of exports for each.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import httpx
import typer

from contracts.values import Key
from ledger.keys import Signer
from ledger.policy import Policy
from ledger.times import from_ms
from ledger.types import Time, WriterId
from node.client import Client, Retry, Writer
from node.client.clock import Clock
from scripts.answers import read_value
from scripts.console_text import USAGE, fail, warn
from scripts.keys.files import read_token
from scripts.signers import load_signer
from scripts.spelling import typed
from scripts.tls import ClientKeyOption, NodeKeyOption, tls_of
from scripts.trust import read_policy

NODE: Final = "http://127.0.0.1:8700"
_PATIENCE: Final = Retry(attempts_max=6)
"""About three seconds without an answer: long for a person, enough for a node to restart."""
_TIMEOUT_S: Final = 60.0
_UNIX: Final = "unix:"
_CLOCK_OFFSET: Final = "BLOCKPOOL_CLOCK_OFFSET_DAYS"
_PANEL: Final = "Node and signer"


def _option(name: str, variable: str, help_text: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        name, envvar=f"BLOCKPOOL_{variable}", help=help_text, rich_help_panel=_PANEL
    )
    return option


NodeOption = Annotated[str, _option("--node", "NODE", "Address of the node, or unix:PATH.")]
TokenOption = Annotated[
    Path | None, _option("--token-file", "TOKEN_FILE", "File with the node's bearer token.")
]
RequestKeyOption = Annotated[
    Path | None,
    _option("--request-key", "REQUEST_KEY", "Key file of a writer, to sign requests with."),
]
RequestPassphraseOption = Annotated[
    Path | None,
    _option(
        "--request-passphrase-file",
        "REQUEST_PASSPHRASE_FILE",
        "File with the passphrase of that key.",
    ),
]
PolicyOption = Annotated[
    Path | None, _option("--policy", "POLICY", "tlog-policy file: whom to believe receipts.")
]
PassphraseOption = Annotated[
    Path | None,
    _option("--passphrase-file", "KEY_PASSPHRASE_FILE", "File with the key's passphrase."),
]


@dataclass(frozen=True, slots=True)
class Reading:
    """Where to read, and what to show of oneself: a token, or signed requests."""

    node: NodeOption = NODE
    token_file: TokenOption = None
    request_key: RequestKeyOption = None
    request_passphrase_file: RequestPassphraseOption = None
    node_key: NodeKeyOption = None
    client_key: ClientKeyOption = None

    @contextmanager
    def client(
        self, policy: Policy | None = None, signer: Signer | None = None
    ) -> Iterator[Client]:
        """A client of the node; it signs requests with `signer` if no key is given for that."""
        url = "http://node" if self.node.startswith(_UNIX) else self.node
        transport = transport_of(self.node)
        with Client(
            url,
            clock_ms=clock(),
            policy=policy,
            retry=_PATIENCE,
            timeout_s=_TIMEOUT_S,
            tls=tls_of(self.node_key, self.client_key),
            token=shown_token(self.token_file),
            request_signer=request_signer(self.request_key, self.request_passphrase_file, signer),
            transport=transport,
        ) as client:
            yield client


def shown_token(file: Path | None) -> str | None:
    """The token to show. Raises `KeyFileError`."""
    return None if file is None else read_token(file)


def request_signer(
    key: Path | None, passphrase_file: Path | None, signer: Signer | None = None
) -> Callable[[], Signer] | None:
    """What signs requests, read once a node asks for it: nobody is asked for a passphrase before.

    `signer` does if there is no key of its own.
    """
    if key is not None:
        return partial(load_signer, key, passphrase_file)
    return None if signer is None else lambda: signer


@dataclass(frozen=True, slots=True)
class Signing:
    """Where to write, as whom, with which key, and whom to believe the receipt."""

    node: NodeOption = NODE
    token_file: TokenOption = None
    request_key: RequestKeyOption = None
    request_passphrase_file: RequestPassphraseOption = None
    node_key: NodeKeyOption = None
    client_key: ClientKeyOption = None
    writer: Annotated[
        str | None, _option("--writer", "WRITER", "Who signs, MEMBER/NAME such as health/main.")
    ] = None
    key: Annotated[Path | None, _option("--key", "KEY", "Key file of the writer.")] = None
    passphrase_file: PassphraseOption = None
    policy: PolicyOption = None

    @property
    def reading(self) -> Reading:
        """The same node, for reading."""
        key, passphrase_file = self.request_key, self.request_passphrase_file
        if key is None:
            key, passphrase_file = self.key, self.passphrase_file
        return Reading(
            self.node, self.token_file, key, passphrase_file, self.node_key, self.client_key
        )

    @property
    def member(self) -> str:
        """The member that signs."""
        return self.writer_name.partition("/")[0]

    @property
    def writer_name(self) -> str:
        """Who signs; ends the command if nobody was named. Raises `SpellingError`."""
        if self.writer is None:
            fail("who signs?", hint="give --writer MEMBER/NAME or set BLOCKPOOL_WRITER", code=2)
        typed(self.writer, WriterId)
        return self.writer

    @contextmanager
    def open(self) -> Iterator[tuple[Client, Writer]]:
        """A client of the node, and the writer at work."""
        name = self.writer_name
        if self.key is None:
            fail(
                f"which key signs for {name}?", hint="give --key FILE or set BLOCKPOOL_KEY", code=2
            )
        signer = load_signer(self.key, self.passphrase_file)
        if clock().offset_days:
            warn(f"signing by an exercise's clock, {-clock().offset_days} days behind")
        policy = None if self.policy is None else read_policy(self.policy)
        node = Reading(self.node, self.token_file, self.request_key, self.request_passphrase_file)
        with node.client(policy, signer) as client:
            _check_key(client, name, signer, self.key)
            yield client, client.writer(name, signer)


def _check_key(client: Client, name: WriterId, signer: Signer, file: Path) -> None:
    """End the command if the key is another's: everything it signs would be refused."""
    known = read_value(client, Key, f"key/{signer.public_key.keyid}")
    if known is not None and known.writer not in {None, name}:
        fail(f"{file} is the key of {known.writer}", hint=f"give the key of {name}, or --writer")


def clock() -> Clock:
    """The clock by which the command signs: that of an exercise, where the environment says so."""
    given = os.environ.get(_CLOCK_OFFSET) or "0"
    try:
        return Clock(int(given))
    except ValueError as error:
        return fail(f"{_CLOCK_OFFSET}={given}: {error}", code=USAGE)


def present_time() -> Time:
    """Now, by that clock, in the form of the ledger."""
    return from_ms(clock()())


def transport_of(node: str) -> httpx.BaseTransport | None:
    """How requests travel to a node: over its unix socket, or as httpx does by itself."""
    if node.startswith(_UNIX):
        return httpx.HTTPTransport(uds=node.removeprefix(_UNIX))
    return None
