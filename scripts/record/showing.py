"""One record, told to a person: what it is, what it says, what the rules made of it."""

from collections.abc import Iterator
from typing import Final

from msgspec import json as msgspec_json
from msgspec import to_builtins

from ledger.records import Record, parse_record
from ledger.seal import is_seal, parse_seal
from node.client import Client, RecordInfo
from scripts.console_text import info, print_fields, print_json, print_table, success

_DIGEST_LIKE: Final = 20
"""No log has so many leaves that its indices are as long; a digest may have digits alone."""


def place_of(text: str) -> int | str:
    """An index as a number; what is none is the digest of a record, or how one begins."""
    text = text.strip().removesuffix("…")
    is_number = text.isascii() and text.isdigit() and len(text) < _DIGEST_LIKE
    return int(text) if is_number and text == str(int(text)) else text


def show_record(client: Client, ref: int | str, *, as_json: bool) -> None:
    """Print the record or seal at an index, or of a digest."""
    answer = client.record(ref)
    leaf = client.leaf(answer.index)
    if is_seal(leaf):
        told: object = parse_seal(leaf).predicate
        record = None
    else:
        record = parse_record(leaf)
        told = record.body
    if as_json:
        print_json({"answer": answer, "body": told})
        return
    print_fields(_fields(answer, record))
    success("")
    print_fields(members_told(told))
    findings = () if answer.outcome is None else answer.outcome.findings
    if findings:
        success("")
        print_table(("finding", "case", "meaning"), ((f.code, f.case, f.title) for f in findings))
    elif record is not None:
        info("no findings")


def members_told(body: object) -> Iterator[tuple[str, object]]:
    """The members of a body, one line each, nested ones with their path."""
    return _flat("", to_builtins(body))


def _fields(answer: RecordInfo, record: Record | None) -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = [
        ("kind", answer.kind),
        ("index", answer.index),
        ("block", f"{answer.height} at {answer.block_time}"),
    ]
    if record is not None:
        chain = record.chain
        pairs += [
            ("digest", record.digest),
            ("writer", f"{chain.writer}, its record {chain.sequence}"),
            ("signed at", chain.issued_at),
            ("signed by", ", ".join(record.envelope.keyids)),
        ]
    if answer.outcome is not None:
        pairs.append(("changed", ", ".join(answer.outcome.changed)))
    return pairs


def _flat(path: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}" if path else str(name), inner)
    elif isinstance(value, list | tuple) and any(isinstance(one, dict) for one in value):
        for number, inner in enumerate(value):
            yield from _flat(f"{path}[{number}]", inner)
    elif isinstance(value, list | tuple):
        yield path, ", ".join(str(one) for one in value)
    else:
        yield path, value if isinstance(value, str) else msgspec_json.encode(value).decode()
