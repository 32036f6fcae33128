"""What to type to take a step."""

from collections.abc import Mapping
from typing import Final

from contracts.tasks import Task
from ledger.types import CaseId, DatasetId
from scripts.todo.gathering import Handed

COMMANDS: Final[Mapping[str, str]] = {
    "acceptance": "blockpool record accept {case}",
    "amendment": "blockpool record amend {case}",
    "attestation": "blockpool catalogue attest --all",
    "ballot": "blockpool govern vote {case} VOTE  # yes, no",
    "decision": "blockpool govern decide DECISION.json --minutes FILE --reason REASON",
    "delivery": "blockpool record deliver {grant} FILE --rows ROWS --ended-at TIME",
    "disposal": "blockpool record dispose {grant} --disposed-at TIME",
    "effect-report": "blockpool record effect {grant} --text TEXT --started-at TIME"
    " --ended-at TIME",
    "entry": "blockpool catalogue publish CATALOGUE.csv",
    "formalities/grant": "blockpool record grant --request {request}",
    "formalities/request": "blockpool record request {dataset} --scene SCENE --emergency {grant}",
    "grant": "blockpool record grant --request {case}",
    "lifecycle": "blockpool catalogue archive {dataset}",
    "release": "blockpool record publish {dataset} FILE",
    "request": "blockpool record request {dataset} --scene SCENE",
    "revocation": "blockpool record revoke {grant} --ground GROUND",
    "usage": "blockpool record use LOG.csv --grant {grant}",
    "step": "blockpool case step {step} {case}",
}
"""By kind of the record that takes the step, in some courses by both."""
READ_ENTRY: Final = "blockpool catalogue show {dataset} --draft"
"""What whoever approves an entry reads."""
_NAMED: Final = {"dataset": "DATASET", "member": "MEMBER", "release": "DATASET@VERSION"}
"""What a step must name, as it is typed."""


def acknowledging(one: Handed) -> str:
    """What to type to acknowledge a delivery; of several under a right, to see which there are."""
    if len(one.deliveries) == 1:
        return f"blockpool record receive {one.deliveries[0]} FILE --rows ROWS"
    return f"blockpool record deliveries --consumer {one.consumer} --grant {one.grant} --open"


def command_of(task: Task, request: CaseId | None = None) -> str:
    """What to type for a task; words in capitals are to be filled in, a comment says how.

    `request` is that by whose answer it is done, where another case has to be named.
    """
    row = (task.workflow, task.record, task.step)
    command = command_for(row, task.case, task.subject, task.dataset, request)
    if task.names is not None:
        command += f" --{task.names} {_NAMED[task.names]}"
    grounds = ", ".join(task.grounds)
    return f"{command} --ground GROUND  # {grounds}" if grounds else command


def command_for(
    row: tuple[str, str, str],
    case: CaseId,
    subject: str,
    dataset: DatasetId | None = None,
    request: CaseId | None = None,
) -> str:
    """What to type for a row of a table, which is its workflow, kind of record and step."""
    workflow, record, step = row
    other = "blockpool record submit {record} BODIES.jsonl"
    template = COMMANDS.get(f"{workflow}/{record}") or COMMANDS.get(record, other)
    return template.format(
        case=case,
        dataset=dataset or "DATASET",
        grant=subject.removeprefix("grant/"),
        record=record,
        request=request or "REQUEST",
        step=step,
    )
