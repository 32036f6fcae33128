"""`blockpool explain`: records, cases and codes in plain words, from a node or from a log."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from contracts.findings import FINDINGS
from contracts.reasons import REASONS
from contracts.workflows import WORKFLOWS
from ledger.records import Body
from ledger.records.genesis import Jurisdiction, Names, Purpose
from ledger.records.governance import ChangePurposes, DescribeMember
from scripts.explain.chinese import CHINESE
from scripts.explain.rules import rules_in_words
from tests import bodies
from tests.log_files import log_files
from tests.unit.scripts.conftest import Command
from tests.world import World

DAY_MS = 86_400_000


class Told:
    """A ledger with one of each, and where they are."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.accept(world.sign("transport/main", bodies.schema()))
        entry = world.sign("transport/main", bodies.entry())
        world.accept(entry)
        self.approval = self.add("steward/main", bodies.case_step("approve", entry.digest))
        world.accept(world.sign("transport/main", bodies.release()))
        asked = world.sign("health/main", bodies.request(bodies.request_item(entry.digest)))
        world.accept(asked)
        self.request = f"{asked.digest}-0"
        item = bodies.grant_item("health", request=self.request)
        self.grant = self.add("transport/main", bodies.grant(item))
        use = world.sign("health/main", bodies.usage(None, world.now))
        self.use = len(world.leaves)
        world.accept(use)
        self.finding = f"{use.digest}-no-effective-grant"
        self.add("health/main", bodies.case_step("reply", self.finding))
        self.entry = entry.digest
        world.accept(world.sign("transport/main", bodies.entry(title="later")))
        world.block(at=world.later(30 * DAY_MS))
        self.seal = len(world.leaves) - 1

    def add(self, writer: str, body: Body) -> int:
        index = len(self.world.leaves)
        self.world.accept(self.world.sign(writer, body))
        return index


@pytest.fixture
def told(world: World) -> Told:
    return Told(world)


@pytest.fixture
def log(tmp_path: Path, told: Told) -> Path:
    """The same ledger as an exported log."""
    for path, data in log_files(told.world.leaves).items():
        file = tmp_path / "log" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return tmp_path / "log"


def sections(command: Command, *arguments: object) -> dict[str, list[str]]:
    return {one["heading"]: one["lines"] for one in command.json("explain", *arguments)}


def test_a_grant(command: Command, told: Told) -> None:
    found = sections(command, told.grant, "--all-rules")
    said = found["What it says"]
    assert said[0].startswith("flights to health: fields all; operations query, read")
    assert said[1] == f"that answers the request {told.request[:8]}…-0"
    who = found["Who said it, and who may"]
    assert who[0].startswith("transport/main, its record 3, signed at 2026-11-23T")
    assert who[1].startswith("signed with the key ")
    assert "entitled to it is the provider of the dataset" in who[-1]
    numbers = [line.partition(" ")[0] for line in found["By which rules it was accepted"]]
    assert {"R003", "R006", "R403", "R404", "R405"} <= {*numbers}
    assert not {"R005", "R201", "R408", "R501"} & {*numbers}
    assert any("request for one dataset; now: granted" in one for one in found["What it changed"])
    assert found["What is wrong with it"] == ["nothing: no finding was raised against it"]


def test_what_is_wrong_with_a_use_and_its_course(command: Command, told: Told) -> None:
    wrong = sections(command, told.use)["What is wrong with it"]
    assert wrong[0] == "no-effective-grant (F1): data was used without a grant in force"
    assert wrong[1].startswith("measured: ")
    course = "\n".join(wrong)
    assert "what would cure it: obtain a grant, delete the data" in course
    assert "health/main: reply" in course
    assert "now: replied" in course
    assert "next: confirm, by steward (steward), audit (auditor)" in course


def test_a_step_says_by_which_office(command: Command, told: Told) -> None:
    found = sections(command, told.approval, "--all-rules")
    assert f"in case {told.entry[:8]}… steward is steward" in found["Who said it, and who may"]
    numbers = [line.partition(" ")[0] for line in found["By which rules it was accepted"]]
    assert {"R013", "R307"} <= {*numbers}
    assert not {"R409", "R410"} & {*numbers}


def test_a_seal_says_what_became_due(command: Command, told: Told) -> None:
    found = sections(command, told.seal)
    assert any("review-overdue" in line for line in found["What became due"])
    wrong = found["What is wrong with it"]
    assert wrong[0] == "review-overdue (F51): a catalogue entry was not reviewed in time"
    dismissal = next(line for line in wrong if "dismiss" in line)
    assert "audit (auditor)" in dismissal
    assert "steward (steward)" not in dismissal, "nobody decides its own case"


