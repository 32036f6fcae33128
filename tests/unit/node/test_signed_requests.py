"""Signed requests: what RFC 9421 publishes, whose keys count, and everything that does not hold."""

from base64 import b64decode
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ED25519 as ED25519_OF_RFC

from ledger.keys import PrivateKey, Signer, generate_private_key
from ledger.records import KeyRevocation, WriterEnd
from ledger.records.nodes import NodeRegistration
from ledger.suites import ED25519, ML_DSA_44
from node.api.nonces import Nonces, NoncesFull
from node.api.signed_requests import FIELD_BYTES_MAX, _Ed25519, _Headers, _Message, _Verifier
from node.client import AsyncClient, Client, ClientError, ProblemError, Retry
from node.client.log_source import HttpLog, SourceError
from node.client.signed_requests import CHALLENGE, COMPONENTS, TAG, WINDOW_S, RequestSignature
from node.network.peers import Address, Peer
from tests import bodies
from tests.network import eventually
from tests.node_process import NodeProcess, node_process
from tests.nodes import close, open_replica
from tests.served import served, settings_in
from tests.world import World, signer, witness_signers

MAIN: Final = "health/main"
RFC_KEY: Final = "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF"
RFC_SIGNATURE: Final = (
    "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQ"
    "CK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:"
)
RFC_INPUT: Final = (
    'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")'
    ';created=1618884473;keyid="test-key-ed25519"'
)


class _Timeless(_Verifier):
    def validate_created_and_expires(self, sig_input: object, max_age: object = None) -> None:
        """What was published is old."""


@pytest.mark.parametrize("changed", [None, "date", "content-length"])
def test_the_signature_that_rfc_9421_publishes(changed: str | None) -> None:
    """Appendix B.2.6."""
    key = load_der_private_key(b64decode(RFC_KEY), None)
    assert isinstance(key, Ed25519PrivateKey)
    published = PrivateKey(key).public_key
    lines = {
        "host": "example.com",
        "date": "Tue, 20 Apr 2021 02:07:55 GMT",
        "content-type": "application/json",
        "content-length": "18",
        "signature-input": RFC_INPUT,
        "signature": RFC_SIGNATURE,
    }
    if changed is not None:
        lines[changed] += "0"
    url = "http://example.com/foo?param=Value&Pet=dog"
    message = _Message("POST", url, "example.com", _Headers(tuple(lines.items())))
    keys = MappingKeyResolver(
        public_keys={"test-key-ed25519": published},  # type: ignore[dict-item]  # ours
        private_keys={},
    )
    verifier = _Timeless(signature_algorithm=_Ed25519, key_resolver=keys)
    if changed is None:
        assert len(verifier.verify(message)) == 1
    else:
        with pytest.raises(Exception, match="does not verify"):
            verifier.verify(message)


def appointed() -> World:
    """A world in which two members have registered nodes with transport keys."""
    world = World.genesis()
    for member in ("steward", "weather"):
        node = signer(f"{member}/transport")
        endpoint = f"https://node.{member}.example:8443"
        body = NodeRegistration(endpoint=endpoint, transport=(node.public_key.description,))
        world.accept(world.sign(f"{member}/custodian", body, node))
    return world


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_in(tmp_path, allow_anonymous_reads=False, names=("node.example",))
    async with served(settings, appointed()) as opened:
        yield opened


async def asked(
    client: httpx.AsyncClient,
    by: Signer,
    path: str = "/v1/ledger",
    method: str = "GET",
    **more: Any,
) -> tuple[int, str]:
    """Status and code of the answer to a request that is signed."""
    answer = await client.request(method, path, auth=RequestSignature(by), **more)
    is_problem = answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"] if is_problem else ""


@pytest.mark.parametrize("label", [MAIN, "health/custodian", "weather/transport"])
async def test_a_key_of_the_ledger_lets_in(label: str, client: httpx.AsyncClient) -> None:
    by = signer(label)
    assert await asked(client, by) == (200, "")
    assert await asked(client, by, "/v1/members?limit=1&status=active") == (200, "")
    assert await asked(client, by, "/tile/0/000.p/5") != (401, "signature-wrong")
    assert await asked(client, by, method="HEAD") == (200, "")
    assert await asked(client, by, "/v1/records", "POST", json={}) == (400, "malformed")
    assert await asked(client, by, "/metrics") == (200, "")
    assert await asked(client, by, "/v1/statements", "POST", json={}) == (401, "unauthorized")


def strangers() -> Iterator[Signer]:
    yield generate_private_key(ED25519)
    yield signer("steward/log")
    yield witness_signers("steward")[0]


