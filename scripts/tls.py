"""Who is believed to be the node over https, and what it is shown: options of many commands."""

import os
import ssl
import time
from pathlib import Path
from typing import Annotated, Final

import typer

from ledger.keys import PublicKey
from ledger.suites import ED25519
from node.client.certificates import issue
from node.client.pinning import pinned
from scripts.console_text import USAGE, fail
from scripts.signers import load_signer, read_public_key

_PANEL: Final = "Node and signer"
_PASSPHRASE_FILE: Final = "BLOCKPOOL_KEY_PASSPHRASE_FILE"  # noqa: S105  the name of a variable

NodeKeyOption = Annotated[
    Path | None,
    typer.Option(
        "--node-key",
        envvar="BLOCKPOOL_NODE_KEY",
        help="Public transport key of the node: over https nobody else is believed.",
        rich_help_panel=_PANEL,
    ),
]
ClientKeyOption = Annotated[
    Path | None,
    typer.Option(
        "--client-key",
        envvar="BLOCKPOOL_CLIENT_KEY",
        help="Key file by which that node knows you, instead of a token.",
        rich_help_panel=_PANEL,
    ),
]


def tls_of(node_key: Path | None, client_key: Path | None) -> ssl.SSLContext | None:
    """Whom to believe over https, and what to show; None for the authorities of this machine."""
    if node_key is None:
        if client_key is not None:
            hint = "whoever runs the node hands out its public transport key"
            fail("--client-key goes with --node-key", hint, code=USAGE)
        return None
    key = _checked(read_public_key(node_key), node_key)
    if client_key is None:
        return pinned([key])
    passphrase_file = os.environ.get(_PASSPHRASE_FILE)
    signer = load_signer(client_key, Path(passphrase_file) if passphrase_file else None)
    _checked(signer.public_key, client_key)
    return pinned([key], issue(signer, [], time.time()))


def _checked(key: PublicKey, file: Path) -> PublicKey:
    if key.suite is not ED25519:
        fail(f"{file} is of the suite {key.suite.name}", hint="a transport key is ed25519")
    return key
