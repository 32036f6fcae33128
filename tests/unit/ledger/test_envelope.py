"""Envelopes: one canonical form, every byte of it covered."""

import json
from base64 import standard_b64encode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.envelope import (
    INPUT_BYTES_MAX,
    PAYLOAD_TYPE,
    Envelope,
    open_envelope,
    pae,
    parse_envelope,
    sign_envelope,
    verify_signature,
)
from ledger.errors import FormatError, LedgerError, NotCanonical, VerificationError
from ledger.types import LEAF_BYTES_MAX
from tests.mutations import mutations
from tests.signers import ed25519_signer, ml_dsa_signer

PAYLOAD = '{"_type":"条数据"}'.encode()
SIGNERS = [ed25519_signer(1), ed25519_signer(2), ml_dsa_signer(3)]
KEYS = {signer.public_key.keyid: signer.public_key for signer in SIGNERS}
ONE = sign_envelope(PAYLOAD, SIGNERS[:1])
ALL = sign_envelope(PAYLOAD, SIGNERS)

Wire = dict[str, str | list[dict[str, str]]]


def wire_of(envelope: Envelope) -> Wire:
    wire: Wire = json.loads(envelope.encoded)
    return wire


def compact(wire: Wire) -> bytes:
    return json.dumps(wire, separators=(",", ":"), ensure_ascii=False).encode()


def test_pae_counts_bytes_not_characters() -> None:
    assert pae("条".encode()) == b"DSSEv1 28 application/vnd.in-toto+json 3 " + "条".encode()
    assert pae(b"") == b"DSSEv1 28 application/vnd.in-toto+json 0 "


def test_the_canonical_form() -> None:
    keyid, sig = ONE.signatures[0].keyid, standard_b64encode(ONE.signatures[0].sig).decode()
    payload = standard_b64encode(PAYLOAD).decode()
    assert ONE.encoded.decode() == (
        f'{{"payload":"{payload}","payloadType":"application/vnd.in-toto+json",'
        f'"signatures":[{{"keyid":"{keyid}","sig":"{sig}"}}]}}'
    )


@given(st.binary(max_size=300), st.sets(st.integers(0, 2), min_size=1))
def test_what_was_signed_opens(payload: bytes, who: set[int]) -> None:
    envelope = sign_envelope(payload, [SIGNERS[number] for number in sorted(who)])
    again = parse_envelope(envelope.encoded)
    assert again == envelope
    assert list(again.keyids) == sorted(again.keyids)
    assert open_envelope(again, KEYS) == payload


def test_the_order_of_signers_does_not_matter() -> None:
    assert sign_envelope(PAYLOAD, SIGNERS[1::-1]) == sign_envelope(PAYLOAD, SIGNERS[:2])


@pytest.mark.parametrize("envelope", [ONE, ALL], ids=["one", "all"])
def test_every_byte_counts(envelope: Envelope) -> None:
    bits = b"\x01\x02\x20\x80" if envelope is ONE else b"\x01"
    for name, damaged in mutations(envelope.encoded, bits=bits):
        with pytest.raises(LedgerError):
            pytest.fail(f"{name}: {open_envelope(parse_envelope(damaged), KEYS)!r}")


def test_every_missing_signature_is_missed() -> None:
    wire = wire_of(ALL)
    signatures = wire["signatures"]
    assert isinstance(signatures, list)
    wire["signatures"] = signatures[1:]
    fewer = parse_envelope(compact(wire))
    with pytest.raises(VerificationError, match="no signature by key"):
        verify_signature(fewer, KEYS[ALL.keyids[0]])


def test_an_unknown_key_opens_nothing() -> None:
    with pytest.raises(VerificationError, match="no key"):
        open_envelope(ONE, {})
    with pytest.raises(VerificationError, match="no key"):
        open_envelope(ONE, {ONE.keyids[0]: SIGNERS[1].public_key})


def test_a_signature_says_nothing_about_another_payload() -> None:
    other = Envelope(PAYLOAD + b" ", ONE.signatures, ONE.encoded)
    with pytest.raises(VerificationError):
        open_envelope(other, KEYS)


def test_a_raw_signature_over_the_payload_is_not_one() -> None:
    signer = SIGNERS[0]
    wire = wire_of(ONE)
    raw = standard_b64encode(signer.sign(PAYLOAD)).decode()
    wire["signatures"] = [{"keyid": signer.public_key.keyid, "sig": raw}]
    with pytest.raises(VerificationError):
        open_envelope(parse_envelope(compact(wire)), KEYS)