async def test_no_other_key_does(client: httpx.AsyncClient) -> None:
    for by in strangers():
        assert await asked(client, by) == (401, "signature-wrong")


def test_requests_are_signed_with_ed25519() -> None:
    with pytest.raises(ClientError, match="Ed25519"):
        RequestSignature(generate_private_key(ML_DSA_44))


async def test_what_the_ledger_ends_is_ended_here(tmp_path: Path) -> None:
    world = World.genesis()
    revoked = KeyRevocation(key=signer(MAIN).public_key.keyid, suspect_since=len(world.leaves))
    world.accept(world.sign("health/custodian", revoked))
    world.accept(world.sign("weather/custodian", WriterEnd(writer="weather/main")))
    async with served(settings_in(tmp_path, allow_anonymous_reads=False), world) as client:
        assert await asked(client, signer("transport/main")) == (200, "")
        assert await asked(client, signer(MAIN)) == (401, "signature-wrong")
        assert await asked(client, signer("weather/main")) == (401, "signature-wrong")


def request_of(**changes: Any) -> httpx.Request:
    """A request signed as our client does, but for the changes."""
    url = changes.pop("url", "http://localhost/v1/ledger")
    method, content = changes.pop("method", "GET"), changes.pop("content", None)
    request = httpx.Request(method, url, content=content)
    created = datetime.now(UTC) + timedelta(seconds=changes.pop("age_s", 0) * -1)
    by = changes.pop("by", signer(MAIN))
    form = HTTPMessageSigner(signature_algorithm=ED25519_OF_RFC)
    given = {
        "key_id": by.public_key.keyid,
        "created": created,
        "nonce": "n" * 32,
        "label": "sig",
        "tag": TAG,
        "covered_component_ids": COMPONENTS,
        "body": content,
    }
    prepared = form.prepare(request, **{**given, **changes})
    form.apply(request, prepared, by.sign(prepared.signature_base))
    return request


BAD: Final[dict[str, dict[str, Any]]] = {
    "too old": {"age_s": WINDOW_S + 5},
    "not yet made": {"age_s": -WINDOW_S - 5},
    "over": {"expires": datetime.now(UTC) - timedelta(seconds=WINDOW_S + 5)},
    "no nonce": {"nonce": None},
    "an empty nonce": {"nonce": ""},
    "a long nonce": {"nonce": "n" * 65},
    "no tag": {"tag": None},
    "another tag": {"tag": "web-bot-auth"},
    "no method": {"covered_component_ids": ("@authority", "@path", "@query")},
    "no host": {"covered_component_ids": ("@method", "@path", "@query")},
    "no path": {"covered_component_ids": ("@method", "@authority", "@query")},
    "no query": {"covered_component_ids": ("@method", "@authority", "@path")},
    "another key": {"key_id": signer("transport/main").public_key.keyid},
    "no key": {"key_id": "0" * 64},
    "a place as a key": {"key_id": "../member/health"},
    "another node": {"url": "http://node.other.example/v1/ledger"},
    "a body without digest": {"method": "POST", "url": "http://localhost/v1/records", "body": None,
                              "content": b"{}"},
}  # fmt: skip


@pytest.mark.parametrize("changes", BAD.values(), ids=BAD)
async def test_what_is_signed_otherwise(changes: dict[str, Any], client: httpx.AsyncClient) -> None:
    answer = await client.send(request_of(**changes))
    assert (answer.status_code, answer.json()["code"]) == (401, "signature-wrong")
    assert answer.headers["accept-signature"] == CHALLENGE


@pytest.mark.parametrize("age_s", [WINDOW_S - 10, 10 - WINDOW_S])
async def test_clocks_may_differ(age_s: int, client: httpx.AsyncClient) -> None:
    assert (await client.send(request_of(age_s=age_s))).status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8700/v1/ledger",
        "http://node.example/v1/ledger",
        "http://NODE.example:8443/v1/ledger",
        "http://[::1]/v1/ledger",
    ],
)
async def test_a_node_knows_its_names(url: str, client: httpx.AsyncClient) -> None:
    assert (await client.send(request_of(url=url))).status_code == 200


async def test_a_node_is_called_as_it_is_registered(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, host="0.0.0.0", tls_by_proxy=True)  # noqa: S104
    async with served(settings, appointed()) as client:
        registered = request_of(url="http://node.steward.example/v1/ledger")
        assert (await client.send(registered)).status_code == 200
        for other in ("localhost", "node", "node.weather.example"):  # meant for another node
            elsewhere = request_of(url=f"http://{other}/v1/ledger", nonce=other)
            assert (await client.send(elsewhere)).status_code == 401


