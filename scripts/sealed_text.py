"""Text that may stay off the ledger, and documents of which the ledger keeps the digest."""

from pathlib import Path
from typing import Annotated, cast

import typer
from msgspec.json import encode as encode_json

from ledger.hashing import sha256
from ledger.sealed import MaybeSealed, new_salt, seal
from ledger.types import DigestHex
from scripts.console_text import info
from scripts.files import write_new
from scripts.patterns import quoted
from scripts.spelling import SpellingError, typed

SealOption = Annotated[
    Path | None,
    typer.Option("--seal", help="Keep the text off the ledger: salt and text go to this file."),
]


def maybe_sealed(text: str, opening: Path | None) -> MaybeSealed:
    """The text, or a commitment to it whose salt and text are in the file `opening`."""
    if opening is None:
        return text
    salt = new_salt()
    sealed = seal(text, salt)
    kept = {"salt": salt.hex(), "sealed": sealed.sealed, "text": text}
    write_new(opening, encode_json(kept), private=True)
    info(f"{opening} opens the sealed text: keep it, and give it to those entitled to read")
    return sealed


def document_digest(text: str) -> DigestHex:
    """The digest of a document: as it stands, or of the file named. Raises `SpellingError`."""
    path = Path(text)
    if path.is_file():
        return sha256(path.read_bytes()).hex()
    try:
        return cast("str", typed(text, DigestHex))
    except SpellingError as error:
        raise SpellingError(f"no file {quoted(text)}, and no digest of one either") from error
