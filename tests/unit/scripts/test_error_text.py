"""Messages name what was typed, what there is instead, and what to do."""

from pathlib import Path

import httpx
import pytest

from ledger.records import Ballot
from ledger.records.genesis import Parameters
from ledger.records.terms import Terms
from node.client import Problem, ProblemError, Retry
from node.client.flows import Answer, Request, exchange
from scripts.error_text import explain
from scripts.patterns import in_words
from scripts.spelling import SpellingError, terms_of
from tests import bodies
from tests.story import Story
from tests.unit.scripts.conftest import YEAR_MS, Command
from tests.world import World, signer

PROVIDER, CONSUMER = "transport/main", "health/main"
OBJECTION = ("case", "open", "objection", "--text", "t", "--record", bodies.NOWHERE)


@pytest.fixture
def world() -> World:
    return World.genesis(parameters=Parameters(clock_skew_ms=YEAR_MS))


@pytest.fixture
def story(world: World) -> Story:
    """`flights` is released."""
    told = Story()
    told.world = world
    return told.publish()


def test_a_word_of_a_list_is_told_with_the_list() -> None:
    with pytest.raises(SpellingError, match="`qury` is none of derive, export, publish, query"):
        terms_of({"fields": "all", "purposes": "all", "operations": "qury"})
    assert in_words("Invalid enum value 'yse'", Ballot, "vote") == "`yse` is none of no, yes"
    assert "is none of" not in in_words("Invalid enum value 'yse'", Terms, "nowhere")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ((*OBJECTION,), "against: an objection needs the member it is against"),
        (
            ("record", "dispose", f"{bodies.NOWHERE}-0", "--disposed-at", "2026-11-01",
             "--certificate", "nofile.pdf"),
            "no file `nofile.pdf`, and no digest of one either",
        ),
        (("record", "publish", "flights", "nofile.csv"), "nofile.csv: no such file"),
        (
            ("case", "step", "ask-suplement", f"{bodies.NOWHERE}-0"),
            "there is no step `ask-suplement`; did you mean ask-supplement or",
        ),
        (("case", "step", "xyzzy", f"{bodies.NOWHERE}-0"), "there is no step `xyzzy`\n"),
    ],
    ids=lambda one: " ".join(one[:3]) if isinstance(one, tuple) else "",
)  # fmt: skip
@pytest.mark.usefixtures("story")
def test_what_was_typed_is_named(command: Command, line: tuple[str, ...], said: str) -> None:
    assert said in command.fails(*line, writer=CONSUMER)


def test_a_step_rests_on_files(command: Command, story: Story, tmp_path: Path) -> None:
    report = tmp_path / "report.pdf"
    report.write_bytes(b"done")
    request = story.ask()
    refuse = ("case", "step", "refuse", request, "--ground", "not-necessary")
    assert "no file `lost.pdf`" in command.fails(*refuse, "--evidence", "lost.pdf", writer=PROVIDER)
    command.ok(*refuse, "--evidence", report, writer=PROVIDER)


def test_who_was_never_appointed_is_told_to_be(command: Command) -> None:
    said = command.fails("record", "accept", f"{bodies.NOWHERE}-0", writer="health/nobody")
    assert "hint: the custodian appoints it: blockpool keys appoint" in said


def test_the_same_refusal_is_told_once(command: Command, story: Story) -> None:
    log = command.folder / "log.csv"
    days = ("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z")
    log.write_text("at,rows\n" + "".join(f"{day},1\n" for day in days), encoding="utf-8")
    command.key_file(CONSUMER, signer("nobody's"))
    use = ("record", "use", log, "--grant", story.grant(), "--operation", "query", "--fields", "a")
    said = command.fails(*use, writer=CONSUMER)
    assert said.count("key-not-valid") == 1
    assert "and 2 more" in said


def test_what_is_no_node_is_said_to_be_none(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = httpx.Response(404, text="<html>", headers={"content-type": "text/html"})
    other = httpx.MockTransport(lambda _: page)
    monkeypatch.setattr("scripts.profile.transport_of", lambda _: other)
    said = command.fails("todo", "--member", "health")
    assert said == (
        "error: http-404: the answer is not a node's\n"
        "hint: is --node the address of a blockpool node?\n"
    )


def test_a_ballot_tells_what_is_still_needed(command: Command) -> None:
    said = ("govern", "propose", "--suspend", "health", "--reason", "x")
    proposal = command.json(*said, writer="audit/main")["created"][0]["id"]
    assert " of the " in command.ok("govern", "vote", proposal, "no", writer="audit/main")


@pytest.mark.parametrize(
    ("code", "status", "number", "is_told"),
    [
        ("internal-error", 500, 0, True),
        ("unauthorized", 401, 0, True),
        ("rate-limited", 429, 0, True),
        ("not-found", 404, 0, False),
        ("not-custodian", 403, 501, False),
    ],
)
def test_where_the_node_is_the_matter_the_request_is_named(
    *, code: str, status: int, number: int, is_told: bool
) -> None:
    problem = Problem(code, status, number, detail="why")
    message, _ = explain(ProblemError(problem, "4f1c0a97d2be8a31"))
    assert message == f"{code}: why" + " (request 4f1c0a97d2be8a31)" * is_told


def test_an_id_that_means_something_is_none() -> None:
    """What a server says is printed on a terminal."""
    flow = exchange(Request("GET", "/checkpoint"), Retry(attempts_max=1))
    next(flow)
    with pytest.raises(ProblemError) as caught:
        flow.send(Answer(500, {"x-request-id": "\x1b[2J"}, b""))
    assert caught.value.request_id == ""
