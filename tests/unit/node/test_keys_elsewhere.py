"""Keys in a PKCS#11 token (SoftHSM) and at an SSH agent (OpenSSH's): real ones, on this machine."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from threading import Thread
from typing import Final

import pkcs11
import pytest
from msgspec.json import encode
from typer.testing import CliRunner

from ledger.errors import KeyFileError
from ledger.keys import Signer, encode_private_key_unencrypted, generate_private_key
from ledger.suites import ML_DSA_44
from node.client.keys.agent import AgentSigner, add_to_agent, open_agent_key
from node.client.keys.pkcs11_signer import Pkcs11Signer
from node.client.keys.pkcs11_uri import parse_pkcs11_uri
from node.client.keys.references import open_elsewhere
from node.client.signed_requests import RequestSignature
from scripts.main import app
from tests import bodies
from tests.served import served, settings_in
from tests.unit.node.test_tokens import secret_file
from tests.world import World, signer

MAIN: Final = "health/main"
MODULE: Final = next(
    (one for one in Path("/usr/lib").glob("**/softhsm/libsofthsm2.so") if one.is_file()), None
)
SOFTHSM: Final = shutil.which("softhsm2-util")
SSH_AGENT: Final = shutil.which("ssh-agent")
needs_softhsm = pytest.mark.skipif(
    MODULE is None or SOFTHSM is None, reason="no SoftHSM here: apt install softhsm2"
)
needs_agent = pytest.mark.skipif(
    SSH_AGENT is None, reason="no ssh-agent here: apt install openssh-client"
)
PIN: Final = "12345678"
PLACE: Final = "?module-path=/m.so&pin-source=/pin"


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("pkcs11:", "names `token`"),
        (f"pkcs11:object=main{PLACE}", "names `token`"),
        (f"pkcs11:token=health{PLACE}", "names `token`"),
        (f"pkcs11:token=health;object=main;object=x{PLACE}", "`object` stands"),
        (f"pkcs11:token=health;object={PLACE}", "`object` stands"),
        (f"pkcs11:token;object=main{PLACE}", "`token` stands"),
        (f"pkcs11:token=health;object=%ff{PLACE}", "no UTF-8"),
        (f"pkcs11:token=health;object=main;slot-id=1{PLACE}", "not `slot-id`"),
        (f"pkcs11:token=health;object=main;type=public{PLACE}", "private key"),
        ("pkcs11:token=health;object=main", "both"),
        ("pkcs11:token=health;object=main?module-path=/m.so", "both"),
        ("pkcs11:token=health;object=main?module-path=m.so&pin-source=/pin", "absolute"),
        ("pkcs11:token=health;object=main?module-path=/m.so&pin-source=|cat", "absolute"),
        (f"pkcs11:token=health;object=main{PLACE}&pin-value={PIN}", "not `pin-value`"),
    ],
)
def test_a_uri_that_names_no_key(uri: str, told: str) -> None:
    with pytest.raises(KeyFileError, match=told) as caught:
        parse_pkcs11_uri(uri)
    assert PIN not in str(caught.value)


def test_a_uri_is_read_as_rfc_7512_has_it() -> None:
    uri = parse_pkcs11_uri(
        "pkcs11:token=a%20b;serial=%2f1;object=main;id=%a1%00;type=private"
        "?pin-source=file:/etc/pin&module-path=/usr/lib/m.so"
    )
    assert (uri.token, uri.serial, uri.label, uri.id) == ("a b", b"/1", "main", b"\xa1\0")
    assert (uri.module, uri.pin_file) == (Path("/usr/lib/m.so"), Path("/etc/pin"))


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a token `health` that holds the key of health/main, under another one's id."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    conf = folder / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    key = folder / "key.pem"
    key.write_bytes(encode_private_key_unencrypted(signer(MAIN)))
    (folder / "pin").touch(mode=0o600)
    (folder / "pin").write_text(f"{PIN}\n")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SOFTHSM2_CONF", str(conf))
        run = [str(SOFTHSM), "--token", "health", "--pin", PIN]
        made = ("--init-token", "--free", "--label", "health", "--so-pin", PIN)
        subprocess.run([*run, *made], check=True, capture_output=True)
        for label, number in (("main", "a1"), ("twice", "b1"), ("twice", "b2")):
            brought = ("--import", str(key), "--label", label, "--id", number)
            subprocess.run([*run, *brought], check=True, capture_output=True)
        yield folder
        pkcs11.unload(str(MODULE))


def uri_of(folder: Path, key: str = "object=main", pin: str = "pin") -> str:
    return f"pkcs11:token=health;{key}?module-path={MODULE}&pin-source={folder / pin}"


def opened(folder: Path, key: str = "object=main", pin: str = "pin") -> Pkcs11Signer:
    return Pkcs11Signer(parse_pkcs11_uri(uri_of(folder, key, pin)))


def check_signs(by: Signer) -> None:
    """It is the signer of health/main, from several threads."""
    assert by.public_key == signer(MAIN).public_key
    messages = [bytes([number]) * number * 100 for number in range(40)]
    with ThreadPoolExecutor(4) as threads:
        for message, signature in zip(messages, threads.map(by.sign, messages), strict=True):
            assert signature == signer(MAIN).sign(message)


@needs_softhsm
class TestToken:
    @pytest.mark.parametrize("key", ["object=main", "id=%a1", "object=main;id=%a1"])
    def test_its_key_signs(self, key: str, token: Path) -> None:
        check_signs(opened(token, key))

    def test_a_session_that_ends_is_opened_anew(self, token: Path) -> None:
        first, second = opened(token), opened(token, "object=twice;id=%b1")
        assert first._session is not None
        first._session.close()
        check_signs(first)
        pkcs11.lib(str(MODULE)).finalize()  # as when the module is restarted
        check_signs(second)
        check_signs(first)

    @pytest.mark.parametrize(
        ("key", "told"),
        [
            ("object=nobody", "NoSuchKey"),
            ("object=main;id=%a2", "NoSuchKey"),
            ("object=twice", "MultipleObjectsReturned"),
        ],
    )
    def test_a_key_that_is_not_there_or_is_not_one(self, key: str, told: str, token: Path) -> None:
        with pytest.raises(KeyFileError, match=f"^token health: {told}"):
            opened(token, key)

    def test_a_wrong_pin_is_shown_once(self, token: Path) -> None:
        by = opened(token)
        (token / "wrong").touch(mode=0o600)
        (token / "wrong").write_text("87654321")
        pkcs11.lib(str(MODULE)).finalize()
        asked: list[object] = []
        by._uri = parse_pkcs11_uri(uri_of(token, pin="wrong"))
        log_in = by._log_in

        def counted() -> pkcs11.Session:
            asked.append(1)
            return log_in()

        by._log_in = counted  # type: ignore[method-assign]
        for _ in range(3):
            with pytest.raises(KeyFileError, match="PinIncorrect"):
                by.sign(b"")
        assert len(asked) == 1
        check_signs(opened(token))

    def test_a_pin_that_others_can_read_is_no_secret(self, token: Path) -> None:
        (token / "shown").write_text(PIN)
        (token / "shown").chmod(0o644)
        with pytest.raises(KeyFileError, match="chmod 600"):
            opened(token, pin="shown")

    def test_a_module_that_is_none(self, token: Path) -> None:
        uri = uri_of(token).replace(str(MODULE), str(token / "none.so"))
        with pytest.raises(KeyFileError, match=r"token health: .*none\.so"):
            open_elsewhere(Path(uri))


@contextmanager
def agent_at(path: Path) -> Iterator[Path]:
    """OpenSSH's agent, in a process of its own."""
    with subprocess.Popen(
        [str(SSH_AGENT), "-D", "-a", str(path)], stdout=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + 30
        while not path.exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        try:
            yield path
        finally:
            process.terminate()


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Path]:
    with agent_at(tmp_path / "sock") as path:
        yield path


