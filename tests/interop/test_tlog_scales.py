"""tlog-scales reads our tiles over HTTP and verifies checkpoint, proofs and all signature types."""

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from tlog_scales.backend import HttpBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey, VkeySet
from tlog_scales.tiles import leaf_hash as their_leaf_hash

from ledger.note import encode_vkey
from ledger.receipt import verify_receipt
from ledger.tiles import TileReader
from ledger.tree import consistency_proof
from tests.interop.static_log import LOG_KEYS, POLICY, WITNESS_KEYS, StaticLog, static_log

SIZES = [1, 2, 255, 256, 257, 600, 66_000]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


@dataclasses.dataclass(frozen=True)
class Served:
    """A log, and where it is served."""

    log: StaticLog
    url: str
    reader: TilesReader


@pytest.fixture(scope="module", params=SIZES)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("log")
    log = static_log(request.param)
    log.write(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/"
    backend = HttpBackend(url)
    backend.session.trust_env = False  # no proxy between this machine and itself
    yield Served(log, url, TilesReader(backend))
    backend.session.close()
    server.shutdown()
    server.server_close()
    thread.join()


def some(size: int) -> list[int]:
    """A few indexes, around every edge of a tile."""
    edges = [0, 1, 254, 255, 256, 257, 599, 65_535, 65_536, size - 2, size - 1]
    return list(dict.fromkeys(index for index in edges if 0 <= index < size))


def test_the_checkpoint_with_all_its_signatures(served: Served) -> None:
    checkpoint = served.reader.get_checkpoint()
    assert (checkpoint.origin, checkpoint.size) == ("example.com/log", served.log.edge.size)
    keys = [*LOG_KEYS, *WITNESS_KEYS["health"], *WITNESS_KEYS["tax"]]
    vkeys = VkeySet(*(Vkey.from_string(encode_vkey(key)) for key in keys))
    assert len(vkeys.verify(checkpoint.signatures, checkpoint)) == 4
    changed = dataclasses.replace(checkpoint, size=checkpoint.size + 1)
    assert not vkeys.verify(changed.signatures, changed)


def test_they_compute_the_same_root_from_our_tiles(served: Served) -> None:
    checkpoint = served.reader.get_checkpoint()
    assert served.reader.calculate_root_hash() == checkpoint.root_hash
    assert checkpoint.root_hash == served.log.edge.root()


def test_they_read_leaves_and_prove_them(served: Served) -> None:
    checkpoint = served.reader.get_checkpoint()
    for index in some(checkpoint.size):
        leaf = served.reader.get_entry(index)
        assert leaf == served.log.leaves[index]
        proof = served.reader.get_inclusion_proof(index, checkpoint.size)
        proof.check(their_leaf_hash(leaf), checkpoint.root_hash)


def test_they_make_the_same_consistency_proofs(served: Served) -> None:
    size = served.reader.get_checkpoint().size
    for old in some(size)[1:]:
        theirs = served.reader.get_consistency_proof(old, size)
        ours = consistency_proof(old, size, TileReader(served.log, size))
        assert tuple(theirs.node_hashes) == ours


def _run(command: str, *arguments: str) -> bytes:
    environment = {"NO_PROXY": "127.0.0.1"}
    program = [sys.executable, "-m", "tlog_scales.cli", command, *arguments]
    return subprocess.run(program, env=environment, capture_output=True, check=True).stdout


def test_their_command_reads_the_last_leaf(served: Served) -> None:
    assert _run("get-leaf", "-c", served.url, "-1") == served.log.leaves[-1]


def test_their_proof_file_is_our_receipt(served: Served) -> None:
    index = served.log.edge.size // 2
    receipt = _run("gen-proof", served.url, str(index))
    assert receipt == served.log.receipt(index)
    assert verify_receipt(receipt, served.log.leaves[index], POLICY).index == index
