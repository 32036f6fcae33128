"""`blockpool audit verify-receipt`: records in the log, proved from files alone, one or many."""

from collections.abc import Iterator, Sequence
from errno import ENOENT
from pathlib import Path
from typing import Annotated

import typer

from ledger.envelope import parse_envelope
from ledger.errors import LedgerError
from ledger.policy import Policy
from ledger.receipt import verify_receipt
from ledger.records import read_record
from ledger.seal import is_seal
from scripts.console_text import (
    USAGE,
    counted,
    fail,
    print_fields,
    print_json,
    print_table,
    success,
)
from scripts.options import JsonFlag
from scripts.trust import read_policy

app = typer.Typer()


@app.command("verify-receipt")
def verify_receipts(
    receipts: Annotated[
        list[Path], typer.Argument(metavar="RECEIPT", help="The .tlog-proof file; one or more.")
    ],
    policy: Annotated[
        Path,
        typer.Option(
            "--policy",
            envvar="BLOCKPOOL_POLICY",
            help="tlog-policy file: whose signatures make a checkpoint one to believe.",
        ),
    ],
    record: Annotated[
        Path | None,
        typer.Option(help="The record, as logged; without this, RECEIPT with the suffix .leaf."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Prove from files alone that a record is in the log; exit code 1 if one does not hold.

    Example: `blockpool audit verify-receipt receipts/*.tlog-proof --policy policy`
    """
    believed = read_policy(policy)
    if len(receipts) == 1:
        _print_proved(_proved(receipts[0], record, believed), as_json=as_json)
        return
    if record is not None:
        fail("--record goes with one receipt", "put each record beside its own", USAGE)
    told = list(_told(receipts, believed))
    if as_json:
        print_json(told)
    else:
        names = ("receipt", "holds", "index", "kind", "writer", "digest")
        print_table(names, ([one.get(name) for name in names] for one in told))
    wrong = sum(one["holds"] != "yes" for one in told)
    if wrong:
        fail(
            f"{wrong} of {counted(len(told), 'receipt')} do not hold",
            "keep these files as they are",
        )


def _told(receipts: Sequence[Path], policy: Policy) -> Iterator[dict[str, object]]:
    """What each receipt proves, or why it does not hold."""
    for receipt in receipts:
        try:
            yield {"receipt": str(receipt), "holds": "yes", **_proved(receipt, None, policy)}
        except LedgerError as error:
            yield {"receipt": str(receipt), "holds": f"no: {error}"}
        except OSError as error:
            yield {"receipt": str(receipt), "holds": f"no: {error.filename}: {error.strerror}"}


def _proved(receipt: Path, record: Path | None, policy: Policy) -> dict[str, object]:
    """What a receipt proves. Raises `FormatError`, `VerificationError`, `OSError`."""
    proof = receipt.read_bytes()
    place = record or receipt.with_suffix(".leaf")
    if record is None and not place.is_file():
        what = "there is no record beside the receipt; --record FILE names another"
        raise FileNotFoundError(ENOENT, what, str(place))
    leaf = _leaf_of(place.read_bytes())
    proved = verify_receipt(proof, leaf, policy)
    checkpoint = proved.checkpoint.checkpoint
    return {
        "origin": checkpoint.origin,
        "index": proved.index,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        **_about_leaf(leaf),
        "signers": [str(signature.key) for signature in proved.checkpoint.signatures],
    }


def _print_proved(about: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(about)
        return
    success(f"proved: it is leaf {about['index']} of {about['origin']}")
    print_fields(
        (name, ", ".join(value) if isinstance(value, list) else value)
        for name, value in about.items()
    )


def _leaf_of(data: bytes) -> bytes:
    """The leaf: the bytes as they are, or a record somebody laid out in another way, put back."""
    if is_seal(data):
        return data
    return parse_envelope(data, canonical=False).encoded


def _about_leaf(leaf: bytes) -> dict[str, object]:
    if is_seal(leaf):
        return {"kind": "seal"}
    record = read_record(parse_envelope(leaf))
    return {
        "kind": record.kind,
        "writer": record.chain.writer,
        "sequence": record.chain.sequence,
        "digest": record.digest,
        "signedBy": list(record.envelope.keyids),
    }
