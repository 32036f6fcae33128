"""What a node answered, read as values and told to people: state, receipts, refusals."""

from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import quote

from msgspec import json as msgspec_json

from contracts.values import Value, parse_value
from node.client import Client, Problem, Receipted, Result
from scripts.console_text import fail, info, print_json, success, warn
from scripts.error_text import hint_of

V = TypeVar("V", bound=Value)


def read_value(client: Client, kind: type[V], key: str, as_at: str | None = None) -> V | None:
    """The state value under `key`, or None if there is none; the node is believed."""
    value = any_value(client, key, as_at)
    return value if isinstance(value, kind) else None


def any_value(client: Client, key: str, as_at: str | None = None) -> Value | None:
    """As `read_value`, of whatever kind; of the past what the node keeps of it.

    A proof would cost the node many times the value, and nobody here looks at it.
    """
    told = client.get(f"/v1/values/{quote(key)}", at=as_at)["value"]
    if told is None:
        return None
    return parse_value(key, msgspec_json.encode(told, order="deterministic"))


def summary_of(done: Receipted) -> dict[str, object]:
    """What became of a record, for JSON."""
    return {
        "blockTime": done.block_time,
        "digest": done.digest,
        "findings": done.findings,
        "height": done.height,
        "index": done.index,
    }


def print_receipted(
    done: Receipted, message: str, *, as_json: bool, more: Mapping[str, object] | None = None
) -> None:
    """Say that a record is in the ledger, what it came to, and what was found about it."""
    if as_json:
        print_json({**summary_of(done), **(more or {})})
        return
    success(message)
    info(f"record {done.digest} at index {done.index}, block {done.height}, {done.block_time}")
    for finding in done.findings:
        warn(f"finding {finding.code}: {finding.title}", hint=f"reply to case {finding.case}")


def require_all(results: Sequence[Result], names: Sequence[str]) -> list[Receipted]:
    """All of them, or say which were refused, and why, and end."""
    done = [one for one in results if isinstance(one, Receipted)]
    refused = [
        (name, one) for name, one in zip(names, results, strict=True) if isinstance(one, Problem)
    ]
    alike: dict[str, list[str]] = {}
    for name, problem in refused:
        alike.setdefault(str(problem), []).append(name)
    told = [(_named(names), problem) for problem, names in alike.items()]
    code_of = {str(problem): problem.code for _, problem in refused}
    for name, said in told[:-1]:
        warn(f"{name}: {said}", hint=hint_of(code_of[said]))
    if len(results) > len(refused) > 0:
        info(f"{len(done)} of {len(results)} records are in the ledger")
    if refused:
        name, said = told[-1]
        fail(f"{name}: {said}", hint=hint_of(code_of[said]))
    return done


def _named(names: Sequence[str]) -> str:
    """The first of names that meet the same, and how many there are besides."""
    first, *others = dict.fromkeys(names)
    return f"{first} and {len(others)} more" if others else first
