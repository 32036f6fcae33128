"""The worked example of `ledger/FORMAT.md`, laid out from `tests/vectors/example.json`.

All of it is shown but two things that are long and say nothing to a reader: ML-DSA-44 keys and
signatures, of which the first and last characters stand around an ellipsis.
"""

import json
import re
from pathlib import Path
from typing import Any, Final

from tests.reference import naive_map, naive_tree

EXAMPLE: Final = Path(__file__).parents[1] / "vectors" / "example.json"
_LINE: Final = 96
_LONG_BASE64: Final = re.compile(r"[A-Za-z0-9+/=\\n]{800,}")


def render() -> str:
    """The example as Markdown."""
    found = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    parts = [_keys(found)]
    for number, name in enumerate(("the genesis record", "the appointment")):
        parts.append(_record(found, number, f"{name.capitalize()}, leaf {2 * number}"))
        parts.append(_seal(found, number))
    parts.append(_log(found))
    return "\n\n".join(parts)


def elided(text: str) -> str:
    """The text without the middle of what is long and meaningless."""
    return _LONG_BASE64.sub(lambda long: f"{long[0][:24]}…{long[0][-24:]}", text)


def _block(text: str) -> str:
    """A fenced block of lines that are cut, not broken: no line feed belongs to what is shown."""
    lines = [
        line[at : at + _LINE]
        for line in elided(text).split("\n")
        for at in range(0, max(len(line), 1), _LINE)
    ]
    return "\n".join(("```text", *lines, "```"))


def _keys(found: Any) -> str:
    rows = ["| key | seed | public key | key id |", "| --- | --- | --- | --- |"]
    for name, key in found["keys"].items():
        public = key["public"] if len(key["public"]) == 64 else f"{key['public'][:16]}…"
        rows.append(f"| {name} | 32 × `{key['seed'][:2]}` | `{public}` | `{key['keyid']}` |")
    return "\n".join(rows)


def _record(found: Any, number: int, title: str) -> str:
    payload, leaf = found["payloads"][number], found["leaves"][2 * number]
    envelope = json.loads(leaf)
    envelope["payload"] = "…"
    shown = json.dumps(envelope, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    start = found["preAuthentication"][number].removesuffix(payload)
    return "\n\n".join(
        (
            f"#### {title}",
            f"Payload, {len(payload.encode())} bytes:",
            _block(payload),
            f"Record digest, its SHA-256: `{found['recordDigests'][number]}`",
            f"What is signed is `{start}` and then the payload.",
            f"The leaf is the envelope, {len(leaf)} bytes, here without the base64 of the payload:",
            _block(shown),
            f"Leaf hash: `{found['leafHashes'][2 * number]}`",
        )
    )


def _seal(found: Any, number: int) -> str:
    outcomes = found["outcomes"][number]
    root = naive_tree.mth([outcome.encode() for outcome in outcomes]).hex()
    state = found["states"][number]
    pairs = {key.encode(): value.encode() for key, value in state.items()}
    index = 2 * number + 1
    values = "\n".join(f"{key}  {value}" for key, value in state.items())
    return "\n\n".join(
        (
            f"#### The seal of block {number}, leaf {index}",
            "Outcomes, the settlement first:",
            _block("\n".join(outcomes)),
            f"Outcomes root: `{root}`. The state after the block, key and value:",
            _block(values),
            f"State root: `{naive_map.map_root(pairs).hex()}`. The leaf:",
            _block(found["leaves"][index]),
            f"Leaf hash: `{found['leafHashes'][index]}`",
        )
    )


def _log(found: Any) -> str:
    receipt, proofs = found["receipt"], found["mapProofs"]
    present, absent = proofs
    return "\n\n".join(
        (
            "#### The log",
            f"Root of the four leaves: `{found['root']}`.",
            f"`{found['tile']['path']}` holds the four leaf hashes. The log's verifier keys:",
            _block("\n".join(found["vkeys"])),
            "A policy that asks for its signature alone:",
            _block(found["policy"].rstrip("\n")),
            "The checkpoint:",
            _block(found["checkpoint"].rstrip("\n")),
            f"The receipt of leaf {receipt['index']}:",
            _block(receipt["file"].rstrip("\n")),
            f"The proof that `{present}` has its value under the second state root:",
            _block(proofs[present]),
            f"The proof that `{absent}` is absent:",
            _block(proofs[absent]),
        )
    )