def test_a_case(command: Command, told: Told) -> None:
    found = sections(command, told.finding)
    assert "health (accused)" in found[f"Case {told.finding[:8]}…-no-effective-grant"]
    stands = found["Where it stands"]
    assert "report of use" in stands[0]
    assert f"(leaf {told.use})" in stands[0]
    assert "health/main: reply" in stands[1]
    over = sections(command, told.request)["Where it stands"]
    assert over[-1] == "it is over: nobody can do anything more"


def test_a_case_tells_the_ground_on_which_a_right_ended(command: Command, told: Told) -> None:
    (grant,) = (key for key in told.world.state.keys("grant/"))
    right = grant.partition("/")[2]
    told.add("transport/main", bodies.revocation(right, ground="breach"))
    stands = "\n".join(sections(command, right)["Where it stands"])
    assert "transport/main: revocation of rights (breach) (leaf" in stands
    chinese = command.ok("explain", right, "--lang", "zh")
    assert CHINESE.grounds["breach"] in chinese
    assert "breach" in command.ok("case", "show", right)


def test_a_case_names_who_stands_in_for_the_offices(command: Command, world: World) -> None:
    world.accept(world.sign("audit/main", bodies.schema()))
    entry = world.sign("audit/main", bodies.entry())
    world.accept(entry)
    world.accept(world.sign("steward/main", bodies.case_step("approve", entry.digest)))
    world.accept(world.sign("audit/main", bodies.release()))
    use = world.sign("steward/main", bodies.usage(None, world.now))
    world.accept(use)
    stands = "\n".join(sections(command, f"{use.digest}-no-effective-grant")["Where it stands"])
    assert "next: dismiss, by steward, auditor, transport (government)" in stands


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_log_tells_what_its_node_tells(
    command: Command, told: Told, log: Path, language: str
) -> None:
    for ref in (0, 2, told.grant, told.use, told.seal, told.entry, told.request, told.finding):
        by_node = sections(command, ref, "--lang", language)
        by_log = sections(command, ref, "--lang", language, "--log", log)
        assert by_node.keys() == by_log.keys()
        for heading, lines in by_log.items():
            # the node of these tests shows every leaf at one height and time
            same = [line for line in by_node[heading] if "2026-" not in line]
            assert same == [line for line in lines if "2026-" not in line], (ref, heading)


def test_a_case_as_it_stood(command: Command, told: Told, log: Path) -> None:
    """Before the reply; whatever came after the moment asked about is not told."""
    now = sections(command, told.finding, "--log", log)["Where it stands"]
    assert "now: replied" in "\n".join(now)
    eight = ("2026-11-23T08:00:08+08:00", "2026-11-23 00:00:08")
    for moment in (str(told.use + 2), *eight):
        past = sections(command, told.finding, "--log", log, "--as-at", moment)["Where it stands"]
        assert "now: raised" in "\n".join(past), moment
        assert not any("reply (leaf" in line for line in past)
    unknown = ("explain", told.finding, "--log", log, "--as-at", str(told.use))
    assert "nothing to explain" in command.fails(*unknown)
    whole_day = sections(command, told.finding, "--log", log, "--as-at", "2026-11-23")
    assert "now: replied" in "\n".join(whole_day["Where it stands"])
    assert "is no date or time" in command.fails(*unknown[:-1], "2026-11-31")


def test_in_chinese(command: Command, told: Told) -> None:
    found = sections(command, told.use, "--lang", "zh")
    assert list(found) == [
        f"记录 {told.use}：使用记录",
        "说了什么",
        "谁说的，谁有权说",
        "依据哪些规则予以接受",
        "改变了什么",
        "存在什么问题",
    ]
    assert found["存在什么问题"][0] == "no-effective-grant（F1）：无有效授权而使用数据"
    assert "R501  已经结束的使用，无论有何问题，均予记录。" in found["依据哪些规则予以接受"]


def test_a_record_by_its_digest(command: Command, told: Told) -> None:
    assert "catalogue entry" in next(iter(sections(command, told.entry)))