async def test_a_request_is_taken_once(client: httpx.AsyncClient) -> None:
    once = request_of()
    assert (await client.send(once)).status_code == 200
    answer = await client.send(once)
    assert (answer.status_code, answer.json()["code"]) == (401, "signature-replayed")
    assert (await client.send(request_of(nonce="another"))).status_code == 200
    by_another = request_of(by=signer("transport/main"))
    assert (await client.send(by_another)).status_code == 200  # nonces are each key's own


@pytest.mark.parametrize("url", ["/v1/members", "/v1/ledger?", "/v1/ledger?at=1", "/v1//ledger"])
async def test_another_place_is_another_request(url: str, client: httpx.AsyncClient) -> None:
    signed = request_of()
    answer = await client.get(url, headers=signed.headers)
    assert answer.status_code == (200 if url == "/v1/ledger?" else 401)


async def test_another_method_or_body_is_another_request(client: httpx.AsyncClient) -> None:
    signed = request_of(method="POST", url="http://localhost/v1/records", content=b"{}")
    for changed in (b"[]", b"{} ", b""):
        answer = await client.post("/v1/records", content=changed, headers=signed.headers)
        assert (answer.status_code, answer.json()["code"]) in {
            (401, "signature-wrong"),
            (401, "signature-replayed"),
        }
    assert (await client.get("/v1/ledger", headers=signed.headers)).status_code == 401


async def test_a_head_with_two_signatures_or_half_of_one(client: httpx.AsyncClient) -> None:
    signed = request_of()
    whole = [(name, signed.headers[name]) for name in ("signature-input", "signature")]
    for lines in (
        whole[:1],
        whole[1:],
        [*whole, whole[0]],
        [*whole, whole[1]],
        [("signature-input", "sig=" + "(" * 100), whole[1]],
        [("signature-input", whole[0][1] + " " * FIELD_BYTES_MAX), whole[1]],
        [whole[0], ("signature", "sig=:AAAA:")],
        [whole[0], ("signature", "sig=?1")],
    ):
        answer = await client.get("/v1/ledger", headers=lines)
        assert (answer.status_code, answer.json()["code"]) == (401, "signature-wrong"), lines


def test_as_many_nonces_are_kept_as_may_be() -> None:
    nonces = Nonces(keep_s=10, count_max=2)
    assert nonces.take("a", now_s=0)
    assert nonces.take("b", now_s=5)
    with pytest.raises(NoncesFull):
        nonces.take("c", now_s=9.9)
    assert not nonces.take("b", now_s=10)
    assert nonces.take("c", now_s=10)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    folder = tmp_path_factory.mktemp("closed")
    settings = settings_in(folder, allow_anonymous_reads=False, verify_processes=0)
    close(open_replica(settings.database, appointed()))
    with node_process(settings) as process:
        yield process


def test_a_client_signs_once_the_node_asks(closed: NodeProcess) -> None:
    """Requests, records and files of the log, over real sockets."""
    given = []

    def give() -> Signer:
        given.append(MAIN)
        return signer(MAIN)

    with Client(closed.url, request_signer=give, retry=Retry(attempts_max=1)) as client:
        assert client.ledger().size > 0
        submitted = client.writer(MAIN, signer(MAIN)).submit(bodies.schema())
        assert client.record(submitted.index).digest == submitted.digest
    assert given == [MAIN]
    with HttpLog(closed.url, request_signer=lambda: signer(MAIN)) as log:
        assert log.read("checkpoint", 10_000)
    assert eventually(lambda: f'"reader": "{MAIN}"' in closed.log)


async def test_an_asynchronous_client_does_so_too(closed: NodeProcess) -> None:
    async with AsyncClient(closed.url, request_signer=lambda: signer(MAIN)) as client:
        assert (await client.ledger()).size > 0


async def test_a_node_signs_where_a_proxy_hides_its_certificate(closed: NodeProcess) -> None:
    peer = Peer("steward", Address(closed.url), request_signer=lambda: signer("weather/transport"))
    assert (await peer.checkpoints(0, 0, 0)).latest
    assert peer.files.read("checkpoint", 10_000)
    await peer.close()
    assert eventually(lambda: '"reader": "node/weather"' in closed.log)


def test_a_client_without_a_key_is_refused(closed: NodeProcess) -> None:
    with Client(closed.url) as client, pytest.raises(ProblemError) as caught:
        client.ledger()
    assert caught.value.code == "unauthorized"
    stranger = generate_private_key(ED25519)
    with Client(closed.url, request_signer=lambda: stranger) as client:
        with pytest.raises(ProblemError) as caught:
            client.ledger()
        assert caught.value.code == "signature-wrong"
    with HttpLog(closed.url) as log, pytest.raises(SourceError, match="401"):
        log.read("checkpoint", 10_000)
