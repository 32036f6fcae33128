"""Act 12: three more departments run nodes of their own, and believe nobody.

    data-bureau         orders the records, and is caught when it tells two stories
    transport-bureau    follows from the first record on; its reports go through its own node
    weather-service     follows, and is killed
    audit-office        comes late; to it a second history is shown

All four cosign what they have replayed. Three of them make a record final: no other history can
have the cosignatures of three.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import httpx
from msgspec.json import encode

from ledger.checkpoint import Checkpoint, log_key, sign_checkpoint, witness_key
from ledger.hashing import sha256
from ledger.policy import Policy, consortium_policy, verify_policy
from ledger.policy_file import encode_policy
from ledger.receipt import parse_receipt
from ledger.records.genesis import custodian_of
from ledger.records.nodes import NodeRegistration, WitnessKeys
from node.client import Client, Receipted
from node.client.evidence import opened
from scripts.audit.evidence import prove
from scripts.demo.cast import AUDITOR, METEOROLOGY, ORIGIN, QUORUM, STEWARD, TRANSPORT, Member
from scripts.demo.folder import Folder
from scripts.demo.founding import PATIENCE, Keys, witness_pair
from scripts.demo.node_process import NodeProcess, found_follower
from scripts.demo.sharing import Rights
from scripts.demo.stage import Stage, act, expect, tell
from scripts.demo.using import Pool, Study, report_of, run_queries
from scripts.record.use import Manner

FOLLOWERS: Final = (TRANSPORT, METEOROLOGY, AUDITOR)
WAIT_S_MAX: Final = 60
_POLL_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Networked:
    """What the act came to."""

    nodes: int
    cosigners: int
    replayed_late: int
    evidence: Path


@dataclass(frozen=True, slots=True)
class Nodes:
    """The four nodes, and whose cosignatures make final."""

    orderer: NodeProcess
    transport: NodeProcess
    weather: NodeProcess
    audit: NodeProcess
    policy: Policy


def run_a_network(
    stage: Stage, node: NodeProcess, folder: Folder, keys: Keys, pool: Pool, rights: Rights
) -> Networked:
    """The whole act."""
    act("12  Three more departments run nodes of their own")
    with ExitStack() as stack:
        nodes = _found(stage, node, folder, keys, stack)
        size = stage.client.ledger().size
        for one in (nodes.transport, nodes.weather):
            one.start()
        tell(f"two nodes have replayed all {size} leaves themselves, and cosign what they hold")
        cosigners = _report_through_own_node(stage, nodes, pool, rights)
        late = _one_down_one_late(stage, nodes, pool, rights)
        evidence = _two_stories(nodes, keys)
    return Networked(len(FOLLOWERS) + 1, cosigners, late, evidence)


def _found(stage: Stage, node: NodeProcess, folder: Folder, keys: Keys, stack: ExitStack) -> Nodes:
    """Custodians register the nodes; the departments found them from the genesis record alone."""
    founded = {
        one.id: stack.enter_context(found_follower(folder, one.id, node, stage.clock))
        for one in FOLLOWERS
    }
    witnesses = {}
    for one in (STEWARD, *FOLLOWERS):
        url = founded[one.id].url if one.id in founded else node.url
        _register(stage, one, url, keys)
        pair = witness_pair(keys, one.id)
        witnesses[one.id] = [witness_key(ORIGIN, one.id, key.public_key) for key in pair]
    logs = [log_key(ORIGIN, keys[name].public_key) for name in ("log", "log-pq")]
    policy = consortium_policy(logs, witnesses, QUORUM)
    folder.quorum_policy.write_bytes(encode_policy(policy))
    tell(f"four custodians have registered nodes; {QUORUM} of their {len(witnesses)} make final")
    transport, weather, audit = (founded[one.id] for one in FOLLOWERS)
    return Nodes(node, transport, weather, audit, policy)


def _register(stage: Stage, member: Member, url: str, keys: Keys) -> None:
    custodian = custodian_of(member.id)
    ed25519, ml_dsa = witness_pair(keys, member.id)
    described = WitnessKeys(
        ed25519=ed25519.public_key.description, ml_dsa44=ml_dsa.public_key.description
    )
    body = NodeRegistration(endpoint=url, transport=(), witness=described)
    writer = stage.client.writer(custodian, keys[custodian])
    writer.submit(body, cosigners=(ed25519, ml_dsa))


def _report_through_own_node(stage: Stage, nodes: Nodes, pool: Pool, rights: Rights) -> int:
    """A department submits to its own node, and has the word of three; returns how many signed."""
    study = Study(
        TRANSPORT,
        "hours of strong wind by airport",
        Manner(rights.weather, "query", "public-services", "origin, wind_speed"),
        "select distinct origin from weather order by all",
        "select count(*), count(*) filter (wind_speed > 25) from weather where origin = $1",
    )
    with _client(stage, nodes.transport, nodes.policy) as client:
        receipt = _say(stage, client, pool, study)[-1]
    note = parse_receipt(receipt).checkpoint_note
    good = verify_policy(nodes.policy, note).signatures
    signed = {one.key.name for one in good if one.key.name != ORIGIN}
    expect(len(signed) == QUORUM, f"a receipt has {QUORUM} cosigners, not {len(signed)}")
    tell(
        f"the {TRANSPORT.en} reports its use through its own node: "
        f"the receipt is cosigned by {len(signed)} members"
    )
    return len(signed)


def _one_down_one_late(stage: Stage, nodes: Nodes, pool: Pool, rights: Rights) -> int:
    """With one node gone three remain; two of them are not enough, until the late one is there."""
    nodes.weather.kill()
    study = Study(
        TRANSPORT,
        "hours of rain by month",
        Manner(rights.weather, "query", "public-services", "month, precip"),
        "select distinct month from weather order by all",
        "select count(*), count(*) filter (precip > 0) from weather where month = $1",
    )
    with _client(stage, nodes.transport, stage.policy) as client:
        before = _final_size(nodes.orderer)
        _say(stage, client, pool, study)
        size = client.ledger().size
    time.sleep(1)
    expect(_final_size(nodes.orderer) < size, "two of four are no quorum")
    tell(f"the node of the {METEOROLOGY.en} is killed: records go in, but none is final")
    seconds = nodes.audit.start()
    _until(lambda: _final_size(nodes.orderer) >= size > before, "the late node makes the quorum")
    tell(
        f"the {AUDITOR.en} comes late, has replayed {size} leaves after {seconds:.1f} s, "
        "and with it all is final"
    )
    nodes.weather.start()
    _until(lambda: _size(nodes.weather) >= size, "the killed node catches up")
    tell("the killed node is back, and holds what it has missed")
    return size


def _two_stories(nodes: Nodes, keys: Keys) -> Path:
    """The orderer's own keys sign another history, shown to the auditor's node alone."""
    size = _size(nodes.audit)
    forged = Checkpoint(ORIGIN, size, sha256(b"what the data bureau would rather have"))
    note = sign_checkpoint(forged, [keys["log"], keys["log-pq"]])
    expect(nodes.audit.stop() == 0, "the node stops when asked to")
    with _shown(note) as url:
        nodes.audit.repoint(nodes.orderer.url, url)
        nodes.audit.start(until="live")
        kept = nodes.audit.folder / "evidence"
        _until(lambda: any(kept.glob("*.zip")), "the second history is noticed")
        status = httpx.get(f"{nodes.audit.url}/health/ready")
        expect(status.text.startswith("alarm"), f"the node raises the alarm: {status.text}")
    (path,) = kept.glob("*.zip")
    with opened(path) as archive:
        proved = prove(archive, nodes.policy, 1)
    expect(proved.kind == "fork", "the file proves the fork")
    tell(f"the {STEWARD.en} shows it another history: it stops cosigning and keeps the evidence")
    tell(f"two checkpoints of {proved.size} leaves, both signed: {path}")
    return path


@contextmanager
def _shown(note: bytes) -> Iterator[str]:
    """A server that tells whoever asks for checkpoints this one."""
    told = encode({"latest": note.decode(), "final": None})

    class Liar(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(httpx.codes.OK)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Liar) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def _say(stage: Stage, client: Client, pool: Pool, study: Study) -> Sequence[bytes]:
    """Run the queries of a study and report them over this client; the receipts."""
    bodies = report_of(stage, study, run_queries(stage, pool, study))
    key = stage.department(TRANSPORT).key
    done = client.writer(TRANSPORT.writer, key).submit_many(bodies)
    receipts = [one.receipt_bytes for one in done if isinstance(one, Receipted)]
    expect(len(receipts) == len(bodies), f"all reports are accepted: {done}")
    return receipts


def _client(stage: Stage, node: NodeProcess, policy: Policy) -> Client:
    return Client(node.url, policy=policy, retry=PATIENCE, clock_ms=stage.clock)


def _final_size(node: NodeProcess) -> int:
    return int(httpx.get(f"{node.url}/v1/witnesses").json()["finalSize"])


def _size(node: NodeProcess) -> int:
    return int(httpx.get(f"{node.url}/v1/ledger").json()["size"])


def _until(holds: Callable[[], bool], what: str) -> None:
    give_up_s = time.monotonic() + WAIT_S_MAX
    while not holds():
        expect(time.monotonic() < give_up_s, what)
        time.sleep(_POLL_S)