def loose_forms() -> dict[str, bytes]:
    wire = wire_of(ALL)
    signatures = wire["signatures"]
    assert isinstance(signatures, list)

    def urlsafe(text: str) -> str:
        return text.replace("+", "-").replace("/", "_")

    no_pad = [{"keyid": s["keyid"], "sig": s["sig"].rstrip("=")} for s in signatures]
    safe = [{"keyid": s["keyid"], "sig": urlsafe(s["sig"])} for s in signatures]
    return {
        "indented": json.dumps(wire, indent=2).encode(),
        "members in another order": compact(dict(reversed(wire.items()))),
        "signatures in another order": compact({**wire, "signatures": signatures[::-1]}),
        "unknown members": compact({**wire, "unknown": [{"a": "b"}]}),
        "unknown members of a signature": compact(
            {**wire, "signatures": [{**s, "cert": "x"} for s in signatures]}
        ),
        "URL-safe base64": compact(
            {**wire, "payload": urlsafe_b64encode(PAYLOAD).decode(), "signatures": safe}
        ),
        "no padding": compact({**wire, "signatures": no_pad}),
        "escapes": ALL.encoded.replace(b"payloadType", b"payload\\u0054ype"),
    }


@pytest.mark.parametrize("form", loose_forms())
def test_the_api_accepts_what_dsse_allows_and_the_log_does_not(form: str) -> None:
    data = loose_forms()[form]
    assert parse_envelope(data, canonical=False) == ALL
    with pytest.raises(FormatError):
        parse_envelope(data)


def test_another_encoding_is_named_as_such() -> None:
    with pytest.raises(NotCanonical):
        parse_envelope(ONE.encoded + b"\n")
    with pytest.raises(NotCanonical):
        parse_envelope(ONE.encoded.replace(b"vnd.in", b"vnd\\u002ein"))


@pytest.mark.parametrize("canonical", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        {"payloadType": "application/json"},
        {"payloadType": PAYLOAD_TYPE + " "},
        {"payload": "****"},
        {"payload": "YQ==YQ=="},
        {"payload": "Y"},
        {"signatures": []},
        {"signatures": [{"sig": "AA=="}]},
        {"signatures": [{"keyid": "", "sig": "AA=="}]},
        {"signatures": [{"keyid": "A" * 64, "sig": "AA=="}]},
        {"signatures": [{"keyid": "a" * 64, "sig": "AA=="}] * 2},
        {"signatures": [{"keyid": f"{n:064x}", "sig": "AA=="} for n in range(17)]},
    ],
    ids=str,
)
def test_what_dsse_does_not_allow_is_refused(change: Wire, canonical: bool) -> None:  # noqa: FBT001
    with pytest.raises(FormatError):
        parse_envelope(compact({**wire_of(ONE), **change}), canonical=canonical)


@pytest.mark.parametrize("canonical", [True, False])
@pytest.mark.parametrize(
    "data",
    [b"", b"null", b"[]", b"{}", b"\xff", b'{"payload":1}', b"[" * 100_000, b'{"a":' * 100_000],
    ids=range(8),
)
def test_junk_is_refused(data: bytes, canonical: bool) -> None:  # noqa: FBT001
    with pytest.raises(FormatError):
        parse_envelope(data, canonical=canonical)


def test_sixteen_signatures_are_accepted_and_seventeen_not() -> None:
    signers = [ed25519_signer(number) for number in range(1, 18)]
    sixteen = sign_envelope(PAYLOAD, signers[:16])
    keys = {signer.public_key.keyid: signer.public_key for signer in signers}
    assert open_envelope(parse_envelope(sixteen.encoded), keys) == PAYLOAD
    for wrong in (signers, [], [signers[0], signers[0]]):
        with pytest.raises(FormatError):
            sign_envelope(PAYLOAD, wrong)


def test_the_largest_leaf_is_accepted_and_nothing_larger() -> None:
    payload = b"x" * 48_900
    largest = sign_envelope(payload, SIGNERS[:1])
    while len(largest.encoded) <= LEAF_BYTES_MAX - 4:
        payload += b"xxx"
        largest = sign_envelope(payload, SIGNERS[:1])
    assert parse_envelope(largest.encoded) == largest
    with pytest.raises(FormatError, match="more than"):
        sign_envelope(payload + b"xxx", SIGNERS[:1])
    wire = {**wire_of(largest), "payload": standard_b64encode(payload + b"xxx").decode()}
    for canonical in (True, False):
        with pytest.raises(FormatError, match="more than"):
            parse_envelope(compact(wire), canonical=canonical)
    with pytest.raises(FormatError, match="more than"):
        parse_envelope(ONE.encoded + b" " * INPUT_BYTES_MAX, canonical=False)