def give(agent: Path, label: str = MAIN) -> str:
    """Have the agent hold a key of the world; what it is then called."""
    key, seed = signer(label), sha256(label.encode()).digest()
    add_to_agent(seed, key.public_key, label, agent)
    return f"agent:{key.public_key.keyid[:8]}?socket={agent}"


@needs_agent
class TestAgent:
    def test_its_key_signs(self, agent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        give(agent, "transport/main")
        reference = give(agent)
        check_signs(open_agent_key(reference))
        monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
        check_signs(open_elsewhere(Path(f"agent:{signer(MAIN).public_key.keyid}")))

    def test_an_agent_that_is_started_anew(self, tmp_path: Path) -> None:
        path = tmp_path / "sock"
        with agent_at(path):
            by = open_agent_key(give(path))
        path.unlink(missing_ok=True)
        with pytest.raises(KeyFileError, match="No such file"):
            by.sign(b"")
        with agent_at(path):
            with pytest.raises(KeyFileError, match="refuses"):
                by.sign(b"")
            give(path)
            check_signs(by)

    @pytest.mark.parametrize(
        ("reference", "told"),
        [
            ("agent:", "8 digits"),
            ("agent:4cc3", "8 digits"),
            ("agent:4CC3F338", "8 digits"),
            ("agent:00000000", "SSH_AUTH_SOCK is not set"),
            ("agent:00000000?sock=x", "names the socket"),
            ("agent:00000000?socket=", "names the socket"),
            ("agent:00000000?socket=nowhere", "No such file"),
            ("agent:00000000?socket={agent}", "holds no key"),
        ],
    )
    def test_a_key_that_is_not_there(
        self, reference: str, told: str, agent: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
        with pytest.raises(KeyFileError, match=told):
            open_agent_key(reference.format(agent=agent))


ANSWERS: Final = {
    "nothing": (b"", "hangs up"),
    "no length": (b"\0\0", "hangs up"),
    "an empty answer": (bytes(4), "no answer"),
    "too long an answer": (b"\xff\xff\xff\xff", "no answer"),
    "half an answer": (b"\0\0\0\x09\x0e", "hangs up"),
    "a refusal": (b"\0\0\0\x01\x05", "refuses"),
    "no string": (b"\0\0\0\x02\x0e\0", "no signature"),
    "no signature": (b"\0\0\0\x05\x0e\0\0\0\0", "no signature"),
    "another's signature": (
        b"\0\0\0\x58\x0e\0\0\0\x53\0\0\0\x0bssh-ed25519\0\0\0\x40"
        + signer("transport/main").sign(b""),
        "no signature",
    ),
}


@pytest.mark.parametrize(("answer", "told"), ANSWERS.values(), ids=ANSWERS)
def test_an_agent_that_lies(answer: bytes, told: str, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "sock"))
        listener.listen()

        def lie() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1_024)
                connection.sendall(answer)

        liar = Thread(target=lie)
        liar.start()
        by = AgentSigner(tmp_path / "sock", signer(MAIN).public_key)
        with pytest.raises(KeyFileError, match=told):
            by.sign(b"")
        liar.join()


