"""`blockpool case steps` and `case findings`: what an audit asks first, over all cases at once."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Final, Literal

import typer

from node.client.answers import JsonObject
from scripts.console_text import print_json, print_table
from scripts.options import JsonFlag, with_options
from scripts.profile import Reading
from scripts.record.listing import AsAtOption, as_at_of
from scripts.spelling import typed
from scripts.zone import zone_of

app = typer.Typer()
CountBy = Literal["ground", "member", "step", "workflow"]
_SHOWN: Final = ("index", "time", "writer", "workflow", "step", "ground", "case")


@app.command("steps")
@with_options
def steps(
    *,
    workflow: Annotated[
        str | None, typer.Option(help="Only in this workflow, such as request or review.")
    ] = None,
    step: Annotated[str | None, typer.Option(help="Only this step, such as refuse.")] = None,
    ground: Annotated[str | None, typer.Option(help="Only on this coded ground.")] = None,
    member: Annotated[str | None, typer.Option(help="Only by this member.")] = None,
    since: Annotated[str | None, typer.Option(help="Only from this day, or moment, on.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Only to this day's end, or before this.")
    ] = None,
    count_by: Annotated[
        str | None, typer.Option(help="Count them by ground, member, step or workflow.")
    ] = None,
    as_at: AsAtOption = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """List who moved which case by which step, when and on which ground: the oldest first.

    Who approved: `--workflow review --step approve`. Refusals by ground: `--workflow request
    --step refuse --count-by ground`. What was put right last year: `--step rectify --since
    2026-01-01 --until 2026-12-31`.

    Example: `blockpool case steps --workflow request --step refuse --count-by ground`
    """
    if count_by is not None:
        typed(count_by, CountBy)
    with at.client() as client:
        zone = zone_of(client)
        rows = list(
            client.items(
                "/v1/steps",
                workflow=workflow,
                step=step,
                ground=ground,
                member=member,
                from_=None if since is None else zone.start(since),
                to=None if until is None else zone.over(until),
                at=as_at_of(client, as_at),
            )
        )
    if count_by is not None:
        _print_counts(rows, count_by, as_json=as_json)
    elif as_json:
        print_json(rows)
    else:
        titles = ("record", "when", "by", *_SHOWN[3:])
        print_table(titles, ([row[name] for name in _SHOWN] for row in rows))


@app.command("findings")
@with_options
def findings(
    *,
    accused: Annotated[str | None, typer.Option(help="Only against this member.")] = None,
    code: Annotated[str | None, typer.Option(help="Only of this code, as in RULES.md.")] = None,
    state: Annotated[
        str | None, typer.Option(help="Only in this state, such as confirmed or closed.")
    ] = None,
    as_at: AsAtOption = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """List findings: what was broken, by whom as it seems, how far, and where each stands.

    Example: `blockpool case findings --accused health --state confirmed`
    """
    with at.client() as client:
        when = as_at_of(client, as_at)
        rows = list(client.items("/v1/findings", accused=accused, code=code, state=state, at=when))
    if as_json:
        print_json(rows)
        return
    names = ("finding", "against", "state", "measure", "limit", "raised", "case")
    print_table(names, (_cells(row) for row in rows))


def _print_counts(rows: Sequence[JsonObject], by: str, *, as_json: bool) -> None:
    """How many of each, the most first."""
    counts = Counter(str(row[by] or "") for row in rows)
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    if as_json:
        print_json(dict(ordered))
    else:
        print_table((by, "steps"), ordered)


def _cells(row: JsonObject) -> tuple[object, ...]:
    match row:
        case {"finding": dict(found), "parties": list(parties)}:
            accused = (str(one["member"]) for one in parties
                       if isinstance(one, dict) and one["part"] == "accused")  # fmt: skip
            said = (found.get("measure"), found.get("limit"))
            return (found["code"], ", ".join(accused), row["state"], *said,
                    row["openedAt"], row["id"])  # fmt: skip
        case _:
            raise ValueError(f"{row.get('id')} is no finding")
