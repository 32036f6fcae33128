"""Act 10: a department is merged into another one, and nothing anybody was given is lost.

The committee votes. The id stays, and with it all that names it: what the department provides, its
rights, its cases and deadlines. Only the hand that acts for it is another one, which shows at once:
the successor appoints a writer for it and reports a use under a right that was given before.
"""

from dataclasses import dataclass, replace
from typing import Final

from contracts.values import Member
from ledger.keys import PrivateKey
from ledger.records import WriterAppointment
from ledger.records.genesis import custodian_of
from ledger.records.governance import SucceedMember
from ledger.types import ItemId, MemberId
from node.client.answers import JsonObject
from scripts.answers import read_value
from scripts.demo import voting
from scripts.demo.cast import AUTHORITY, TRANSPORT
from scripts.demo.folder import Folder
from scripts.demo.founding import make_key
from scripts.demo.stage import Stage, act, expect, tell
from scripts.demo.using import Pool, Study, report_of, run_queries
from scripts.record.use import Manner

WRITER: Final = f"{AUTHORITY.id}/{TRANSPORT.id}"
"""Who signs for the merged department: a writer of its own, in the hands of another."""


@dataclass(frozen=True, slots=True)
class Merger:
    """Who was merged into whom, and the rights that were given to it or by it before and after."""

    member: MemberId
    successor: MemberId
    rights_before: int
    rights_after: int


def merge_departments(
    stage: Stage, pool: Pool, folder: Folder, custodian: PrivateKey, grant: ItemId
) -> Merger:
    """The whole act; `custodian` is the successor's, `grant` a right of the one that is merged."""
    act(f"10  The {AUTHORITY.en} becomes part of the {TRANSPORT.en}")
    before = _rights(stage)
    action = SucceedMember(member=AUTHORITY.id, successor=TRANSPORT.id)
    votes = voting.adopt(stage, action, "Act on the administration of transport")
    member = read_value(stage.client, Member, f"member/{AUTHORITY.id}")
    expect(member is not None and member.successor == TRANSPORT.id, "the successor is known")
    after = _rights(stage)
    expect(after == before, "no right given to or by the department is lost or changed")
    tell(f"the committee decides: {votes}; all {len(after)} rights to and from it stand unchanged")
    _appoint(stage, folder, custodian)
    _use(stage, pool, grant)
    return Merger(AUTHORITY.id, TRANSPORT.id, len(before), len(after))


def _rights(stage: Stage) -> list[JsonObject]:
    given = list(stage.client.items("/v1/grants", provider=AUTHORITY.id))
    return [*given, *stage.client.items("/v1/grants", consumer=AUTHORITY.id)]


def _appoint(stage: Stage, folder: Folder, custodian: PrivateKey) -> None:
    """The successor's custodian appoints, where that of the merged department did."""
    key = make_key(folder.keys, f"{AUTHORITY.id}-{TRANSPORT.id}")
    body = WriterAppointment(
        families=AUTHORITY.families, key=key.public_key.description, writer=WRITER
    )
    stage.client.writer(custodian_of(TRANSPORT.id), custodian).submit(body, cosigners=(key,))
    old = stage.departments[AUTHORITY.id]
    writer = stage.client.writer(WRITER, key)
    stage.departments[AUTHORITY.id] = replace(old, writer=writer, key=key)


def _use(stage: Stage, pool: Pool, grant: ItemId) -> None:
    study = Study(
        AUTHORITY,
        "seats by number of engines",
        Manner(grant, "query"),
        "select distinct engines from planes order by all",
        "select count(*), avg(seats) from planes where engines = $1",
    )
    bodies = report_of(stage, study, run_queries(stage, pool, study))
    done = stage.department(AUTHORITY).says_all(bodies)
    expect(not any(one.findings for one in done), "its rights can be used as before")
    tell(f"the {TRANSPORT.en} appoints a writer for it, which uses such a right: no finding")
