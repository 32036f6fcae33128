"""Logs of others: cosigned if they have only grown, as somebody whose word says no more."""

from collections.abc import AsyncIterator, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

import httpx
import pytest

from ledger import tree
from ledger.checkpoint import Checkpoint, CheckpointVerifier, log_key, sign_checkpoint
from ledger.cosignature import witness_name
from ledger.hashing import leaf_hash
from ledger.keys import Signer
from ledger.note import VerifierKey, encode_vkey, parse_signature_line, parse_vkey
from ledger.policy import consortium_policy, verify_policy
from node.app import create_app
from node.client.secret_files import SecretError
from node.composition import Keys
from node.network.cosigned import CosignedStore
from node.network.foreign import ForeignLog
from node.network.witness import Identity, Witness
from node.settings import ForeignLog as ForeignLogSettings
from node.settings import Settings
from node.settings import Witness as WitnessSettings
from tests.log_files import log_signers
from tests.nodes import Clock, close, open_replica
from tests.served import settings_in
from tests.witnessing import asking, offer_of
from tests.world import ORIGIN, World, log_signer_ml_dsa, signer, witness_signers

LOG: Final = "example.com/log"
SIGNERS: Final[Sequence[Signer]] = [signer("foreign"), log_signer_ml_dsa("foreign")]
KEYS: Final = [log_key(LOG, one.public_key) for one in SIGNERS]
OTHER: Final = log_key("example.com/other", SIGNERS[0].public_key)
FOREIGN: Final = Identity("health.example/witness", witness_signers("health/foreign"))
LEAVES: Final = [f"leaf {n}".encode() for n in range(12)]


def cosigner_keys(identity: Identity) -> list[VerifierKey]:
    public_keys = [one.public_key for one in identity.signers]
    return [VerifierKey(identity.name, one.suite.cosignature_type, one) for one in public_keys]


POLICY: Final = consortium_policy(KEYS, {"health": cosigner_keys(FOREIGN)}, quorum=1)


def note(size: int, signers: Sequence[Signer] = SIGNERS, origin: str = LOG) -> bytes:
    root = tree.root_of([leaf_hash(leaf) for leaf in LEAVES[:size]])
    return sign_checkpoint(Checkpoint(origin, size, root), signers)


def offer(old: int, new: int) -> bytes:
    return offer_of(LEAVES[:new], old, note(new))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CosignedStore]:
    store = CosignedStore(tmp_path / "witness.db")
    yield store
    store.close()


@pytest.fixture
async def client(store: CosignedStore) -> AsyncIterator[httpx.AsyncClient]:
    logs = [ForeignLog(keys[0].name, keys, FOREIGN) for keys in (KEYS, [OTHER])]
    async with asking(Witness(logs, store, Clock(1_700_000_000_000))) as client:
        yield client


