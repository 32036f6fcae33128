"""Trust policies: the file format, and who makes a quorum."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoint import (
    Checkpoint,
    cosign_checkpoint,
    log_key,
    open_checkpoint,
    sign_checkpoint,
    witness_key,
)
from ledger.errors import FormatError, LedgerError, VerificationError, WeakKeyError
from ledger.hashing import sha256
from ledger.lexical import encode_base64
from ledger.note import VerifierKey, add_signatures, encode_vkey, parse_note
from ledger.policy import (
    ENTRIES_MAX,
    Group,
    LogEntry,
    Policy,
    WitnessEntry,
    consortium_policy,
    smallest_note,
    verify_policy,
)
from ledger.policy_file import POLICY_BYTES_MAX, encode_policy, parse_policy
from ledger.suites import NOTE_COSIGNATURE, NOTE_ED25519, NOTE_SUBTREE
from tests.mutations import mutations
from tests.signers import ed25519_signer, ml_dsa_signer

ORIGIN = "example.com/log"
CHECKPOINT = Checkpoint(ORIGIN, 7, sha256(b"root"))
LOG, LOG_ML_DSA, NEXT_LOG = ed25519_signer(1), ml_dsa_signer(1), ed25519_signer(2)
LOG_KEYS = [log_key(ORIGIN, signer.public_key) for signer in (LOG, LOG_ML_DSA, NEXT_LOG)]
MEMBERS = {"health": ed25519_signer(11), "land": ed25519_signer(12), "tax": ed25519_signer(13)}
MEMBER_ML_DSA = ml_dsa_signer(14)
KEYS = {
    member: [witness_key(ORIGIN, member, signer.public_key)] for member, signer in MEMBERS.items()
}
KEYS["tax"].append(witness_key(ORIGIN, "tax", MEMBER_ML_DSA.public_key))
LINES = {
    **{member: cosign_checkpoint(CHECKPOINT, member, s, 9) for member, s in MEMBERS.items()},
    "tax ml-dsa": cosign_checkpoint(CHECKPOINT, "tax", MEMBER_ML_DSA, 9),
}
SIGNED = sign_checkpoint(CHECKPOINT, [LOG, LOG_ML_DSA])
TWO_OF_THREE = consortium_policy(LOG_KEYS, KEYS, quorum=2)


def note_by(*who: str) -> bytes:
    return add_signatures(SIGNED, [LINES[name] for name in who])


def holds(policy: Policy, note: bytes) -> bool:
    try:
        return verify_policy(policy, note).checkpoint == CHECKPOINT
    except VerificationError:
        return False


@pytest.mark.parametrize("count", range(len(LINES) + 1))
def test_two_of_three_members_make_the_quorum(count: int) -> None:
    for who in combinations(LINES, count):
        members = list(dict.fromkeys(name.partition(" ")[0] for name in who))
        assert holds(TWO_OF_THREE, note_by(*who)) == (len(members) >= 2)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(
        VerificationError, match="needs 2 of 3, has 1; missing: 'health/any', 'land"
    ):
        verify_policy(TWO_OF_THREE, note_by("tax", "tax ml-dsa"))
    witness = WitnessEntry("w", KEYS["health"][0])
    policy = Policy((LogEntry(LOG_KEYS[0]),), (witness,), (), "w")
    with pytest.raises(VerificationError, match="needs 1 of 1, has 0; missing: 'w'"):
        verify_policy(policy, SIGNED)
    assert holds(policy, note_by("health"))


def test_a_policy_may_ask_for_no_cosignature() -> None:
    policy = consortium_policy(LOG_KEYS, KEYS, quorum=0)
    assert policy.quorum is None
    assert holds(policy, SIGNED)


def test_any_key_of_the_log_will_do_and_no_other() -> None:
    for key in LOG_KEYS[:2]:
        assert holds(consortium_policy([key], {}, quorum=0), SIGNED)
    rotated = sign_checkpoint(CHECKPOINT, [NEXT_LOG])
    assert holds(TWO_OF_THREE, add_signatures(rotated, [LINES["health"], LINES["land"]]))
    with pytest.raises(VerificationError):
        verify_policy(consortium_policy(LOG_KEYS[2:], {}, quorum=0), SIGNED)
    with pytest.raises(VerificationError):
        verify_policy(Policy(), SIGNED)


def test_a_bad_cosignature_spoils_even_a_full_quorum() -> None:
    full = note_by("health", "land", "tax")
    stale = cosign_checkpoint(Checkpoint(ORIGIN, 6, CHECKPOINT.root), "tax", MEMBERS["tax"], 9)
    with pytest.raises(VerificationError):
        verify_policy(TWO_OF_THREE, add_signatures(full, [stale]))


def test_groups_of_groups() -> None:
    names = ["x1", "x2", "x3", "y1", "y2"]
    signers = {name: ed25519_signer(20 + n) for n, name in enumerate(names)}
    witnesses = tuple(
        WitnessEntry(name, witness_key(ORIGIN, name, signer.public_key))
        for name, signer in signers.items()
    )
    groups = (
        Group("X", 2, ("x1", "x2", "x3")),
        Group("Y", 1, ("y1", "y2")),
        Group("X-and-Y", 2, ("X", "Y")),
    )
    policy = Policy((LogEntry(LOG_KEYS[0]),), witnesses, groups, "X-and-Y")
    lines = {name: cosign_checkpoint(CHECKPOINT, name, s, 9) for name, s in signers.items()}
    for count in range(len(names) + 1):
        for who in combinations(names, count):
            note = add_signatures(SIGNED, [lines[name] for name in who])
            xs = [name for name in who if name.startswith("x")]
            expected = len(xs) >= 2 and len(xs) < len(who)
            assert holds(policy, note) == expected
            if expected:
                small = smallest_note(policy, note)
                assert holds(policy, small)
                assert len(parse_note(small).signatures) == 1 + 3


def test_the_smallest_note_prefers_small_signatures() -> None:
    note = note_by("tax ml-dsa", "tax", "land", "health")
    small = smallest_note(TWO_OF_THREE, note)
    names = [line.name for line in parse_note(small).signatures]
    assert names == [ORIGIN, ORIGIN, f"{ORIGIN}/witness/land", f"{ORIGIN}/witness/tax"]
    assert [len(line.payload) for line in parse_note(small).signatures] == [64, 2428, 72, 72]
    assert holds(TWO_OF_THREE, small)
    assert smallest_note(TWO_OF_THREE, small) == small
    both = smallest_note(TWO_OF_THREE, note_by("tax", "tax ml-dsa", "land"))
    assert [len(line.payload) for line in parse_note(both).signatures] == [64, 2428, 72, 72]


def test_the_smallest_note_drops_what_nobody_asked_for() -> None:
    bare = consortium_policy(LOG_KEYS[:1], {}, quorum=0)
    small = smallest_note(bare, note_by("tax", "land"))
    assert small == sign_checkpoint(CHECKPOINT, [LOG])
    assert open_checkpoint(small, LOG_KEYS[:1]).checkpoint == CHECKPOINT


def test_a_file_comes_back() -> None:
    for policy in (TWO_OF_THREE, Policy(), consortium_policy(LOG_KEYS, KEYS, quorum=3)):
        assert parse_policy(encode_policy(policy)) == policy


def vkey(number: int, signature_type: bytes = NOTE_COSIGNATURE) -> str:
    return encode_vkey(VerifierKey(f"k{number}", signature_type, ed25519_signer(number).public_key))


LOG_LINE = f"log {vkey(1, NOTE_ED25519)}\n"
W1, W2 = f"witness w1 {vkey(2)}\n", f"witness w2 {vkey(3)}\n"


def test_the_example_of_the_specification() -> None:
    keys = iter(range(2, 10))
    lines = [LOG_LINE, "\n"]
    lines += [f"witness X{n} {vkey(next(keys))}\n" for n in (1, 2, 3)]
    lines += ["group X-witnesses 2 X1 X2 X3\n", "\n"]
    lines += [f"witness Y{n} {vkey(next(keys))}\n" for n in (1, 2, 3)]
    lines += ["group Y-witnesses any Y1 Y2 Y3\n", "\n"]
    lines += ["group X-and-Y all X-witnesses Y-witnesses\n", "quorum X-and-Y\n"]
    policy = parse_policy("".join(lines).encode())
    assert [(group.name, group.threshold) for group in policy.groups] == [
        ("X-witnesses", 2),
        ("Y-witnesses", 1),
        ("X-and-Y", 2),
    ]
    assert policy.quorum == "X-and-Y"


def test_spaces_tabs_comments_urls_and_any_octets_are_allowed() -> None:
    data = (
        f"# comment\n\t \n  {LOG_LINE[:-1]}\thttps://log.example/ \n"
        f"\twitness\tw1 \t {vkey(2)} https://w.example/条\n  # another\n".encode()
        + b"witness \xe2\x84\xaa\xff "
        + vkey(3).encode()
        + b"\ngroup K all w1 \xe2\x84\xaa\xff\nquorum K\n"
    )
    policy = parse_policy(data)
    assert policy.logs[0].url == "https://log.example/"
    assert policy.witnesses[0].url == "https://w.example/条"
    assert b"group K all w1 \xe2\x84\xaa\xff\n" in encode_policy(policy)
    assert parse_policy(encode_policy(policy)) == policy


BAD_FILES = {
    "nothing": "",
    "no quorum": LOG_LINE,
    "two quorums": LOG_LINE + "quorum none\nquorum none\n",
    "an unended last line": LOG_LINE + "quorum none",
    "an unknown line": LOG_LINE + "quorums none\n",
    "an unknown quorum": LOG_LINE + W1 + "quorum w2\n",
    "a quorum before its witness": "quorum w1\n" + W1,
    "a group before its witness": "group g any w1\n" + W1 + "quorum g\n",
    "a group of itself": W1 + "group g any g\nquorum g\n",
    "an empty group": W1 + "group g any\nquorum w1\n",
    "an empty group with a number": W1 + "group g 0\nquorum w1\n",
    "a group that asks for nobody": W1 + "group g 0 w1\nquorum g\n",
    "a group that asks for too many": W1 + "group g 2 w1\nquorum g\n",
    "a group with a padded number": W1 + "group g 01 w1\nquorum g\n",
    "a group with another word": W1 + "group g most w1\nquorum g\n",
    "a member twice": W1 + "group g 2 w1 w1\nquorum g\n",
    "a member of two groups": W1 + W2 + "group g any w1 w2\ngroup h any w1\nquorum g\n",
    "the member none": W1 + "group g any w1 none\nquorum g\n",
    "a witness called none": f"witness none {vkey(2)}\nquorum none\n",
    "a group called none": W1 + "group none any w1\nquorum none\n",
    "a name twice": W1 + W1.replace(vkey(2), vkey(3)) + "quorum w1\n",
    "a group with a witness's name": W1 + W2 + "group w1 any w2\nquorum w1\n",
    "a witness's key twice": W1 + W1.replace("w1", "w2") + "quorum w1\n",
    "a log's key twice": LOG_LINE * 2 + "quorum none\n",
    "a log's key under two names": LOG_LINE
    + "log "
    + encode_vkey(VerifierKey("other", NOTE_ED25519, ed25519_signer(1).public_key))
    + "\nquorum none\n",
    "a log that cosigns": f"log {vkey(1)}\nquorum none\n",
    "a witness that signs like a log": f"witness w {vkey(1, NOTE_ED25519)}\nquorum w\n",
    "a bad vkey": LOG_LINE[:-2] + "\nquorum none\n",
    "too many items": LOG_LINE[:-1] + " url url\nquorum none\n",
    "too few items": "log\nquorum none\n",
    "a carriage return": LOG_LINE.replace("\n", "\r\n") + "quorum none\n",
    "a form feed": LOG_LINE + "\x0cquorum none\n",
    "a delete": "# \x7f\n" + LOG_LINE + "quorum none\n",
    "a comment behind an item": LOG_LINE[:-1] + " u # comment\nquorum none\n",
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_no_policy(name: str) -> None:
    with pytest.raises(FormatError):
        parse_policy(BAD_FILES[name].encode())


def test_what_is_made_in_code_keeps_the_same_rules() -> None:
    witness = WitnessEntry("w", KEYS["health"][0])
    for wrong in (
        {"quorum": "w"},
        {"witnesses": (WitnessEntry("", witness.key),)},
        {"witnesses": (WitnessEntry("a b", witness.key),)},
        {"witnesses": (WitnessEntry("w", witness.key, "a url"),)},
        {"witnesses": (witness,), "groups": (Group("g", 1, ("v",)),)},
        {"groups": tuple(Group(f"g{n}", 1, ()) for n in range(ENTRIES_MAX + 1))},
    ):
        with pytest.raises(FormatError):
            Policy(**wrong)
    assert Policy(witnesses=(witness,), quorum="w").witnesses == (witness,)


def test_the_line_at_fault_is_named() -> None:
    with pytest.raises(FormatError, match="policy line 3: 'w9' is not defined above"):
        parse_policy((LOG_LINE + W1 + "quorum w9\n").encode())


def test_a_weak_key_makes_no_policy() -> None:
    identity = (1).to_bytes(32, "little")
    key_id = sha256(b"k\n" + NOTE_COSIGNATURE + identity)[:4].hex()
    vkey = f"k+{key_id}+{encode_base64(NOTE_COSIGNATURE + identity)}"
    with pytest.raises(WeakKeyError):
        parse_policy(f"witness w {vkey}\nquorum w\n".encode())


def test_caps() -> None:
    with pytest.raises(FormatError, match="more than"):
        parse_policy(b"#" * POLICY_BYTES_MAX + b"\nquorum none\n")
    members = "".join(
        f"group g{n} any {'w1' if n == 0 else f'g{n - 1}'}\n" for n in range(ENTRIES_MAX)
    )
    with pytest.raises(FormatError, match="at most"):
        parse_policy((W1 + members + "quorum none\n").encode())
    deep = "".join(members.splitlines(keepends=True)[: ENTRIES_MAX - 2])
    assert len(parse_policy((W1 + deep + f"quorum g{ENTRIES_MAX - 3}\n").encode()).groups) > 4000


def test_a_damaged_file_never_lowers_the_bar_unseen() -> None:
    data = (LOG_LINE + W1 + W2 + "group both all w1 w2\nquorum both\n").encode()
    policy = parse_policy(data)
    cuts = [data[:at] for at in range(len(data))]
    for cut in cuts:
        with pytest.raises(FormatError):
            parse_policy(cut)
    for _, damaged in mutations(data, bits=b"\x01"):
        try:
            changed = parse_policy(damaged)
        except LedgerError:
            continue
        # What still parses differs in a name or a comment: keys are held by their key ids.
        assert [entry.key for entry in changed.logs] == [entry.key for entry in policy.logs]
        assert [w.key for w in changed.witnesses] == [w.key for w in policy.witnesses]
        assert [(g.threshold, len(g.members)) for g in changed.groups] == [(2, 2)]


@given(st.binary(max_size=200))
def test_junk_never_raises_anything_else(data: bytes) -> None:
    try:
        policy = parse_policy(data + b"\nquorum none\n")
    except LedgerError:
        return
    assert policy.quorum is None


def test_keys_of_every_type_have_their_place() -> None:
    ml_dsa = ml_dsa_signer(9).public_key
    log = VerifierKey(ORIGIN, NOTE_SUBTREE, ml_dsa)
    both = Policy((LogEntry(log),), (WitnessEntry("w", log),), (), "w")
    assert parse_policy(encode_policy(both)) == both
