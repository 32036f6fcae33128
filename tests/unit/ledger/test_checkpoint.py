"""Checkpoints: one from the wild, and every damaged byte of ours."""

import pytest
from msgspec.structs import replace

from ledger.checkpoint import (
    Checkpoint,
    CheckpointVerifier,
    cosign_checkpoint,
    log_key,
    open_checkpoint,
    parse_checkpoint,
    parse_foreign_checkpoint,
    sign_checkpoint,
    witness_key,
)
from ledger.cosignature import encode_timestamped
from ledger.errors import FormatError, LedgerError, VerificationError
from ledger.hashing import EMPTY_ROOT, sha256
from ledger.keys import PrivateKey
from ledger.note import Note, NoteSignature, add_signatures, encode_note, parse_note, parse_vkey
from ledger.records import encode_statement, new_statement, parse_statement
from tests.examples import GENESIS, chain_of
from tests.mutations import mutations
from tests.signers import ed25519_signer, ml_dsa_signer

# A checkpoint of the CT log arche2025h1, cosigned by public witnesses in May 2026.
WILD = """\
arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3\
urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI7\
5MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk\
5XeU/zZ0WBxtqB0DrAWfBw==
""".encode()
WILD_LOG = parse_vkey(
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
)
WILD_WITNESS = parse_vkey("remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2")

ORIGIN = "example.com/log"
CHECKPOINT = Checkpoint(ORIGIN, 7, sha256(b"root"))
LOG, LOG_ML_DSA = ed25519_signer(1), ml_dsa_signer(1)
HEALTH, TAX = ed25519_signer(2), ml_dsa_signer(3)
LOG_KEYS = [log_key(ORIGIN, signer.public_key) for signer in (LOG, LOG_ML_DSA)]
HEALTH_KEY = witness_key(ORIGIN, "health", HEALTH.public_key)
TAX_KEY = witness_key(ORIGIN, "tax", TAX.public_key)
SIGNED = sign_checkpoint(CHECKPOINT, [LOG, LOG_ML_DSA])
HEALTH_LINE = cosign_checkpoint(CHECKPOINT, "health", HEALTH, 1_700_000_000)
TAX_LINE = cosign_checkpoint(CHECKPOINT, "tax", TAX, 1_700_000_001)
COSIGNED = add_signatures(SIGNED, [HEALTH_LINE, TAX_LINE])


def test_a_checkpoint_from_the_wild_opens() -> None:
    opened = open_checkpoint(WILD, [WILD_LOG], [WILD_WITNESS])
    assert opened.checkpoint.size == 1_432_088_532
    assert [good.timestamp_s for good in opened.signatures] == [None, 1_779_573_024]
    with pytest.raises(VerificationError):
        open_checkpoint(WILD.replace(b"1432088532", b"1432088533"), [WILD_LOG])


def test_all_lines_of_ours_open() -> None:
    opened = open_checkpoint(COSIGNED, LOG_KEYS, [HEALTH_KEY, TAX_KEY])
    assert opened.checkpoint == CHECKPOINT
    assert opened.note == COSIGNED
    assert [(good.key, good.timestamp_s) for good in opened.signatures] == [
        (LOG_KEYS[0], None),
        (LOG_KEYS[1], 0),
        (HEALTH_KEY, 1_700_000_000),
        (TAX_KEY, 1_700_000_001),
    ]


def test_one_log_key_is_enough() -> None:
    for key in LOG_KEYS:
        assert open_checkpoint(SIGNED, [key]).checkpoint == CHECKPOINT


def test_a_log_may_state_the_time() -> None:
    note = sign_checkpoint(CHECKPOINT, [LOG, LOG_ML_DSA], timestamp_s=5)
    opened = open_checkpoint(note, LOG_KEYS)
    assert [good.timestamp_s for good in opened.signatures] == [None, 5]


def test_cosignatures_alone_are_not_the_logs_word() -> None:
    only = encode_note(Note(CHECKPOINT.text, (HEALTH_LINE, TAX_LINE)))
    with pytest.raises(VerificationError, match="known key of its log"):
        open_checkpoint(only, LOG_KEYS, [HEALTH_KEY, TAX_KEY])


def test_a_log_does_not_speak_for_another() -> None:
    other = Checkpoint("example.com/other", 7, CHECKPOINT.root)
    line = NoteSignature(ORIGIN, LOG_KEYS[0].key_id, LOG.sign(other.text))
    with pytest.raises(VerificationError, match="known key of its log"):
        open_checkpoint(encode_note(Note(other.text, (line,))), LOG_KEYS)


def test_a_cosignature_commits_to_time_tree_and_type() -> None:
    verifier, verifier_ml = CheckpointVerifier(HEALTH_KEY), CheckpointVerifier(TAX_KEY)
    for check, line in ((verifier, HEALTH_LINE), (verifier_ml, TAX_LINE)):
        check.verify(CHECKPOINT.text, line.payload)
        later = encode_timestamped(1_700_000_002, line.payload[8:])
        others = (
            Checkpoint(ORIGIN, 8, CHECKPOINT.root),
            Checkpoint(ORIGIN, 7, sha256(b"other")),
            Checkpoint("example.com/other", 7, CHECKPOINT.root),
        )
        with pytest.raises(VerificationError):
            check.verify(CHECKPOINT.text, later)
        for other in others:
            with pytest.raises(VerificationError):
                check.verify(other.text, line.payload)
        for short in (b"", line.payload[:8], line.payload[8:], line.payload[:-1]):
            with pytest.raises(VerificationError):
                check.verify(CHECKPOINT.text, short)


def test_an_ml_dsa_cosignature_commits_to_its_name() -> None:
    renamed = witness_key(ORIGIN, "health", TAX.public_key)
    with pytest.raises(VerificationError):
        CheckpointVerifier(renamed).verify(CHECKPOINT.text, TAX_LINE.payload)


