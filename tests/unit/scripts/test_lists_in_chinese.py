"""Lists are read in Chinese, too; what one types stays as it is."""

import pytest

from tests.story import Story
from tests.unit.scripts.conftest import Command
from tests.world import World


@pytest.fixture
def story(world: World) -> Story:
    """A request that was refused, and is disputed."""
    story = Story()
    story.world = world
    story.publish()
    story.steps("transport/main", "refuse", story.ask(), "not-necessary")
    return story


def told(command: Command, *arguments: str) -> tuple[str, str]:
    """What a list says in English and in Chinese."""
    return command.ok(*arguments), command.ok(*arguments, "--lang", "zh")


@pytest.mark.usefixtures("story")
def test_cases_are_listed(command: Command) -> None:
    english, chinese = told(command, "case", "list", "--workflow", "request")
    assert english.split()[:5] == ["case", "workflow", "state", "due", "about"]
    assert chinese.split()[:5] == ["事项编号", "办理流程", "状态", "期限", "所涉"]
    assert english.split()[6:8] == ["request", "refused"]
    assert chinese.split()[6:10] == ["共享申请", "request", "不同意共享", "refused"]


def test_a_case_about_another_one_is_listed(command: Command, story: Story) -> None:
    opened = ("case", "open", "dispute", "--case", story.request_id, "--text", "…")
    command.ok(*opened, writer="health/main")
    english, chinese = told(command, "case", "list", "--workflow", "dispute")
    assert "a case: request" in english
    assert "另一事项：共享申请 request" in chinese


@pytest.mark.usefixtures("story")
def test_proposals_are_listed_and_shown(command: Command) -> None:
    propose = ("govern", "propose", "--suspend", "weather", "--reason", "…")
    done = command.json(*propose, writer="audit/main")
    proposal = done["created"][0]["id"]
    command.ok("govern", "vote", proposal, "yes", writer="audit/main")
    english, chinese = told(command, "govern", "list")
    assert "open" in english.split()
    assert "suspend-member weather" in english
    assert "表决中 open" in chinese
    assert "暂停成员 suspend-member weather" in chinese
    english, chinese = told(command, "govern", "show", proposal)
    assert "proposer" in english.split()
    assert "提案部门" in chinese
    assert "赞成 yes" in chinese
    for member in ("health", "steward"):
        command.run("govern", "vote", proposal, "yes", writer=f"{member}/main")
    english, chinese = told(command, "govern", "show", proposal)
    assert "yes, 0 no of" in english
    assert "反对 0" in chinese


@pytest.mark.usefixtures("story")
def test_members_are_listed(command: Command) -> None:
    english, chinese = told(command, "govern", "members")
    assert english.split()[:3] == ["member", "name", "roles"]
    assert "active" in english.split()
    assert chinese.split()[:3] == ["成员", "名称", "职责"]
    for words in ("有效 active", "审计机关 auditor"):
        assert words in chinese


@pytest.mark.parametrize("of", [("case", "list"), ("govern", "members"), ("govern", "list")])
@pytest.mark.usefixtures("story")
def test_what_programs_read_is_the_same_in_both(command: Command, of: tuple[str, str]) -> None:
    english, chinese = told(command, *of, "--json")
    assert english == chinese
