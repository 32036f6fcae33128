"""Records by their index, by their digest, and by how that begins."""

from pathlib import Path

import pytest

from ledger.records import parse_record
from node.reader import Reader
from node.storage.address import Database
from tests.log_files import story
from tests.served import served, settings_in


async def test_a_record_is_found_by_the_beginning_of_its_digest(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = story()
    digest = parse_record(world.leaves[3]).digest
    async with served(settings_in(tmp_path, database=database), world) as client:
        for length in (8, 9, 16, 17, 63, 64):
            answer = (await client.get(f"/v1/records/{digest[:length]}")).json()
            assert (answer["index"], answer["digest"]) == (3, digest)
        other = ("0" if digest[8] != "0" else "1") + "f" * 20
        missing = await client.get(f"/v1/records/{digest[:8]}{other}")
        assert (missing.status_code, missing.json()["code"]) == (404, "not-found")
        short = await client.get(f"/v1/records/{digest[:7]}x")
        assert (short.status_code, short.json()["code"]) == (400, "bad-parameter")
        monkeypatch.setattr(Reader, "digests_like", lambda *_: [digest, "f" * 64])
        several = await client.get(f"/v1/records/{digest[:8]}")
        assert several.status_code == 400
        assert several.json()["detail"] == f"`{digest[:8]}` may be {digest} or {'f' * 64}"
