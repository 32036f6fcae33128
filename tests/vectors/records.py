"""Vectors of envelopes, payloads, chains and seals.

Text is given as it stands; `accepted` says whether a verifier takes it, `because` why not.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from ledger.canonical import encode
from ledger.envelope import sign_envelope
from ledger.keys import Signer
from ledger.lexical import encode_base64, parse_base64
from ledger.records import Body, Chain, new_statement
from tests import bodies
from tests.signers import ed25519_signer
from tests.vectors import example
from tests.vectors.stored_signer import Json

LEDGER: Final = "ab" * 32
GROUP_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
SIGNERS: Final[list[Signer]] = [ed25519_signer(1), ed25519_signer(2)]


def payload(body: Body, sequence: int = 0, previous: str | None = None) -> bytes:
    """A statement of `health/main`."""
    chain = Chain(
        issued_at="2026-01-01T00:00:00.000Z",
        ledger=LEDGER,
        previous=previous,
        sequence=sequence,
        writer="health/main",
    )
    return encode(new_statement(body, chain))


def usage() -> bytes:
    """The payload the others are made from."""
    return payload(bodies.usage(None, "2026-01-01T00:00:00.000Z", rows=(3, 4)))


def _vectors(good: str, bad: Mapping[str, str]) -> Json:
    for name, text in bad.items():
        if text == good:
            raise ValueError(f"`{name}` changes nothing")
    every = {"good": good, **bad}
    return [
        {"name": name, "accepted": name == "good", "text": text} for name, text in every.items()
    ]


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def envelopes() -> Json:
    """An envelope with two signatures, and what can be done to its form and its signatures."""
    good = sign_envelope(usage(), SIGNERS).encoded.decode()
    parts = json.loads(good)
    first, second = parts["signatures"]
    payload_text = parts["payload"]

    def altered(**changes: Any) -> str:
        return _compact({**parts, **changes})

    form = {
        "white space between members": good.replace('","payloadType', '", "payloadType'),
        "line feed at the end": good + "\n",
        "members in another order": _compact(dict(reversed(parts.items()))),
        "member unknown": altered(zone="x"),
        "member twice": good.replace("{", '{"payload":"",', 1),
        "payload type of another kind": altered(payloadType="application/json"),
        "payload type escaped": good.replace("application/vnd", "application\\/vnd"),
        "payload in URL-safe base64": altered(payload=encode_base64(b"\xff\xef").replace("/", "_")),
        "payload without padding": altered(payload=encode_base64(b"{}").rstrip("=")),
        "payload with stray bits": altered(payload="YR=="),
        "signatures in another order": altered(signatures=[second, first]),
        "signature twice": altered(signatures=[first, first]),
        "no signature": altered(signatures=[]),
        "seventeen signatures": altered(
            signatures=[{"keyid": f"{n:064x}", "sig": first["sig"]} for n in range(17)]
        ),
        "key id in capitals": altered(signatures=[{**first, "keyid": first["keyid"].upper()}]),
        "key id missing": altered(signatures=[{"sig": first["sig"]}]),
    }
    return {
        "keys": [json.loads(encode(signer.public_key.description)) for signer in SIGNERS],
        "keyids": [signer.public_key.keyid for signer in SIGNERS],
        "form": _vectors(good, form),
        "signatures": _vectors(good, _bad_signatures(parts, payload_text)),
    }


def _bad_signatures(parts: Any, payload_text: str) -> dict[str, str]:
    first, second = parts["signatures"]
    raw = parse_base64(first["sig"])
    s_plus_l = int.from_bytes(raw[32:], "little") + GROUP_ORDER

    def signed(sig: bytes) -> str:
        changed = {**first, "sig": encode_base64(sig)}
        return _compact({**parts, "signatures": [changed, second]})

    return {
        "first bit of R flipped": signed(bytes([raw[0] ^ 1]) + raw[1:]),
        "last bit of S flipped": signed(raw[:-1] + bytes([raw[-1] ^ 1])),
        "S plus the group order": signed(raw[:32] + s_plus_l.to_bytes(32, "little")),
        "a byte short": signed(raw[:-1]),
        "a byte long": signed(raw + b"\x00"),
        "of the other key": signed(parse_base64(second["sig"])),
        "over another payload": _compact(
            {**parts, "payload": encode_base64(parse_base64(payload_text) + b" ")}
        ),
    }


def payloads() -> Json:
    """A usage record's payload, and what makes it another text or no record at all."""
    good = usage().decode()
    digest, time = bodies.CONTENT, "2026-01-01T00:00:00.000Z"
    bad = {
        "white space": good.replace('":{"body', '": {"body'),
        "members in another order": good.replace(
            '{"offsetMs":0,"rows":3}', '{"rows":3,"offsetMs":0}'
        ),
        "member twice": good.replace('"rows":7', '"rows":7,"rows":7'),
        "member unknown": good.replace('"rows":7', '"rows":7,"rowz":7'),
        "member missing": good.replace(',"uses":2', ""),
        "default written out": good.replace('"uses":2', '"storage":"none","uses":2'),
        "null for what is left out": good.replace(',"operation"', ',"grant":null,"operation"'),
        "fraction": good.replace('"rows":7', '"rows":7.0'),
        "exponent": good.replace('"rows":7', '"rows":7e0'),
        "leading zero": good.replace('"rows":7', '"rows":07'),
        "negative count": good.replace('"rows":7', '"rows":-7'),
        "integer of 2^53": good.replace('"rows":7', f'"rows":{2**53}'),
        "number as text": good.replace('"rows":7', '"rows":"7"'),
        "character escaped that needs no escape": good.replace('"health"', '"\\u0068ealth"'),
        "slash escaped": good.replace("health/main", "health\\/main"),
        "digest in capitals": good.replace(digest, digest.upper()),
        "digest too short": good.replace(digest, digest[:-1]),
        "time without milliseconds": good.replace(time, "2026-01-01T00:00:00Z"),
        "time with an offset": good.replace(time, "2026-01-01T00:00:00.000+00:00"),
        "30 February": good.replace(time, "2026-02-30T00:00:00.000Z"),
        "leap second": good.replace(time, "2026-12-31T23:59:60.000Z"),
        "set not ascending": good.replace('"fields":["a"]', '"fields":["b","a"]'),
        "set with a repeat": good.replace('"fields":["a"]', '"fields":["a","a"]'),
        "span that ends before it starts": good.replace(
            f'"endedAt":"{time}"', '"endedAt":"2025-01-01T00:00:00.000Z"'
        ),
        "kind unknown": good.replace("blockpool:usage", "blockpool:misuse"),
        "version unknown": good.replace("usage:v1", "usage:v2"),
        "subject is something else": good.replace('"name":"flights@1"', '"name":"flights@2"'),
        "two subjects": good.replace(
            '"subject":[', '"subject":[{"digest":{"sha256":"' + digest + '"},"name":"x"},'
        ),
        "no ledger": good.replace(f'"ledger":"{LEDGER}"', '"ledger":null'),
        "byte order mark": "\ufeff" + good,
        "something after the end": good + "{}",
    }
    return _vectors(good, bad)