@pytest.mark.parametrize("signer", [LOG, LOG_ML_DSA], ids=["ed25519", "ml-dsa-44"])
def test_every_byte_counts(signer: PrivateKey) -> None:
    note = sign_checkpoint(CHECKPOINT, [signer])
    keys = [log_key(ORIGIN, signer.public_key)]
    assert open_checkpoint(note, keys).checkpoint == CHECKPOINT
    for name, damaged in mutations(note, bits=b"\x01\x20"):
        with pytest.raises(LedgerError):
            pytest.fail(f"{name}: {open_checkpoint(damaged, keys)!r}")


def test_a_damaged_checkpoint_never_keeps_all_its_lines() -> None:
    for _, damaged in mutations(COSIGNED, bits=b"\x01"):
        try:
            opened = open_checkpoint(damaged, LOG_KEYS, [HEALTH_KEY, TAX_KEY])
        except LedgerError:
            continue
        assert len(opened.signatures) < 4
        assert opened.checkpoint == CHECKPOINT


ROOT_LINE = CHECKPOINT.text.split(b"\n")[2]
BAD_TEXTS = {
    "an extension line": CHECKPOINT.text + b"extension\n",
    "no root": b"example.com/log\n7\n",
    "no line feed": CHECKPOINT.text[:-1],
    "an empty line": b"\n" + CHECKPOINT.text,
    "no origin": b"\n7\n" + ROOT_LINE + b"\n",
    "a space in the origin": b"example.com log\n7\n" + ROOT_LINE + b"\n",
    "a plus in the origin": b"example.com+log\n7\n" + ROOT_LINE + b"\n",
    "a leading zero": b"example.com/log\n07\n" + ROOT_LINE + b"\n",
    "a sign": b"example.com/log\n+7\n" + ROOT_LINE + b"\n",
    "a huge size": b"example.com/log\n9223372036854775808\n" + ROOT_LINE + b"\n",
    "a short root": b"example.com/log\n7\nAAAA\n",
    "a root with stray bits": b"example.com/log\n7\n" + ROOT_LINE[:-2] + b"t=\n",
    "a root without padding": b"example.com/log\n7\n" + ROOT_LINE[:-1] + b"\n",
    "an empty log with another root": b"example.com/log\n0\n" + ROOT_LINE + b"\n",
    "not UTF-8": b"\xff\n7\n" + ROOT_LINE + b"\n",
}


@pytest.mark.parametrize("name", BAD_TEXTS)
def test_a_bad_text_is_refused(name: str) -> None:
    assert BAD_TEXTS[name] != CHECKPOINT.text
    with pytest.raises(FormatError):
        parse_checkpoint(BAD_TEXTS[name])


OF_OTHERS = {
    "a space in the origin",
    "a plus in the origin",
    "an empty log with another root",
}


@pytest.mark.parametrize("name", BAD_TEXTS)
def test_what_other_logs_say_may_be_something_else(name: str) -> None:
    if name in OF_OTHERS:
        assert parse_foreign_checkpoint(BAD_TEXTS[name]).text == BAD_TEXTS[name]
        return
    with pytest.raises(FormatError):
        parse_foreign_checkpoint(BAD_TEXTS[name])


def test_an_origin_that_no_cosignature_can_hold_is_refused() -> None:
    longest = Checkpoint("o" * 255, 0, EMPTY_ROOT)
    assert parse_foreign_checkpoint(longest.text) == longest
    with pytest.raises(FormatError):
        parse_foreign_checkpoint(b"o" + longest.text)


def test_a_text_comes_back() -> None:
    largest = Checkpoint("条/log", 2**63 - 1, CHECKPOINT.root)
    for checkpoint in (CHECKPOINT, Checkpoint(ORIGIN, 0, EMPTY_ROOT), largest):
        assert parse_checkpoint(checkpoint.text) == checkpoint


def test_signatures_are_written_in_the_order_of_the_signers() -> None:
    lines = parse_note(COSIGNED).signatures
    assert [line.name for line in lines] == [
        ORIGIN,
        ORIGIN,
        f"{ORIGIN}/witness/health",
        f"{ORIGIN}/witness/tax",
    ]
    assert [len(line.payload) for line in lines] == [64, 8 + 2420, 8 + 64, 8 + 2420]


@pytest.mark.parametrize("signer", [HEALTH, TAX], ids=["ed25519", "ml-dsa-44"])
def test_the_longest_names_a_ledger_allows_cosign(signer: PrivateKey) -> None:
    genesis = replace(GENESIS, origin="o" * 183)
    payload = encode_statement(new_statement(genesis, chain_of("genesis")))
    checkpoint = Checkpoint(parse_statement(payload)[1].subject[0].name, 7, CHECKPOINT.root)
    member = "m" * 63
    note = add_signatures(
        sign_checkpoint(checkpoint, [LOG, LOG_ML_DSA]),
        [cosign_checkpoint(checkpoint, member, signer, 1)],
    )
    log_keys = [log_key(checkpoint.origin, one.public_key) for one in (LOG, LOG_ML_DSA)]
    witness = witness_key(checkpoint.origin, member, signer.public_key)
    assert len(open_checkpoint(note, log_keys, [witness]).signatures) == 3


def test_an_origin_that_leaves_no_room_for_a_witness_is_refused() -> None:
    longer = new_statement(replace(GENESIS, origin="o" * 184), chain_of("genesis"))
    with pytest.raises(FormatError, match="origin"):
        parse_statement(encode_statement(longer))
    with pytest.raises(FormatError, match="255 bytes"):
        witness_key("o" * 184, "m" * 63, HEALTH.public_key)
