"""Who asks for what a standing grant does not serve is told by which term."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts.values import Case
from ledger.records.genesis import Parameters
from ledger.records.sharing import Audience
from scripts.explain.chinese import CHINESE
from scripts.explain.english import ENGLISH
from scripts.explain.unserved import unserved
from tests import bodies
from tests.bodies import SOON, TERMS
from tests.story import Story, published
from tests.unit.contracts.test_backflow import OWN, above
from tests.unit.contracts.test_bars import suspended, taken_up
from tests.unit.scripts.conftest import Command
from tests.world import World

pytestmark = pytest.mark.rule("R402")
BRIEF = replace(TERMS, not_after=SOON, uses_max=5)


def stands(story: Story, **changes: object) -> None:
    item = replace(bodies.grant_item(standing=True), **changes)
    story.says("transport/main", bodies.grant(item))


def of_less() -> Story:
    story = published()
    stands(story, terms=BRIEF)
    story.ask()
    return story


def of_less_in_the_catalogue() -> Story:
    story = of_less()
    story.catalogue(conditions=BRIEF)
    return story


def for_others() -> Story:
    story = published()
    stands(story, audience=Audience(levels=("county",)))
    story.ask()
    return story


def for_own_rows() -> Story:
    story = above()
    stands(story, audience=Audience(own_territory=True))
    story.ask()
    return story


def halted() -> Story:
    story = published()
    story.steps("transport/main", "suspend", story.stand(), "overreach")
    story.ask()
    return story


def barred() -> Story:
    story = Story(Parameters(breach_bars=True)).publish()
    story.stand()
    suspended(story, taken_up(story))
    story.ask()
    return story


def later() -> Story:
    story = published()
    story.ask()
    story.stand()
    return story


def told(story: Story) -> list[str]:
    case = story.world.value(f"case/{story.request_id}")
    assert isinstance(case, Case)
    english = [*unserved(story.world.state, case, ENGLISH)]
    assert len([*unserved(story.world.state, case, CHINESE)]) == len(english)
    return english


@pytest.mark.parametrize(
    ("ledger", "why"),
    [
        (of_less, "it gives less than was asked for in: notAfter, usesMax"),
        (of_less_in_the_catalogue, "the entry offers less in: notAfter, usesMax"),
        (for_others, "it does not stand for this member"),
        (for_own_rows, "it is for rows about one's own territory alone"),
        (halted, "it is suspended"),
        (barred, "after a breach, or while a right is suspended, the member takes nothing up"),
        (later, "it did not when it was asked for; ask again"),
    ],
)
def test_why_a_standing_grant_does_not_serve(ledger: Callable[[], Story], why: str) -> None:
    (line,) = told(ledger())
    assert line.endswith(why)


def test_nothing_is_told_of_what_is_answered_or_has_to_be() -> None:
    story = of_less()
    story.steps("health/main", "withdraw", story.request_id)
    assert told(story) == []
    story.in_emergency()
    story.formalities()
    assert told(story) == []
    again = published()
    again.ask()
    assert told(again) == []


def test_own_rows_are_asked_for_beside_what_stands_for_others() -> None:
    story = above()
    stands(story, audience=Audience(group=None, levels=("province",)))
    story.ask(OWN, by="weather")
    assert [one[-33:] for one in told(story)] == ["it does not stand for this member"]


def test_the_command_says_it_after_the_request(command: Command, world: World) -> None:
    story = Story()
    story.world = world
    story.publish()
    stands(story, terms=BRIEF)
    ask = ("record", "request", "flights", "--scene", "s")
    done = command.run(*ask, writer="health/main")
    assert "flights: the standing grant" in done.stderr
    assert "less than was asked for in: notAfter, usesMax" in done.stderr.replace("\n", " ")
    request = done.stdout.split()[0]
    explained = command.ok("explain", request, "--lang", "zh")
    assert "未能涵盖" in explained
    fits = command.run(*ask, "--not-after", SOON, "--uses-max", 5, writer="health/main")
    assert "standing grant" not in fits.stderr