def test_codes_and_numbers(command: Command) -> None:
    codes = [one.code for one in REASONS]
    codes += [code for one in FINDINGS for code in (one.code, f"F{one.number}")]
    codes += [*rules_in_words(), *(row.number for one in WORKFLOWS.values() for row in one.steps)]
    for code in (*codes[:: len(codes) // 20], "not-custodian", "F31", "R401", "W202"):
        assert code in command.ok("explain", code), code
    assert "只有该成员自己的保管密钥可以办理" in command.ok(
        "explain", "not-custodian", "--lang", "zh"
    )
    assert "不同意共享" in command.ok("explain", "W202", "--lang", "zh")


def test_the_rules_told_first_are_those_of_the_kind(command: Command, told: Told) -> None:
    rules = sections(command, told.grant)["By which rules it was accepted"]
    assert [line.partition(" ")[0] for line in rules[:-1]] == ["R403"]
    assert rules[-1].endswith(" more were asked: --all-rules")
    every = sections(command, told.grant, "--all-rules")["By which rules it was accepted"]
    assert len(every) == len(rules) - 1 + int(rules[-1].partition(" ")[0])


def test_an_entry_under_review_says_what_is_approved(command: Command, world: World) -> None:
    world.accept(world.sign("transport/main", bodies.schema()))
    entry = world.sign("transport/main", bodies.entry())
    world.accept(entry)
    found = sections(command, entry.digest)
    text = "\n".join(found["What it says"])
    for words in (
        "what it contains: ", "columns: ", "level general", "legal basis",
        "offered on these conditions: fields all; operations query, read",
    ):  # fmt: skip
        assert words in text
    stands = found["Where it stands"]
    assert "now: submitted" in "\n".join(stands)
    assert "next: approve, by steward (steward)" in stands
    returned = bodies.case_step("return", entry.digest, ground="incomplete", note="what is a ward?")
    world.accept(world.sign("steward/main", returned))
    stands = sections(command, entry.digest)["Where it stands"]
    assert any("return (incomplete): “what is a ward?”" in line for line in stands)


def test_members_and_purposes_by_their_names(command: Command, world: World) -> None:
    described = DescribeMember(
        code="1",
        jurisdiction=Jurisdiction(code="1", level="city"),
        member="transport",
        names=Names(zh="交通局"),
    )
    named = ChangePurposes(
        purposes=(Purpose(code="roads", names=Names(en="Road works", zh="道路")),)
    )
    for action in (described, named):
        proposed = world.sign("audit/main", bodies.proposal(action, world.later(DAY_MS)))
        world.accept(proposed)
        for voter in ("audit/main", "health/main"):
            world.accept(world.sign(voter, bodies.ballot(proposed.digest)))
    world.accept(world.sign("transport/main", bodies.schema()))
    conditions = replace(bodies.TERMS, purposes=("roads",))
    entry = world.sign("transport/main", bodies.entry(conditions=conditions))
    world.accept(entry)
    text = "\n".join(sections(command, entry.digest, "--lang", "zh")["说了什么"])
    for words in ("交通局[transport]", "用途 道路[roads]", "使用方式 查询, 读取"):
        assert words in text
    assert "Road works[roads]" in command.ok("explain", entry.digest)
    for path, data in log_files(world.leaves).items():
        file = command.folder / "log" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    by_log = sections(command, entry.digest, "--lang", "zh", "--log", command.folder / "log")
    assert "\n".join(by_log["说了什么"]) == text


def test_grounds(command: Command) -> None:
    assert sections(command, "not-necessary")["Ground"] == [
        "not-necessary: The data, or so much of it, is not necessary for the duty named",
        "it can be given in request for one dataset: refuse",
        "it can be given with: grant of rights to use data",
        "it can be given with: renewal or change of rights in force",
    ]
    assert "并非履职所必需" in command.ok("explain", "not-necessary", "--lang", "zh")
    assert {"Ground", "Reason of refusal"} == {*sections(command, "not-effective")}


@pytest.mark.parametrize("ref", ["nonsense", "F0", "999999", "f" * 64, "f" * 64 + "-0"])
def test_what_there_is_none_of(command: Command, told: Told, ref: str) -> None:
    assert "nothing to explain" in command.fails("explain", ref)


def test_a_log_that_does_not_lead_to_its_seals_is_not_explained(
    command: Command, told: Told, tmp_path: Path
) -> None:
    leaves = list(told.world.leaves)
    del leaves[told.use]
    for path, data in log_files(leaves).items():
        file = tmp_path / "other" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    said = command.fails("explain", "3", "--log", tmp_path / "other")
    assert "does not lead to its seal: audit the log" in said
