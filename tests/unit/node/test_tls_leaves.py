"""Which key a node shows, and when it makes a new leaf; files that change while it runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509

from ledger.keys import PrivateKey, PublicKey, encode_private_key
from ledger.types import MemberId
from node.client.certificates import DAY_S, LEAF_S
from node.client.secret_files import SecretError
from node.settings import Tls
from node.tls.files import read_public_key
from node.tls.leaves import Leaves
from tests.network import transport_signer, write_key
from tests.world import log_signer_ml_dsa, signer

PRESENT = transport_signer("health")
NEXT = transport_signer("health", "next")
NOW_S = 1_800_000_000.0


@dataclass
class Registered:
    """The ledger's word on one member."""

    keys: Sequence[PrivateKey] = ()

    def registered(self, member: MemberId) -> Sequence[PublicKey]:
        assert member == "health"
        return tuple(key.public_key for key in self.keys)


@dataclass
class Desk:
    """A node's files, what the ledger says of it, and its clock."""

    folder: Path
    pins: Registered = field(default_factory=Registered)
    now_s: float = NOW_S
    endpoint: str = ""
    passphrase_file: Path | None = None

    def leaves(self) -> Leaves:
        settings = Tls(
            key=self.folder / "present.pem",
            next_key=self.folder / "next.pem",
            passphrase_file=self.passphrase_file,
        )
        return Leaves(settings, "health", self.pins, lambda: self.endpoint, lambda: self.now_s)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def shown(leaves: Leaves) -> tuple[str, str]:
    return leaves.for_callers.keyid, leaves.for_calls.keyid


@pytest.mark.parametrize(
    ("there", "registered", "for_callers", "for_calls"),
    [
        ("p", "p", PRESENT, PRESENT),
        ("pn", "p", PRESENT, PRESENT),
        ("pn", "pn", PRESENT, NEXT),
        ("pn", "np", NEXT, PRESENT),
        ("pn", "n", NEXT, NEXT),
        ("n", "n", NEXT, NEXT),
        ("n", "pn", NEXT, NEXT),
        ("p", "pn", PRESENT, PRESENT),
        ("pn", "", NEXT, NEXT),
        ("p", "", PRESENT, PRESENT),
        ("n", "p", NEXT, NEXT),
    ],
)
def test_the_key_that_is_shown(
    desk: Desk, there: str, registered: str, for_callers: PrivateKey, for_calls: PrivateKey
) -> None:
    names = {"p": ("present.pem", PRESENT), "n": ("next.pem", NEXT)}
    for one in there:
        file, key = names[one]
        write_key(desk.folder / file, key)
    desk.pins.keys = [names[one][1] for one in registered]
    assert shown(desk.leaves()) == (for_callers.public_key.keyid, for_calls.public_key.keyid)


def test_keys_change_while_the_node_runs(desk: Desk) -> None:
    present, coming = PRESENT.public_key.keyid, NEXT.public_key.keyid
    write_key(desk.folder / "present.pem", PRESENT)
    desk.pins.keys = [PRESENT]
    leaves = desk.leaves()
    assert shown(leaves) == (present, present)
    write_key(desk.folder / "next.pem", NEXT)
    assert shown(leaves) == (present, present)
    desk.pins.keys = [PRESENT, NEXT]
    assert shown(leaves) == (present, coming)
    desk.pins.keys = [NEXT]
    assert shown(leaves) == (coming, coming)
    (desk.folder / "present.pem").unlink()
    assert shown(leaves) == (coming, coming)
    third = transport_signer("health", "third")
    write_key(desk.folder / "present.pem", third)
    desk.pins.keys = [NEXT, third]
    assert shown(leaves) == (coming, third.public_key.keyid)


def test_a_leaf_is_made_anew_each_day(desk: Desk) -> None:
    write_key(desk.folder / "present.pem", PRESENT)
    leaves = desk.leaves()
    first = leaves.for_callers
    assert first.ends_s == NOW_S + LEAF_S
    assert leaves.for_calls is first
    desk.now_s += DAY_S - 1
    assert leaves.for_callers is first
    desk.now_s += 1
    second = leaves.for_callers
    assert second.ends_s == NOW_S + DAY_S + LEAF_S
    assert leaves.for_callers is second


def test_and_after_the_clock_was_set_back(desk: Desk) -> None:
    """It would begin in the future, and be believed by nobody."""
    write_key(desk.folder / "present.pem", PRESENT)
    leaves = desk.leaves()
    first = leaves.for_callers
    desk.now_s -= 1
    assert leaves.for_callers.ends_s == first.ends_s - 1