def keep(where: str, token: Path, agent: Path) -> str:
    return uri_of(token) if where == "token" else give(agent)


@needs_softhsm
@needs_agent
@pytest.mark.parametrize("where", ["token", "agent"])
async def test_a_node_signs_for_local_systems_and_a_client_its_requests(
    where: str, token: Path, agent: Path, tmp_path: Path
) -> None:
    by = open_elsewhere(Path(keep(where, token, agent)))
    local = {
        "token_file": secret_file(tmp_path, "t" * 16),
        "outbox": tmp_path / "outbox.db",
        "keys": {MAIN: Path("agent:not-read")},
    }
    settings = settings_in(tmp_path, local_signing=local, allow_anonymous_reads=False)
    statement = {"writer": MAIN, "kind": "schema", "body": bodies.schema()}
    async with served(settings, World.genesis(), {MAIN: by}) as client:
        headers = {"Authorization": "Bearer " + "t" * 16, "Content-Type": "application/json"}
        answer = await client.post("/v1/statements", content=encode(statement), headers=headers)
        assert answer.status_code == 201, answer.text
        told = await client.get("/v1/ledger", auth=RequestSignature(by))
        assert told.status_code == 200


@needs_softhsm
@needs_agent
def test_the_command_takes_them_where_a_key_file_may_stand(
    token: Path, agent: Path, tmp_path: Path
) -> None:
    run: Callable[..., str] = lambda *words: CliRunner().invoke(app, words).output  # noqa: E731
    keyid = signer(MAIN).public_key.keyid
    assert keyid in run("keys", "show", uri_of(token), "--out", str(tmp_path / "main.pub"))
    assert keyid in run("keys", "show", str(tmp_path / "main.pub"))
    file = tmp_path / "key.pem"
    file.touch(mode=0o600)
    file.write_bytes(encode_private_key_unencrypted(signer(MAIN)))
    assert keyid in run("keys", "load", str(file), "--agent", str(agent))
    assert keyid in run("keys", "show", f"agent:{keyid}?socket={agent}")
    file.write_bytes(encode_private_key_unencrypted(generate_private_key(ML_DSA_44)))
    assert "agents hold Ed25519 keys" in run("keys", "load", str(file), "--agent", str(agent))