async def post(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    return await client.post("/add-checkpoint", content=body)


async def test_a_log_that_only_grows_is_cosigned(client: httpx.AsyncClient) -> None:
    old = 0
    for size in (0, 0, 1, 5, 5, 12):
        answer = await post(client, offer(old, size))
        assert answer.status_code == 200, answer.text
        opened = verify_policy(POLICY, note(size) + answer.content)
        assert [one.timestamp_s for one in opened.signatures[-2:]] == [1_700_000_000] * 2
        read = await client.get(f"/{sha256(LOG.encode()).hexdigest()}/checkpoint")
        assert verify_policy(POLICY, read.content).checkpoint == opened.checkpoint
        old = size


async def test_another_history_is_not(client: httpx.AsyncClient) -> None:
    await post(client, offer(0, 5))
    other = [b"another", *LEAVES[1:]]
    root = tree.root_of([leaf_hash(leaf) for leaf in other])
    forked = sign_checkpoint(Checkpoint(LOG, len(other), root), SIGNERS)
    assert (await post(client, offer_of(other, 5, forked))).status_code == 422
    told = await post(client, offer_of(other, 0, forked))
    assert (told.status_code, told.content) == (409, b"5\n")


async def test_nor_an_empty_log_that_claims_a_root(client: httpx.AsyncClient) -> None:
    root = tree.root_of([leaf_hash(LEAVES[0])])
    claimed = sign_checkpoint(Checkpoint(LOG, 0, root), SIGNERS)
    assert (await post(client, offer_of([], 0, claimed))).status_code == 422


async def test_one_good_key_of_the_log_is_enough_and_a_stranger_s_is_not(
    client: httpx.AsyncClient,
) -> None:
    assert (await post(client, offer_of([], 0, note(3, SIGNERS[:1])))).status_code == 200
    stranger = [signer("stranger")]
    assert (await post(client, offer_of(LEAVES[:3], 3, note(3, stranger)))).status_code == 403
    wrong = note(3)[:-8] + b"AAAAAA=\n"
    assert (await post(client, offer_of(LEAVES[:3], 3, wrong))).status_code == 403


async def test_each_log_has_its_own_last_one(
    client: httpx.AsyncClient, store: CosignedStore
) -> None:
    await post(client, offer(0, 5))
    theirs = note(2, SIGNERS[:1], OTHER.name)
    assert (await post(client, offer_of([], 0, theirs))).status_code == 200
    assert [store.get(one).size for one in (LOG, OTHER.name)] == [5, 2]
    unknown = note(2, SIGNERS[:1], "example.com/unknown")
    assert (await post(client, offer_of([], 0, unknown))).status_code == 404


async def test_the_log_of_go_s_modules_is_cosigned(store: CosignedStore) -> None:
    """Its origin has spaces, and its key another name: a checkpoint of the real one."""
    text = b"go.sum database tree\n35225469\nvt5T6GaLCXvyHFl9VUvvItR43XZxfLgftEcTyO3eJCQ=\n"
    line = (
        "— sum.golang.org Az3grpukl5AXaVfYkLiDGORx/DN2nlcS5kZHR5uYOBV2KA2HgXpD+gu9HHONebHLAyaKbbT"
        "M75QTtPydhKCExixSfwQ=\n"
    )
    key = parse_vkey("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
    entry = ForeignLogSettings(vkey=(encode_vkey(key),), origin="go.sum database tree")
    log = ForeignLog(entry.known_as, entry.keys, FOREIGN)
    async with asking(Witness([log], store, Clock(1_700_000_000_000))) as client:
        answer = await post(client, b"old 0\n\n" + text + b"\n" + line.encode())
        assert answer.status_code == 200, answer.text
        for own, said in zip(cosigner_keys(FOREIGN), answer.text.splitlines(), strict=True):
            CheckpointVerifier(own).verify(text, parse_signature_line(said).payload)


def settings_for(folder: Path, name: str = FOREIGN.name, key: VerifierKey = KEYS[0]) -> Settings:
    return settings_in(
        folder,
        witness=WitnessSettings(
            key=folder / "w.pem",
            key_pq=folder / "w-pq.pem",
            database=folder / "witness.db",
            foreign_name=name,
            foreign_key=folder / "f.pem",
            foreign_key_pq=folder / "f-pq.pem",
            logs=(ForeignLogSettings(vkey=(encode_vkey(key),)),),
        ),
    )


async def start(settings: Settings, foreign: Sequence[Signer]) -> None:
    """Start a node, with these keys for logs of others, and stop it."""
    close(open_replica(settings.database, World.genesis()))
    app = create_app(settings, Keys(log_signers(), {}, witness_signers("steward"), foreign))
    async with app.router.lifespan_context(app):
        pass


async def test_a_node_witnesses_the_logs_of_its_settings(tmp_path: Path) -> None:
    await start(settings_for(tmp_path), FOREIGN.signers)


@pytest.mark.parametrize(
    ("name", "signers", "key", "told"),
    [
        (witness_name(ORIGIN, "steward"), FOREIGN.signers, KEYS[0], "witness.foreign_name"),
        (FOREIGN.name, witness_signers("steward"), KEYS[0], "witness.foreign_key: .* has a use"),
        (FOREIGN.name, log_signers(), KEYS[0], "witness.foreign_key: .* has a use"),
        (
            FOREIGN.name,
            FOREIGN.signers,
            log_key(ORIGIN, SIGNERS[0].public_key),
            "witness.logs: pool.example/test is this ledger's own log",
        ),
    ],
)
async def test_whose_word_says_more_is_not_lent_to_others(
    name: str, signers: Sequence[Signer], key: VerifierKey, told: str, tmp_path: Path
) -> None:
    with pytest.raises(SecretError, match=told):
        await start(settings_for(tmp_path, name, key), signers)