@pytest.mark.parametrize(
    ("endpoint", "names"),
    [
        ("", ["node.invalid"]),
        ("https://node.health.example:8700/x", ["node.health.example"]),
        ("https://10.0.0.7", ["10.0.0.7"]),
        ("https://[::1]:8700", ["::1"]),
        ("https://卫生.example", ["node.invalid"]),
        ("https://" + "a" * 254, ["node.invalid"]),
        ("https://[::1", ["node.invalid"]),
        ("any text", ["node.invalid"]),
        ("https://a b", ["a b"]),
    ],
)
def test_a_leaf_is_for_the_registered_host(desk: Desk, endpoint: str, names: list[str]) -> None:
    write_key(desk.folder / "present.pem", PRESENT)
    desk.endpoint = endpoint
    certificate = x509.load_pem_x509_certificate(desk.leaves().for_callers.pem)
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(one.value) for one in found] == names


def test_another_address_is_another_leaf(desk: Desk) -> None:
    write_key(desk.folder / "present.pem", PRESENT)
    leaves = desk.leaves()
    first = leaves.for_callers
    desk.endpoint = "https://elsewhere.example"
    assert leaves.for_callers is not first


def no_file(_file: Path) -> None:
    """Nothing."""


def readable_by_others(file: Path) -> None:
    write_key(file, PRESENT).chmod(0o644)


def no_key(file: Path) -> None:
    file.touch(0o600)


def of_another_suite(file: Path) -> None:
    write_key(file, log_signer_ml_dsa("health"))


def under_a_passphrase(file: Path) -> None:
    file.touch(0o600)
    file.write_bytes(encode_private_key(PRESENT, b"word"))


UNUSABLE: list[tuple[Callable[[Path], None], str]] = [
    (no_file, "has no transport key"),
    (readable_by_others, "can be used by others"),
    (no_key, "not a readable private key"),
    (of_another_suite, "is of the suite ed25519"),
    (under_a_passphrase, "a passphrase is needed"),
]


@pytest.mark.parametrize(("write", "told"), UNUSABLE)
def test_a_node_does_not_begin_without_its_key(
    desk: Desk, write: Callable[[Path], None], told: str
) -> None:
    write(desk.folder / "present.pem")
    with pytest.raises(SecretError, match=told):
        desk.leaves()


@pytest.mark.parametrize(("write", "told"), UNUSABLE)
def test_a_file_that_goes_bad_later_is_told_and_changes_nothing(
    desk: Desk, write: Callable[[Path], None], told: str, caplog: pytest.LogCaptureFixture
) -> None:
    write_key(desk.folder / "present.pem", NEXT)
    leaves = desk.leaves()
    (desk.folder / "present.pem").unlink()
    write(desk.folder / "present.pem")
    assert leaves.for_callers.keyid == NEXT.public_key.keyid
    assert leaves.for_callers.keyid == NEXT.public_key.keyid
    (line,) = (one.getMessage() for one in caplog.records)
    assert "tls-file-unusable" in line
    assert told in line


def test_a_key_under_a_passphrase(desk: Desk) -> None:
    under_a_passphrase(desk.folder / "present.pem")
    desk.passphrase_file = desk.folder / "passphrase"
    desk.passphrase_file.touch(0o600)
    desk.passphrase_file.write_text("word\n", encoding="utf-8")
    assert desk.leaves().for_callers.keyid == PRESENT.public_key.keyid


@pytest.mark.parametrize("content", ["", "{}", '{"keytype":"ed25519"}', "-----BEGIN", "x" * 10_000])
def test_a_public_key_that_is_none(tmp_path: Path, content: str) -> None:
    file = tmp_path / "key.pub"
    with pytest.raises(SecretError, match=r"key\.pub holds no public key"):
        read_public_key(file)
    file.write_text(content, encoding="utf-8")
    with pytest.raises(SecretError, match=r"key\.pub holds no public key"):
        read_public_key(file)


def test_a_public_key_of_another_suite(tmp_path: Path) -> None:
    file = write_key(tmp_path / "key.pem", log_signer_ml_dsa("health")).with_suffix(".pub")
    with pytest.raises(SecretError, match="suite ed25519"):
        read_public_key(file)
    file = write_key(tmp_path / "other.pem", signer("health")).with_suffix(".pub")
    assert read_public_key(file) == signer("health").public_key
