"""Whether a step is one that can be typed; whoever errs is told which there are."""

from collections.abc import Iterable
from difflib import get_close_matches

from contracts.values import Case
from contracts.workflows import WORKFLOWS
from ledger.types import CaseId
from node.client import Client
from scripts.answers import read_value
from scripts.patterns import quoted
from scripts.spelling import SpellingError
from scripts.todo.steps import command_for


def check_name(name: str, workflow: str | None) -> None:
    """A step there is, in a workflow or in any. Raises `SpellingError`."""
    names = {
        one.name
        for table in WORKFLOWS.values()
        for one in table.steps
        if one.by == "step" and workflow in (None, table.name)
    }
    if name not in names:
        raise SpellingError(f"there is no step {quoted(name)}{_like(name, names)}", "step")


def check_step(client: Client, name: str, case_id: CaseId) -> None:
    """A step the workflow of a case has, taken by a step. Raises `SpellingError`.

    Where the case stands, the rules look at.
    """
    case = read_value(client, Case, f"case/{case_id}")
    if case is None:
        check_name(name, None)
        return  # the node says that there is none
    table = WORKFLOWS[case.workflow]
    kinds = sorted({row.by for row in table.rows(name) if row.who})
    if "step" in kinds:
        return
    if kinds:
        command = command_for((table.name, kinds[0], name), case_id, case.subject)
        raise SpellingError(f"the step {name} is taken with a record of its own: {command}", "step")
    possible = {row.name for row in table.steps if row.by == "step" and row.state == case.state}
    told = f"; possible now: {', '.join(sorted(possible))}" if possible else ""
    like = _like(name, {row.name for row in table.steps})
    raise SpellingError(f"{table.title}: there is no step {quoted(name)}{like}{told}", "step")


def _like(name: str, names: Iterable[str]) -> str:
    near = get_close_matches(name, sorted(names))
    return f"; did you mean {' or '.join(near)}?" if near else ""
