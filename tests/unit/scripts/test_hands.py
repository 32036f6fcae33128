"""What a member acts for, since others were merged into it or split, is listed as its own."""

import pytest

from ledger.records.actions import SplitMember
from ledger.records.governance import Action, SucceedMember
from tests import bodies
from tests.story import Story
from tests.unit.scripts.conftest import Command
from tests.world import World

DAY_MS = 86_400_000


@pytest.fixture
def story(world: World) -> Story:
    """Health has a right to transport's flights."""
    found = Story()
    found.world = world
    found.publish().grant()
    return found


def adopt(story: Story, action: Action) -> None:
    closes_at = story.world.later(DAY_MS)
    proposed = story.says("audit/main", bodies.proposal(action, closes_at))
    for voter in ("audit/main", "steward/main"):
        story.says(voter, bodies.ballot(proposed.digest))


def listed(command: Command, *options: str) -> list[str]:
    return [one["id"] for one in command.json("record", "grants", *options)]


def test_rights_of_those_merged_into_it(command: Command, story: Story) -> None:
    assert listed(command, "--consumer", "weather") == []
    adopt(story, SucceedMember(member="health", successor="weather"))
    assert listed(command, "--consumer", "weather") == [story.grant_id]
    assert listed(command, "--consumer", "health") == [story.grant_id]
    result = command.run("record", "grants", "--consumer", "weather")
    assert "with what weather acts for: health" in result.stderr
    assert listed(command, "--provider", "weather") == []
    (request,) = command.json("case", "list", "--workflow", "request", "--party", "weather")
    assert request["parties"][0]["member"] == "health"


def test_rights_to_what_it_holds_since_a_split(command: Command, story: Story) -> None:
    split = SplitMember(datasets=("flights",), member="transport", successor="weather")
    adopt(story, split)
    assert listed(command, "--provider", "weather") == [story.grant_id]
    story.submit(dataset="delays", code="T-2")
    assert command.json("todo", "--member", "weather") == []
    request = story.ask(by="audit")
    (one,) = {line["task"]["case"] for line in command.json("todo", "--member", "weather")}
    assert one == request
    told = command.ok("todo", "--member", "weather")
    assert "sign as a writer transport/… that weather keeps" in told


def test_rights_in_chinese(command: Command, story: Story) -> None:
    told = command.ok("record", "grants", "--lang", "zh")
    for words in ("数据需求部门", "生效 in-force", "数据项 全部", "使用方式 查询, 读取"):
        assert words in told


def test_who_signs_in_the_wrong_name_is_told_the_right_one(
    command: Command, story: Story, world: World
) -> None:
    adopt(story, SucceedMember(member="health", successor="weather"))
    log = command.folder / "log.csv"
    log.write_text(f"at,rows\n{world.now},1\n", encoding="utf-8")
    use = ("record", "use", log, "--grant", story.grant_id, "--operation", "read", "--fields", "a")
    said = command.fails(*use, writer="weather/main")
    assert "the right is that of health, for which weather acts" in said
    assert "sign as health/…" in said
    command.ok(*use, "--anyway", writer="weather/main")
    index = len(world.leaves) - 2
    assert "acts: sign as health/…" in command.ok("explain", index)
    assert "应以 health/… 签名" in command.ok("explain", index, "--lang", "zh")
    merged = story.grant_id
    own = next(one for one in iter(lambda: story.offer(to="weather"), "") if one < merged)
    both = ("record", "dispose", own, merged, "--disposed-at", world.now)
    assert "sign as health/…" in command.fails(*both, writer="weather/main")
    acknowledged = story.says("transport/main", bodies.delivery(merged, world.now))
    receive = ("record", "receive", acknowledged.digest, "--rows", "10")
    assert "sign as health/…" in command.fails(*receive, writer="weather/main")