def chains() -> Json:
    """Whole logs whose leaves follow one another, or do not; `log` counts in `leaves` from 0.

    Signatures are not looked at.
    """
    leaves = example.leaves()
    genesis, first_seal, appointment, last_seal = leaves
    other_ledger = example.record(example.APPOINTMENT, "cd" * 32, example.founding().digest, 1)
    skipped = example.record(
        example.APPOINTMENT, example.founding().digest, example.founding().digest, 2
    )
    unlinked = example.record(example.APPOINTMENT, example.founding().digest, "cd" * 32, 1)
    logs: dict[str, list[bytes]] = {
        "good": leaves,
        "good up to the first seal": leaves[:2],
        "no seal at the end": leaves[:3],
        "no leaf": [],
        "no genesis": leaves[2:],
        "genesis twice": [genesis, first_seal, genesis, last_seal],
        "first seal left out": [genesis, appointment, last_seal],
        "seal twice": [genesis, first_seal, first_seal],
        "record left out": [genesis, first_seal, last_seal],
        "record twice": [genesis, first_seal, appointment, appointment, last_seal],
        "record of another ledger": [*leaves[:2], other_ledger.envelope.encoded, last_seal],
        "number skipped in the chain": [*leaves[:2], skipped.envelope.encoded, last_seal],
        "chain not linked": [*leaves[:2], unlinked.envelope.encoded, last_seal],
    }
    distinct = list(dict.fromkeys(leaf for log in logs.values() for leaf in log))
    return {
        "leaves": [leaf.decode() for leaf in distinct],
        "vectors": [
            {
                "name": name,
                "accepted": name.startswith("good"),
                "log": [distinct.index(leaf) for leaf in log],
            }
            for name, log in logs.items()
        ],
    }


def seals() -> Json:
    """A seal, and what makes it none."""
    good = example.leaves()[3].decode()
    parts = json.loads(good)
    seal = parts["predicate"]

    def altered(**changes: Any) -> str:
        return _compact({**parts, "predicate": {**seal, **changes}})

    bad = {
        "white space": good.replace(",", ", ", 1),
        "member missing": _compact(
            {**parts, "predicate": {key: seal[key] for key in seal if key != "stateRoot"}}
        ),
        "member unknown": altered(zone=1),
        "negative height": altered(height=-1),
        "previous seal is no digest": altered(previousSeal="x"),
        "time without milliseconds": altered(blockTime="2026-01-01T00:00:01Z"),
        "proposer is no member": altered(proposer="Bureau"),
        "of another kind": good.replace("blockpool:seal:v1", "blockpool:deal:v1"),
        "no subject": _compact({**parts, "subject": []}),
        "two subjects": _compact({**parts, "subject": parts["subject"] * 2}),
    }
    return _vectors(good, bad)
